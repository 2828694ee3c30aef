"""Bad input of a model is refused with a code and a place, whatever the layout.

The model is `small2` of pymdptoolbox (2 states, 2 actions), and the bad row, P[s=0, a=1], is the
one that its optimal policy uses: peers answer most of these with a wrong value or a crash.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt

P = [[["1/2", "1/2"], ["0", "1"]], [["4/5", "1/5"], ["1/10", "9/10"]]]
R: list[list[Any]] = [["5", "10"], ["-1", "2"]]
RHO0 = ["1", "0"]
GAMMA = "9/10"
V_STAR = [Fraction(1825, 43), Fraction(1550, 43)]
ROWS = [(0, 0, 0, 0.5, 5), (0, 0, 1, 0.5, 5), (0, 1, 1, 1, 10), (1, 0, 0, 1, -1), (1, 1, 1, 1, 2)]
LAYOUTS = ["exact", "float", "csr"]


def build(layout: str = "float", **changes: Any) -> tt.MDP:
    """Return small2 with some fields changed, its exact numbers turned into the layout."""
    fields = {"P": P, "r": R, "rho0": RHO0, "gamma": GAMMA, **changes}
    if layout != "exact":
        for name in ("P", "r", "rho0", "gamma"):
            fields[name] = in_floats(fields[name])
    if layout == "csr":
        dense = np.asarray(fields["P"])
        fields["P"] = sp.csr_array(dense.reshape(4, 2))
    return tt.MDP(**fields)


def in_floats(value: Any) -> Any:
    """Return nested lists with their exact strings as floats."""
    if isinstance(value, list):
        return [in_floats(x) for x in value]
    return float(Fraction(value)) if isinstance(value, str) else value


def row(*probabilities: Any) -> list[Any]:
    """Return P with another row P[s=0, a=1]."""
    return [[P[0][0], list(probabilities)], P[1]]


def refused(code: str, first_line: str, layout: str, **changes: Any) -> None:
    """Check the code and the beginning of the first line of the error."""
    with pytest.raises(tt.TabularError) as caught:
        build(layout, **changes)
    assert caught.value.code == code
    assert str(caught.value).splitlines()[0].startswith(first_line)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("layout", LAYOUTS)
def test_valid_model_has_its_published_value(layout: str) -> None:
    found = tt.optimal(build(layout)).V_star
    assert np.allclose(found.astype(float), [float(v) for v in V_STAR], rtol=1e-12)
    if layout == "exact":
        assert found.tolist() == V_STAR


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("changes", "code", "exact", "floats"),
    [
        (
            {"P": row("0", "9/10")},
            "row_sum",
            "P[s=0, a=1] sums to 9/10, expected 1 (off by -1/10; exactly)",
            "P[s=0, a=1] sums to 0.9, expected 1 (off by -0.1; tolerance 1e-09)",
        ),
        (
            {"P": row("0", "6/5")},
            "row_sum",
            "P[s=0, a=1] sums to 6/5, expected 1 (off by 1/5; exactly)",
            "P[s=0, a=1] sums to 1.2, expected 1 (off by +0.2; tolerance 1e-09)",
        ),
        (
            {"P": row("0", "1.000001")},
            "row_sum",
            "P[s=0, a=1] sums to 1000001/1000000, expected 1 (off by 1/1000000; exactly)",
            "P[s=0, a=1] sums to 1.000001, expected 1 (off by +1e-06; tolerance 1e-09)",
        ),
        (
            {"P": row("0", "0")},
            "row_sum",
            "P[s=0, a=1] sums to 0, expected 1 (off by -1; exactly)",
            "P[s=0, a=1] sums to 0.0, expected 1 (off by -1; tolerance 1e-09)",
        ),
        (
            {"P": row("-1/10", "11/10")},
            "negative",
            "P[s=0, a=1, s'=0] = -1/10, expected a probability, without a minus sign",
            "P[s=0, a=1, s'=0] = -0.1, expected a probability, without a minus sign",
        ),
        ({"gamma": "1"}, "gamma", "gamma = 1, expected", "gamma = 1.0, expected"),
        ({"gamma": "3/2"}, "gamma", "gamma = 3/2, expected", "gamma = 1.5, expected"),
        ({"gamma": "-1/2"}, "gamma", "gamma = -1/2, expected", "gamma = -0.5, expected"),
        ({"r": [*R, ["0", "0"]]}, "shape", "r has shape (3, 2)", "r has shape (3, 2)"),
        ({"r": [[*x, "0"] for x in R]}, "shape", "r has shape (2, 3)", "r has shape (2, 3)"),
        ({"rho0": ["1/2", "2/5"]}, "row_sum", "rho0 sums to 9/10", "rho0 sums to 0.9"),
        ({"rho0": ["-1", "2"]}, "negative", "rho0[s=0] = -1,", "rho0[s=0] = -1.0,"),
        ({"rho0": ["1", "0", "0"]}, "shape", "rho0 has shape (3,)", "rho0 has shape (3,)"),
        ({"gamma": True}, "type", "gamma = True of type bool", "gamma = True of type bool"),
        ({"gamma": None}, "type", "gamma = None of type", "gamma = None of type"),
        ({"r": [["1"], ["1", "2"]]}, "shape", "r is ragged or empty", "r is ragged or empty"),
        (
            {"allowed": np.array([[True, False], [True, True]])},
            "disallowed",
            "P[s=0, a=1] sums to 1,",
            "P[s=0, a=1] sums to 1.0,",
        ),
        ({"allowed": [[1, 0], [1, 1]]}, "shape", "allowed is int64", "allowed is int64"),
        (
            {"state_names": ["a", "a"]},
            "names",
            "state_names[1] = 'a', as state_names[0] is, expected each name once",
            "state_names[1] = 'a', as state_names[0] is, expected each name once",
        ),
        (
            {"action_names": ["a", ""]},
            "names",
            "action_names[1] = '', expected a name of 1 to 500 characters",
            "action_names[1] = '', expected a name of 1 to 500 characters",
        ),
    ],
)
def test_bad_model_is_refused(
    changes: dict[str, Any], code: str, exact: str, floats: str, layout: str
) -> None:
    refused(code, exact if layout == "exact" else floats, layout, **changes)


@pytest.mark.parametrize("layout", ["float", "csr"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_number_that_is_not_finite_is_refused(bad: float, layout: str) -> None:
    refused("not_finite", f"P[s=0, a=1, s'=0] = {bad}, expected", layout, P=row(bad, 1.0))
    refused("not_finite", f"r[s=0, a=1] = {bad}, expected", layout, r=[[5, bad], [-1, 2]])
    refused("not_finite", f"r[s=0, a=0] = {bad}, expected", layout, r=[[bad, bad], [-1, 2]])
    refused("not_finite", f"rho0[s=0] = {bad}, expected", layout, rho0=[bad, 1.0])
    refused("gamma", f"gamma = {bad}, expected a number in [0, 1)", layout, gamma=bad)


@pytest.mark.parametrize("layout", ["float", "csr"])
def test_a_sum_beyond_the_doubles_is_refused(layout: str) -> None:
    refused("row_sum", "rho0 sums to inf, expected 1", layout, rho0=[1e308, 1e308])
    refused("row_sum", "P[s=0, a=1] sums to inf, expected 1", layout, P=row(1e308, 1e308))


@pytest.mark.parametrize("layout", ["float", "csr"])
def test_row_off_by_less_than_the_tolerance_is_repaired_and_says_so(layout: str) -> None:
    mdp = build(layout, P=row(0.0, 1 + 1e-12))
    assert mdp.P.sum() == 4.0
    assert mdp.repair == pytest.approx(1e-12, rel=1e-3)
    refused("row_sum", "P[s=0, a=1] sums to 1000000000001/", "exact", P=row("0", "1.000000000001"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_state_without_an_action_is_refused(layout: str) -> None:
    allowed = np.array([[False, False], [True, True]])
    empty = [[["0", "0"], ["0", "0"]], P[1]]
    refused("no_action", "the state s=0 has no allowed action", layout, P=empty, allowed=allowed)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_zero_rewards_have_zero_values(layout: str) -> None:
    assert tt.optimal(build(layout, r=[["0", "0"], ["0", "0"]])).V_star.tolist() == [0, 0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_long_horizon_is_solved(layout: str) -> None:
    # Policy (1, 0): V0 = 10 + g V1, V1 = -1 + g (4/5 V0 + 1/5 V1).
    g = Fraction("0.99999")
    second = (-1 + 8 * g) / (1 - g / 5 - g * g * 4 / 5)
    found = tt.optimal(build(layout, gamma="0.99999")).V_star
    expected = [float(10 + g * second), float(second)]
    assert np.allclose(found.astype(float), expected, rtol=1e-10)


@pytest.mark.parametrize("layout", ["float", "csr"])
def test_odd_but_valid_probabilities_keep_their_support(layout: str) -> None:
    for tiny in (5e-324, 1e-300, 2.0**-60):
        mdp = build(layout, P=row(tiny, 1.0))
        dense = mdp.P.toarray().reshape(2, 2, 2) if layout == "csr" else mdp.P
        assert dense[0, 1].tolist() == [tiny, 1.0]


def test_exact_number_of_enormous_size_is_refused_at_once() -> None:
    for number in ("1e999999999", "1e401", "1" * 2001, "1/0", "nan", "inf", "", "1/2/3"):
        refused("number", "r[0, 0] = ", "exact", r=[[number, "0"], ["0", "0"]])


def test_float_among_exact_numbers_is_refused() -> None:
    refused("mixed_lanes", "gamma = 0.9 is a float", "exact", gamma=0.9)
    refused("mixed_lanes", "r[0, 1] = 0.5 is a float", "exact", r=[["1", 0.5], ["0", "0"]])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (-1, "transitions[0] s = -1, expected an integer index >= 0"),
        (0.0, "transitions[0] s = 0.0, expected an integer index >= 0"),
        (True, "transitions[0] s = True, expected an integer index >= 0"),
        ("0", "transitions[0] s = '0', expected an integer index >= 0"),
        (None, "transitions[0] s = None, expected an integer index >= 0"),
        (2**63, "transitions[0] s = "),
        (10**30, "transitions[0] s = "),
    ],
)
def test_bad_index_is_refused(bad: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP.from_transitions([(bad, 0, 0, 1.0, 0.0), *ROWS], [1, 0], 0.9)
    assert caught.value.code == "index"
    assert str(caught.value).startswith(message)


def test_index_that_asks_for_too_much_memory_is_refused() -> None:
    with pytest.raises(tt.MemoryGuardError):
        tt.MDP.from_transitions([*ROWS, (0, 0, 2**62, 0.0, 0.0)], [1, 0], 0.9)


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        ([*ROWS, (0, 1, 1, 0.0, 9)], "duplicate", "transitions[5] repeats (s, a, s') = ('0', '1'"),
        ([(0, 0, 0, 1.0)], "shape", "transitions[0] has 4 fields"),
        ([], "shape", "transitions are empty"),
        (ROWS[:3], "no_action", "the state s=1 has no allowed action"),
        ([(0, 0, 0, math.nan, 5), *ROWS[1:]], "not_finite", "P[s=0, a=0, s'=0] = nan"),
        ([(0, 0, 0, 0.5, math.inf), *ROWS[1:]], "not_finite", "r[s=0, a=0, s'=0] = inf"),
    ],
)
def test_bad_transitions_are_refused(rows: list[Any], code: str, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP.from_transitions(rows, [1, 0], 0.9)
    assert caught.value.code == code
    assert str(caught.value).startswith(message)


def test_unknown_name_is_refused() -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"^transitions\[0\] s' = 'c', expected one of"):
        tt.MDP.from_transitions([("a", "x", "c", 1, 0)], [1, 0], 0.5, ["a", "b"], ["x"])
    with pytest.raises(tt.InvalidMDPError, match="rho0 names 'c', expected"):
        tt.MDP.from_transitions([("a", "x", "a", 1, 0)], {"c": 1}, 0.5, ["a"], ["x"])


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ([[[-1, 2]], [[0, 3]]], "negative"),
        ([[[0, 0]], [[0, 3]]], "no_counts"),
        ([[[1.0, 2.0]], [[0.0, 3.0]]], "counts"),
        ([[[True, True]], [[True, True]]], "type"),
    ],
)
def test_bad_counts_are_refused(counts: Any, code: str) -> None:
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP.from_counts(counts, ["0", "0"], RHO0, "1/2")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("pi", "code", "message"),
    [
        ([[0.5, 0.4], [1, 0]], "row_sum", "pi[s=0] sums to 0.9, expected 1 (off by -0.1;"),
        ([[-0.5, 1.5], [1, 0]], "negative", "pi[s=0, a=0] = -0.5, expected"),
        ([[math.nan, 1], [1, 0]], "not_finite", "pi[s=0, a=0] = nan, expected"),
        ([[1, 0]], "shape", "pi has shape (1, 2), expected"),
        ([["1/2", "1/2"], ["1", "0"]], "lane", "pi is in rational arithmetic, expected float"),
        (None, "type", "pi = None of type NoneType, expected"),
    ],
)
def test_bad_policy_is_refused(pi: Any, code: str, message: str) -> None:
    with pytest.raises(tt.TabularError) as caught:
        tt.policies.check_policy(build(), pi)
    assert caught.value.code == code
    assert str(caught.value).startswith(message)


def test_policy_on_a_disallowed_action_is_refused() -> None:
    allowed = np.array([[True, False], [True, True]])
    mdp = build(P=row("0", "0"), allowed=allowed)
    with pytest.raises(tt.InvalidMDPError, match=r"^pi\[s=0, a=1\] = 1.0, expected 0"):
        tt.policies.check_policy(mdp, [[0, 1], [1, 0]])
