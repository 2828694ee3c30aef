"""Reading the models that arguments name: arithmetics, directories, policies by name."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tabular_trpo._app.shared import models as source
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._core.errors import InvalidMDPError
from tests.app.conftest import SMALL, Model

FLOATS = {
    "gamma": 0.5,
    "rho0": {"x": 1.0},
    "transitions": [[s, a, t, 1.0, 2.0] for s, a, t, _, _ in SMALL["transitions"]],
    "policies": {"p": {"x": {"go": 1.0}, "y": {"stay": 1.0}}},
}
EXACT = {"policies": {"p": {"x": {"stay": "1/3", "go": "2/3"}, "y": {"stay": "1"}}}}


@pytest.mark.parametrize(
    ("changes", "arithmetic", "proving", "taken"),
    [
        (EXACT, "auto", False, "rational"),
        (EXACT, "auto", True, "rational"),
        (EXACT, "float", True, "float"),
        (FLOATS, "auto", False, "float"),
        (FLOATS, "auto", True, "rational"),
        (FLOATS, "rational", False, "rational"),
        (FLOATS, "float", True, "float"),
    ],
)
def test_arithmetic_taken_holds_for_model_and_policies(
    model: Model, changes: dict[str, object], arithmetic: str, proving: bool, taken: str
) -> None:
    found = source.read(str(model(**changes)), arithmetic, proving)
    assert found.mdp.arithmetic == taken
    assert (found.policies["p"].dtype == object) is (taken == "rational")


@pytest.mark.parametrize(
    ("n_states", "arithmetic"),
    [(source.MOST_STATES, "rational"), (source.MOST_STATES + 1, "float")],
)
def test_auto_stays_rational_while_affordable(model: Model, n_states: int, arithmetic: str) -> None:
    states = [f"s{i}" for i in range(n_states)]
    rows = [[s, "a", s, "1", "1/3"] for s in states]
    path = model(states=states, actions=["a"], transitions=rows, rho0={"s0": "1"})
    assert source.read(str(path), "auto").mdp.arithmetic == arithmetic
    assert source.read(str(path), "auto", proving=True).mdp.arithmetic == arithmetic
    assert source.read(str(path), "rational").mdp.arithmetic == "rational"


def test_directory_stands_for_its_models_in_order(model: Model) -> None:
    folder = model("b").parent
    model("a")
    (folder / "notes.json").write_text("{", encoding="utf-8")
    assert [Path(x).name for x in source.files([str(folder)])] == ["a.mdp.json", "b.mdp.json"]
    assert [x.name for x in source.read_all([str(folder)], "auto")] == ["a", "b"]


def test_models_of_one_name_are_told_apart(model: Model) -> None:
    path = str(model("a"))
    assert [x.name for x in source.read_all([path, path], "auto")] == [path, path]


def test_problems_of_all_files_are_counted(model: Model) -> None:
    bad = [str(model(f"bad{i}", gamma="1")) for i in range(30)]
    with pytest.raises(InvalidMDPError) as caught:
        source.read_all(bad, "auto")
    assert len(caught.value.problems) == 30 and "10 more problems" in str(caught.value)


def test_policies_by_name(model: Model) -> None:
    found = source.read(str(model(**EXACT)), "auto")
    assert source.policy(found, "p")[0, 0] == Fraction(1, 3)
    assert source.policy(found, "uniform")[0, 0] == Fraction(1, 2)
    for name in ("greedy", "optimal"):
        assert source.policy(found, name).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(UsageError, match="no policy 'q'; there are p, uniform, greedy, optimal"):
        source.policy(found, "q")


def test_greedy_improves_on_the_policy_before(model: Model) -> None:
    # Two rounds of greedy differ here: y only pays once x is known to be left.
    rows = [
        ["x", "stay", "x", "1", "1"],
        ["x", "go", "y", "1", "0"],
        ["y", "stay", "y", "1", "1"],
        ["y", "go", "y", "1", "4"],
    ]
    found = source.read(str(model(transitions=rows)), "auto")
    lazy = np.array([[Fraction(1), Fraction(0)], [Fraction(1), Fraction(0)]])
    first = source.policy(found, "greedy", before=lazy)
    assert first.tolist() == [[1, 0], [0, 1]]  # Q(x, go) = 2/2 = 1 < Q(x, stay) = 1 + 2/2 = 2
    second = source.policy(found, "greedy", before=first)
    assert second.tolist() == [[0, 1], [0, 1]]  # Q(x, go) = 8/2 = 4 > 2
