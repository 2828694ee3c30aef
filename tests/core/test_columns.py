"""Models from rows (s, a, s', probability, reward): names, indices, layouts, wrong rows."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt

HALF = Fraction(1, 2)
LINES = [
    ("low", "stay", "low", "1/2", "1"),
    ("low", "stay", "high", "1/2", "1"),
    ("low", "climb", "high", "1", "-1"),
    ("high", "stay", "high", "1", "2"),
]
NAMES: dict[str, Any] = {"state_names": ("low", "high"), "action_names": ("stay", "climb")}


def test_transitions_by_name() -> None:
    mdp = tt.MDP.from_transitions(LINES, {"low": "1/3", "high": "2/3"}, "9/10", **NAMES)
    assert mdp.P.tolist() == [[[HALF, HALF], [0, 1]], [[0, 1], [0, 0]]]
    assert mdp.r.tolist() == [[1, -1], [2, 0]]
    assert mdp.rho0.tolist() == [Fraction(1, 3), Fraction(2, 3)]
    assert mdp.mask.tolist() == [[True, True], [True, False]]
    assert (mdp.state_names, mdp.action_names) == (("low", "high"), ("stay", "climb"))
    assert mdp.r_next is None  # no reward depends on the next state


def test_transitions_by_index_agree_with_names() -> None:
    place = {"low": 0, "high": 1, "stay": 0, "climb": 1}
    by_index: Any = [(*(place[x] for x in line[:3]), *line[3:]) for line in LINES]
    one = tt.MDP.from_transitions(by_index, {0: "1/3", 1: "2/3"}, "9/10")
    two = tt.MDP.from_transitions(by_index, {"low": "1/3", 1: "2/3"}, "9/10", **NAMES)
    assert np.array_equal(one.P, two.P) and np.array_equal(one.rho0, two.rho0)
    assert one.state_names == ("0", "1")


def test_transition_rewards_may_depend_on_the_next_state() -> None:
    lines = [(0, 0, 0, "1/4", "8"), (0, 0, 1, "3/4", "0"), (1, 0, 1, 1, 0)]
    mdp = tt.MDP.from_transitions(lines, ["1", "0"], "1/2")
    assert mdp.r.tolist() == [[2], [0]] and mdp.r_next[0, 0, 0] == 8


@pytest.mark.parametrize("gamma", ["1/2", 0.5])
def test_whole_transitions_fit_both_arithmetics(gamma: Any) -> None:
    mdp = tt.MDP.from_transitions([(0, 0, 0, 1, 2)], [1], gamma)
    assert mdp.arithmetic == ("float" if gamma == 0.5 else "rational")
    assert mdp.r[0, 0] == 2


@pytest.mark.parametrize("layout", ["auto", "dense", "csr"])
def test_layouts_agree(layout: str) -> None:
    lines = [
        (s, a, t, 0.25 + 0.5 * (t == a), s + t) for s in (0, 1) for a in (0, 1) for t in (0, 1)
    ]
    mdp = tt.MDP.from_transitions(lines, {1: 1.0}, 0.5, layout=layout)
    assert mdp.is_sparse == (layout == "csr")
    table = mdp.P.toarray().reshape(2, 2, 2) if mdp.is_sparse else mdp.P
    assert table.tolist() == [[[0.75, 0.25], [0.25, 0.75]]] * 2
    assert mdp.r.tolist() == [[0.25, 0.75], [1.25, 1.75]]


@pytest.mark.parametrize(
    ("layout", "line", "message"),
    [
        ("foo", (0, 0, 0, 1, 0), "layout = 'foo', expected one of auto, dense, csr"),
        (None, (0, 0, 0, 1.0, 0), "layout = None, expected one of"),
        ("csr", (0, 0, 0, "1", 0), "layout = 'csr', expected dense: exact numbers. Give every"),
        ("csr", (0, 0, 0, 1, "1/2"), "layout = 'csr', expected dense: exact numbers. Give every"),
        ("csr", (0, 0, 0, 1, 0), "gamma = '1/2' is exact.* P is sparse, and exact models are"),
    ],
)
def test_wrong_layout(layout: Any, line: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP.from_transitions([line], [1], "1/2", layout=layout)


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ([], {}, "transitions are empty"),
        ([(0, 0, 0, 1)], {}, r"transitions\[0\] has 4 fields, expected rows \(s, a, s', prob"),
        ([(0, 0, "x", 1, 0)], {}, r"s' = 'x', expected an integer index .*Names need state_names="),
        ([(0, True, 0, 1, 0)], {}, r"transitions\[0\] a = True"),
        ([(0, -1, 0, 1, 0)], {}, r"transitions\[0\] a = -1"),
        ([(0, 0, 0, 1, 0), (0, 0, 0, 1, 0)], {}, r"transitions\[1\] repeats \(s, a, s'\) = "),
        ([("mid", "stay", "low", 1, 0)], NAMES, r"s = 'mid', expected one of the 2 s names"),
        ([(2, 0, 0, 1, 0)], NAMES, r"transitions\[0\] s = 2, expected one of the 2 s names"),
        ([(0, 0, [1], 1, 0)], NAMES, r"s' = \[1\]"),
        ([(0, 0, 0, "1", 0.1)], {}, r"transitions\[0\] reward = 0.1 is a float"),
        (
            [(0, 0, 0, 0.5, 0), (0, 0, 1, "1/2", 0)],
            {},
            r"^transitions\[1\] probability = '1/2' is exact",
        ),
        ([(0, 0, 0, "half", 0)], {}, r"^transitions\[0\] probability = 'half' is not a number"),
        ([(0, 0, 0, 0.9, 0)], {}, r"P\[s=0, a=0\] sums to 0.9"),
        ([(0, 0, 0, 1, 0), (0, 0, 1, 0, 0)], {}, r"P\[s=1, a=0\] sums to 0|no allowed action"),
    ],
)
def test_wrong_transitions(lines: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP.from_transitions(lines, {0: 1}, 0.5, **options)


@pytest.mark.parametrize("start", [{"mid": 1}, {7: 1}, {True: 1}, {"low": "1/2", 0: "1/2"}])
def test_wrong_start(start: dict[Any, Any]) -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"rho0 names .* expected each state at most once"):
        tt.MDP.from_transitions(LINES, start, "9/10", **NAMES)


def test_absurd_index_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(tt.MemoryGuardError, match="Number states and actions without gaps"):
        tt.MDP.from_transitions([(10**13, 0, 0, 1, 0)], [1], 0.5)
    with pytest.raises(tt.InvalidMDPError, match=r"an index below 2\^63"):
        tt.MDP.from_transitions([(10**30, 0, 0, 1, 0)], [1], 0.5)


@pytest.mark.parametrize(
    ("n_states", "successors", "sparse"),
    [(10, 1, False), (90, 90, False), (90, 6, False), (91, 5, True), (300, 2, True)],
)
def test_auto_layout_follows_the_fill(n_states: int, successors: int, sparse: bool) -> None:
    """Dense where P is small, or filled from 1/16 on; a corridor of 300 states is CSR."""
    lines = [
        (s, a, (s + k) % n_states, 1 / successors, 0.5)
        for s in range(n_states)
        for a in range(3)
        for k in range(successors)
    ]
    mdp = tt.MDP.from_transitions(lines, {0: 1.0}, 0.5)
    assert mdp.is_sparse == sparse
