"""`improve` on the command line: the run, its verdict, its exit codes, and what it refuses."""

import json
import sys
from fractions import Fraction as F
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._app.improve import methods as improve_methods
from tabular_trpo._app.improve.methods import METHODS
from tests.app.conftest import MDPS, Model, Run

NAMES = sorted(path.name for path in MDPS.glob("*.mdp.json"))
SETTINGS = {"delta": "1/50", "lam": "1/2"}


def words(name: str) -> list[str]:
    """The method with the settings that it needs."""
    given = [(f"--{setting}", SETTINGS[setting]) for setting in METHODS[name].needs]
    return ["--method", name, *chain(*given)]


@pytest.mark.parametrize("arithmetic", ["rational", "float"])
@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_makes_a_run_that_is_proved_monotone(
    run: Run, name: str, arithmetic: str
) -> None:
    path = MDPS / "rover.mdp.json"
    result = run(
        "improve", path, *words(name), "--iterations", "3", "--arithmetic", arithmetic, "--json"
    )
    document = result.document
    assert result.code == 0 == document["exit_code"] and result.err == ""
    assert document["monotone"]["refuted"] == 0 == document["monotone"]["undecided"]
    assert document["lane"] == arithmetic and document["method"] == name
    assert all(sum(F(p) for p in row.values()) == 1 for row in document["pi"].values())
    mdp = tt.formats.load(path).mdp
    pi = np.zeros(mdp.r.shape, dtype=object)
    for s, state in enumerate(mdp.state_names):
        for action, p in document["pi"][state].items():
            pi[s, mdp.action_names.index(action)] = F(p)
    end = tt.evaluate(mdp, pi).eta
    assert (
        end == F(document["eta"])
        if arithmetic == "rational"
        else abs(end - document["eta"]) < 1e-12
    )
    assert end >= tt.evaluate(mdp, tt.policies.uniform(mdp)).eta


@pytest.mark.parametrize("method", [name for name in ("tv", "minorize") if name in METHODS])
@pytest.mark.parametrize("name", NAMES)
def test_algorithm_1_never_decreases_eta_on_any_model(run: Run, name: str, method: str) -> None:
    argv = (
        "improve",
        MDPS / name,
        "--method",
        method,
        "--iterations",
        "3",
        "--arithmetic",
        "rational",
    )
    document = run(*argv, "--json").document
    steps = document["steps"]
    assert document["monotone"] == {"proved": len(steps), "refuted": 0, "undecided": 0}
    rung = {"tv": "trpo_bound", "minorize": "trpo_kl_bound"}[method]
    gamma = F(document["gamma"])
    for step in steps:
        assert F(step["eta_new"]) - F(step["eta"]) == F(step["realised"]) >= 0
        assert step["certified_gain"] <= F(step["realised"]) and step["broken"] == []
        assert step["certified"][rung] > -1e-9  # the step maximises this bound, from 0
        if gamma > 0:
            # The gain is at most 2 eps max_tv / (1 - gamma), and 2 max_tv^2 <= max_kl; less C times
            # max_tv^2 it is at most eps / (4 gamma), less C max_kl at most eps / (8 gamma).
            eps = F(step["C"]) * (1 - gamma) ** 2 / (4 * gamma)
            assert step["certified"][rung] <= eps / ({"tv": 4, "minorize": 8}[method] * gamma)


def test_table_says_what_happened_and_ends_with_the_verdict(run: Run) -> None:
    words = "--method tv --iterations 4".split()
    result = run("improve", MDPS / "rover.mdp.json", *words, columns=100)
    lines = result.out.splitlines()
    assert result.code == 0 and max(map(len, lines)) <= 100
    assert "eta never decreased: proved at all 4 steps" in " ".join(lines[-2:])
    for word in ("Predicted", "Realised", "Ratio", "Certified", "max KL", "mean KL", "Monotone"):
        assert word in result.out
    assert (
        "coupling_span" in result.out and "  proved" in result.out and "Seconds" not in result.out
    )
    assert "Ended by the rule 'iterations'" in result.out
    quiet = run("improve", MDPS / "rover.mdp.json", "--method", "tv", "--quiet").out
    assert quiet.count("\n") == 1 and "proved at all 20 steps" in quiet


def test_long_tables_are_cut_unless_asked_for(run: Run) -> None:
    argv = (
        "improve",
        MDPS / "rover.mdp.json",
        "--method",
        "tv",
        "--iterations",
        "42",
        "--C",
        "1000",
    )
    assert "2 more rows; --all shows all" in run(*argv).out
    assert "more row" not in run(*argv, "--all").out


def test_rules_end_the_run(run: Run) -> None:
    argv = ("improve", MDPS / "rover.mdp.json", "--method", "tv_constraint", "--delta", "1/20")
    document = run(*argv, "--tol", "2", "--json").document
    assert document["stopped"]["rule"] == "gap" and F(document["gap"]) <= 2
    assert "eta* - eta <= tol" in document["stopped"]["guarantee"]
    document = run(*argv, "--tol-gain", "0.1", "--json").document
    assert document["stopped"] == {**document["stopped"], "rule": "gain", "bound": "1/10"}
    document = run("improve", MDPS / "rover.mdp.json", "--method", "greedy", "--json").document
    assert document["stopped"]["rule"] == "halted" and document["gap"] == "0"
    assert document["steps"][-1]["status"] == "optimal"


def test_start_is_a_policy_of_the_file_or_a_made_one(run: Run) -> None:
    argv = ("improve", MDPS / "rover.mdp.json", "--method", "tv", "--policy")
    best = run(*argv, "optimal", "--json").document
    assert best["policy"] == "optimal" and len(best["steps"]) == 1 and best["gap"] == "0"
    assert best["steps"][0]["status"] == "optimal"
    missing = run(*argv, "nowhere")
    assert missing.code == 2 and "no policy 'nowhere'" in missing.err and "uniform" in missing.err


def test_settings_reach_the_step(run: Run) -> None:
    argv = ("improve", MDPS / "rover.mdp.json", "--iterations", "1", "--json", "--method")
    (step,) = run(*argv, "tv_constraint", "--delta", "1/8").document["steps"]
    assert step["max_tv"] == "1/8"
    (step,) = run(*argv, "conservative", "--alpha", "1/3").document["steps"]
    assert step["multipliers"]["alpha"] == "1/3" and "cpi_bound" in step["certified"]
    small, large = (
        run(*argv, "tv", "--C", C).document["steps"][0]["max_tv"] for C in ("1000", "10")
    )
    assert F(small) < F(large)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--method", "tv", "--C", "-1"], "'-1' is not a finite number >= 0"),
        (["--method", "tv_constraint", "--delta", "-0.1"], "'-0.1' is not a finite number >= 0"),
        (["--method", "tv_constraint", "--delta", "nan"], "'nan' is not a finite number >= 0"),
        (["--method", "tv_constraint", "--delta", "inf"], "'inf' is not a finite number >= 0"),
        (["--method", "tv_constraint", "--delta", "1/0"], "'1/0' is not a finite number >= 0"),
        (["--method", "conservative", "--alpha", "2"], "'2' is not a number in [0, 1]"),
        (["--method", "tv_constraint"], "--method tv_constraint needs --delta X"),
        (["--method", "tv", "--delta", "1"], "--method tv takes --C, not --delta"),
        (["--method", "greedy", "--C", "1"], "--method greedy takes no settings, not --C"),
        (["--method", "magic"], "invalid choice: 'magic'"),
        ([], "--method"),
        (["--method", "tv", "--iterations", "0"], "'0' is not an integer in 1..1000000"),
        (["--method", "tv", "--iterations", "1.5"], "'1.5' is not an integer"),
        (["--method", "tv", "--tol", "-1"], "'-1' is not a finite number >= 0"),
        (["--method", "tv", "--figure", "run.txt"], "ends in .png"),
        (["--method", "tv", "--figure", "no/such/folder/run.png"], "the folder is not there"),
    ],
)
def test_wrong_usage_is_told(run: Run, model: Model, argv: list[str], said: str) -> None:
    result = run("improve", model(), *argv)
    assert result.code == 2 and said in result.err and result.out == ""
    told = run("improve", model(), *argv, "--json")
    assert told.code == 2 == told.document["exit_code"]


def test_missing_and_broken_files_are_told(run: Run, tmp_path: Path) -> None:
    assert run("improve", tmp_path / "none.mdp.json", "--method", "tv").code == 3
    result = run("improve", "-", "--method", "tv", "--json", stdin=b"{}")
    assert result.code == 3 and "problems" in result.document["error"]


def test_json_is_the_same_on_repeat_and_times_are_asked_for(run: Run) -> None:
    argv = ("improve", MDPS / "rover.mdp.json", "--method", "tv", "--iterations", "3", "--json")
    assert run(*argv).out == run(*argv).out
    assert "seconds" not in run(*argv).out
    assert all(step["seconds"] > 0 for step in run(*argv, "--times").document["steps"])
    assert "Seconds" in run(*argv[:-1], "--times").out


def test_figure_is_drawn_and_the_same_on_repeat(run: Run, tmp_path: Path) -> None:
    drawn = []
    for name in ("a.png", "b.png"):
        argv = ("improve", MDPS / "rover.mdp.json", "--method", "tv", "--figure", tmp_path / name)
        assert run(*argv, "--quiet").code == 0
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1] and drawn[0].startswith(b"\x89PNG")
    # Nothing is gained here, so the logarithmic axis has nothing to show.
    still = ("improve", MDPS / "twins.mdp.json", "--method", "tv", "--figure", tmp_path / "c.png")
    assert run(*still).code == 0 and (tmp_path / "c.png").stat().st_size > 0


def test_missing_matplotlib_names_the_extra(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    argv = ("improve", MDPS / "rover.mdp.json", "--method", "tv", "--figure", tmp_path / "a.png")
    result = run(*argv)
    assert result.code == 2 and "tabular-trpo[plot]" in result.err
    assert not (tmp_path / "a.png").exists()


def test_table_of_methods_is_told_by_help(run: Run) -> None:
    told = run("improve", "--help").out
    assert all(f"  {name}" in told for name in improve_methods.METHODS)
    assert json.loads(json.dumps(list(METHODS))) == [method.name for method in METHODS.values()]


@pytest.mark.parametrize(
    "argv", ["minorize --C", "max_kl --delta", "mirror --lam", "natural --delta"]
)
def test_settings_beyond_the_doubles_are_told(run: Run, argv: str) -> None:
    """A rational model takes them, a step in floats cannot."""
    method, name = argv.split()
    path = str(MDPS / "queue.mdp.json")
    result = run("improve", path, "--method", method, name, "1e400")
    assert result.code == 4 and f"{name} is too large for a float step" in result.err


def test_a_start_that_natural_cannot_leave_is_refused(run: Run) -> None:
    path = str(MDPS / "queue.mdp.json")
    result = run("improve", path, "--method", "natural", "--delta", "1", "--policy", "greedy")
    assert result.code == 2 and "takes every allowed action" in result.err
