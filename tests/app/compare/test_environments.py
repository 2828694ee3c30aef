"""`compare --env`: live environments, exact scores of every iterate, and refusals."""

import warnings
from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo._app.compare.environments import option
from tabular_trpo._sampled import comparison
from tabular_trpo._sampled.live import Registered
from tabular_trpo._sampled.methods import Settings
from tabular_trpo._sampled.undiscounted import episode_score
from tests.app.conftest import MDPS, Run

gymnasium = pytest.importorskip("gymnasium")
LAKE = ("compare", "--env", "FrozenLake-v1")
SIZE = ("--steps", "2400", "--batch", "800", "--seeds", "2", "--executor", "serial", "--quiet")
ONE = ("--methods", "empirical_model")


@pytest.fixture(autouse=True)
def quiet() -> Any:
    """Ignore what gymnasium warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_text_shows_the_methods_and_every_iterate(run: Run) -> None:
    result = run(*LAKE, *SIZE[:-1])
    lines = result.out.splitlines()
    tables = [line for line in lines[:-1] if not line.startswith("Settings: ")]
    assert result.code == 0 and max(map(len, tables)) <= 100
    names = [line.split()[0] for line in lines if line.strip()]
    assert [name for name in names if name in ("exact", "empirical_model", "gae")]
    assert "FrozenLake-v1: 17 states, 4 actions, gamma 0.99" in result.out
    assert "episodes of 100 steps" in result.out
    rows = [line for line in lines[:-2] if line.split()[:1] in (["800"], ["1600"], ["2400"])]
    assert len(rows) == 3 and all("eta" in row for row in rows)


def test_document_holds_the_exact_values_of_each_iterate(run: Run) -> None:
    document = run(*LAKE, *SIZE, *ONE, "--seed", "3", "--json").document
    assert document["settings"] == {
        "steps": 2400, "batch": 800, "delta": 0.01, "horizon": None, "seeds": 2, "seed": 3,
        "episodes": 16, "explore": 0.2, "level": 0.95, "live": True,
    }  # fmt: skip
    (model,) = document["models"]
    mdp = tt.from_gym(gymnasium.make("FrozenLake-v1"), 0.99, layout="csr")
    settings = Settings(800, 0.01, limit=100)
    live = Registered("FrozenLake-v1")
    expected = list(comparison.records(mdp, "empirical_model", 3, 2400, settings, live))
    rows = model["iterates"]["rows"]
    assert (model["iterates"]["method"], model["iterates"]["seed"]) == ("empirical_model", 3)
    assert [row["steps"] for row in rows] == [800, 1600, 2400] and model["time_limit"] == 100
    for row, (_, record) in zip(rows, expected, strict=True):
        pi = record.step.pi_new
        assert row["eta"] == float(tt.evaluate(mdp, pi).eta)
        pair = tt.Pair(mdp, record.pi, pi)
        assert row["mean_kl"] == pytest.approx(float(pair.mean_kl), abs=1e-15)
        assert row["realised_lo"] <= row["realised_hi"]
        assert row["monotone"] == record.monotone.value
        assert row["undiscounted"] == episode_score(mdp, pi, 100).undiscounted
    assert rows[-1]["eta"] == model["methods"][0]["final"][0]


def test_bytes_are_the_same_in_one_process_and_in_two(run: Run) -> None:
    one = run(*LAKE, *SIZE, *ONE, "--json")
    two = run(*LAKE, *SIZE[:-3], "--executor", "processes", "--workers", "2", *ONE, "--json")
    assert one.out == two.out and one.code == 0 == two.code


def test_simulate_plays_the_table_and_other_methods(run: Run) -> None:
    result = run(
        *LAKE, *SIZE, "--simulate", "--methods", "empirical_model", "single_path", "--json"
    )
    (model,) = result.document["models"]
    assert [x["method"] for x in model["methods"]] == ["single_path", "empirical_model"]
    assert not result.document["settings"]["live"]
    assert model["iterates"]["method"] == "single_path"


def test_options_and_gamma_reach_the_environment(run: Run) -> None:
    argv = (*LAKE, "--env-option", "map_name=8x8", "is_slippery=False", "--gamma", "0.9")
    (model,) = run(*argv, *SIZE, "--methods", "exact", "--json").document["models"]
    assert (model["states"], model["gamma"]) == (65, 0.9)
    assert model["eta_optimal"] == pytest.approx(0.9**13)
    assert model["model"] == "FrozenLake-v1, map_name=8x8, is_slippery=False"
    assert "iterates" not in model
    assert option("a=[1]") == ("a", [1])


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("compare", MDPS / "weather.mdp.json", *LAKE[1:]), 2, "not both"),
        (("compare",), 2, "model files or --env"),
        (("compare", MDPS / "weather.mdp.json", "--simulate"), 2, "--simulate belongs to --env"),
        (("compare", MDPS / "weather.mdp.json", "--gamma", "0.5"), 2, "--gamma belongs to --env"),
        ((*LAKE, "--methods", "vine"), 2, "add --simulate"),
        ((*LAKE, "--env-option", "slippery"), 2, "'slippery' is not KEY=VALUE"),
        ((*LAKE, "--env-option", "nothing=3"), 3, "cannot be made"),
        ((*LAKE, "--gamma", "1"), 2, "not a number in [0, 1)"),
        (("compare", "--env", "Nowhere-v0"), 3, "Nowhere-v0 cannot be made"),
        (("compare", "--env", "Blackjack-v1"), 3, "P"),
    ],
)
def test_refusals(
    run: Run, monkeypatch: pytest.MonkeyPatch, argv: Any, code: int, said: str
) -> None:
    def never(*args: Any) -> Any:
        raise AssertionError("a method ran")

    monkeypatch.setattr(comparison, "run", never)
    result = run(*argv)
    assert result.code == code and said in " ".join(result.err.split()) and result.out == ""


def test_the_cure_of_a_method_that_is_not_live_works(run: Run) -> None:
    size = ("--steps", "2000", "--seeds", "1", "--executor", "serial")
    assert run(*LAKE, *size, "--methods", "vine", "--simulate").code == 0
