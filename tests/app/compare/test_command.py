"""`compare` on the command line: the same bytes whoever works, its document, its refusals."""

import shutil
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._app.shared.executors import EXECUTORS, SerialExecutor
from tabular_trpo._sampled import comparison
from tabular_trpo._sampled.comparison import Curve
from tabular_trpo._sampled.methods import METHODS, Settings
from tests.app.conftest import MDPS, Model, Run

FEW = ("--methods", "exact", "single_path", "vine")
SIZE = ("--steps", "1500", "--batch", "500", "--seeds", "2", "--executor", "serial")
WEATHER, TWINS, PATIENT = (MDPS / f"{name}.mdp.json" for name in ("weather", "twins", "patient"))


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every run fail: what is refused is refused before it."""

    def never(*args: Any) -> Any:
        raise AssertionError("a method ran")

    monkeypatch.setattr(comparison, "run", never)


def test_bytes_are_the_same_in_one_process_and_in_two(run: Run) -> None:
    argv = ("compare", WEATHER, MDPS / "rover.mdp.json", *FEW, *SIZE[:-1])
    alone = run(*argv, "serial", "--json")
    two = run(*argv, "processes", "--workers", "2", "--json")
    assert alone.code == 0 == two.code and alone.err == ""
    assert two.out == alone.out and len(alone.out) > 1000
    for told in alone.document["models"]:  # each has its own curves
        assert all(method["mean"][0] == told["eta_uniform"] for method in told["methods"])


def test_document_holds_the_runs(run: Run) -> None:
    result = run("compare", WEATHER, *FEW, *SIZE, "--seed", "7", "--delta", "0.02", "--json")
    document = result.document
    assert document["command"] == "compare" and document["exit_code"] == 0 == result.code
    assert document["refused"] == {} and document["settings"] == {
        "steps": 1500,
        "batch": 500,
        "delta": 0.02,
        "horizon": None,
        "seeds": 2,
        "seed": 7,
        "episodes": 16,
        "explore": 0.2,
        "level": 0.95,
    }
    (model,) = document["models"]
    mdp = tt.read(WEATHER).to_float()
    first = float(tt.evaluate(mdp, tt.policies.uniform(mdp)).eta)
    best = float(tt.optimal(mdp).eta_star)
    assert (model["model"], model["states"], model["actions"]) == ("weather", 2, 2)
    assert (model["gamma"], model["eta_uniform"], model["eta_optimal"]) == (0.9, first, best)
    assert [method["method"] for method in model["methods"]] == list(FEW[1:])
    for told in model["methods"]:
        seeds = [7] if told["method"] == "exact" else [7, 8]
        curves = [
            comparison.run(mdp, told["method"], seed, 1500, Settings(500, 0.02)) for seed in seeds
        ]
        assert told["steps"] == [curve.steps[-1] for curve in curves]
        assert told["final"] == [curve.eta[-1] for curve in curves]
        assert told["fell"] == [curve.fell for curve in curves]
        assert told["iterations"] == [len(curve.eta) - 1 for curve in curves]
        assert told["grid"] == [25 * i for i in range(61)]
        # The last policy that was made of at most so many steps, averaged over seeds.
        for at, mean, half in zip(told["grid"], told["mean"], told["half_widths"], strict=True):
            etas = [
                next(y for x, y in reversed([*zip(c.steps, c.eta, strict=True)]) if x <= at)
                for c in curves
            ]
            assert mean == pytest.approx(sum(etas) / len(etas), rel=1e-14)
            if len(etas) == 1:
                assert half is None
            else:
                want = 1.959963984540054 * abs(etas[0] - etas[1]) / 2
                assert half == pytest.approx(want, rel=1e-9, abs=1e-14)
        assert (told["eta"], told["half_width"]) == (told["mean"][-1], told["half_widths"][-1])
        share = (told["eta"] - first) / (best - first)
        assert told["share_of_gap"] == pytest.approx(share) and 0 < share < 1


def test_horizon_reaches_the_paths(run: Run) -> None:
    argv = ("compare", WEATHER, "--methods", "single_path", *SIZE, "--horizon", "10", "--json")
    document = run(*argv).document
    (told,) = document["models"][0]["methods"]
    assert told["steps"] == [1500, 1500] and told["iterations"] == [3, 3]
    assert document["settings"]["horizon"] == 10


def test_a_model_that_a_batch_cannot_play_is_left_out(run: Run) -> None:
    result = run("compare", WEATHER, PATIENT, *FEW, *SIZE)
    assert result.code == 4 and "1 model not compared" in " ".join(result.out.split())
    assert "Not compared: patient. batch = 500 steps" in result.out and "weather: " in result.out
    assert "set a horizon" in " ".join(result.out.split())
    document = run("compare", WEATHER, PATIENT, *FEW, *SIZE, "--json").document
    assert document["exit_code"] == 4 and [m["model"] for m in document["models"]] == ["weather"]
    assert "Raise batch" in document["refused"]["patient"] and len(document["refused"]) == 1


def test_only_the_methods_asked_for_can_refuse_a_model(run: Run) -> None:
    """A root of a vine is reached at geometric times, whatever the horizon; other paths are cut."""
    short = (*SIZE, "--horizon", "20", "--quiet", "--methods")
    assert run("compare", WEATHER, PATIENT, *short, "vine").code == 4
    assert run("compare", WEATHER, PATIENT, *short, "single_path", "cem").code == 0
    assert run("compare", PATIENT, *SIZE, "--methods", "exact").code == 0
    assert run("compare", PATIENT, *SIZE, "--methods", "exact", "rwr").code == 3


def test_models_of_one_name_are_told_apart(run: Run, tmp_path: Path, model: Model) -> None:
    (tmp_path / "far").mkdir()
    far = shutil.copy(PATIENT, tmp_path / "far" / "small.mdp.json")
    document = run("compare", model("small"), far, *FEW, *SIZE, "--json").document
    assert [m["gamma"] for m in document["models"]] == [0.5]
    assert list(document["refused"]) == [str(far)]


@pytest.mark.usefixtures("untouched")
def test_if_no_model_can_be_played_it_is_invalid(run: Run) -> None:
    result = run("compare", PATIENT, *FEW, *SIZE)
    assert result.code == 3 and result.out == ""
    assert "batch = 500 steps" in result.err and "Raise batch" in result.err
    told = run("compare", PATIENT, MDPS / "sticky.mdp.json", *FEW, *SIZE, "--json").document
    assert told["exit_code"] == 3 and len(told["error"]["problems"]) == 2


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--methods", "magic"), "invalid choice: 'magic'"),
        (("--methods",), "--methods"),
        (("--steps", "0"), "'0' is not an integer in 1..1000000000"),
        (("--batch", "1.5"), "'1.5' is not an integer"),
        (("--delta", "0"), "'0' is not a finite number > 0"),
        (("--delta", "nan"), "'nan' is not a finite number > 0"),
        (("--delta", "much"), "'much' is not a finite number > 0"),
        (("--horizon", "0"), "'0' is not an integer in 1.."),
        (("--seeds", "0"), "'0' is not an integer in 1..10000"),
        (("--seed", "-1"), "'-1' is not an integer in 0.."),
        (("--executor", "threads"), "invalid choice: 'threads'"),
        (("--executor", "serial", "--workers", "2"), "which is one process"),
        (("--figure", "curves.txt"), "ends in .png"),
        (("--figure", "no/such/folder/curves.png"), "the folder is not there"),
    ],
)
def test_wrong_usage_is_told(run: Run, argv: tuple[str, ...], said: str) -> None:
    result = run("compare", WEATHER, *argv)
    assert result.code == 2 and said in result.err and result.out == ""
    told = run("compare", WEATHER, *argv, "--json")
    assert told.code == 2 == told.document["exit_code"]


@pytest.mark.usefixtures("untouched")
def test_missing_extras_and_files_are_told_before_anything_runs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("compare").code == 2
    assert run("compare", tmp_path / "none.mdp.json").code == 3
    monkeypatch.setitem(sys.modules, "cma", None)
    asked = run("compare", WEATHER, "--methods", "cma")
    assert asked.code == 2 and "tabular-trpo[cma]" in asked.err
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    drawn = run("compare", WEATHER, "--figure", tmp_path / "a.png")
    assert drawn.code == 2 and "tabular-trpo[plot]" in drawn.err
    assert not (tmp_path / "a.png").exists()


def test_methods_are_all_unless_some_are_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, int]] = []

    def noted(mdp: Any, name: str, seed: int, budget: int, settings: Any, live: Any) -> Curve:
        ran.append((name, seed))
        return Curve(np.array([0]), np.array([1.0]), 0)

    monkeypatch.setattr(comparison, "run", noted)
    run("compare", WEATHER, *SIZE, "--methods", "rwr", "exact", "rwr")
    assert ran == [("exact", 0), ("rwr", 0), ("rwr", 1)]  # in the order of the table, once
    for there in (sys, None):  # any module will do
        monkeypatch.setitem(sys.modules, "cma", there)
        ran.clear()
        assert run("compare", WEATHER, *SIZE).code == 0
        names = list(dict.fromkeys(name for name, _ in ran))
        assert names == [name for name in METHODS if there or name != "cma"]


def test_figure_is_drawn_and_the_same_on_repeat(run: Run, tmp_path: Path) -> None:
    drawn = []
    for name in ("a.png", "b.png"):
        argv = ("compare", WEATHER, TWINS, *FEW, *SIZE, "--figure", tmp_path / name, "--quiet")
        assert run(*argv).code == 0
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1] and drawn[0].startswith(b"\x89PNG")
    # A single seed has no band; four models leave two panels empty.
    many = [MDPS / f"{name}.mdp.json" for name in ("weather", "twins", "rover", "queue")]
    one = (*SIZE, "--seeds", "1", "--figure", tmp_path / "c.png", "--quiet")
    assert run("compare", *many, *FEW, *one).code == 0
    assert (tmp_path / "c.png").stat().st_size > len(drawn[0])


def test_a_lost_worker_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*args: Any) -> Any:
        raise BrokenProcessPool("gone")

    @contextmanager
    def started(workers: int | None) -> Iterator[tuple[SerialExecutor, int]]:
        yield SerialExecutor(), 1

    monkeypatch.setitem(EXECUTORS, "processes", started)
    monkeypatch.setattr(comparison, "run", dies)
    result = run("compare", WEATHER, "--methods", "exact")
    assert result.code == 4 and "a worker ended too early" in result.err


def test_help_names_every_method(run: Run) -> None:
    told = run("compare", "--help").out
    assert all(f"  {name} " in told and method.does in told for name, method in METHODS.items())
