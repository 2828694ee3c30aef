"""Models in the other arithmetic: what is exact, what is kept, and what is refused."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._core.grid import UNIT
from tests.core.small_model import P, model
from tests.strategies import mdps


@given(mdps())
def test_float_reading_is_within_half_a_unit_and_exact_ever_after(mdp: tt.MDP) -> None:
    rough = mdp.to_float()
    exact = rough.to_rational()
    assert (rough.arithmetic, exact.arithmetic) == ("float", "rational")
    assert np.array_equal(rough.mask, mdp.mask)
    assert np.array_equal(exact.P > 0, mdp.P > 0)
    assert np.max(np.abs(exact.P - mdp.P)) <= 4 * Fraction(UNIT)
    assert all(x == Fraction(float(x)) for x in exact.P.flat)
    again = exact.to_float()
    assert all(
        np.array_equal(getattr(again, name), getattr(rough, name))
        for name in ("P", "r", "rho0", "gamma")
    )


def test_rows_below_the_grid_keep_their_support_in_both_arithmetics() -> None:
    tiny = 2.0**-70
    mdp = tt.MDP([[[1.0, tiny]], [[0.0, 1.0]]], [0.0, 1.0], [1.0, tiny], 0.5)
    assert mdp.P[0, 0].tolist() == [1.0, tiny]
    exact = mdp.to_rational()
    assert exact.P[0, 0].tolist() == [1 - Fraction(tiny), Fraction(tiny)]
    assert exact.rho0.tolist() == [1 - Fraction(tiny), Fraction(tiny)]
    assert exact.to_float().P[0, 0].tolist() == [1.0, tiny]
    csr = tt.MDP(sp.csr_array(mdp.P[:, 0]), [0.0, 1.0], [1.0, tiny], 0.5)
    assert np.array_equal(csr.to_rational().P, exact.P)


def test_crossing_to_the_own_arithmetic_is_the_model_itself() -> None:
    mdp = model()
    assert mdp.to_float() is mdp
    exact = mdp.to_rational()
    assert exact.to_rational() is exact


def test_crossing_keeps_names() -> None:
    exact = model(state_names=("low", "high"), action_names=("stay", "climb")).to_rational()
    assert exact.state_names == exact.to_float().state_names == ("low", "high")
    assert exact.action_names == exact.to_float().action_names == ("stay", "climb")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"P": [[[1 - Fraction(1, 10**400), Fraction(1, 10**400)]], [[0, 1]]]}, "underflow"),
        ({"rho0": [Fraction(1, 10**400), 1 - Fraction(1, 10**400)]}, "underflow"),
        ({"r": [10**400, 0]}, "overflow"),
        ({"gamma": 1 - Fraction(1, 10**20)}, "gamma"),
    ],
)
def test_numbers_beyond_float64_do_not_cross(changes: dict[str, Any], code: str) -> None:
    parts: dict[str, Any] = {"P": [[["1", "0"]], [["0", "1"]]], "r": [0, 0]}
    parts |= {"rho0": [1, 0], "gamma": "1/2"}
    with pytest.raises(tt.ExactnessError, match="Stay in rational arithmetic") as caught:
        tt.MDP(**parts | changes).to_float()
    assert caught.value.code == code


def test_batch_does_not_cross_to_rationals() -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"Take one model by mdp\[i\]"):
        model(P=[P] * 3).to_rational()


def test_dense_reading_of_a_large_sparse_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 100
    mdp = tt.MDP(sp.eye_array(n, format="csr"), np.zeros(n), np.full(n, 1 / n), 0.5)
    monkeypatch.setattr("tabular_trpo._core.memory.limit", lambda: 16 * n**2)
    assert mdp.to_rational().n_states == n
    monkeypatch.setattr("tabular_trpo._core.memory.limit", lambda: 16 * n**2 - 1)
    with pytest.raises(
        tt.MemoryGuardError, match=r"P of shape \(100, 1, 100\) needs 160,000 bytes"
    ):
        mdp.to_rational()
