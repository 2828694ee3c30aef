"""Counts: integers of any size, exact frequencies, and what is said of other input."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt

COUNTS = [[[1, 2]], [[0, 7]]]


def test_counts_of_any_size_are_exact() -> None:
    big = 10**40
    mdp = tt.MDP.from_counts([[[big, 2 * big]], [[0, 1]]], ["1", "0"], ["1", "0"], "1/2")
    assert mdp.P.tolist() == [[[Fraction(1, 3), Fraction(2, 3)]], [[0, 1]]]
    near = tt.MDP.from_counts([[[2**53 + 1, 1]], [[0, 1]]], [0, 0], [1, 0], "1/2")
    assert near.P[0, 0, 1] == Fraction(1, 2**53 + 2)
    small = tt.MDP.from_counts(np.array(COUNTS, dtype=np.uint8), [0, 0], [1, 0], 0)
    assert small.P[0, 0, 0] == Fraction(1, 3)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[[1, True]], [[0, 1]]], r"counts\[0, 0, 1\] = True of type bool"),
        (np.ones((1, 1, 1), dtype=bool), r"counts\[0, 0, 0\] = True of type bool"),
        ([[["1", 2]], [[0, 1]]], r"counts\[s=0, a=0, s'=0\] = '1', expected an integer"),
        ([[[1, 0.5]], [[0, 1]]], r"counts\[s=0, a=0, s'=0\] = 1.0, expected an integer"),
        ([[[1, 2]], [[0]]], "counts is ragged or empty"),
        (None, "counts = None of type NoneType"),
        (sp.csr_array(np.eye(2)), r"counts are sparse, expected a dense array.*counts.toarray\(\)"),
        ([[[3, -1]], [[0, 1]]], r"counts\[s=0, a=0, s'=1\] = -1, expected >= 0"),
        ([[[3, -(10**400)]], [[0, 1]]], "= an integer of about 401 digits, expected >= 0"),
    ],
)
def test_what_is_no_count_is_refused(counts: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP.from_counts(counts, ["1", "0"], ["1", "0"], "1/2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"r": [1.5, 0.0]}, r"^r\[0\] = 1.5 is a float"),
        ({"rho0": [0.5, 0.5]}, r"^rho0\[0\] = 0.5 is a float"),
        ({"gamma": 0.9}, "^gamma = 0.9 is a float"),
        ({"r": sp.csr_array(np.eye(2))}, "^r is sparse"),
    ],
)
def test_floats_beside_counts_are_refused_with_a_cure(
    changes: dict[str, Any], message: str
) -> None:
    fields: dict[str, Any] = {"r": [1, 0], "rho0": [1, 0], "gamma": "9/10"} | changes
    with pytest.raises(tt.InvalidMDPError, match=message + r".* quote its .* \.to_float\(\)"):
        tt.MDP.from_counts(COUNTS, **fields)


def test_counts_whose_exact_model_would_not_fit_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = np.ones((10, 1, 10), dtype=np.int64)
    monkeypatch.setattr("tabular_trpo._core.memory.limit", lambda: 100 * 144 - 1)
    with pytest.raises(tt.MemoryGuardError, match="the exact model of counts of shape"):
        tt.MDP.from_counts(counts, [0] * 10, [1] + [0] * 9, 0)
    monkeypatch.setattr("tabular_trpo._core.memory.limit", lambda: 100 * 144)
    assert tt.MDP.from_counts(counts, [0] * 10, [1] + [0] * 9, 0).n_states == 10
