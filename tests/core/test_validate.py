"""Wrong models are refused with every offender named by its place, and the rest counted."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt
from tests.core.small_model import P, model


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"P": [[1.0]]}, "shape", r"P has shape \(1, 1\), expected \(..., S, A, S\)"),
        ({"P": [[[1.0, 0.0]]]}, "shape", r"P has shape \(1, 1, 2\)"),
        ({"P": sp.csr_array((3, 2))}, "shape", r"P has shape \(3, 2\), expected \(S\*A, S\)"),
        ({"r": [1.0, 2.0, 3.0]}, "shape", r"r has shape \(3,\), expected one of \(2,\), \(2, 2\)"),
        ({"r": sp.csr_array((4, 2))}, "shape", "the sparse r has .* expected dense like P"),
        ({"rho0": [1.0]}, "shape", r"rho0 has shape \(1,\), expected \(S,\) = \(2,\)"),
        ({"rho0": sp.csr_array([[1.0, 0.0]])}, "type", "rho0 is a sparse array"),
        ({"gamma": [0.5, 0.5]}, "shape", "gamma has shape"),
        ({"gamma": 1.0}, "gamma", r"gamma = 1.0, expected a number in \[0, 1\). gamma = 1 needs"),
        ({"gamma": -0.1}, "gamma", r"gamma = -0.1, expected a number in \[0, 1\)$"),
        ({"gamma": float("nan")}, "gamma", "gamma = nan"),
        (
            {"P": [P[0], [[0.0, 1.1], [0.25, 0.75]]]},
            "row_sum",
            r"P\[s=1, a=0\] sums to 1.1, expected 1 \(off by \+0.1; tolerance 1e-09\). "
            r"row \{1: 1.1\}. If these are counts, build with MDP.from_counts",
        ),
        (
            {"P": [P[0], [[0.0, 0.0], [0.25, 0.75]]]},
            "row_sum",
            r"P\[s=1, a=0\] sums to 0.0, .* masked by allowed=",
        ),
        (
            {"P": [P[0], [[-0.5, 1.5], [0.25, 0.75]]]},
            "negative",
            r"P\[s=1, a=0, s'=0\] = -0.5, expected a probability, without a minus sign",
        ),
        (
            {"P": [P[0], [[float("nan"), 1.0], [0.25, 0.75]]]},
            "not_finite",
            r"P\[s=1, a=0, s'=0\] = nan",
        ),
        ({"r": [[1.0, float("inf")], [0.0, 0.0]]}, "not_finite", r"r\[s=0, a=1\] = inf"),
        ({"rho0": [0.5, 0.6]}, "row_sum", r"rho0 sums to 1.1, expected 1 \(off by \+0.1;"),
        ({"rho0": [1.5, -0.5]}, "negative", r"rho0\[s=1\] = -0.5"),
        ({"rho0": [1.0, float("nan")]}, "not_finite", r"rho0\[s=1\] = nan"),
        ({"allowed": [[1, 0], [1, 1]]}, "shape", r"allowed is int64 of shape \(2, 2\)"),
        (
            {"allowed": np.array([[True, False], [True, True]])},
            "disallowed",
            r"P\[s=0, a=1\] sums to 1.0, expected an empty row: not allowed",
        ),
        (
            {
                "P": [[[0.0, 0.0]], [[0.0, 1.0]]],
                "r": [0.0, 0.0],
                "allowed": np.array([[False], [True]]),
            },
            "no_action",
            "the state s=0 has no allowed action",
        ),
        ({"state_names": ["a", "a"]}, "names", r"state_names\[1\] = 'a', as state_names\[0\] is"),
        ({"state_names": ["a"]}, "names", "state_names has 1 entries, expected 2 different names"),
        ({"state_names": "ab"}, "names", "state_names is a str, expected a list of names"),
        ({"action_names": ["a", ["b"]]}, "names", r"action_names\[1\] = \['b'\], expected a name"),
        ({"action_names": ["a", ""]}, "names", r"action_names\[1\] = '', expected a name"),
    ],
)
def test_wrong_input_is_named(changes: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message) as caught:
        model(**changes)
    assert caught.value.code == code


def test_sparse_offenders_are_named_by_state_and_action() -> None:
    bad = np.array(P).reshape(4, 2)
    bad[3] = [-0.5, 1.5]
    with pytest.raises(tt.InvalidMDPError, match=r"P\[s=1, a=1, s'=0\] = -0.5"):
        model(P=sp.csr_array(bad))
    bad[3] = [0.5, 0.4]
    with pytest.raises(tt.InvalidMDPError, match=r"P\[s=1, a=1\] sums to 0.9.*row \{0: 0.5, 1:"):
        model(P=sp.csr_array(bad))


def test_batch_offenders_carry_the_batch_index() -> None:
    bad = np.array([P, P, P])
    bad[1, 0, 1] = [0.5, 0.4]
    with pytest.raises(tt.InvalidMDPError, match=r"P\[1, s=0, a=1\] sums to 0.9"):
        model(P=bad)


def test_every_offender_is_counted_and_twenty_are_shown() -> None:
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP(np.full((5, 5, 5), 0.1), np.zeros(5), np.full(5, 0.2), 0.5)
    assert len(caught.value.problems) == 20 and caught.value.hidden == 5
    assert str(caught.value).endswith("5 more problems of this kind")


def test_exact_rows_must_sum_to_one_exactly() -> None:
    off = Fraction(1, 10**30)
    with pytest.raises(tt.InvalidMDPError, match=r"off by 1/10{30}; exactly\)"):
        tt.MDP([[[1 + off]]], [0], ["1"], "1/2")


def test_problems_have_their_place_as_steps() -> None:
    P = [[[0.5, 0.25], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP(P, np.zeros((2, 2)), [0.5, 0.25], 1.5)
    paths = [problem.path for problem in caught.value.problems]
    assert paths == [("gamma",), ("P", 0, 0), ("rho0",)]
    sparse = sp.csr_array(np.reshape([[[1.0, -0.5], [1, 0]], [[1, 0], [0, 1]]], (4, 2)))
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP(sparse, np.zeros((2, 2)), [1.0, 0.0], 0.5)
    assert [problem.path for problem in caught.value.problems] == [("P", 0, 0, 1)]


def test_each_repeated_transition_is_named() -> None:
    rows = [(0, 0, 0, 0.5, 0), (0, 0, 0, 0.25, 0), (0, 0, 0, 0.25, 0)]
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP.from_transitions(rows, [1.0], 0.5)
    assert [problem.path for problem in caught.value.problems] == [
        ("transitions", 1),
        ("transitions", 2),
    ]
