"""The rational kernel: same answers with and without python-flint, and a residual that bites."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._core.linalg import rational
from tabular_trpo._core.linalg.dixon import PRIME, Dixon, primes_below
from tests.strategies import Case, cases, rational_cases


def fraction_array(rows: Any) -> np.ndarray:
    array = np.array(rows, dtype=object)
    return np.array([Fraction(x) for x in array.flat], dtype=object).reshape(array.shape)


@given(cases())
def test_closed_chain_is_the_definition(case: Case) -> None:
    mdp, pi, _ = case.triple
    chain = rational.close(rational.Rows(mdp.P), pi, mdp.gamma)
    identity = fraction_array(np.eye(mdp.n_states, dtype=int))
    P_pi = (pi[..., None] * mdp.P).sum(axis=1)
    assert np.array_equal(chain.matrix, chain.scale[:, None] * (identity - mdp.gamma * P_pi))
    assert all(type(x) is int for x in chain.matrix.flat)


@given(cases())
def test_solutions_leave_no_residual(case: Case) -> None:
    mdp, pi, _ = case.triple
    P_pi = (pi[..., None] * mdp.P).sum(axis=1)
    b = mdp.r[:, 0]
    chain = rational.close(rational.Rows(mdp.P), pi, mdp.gamma)
    x, y = chain.forward(b).fractions(), chain.backward(b).fractions()
    assert np.array_equal(x - mdp.gamma * P_pi.dot(x), b)
    assert np.array_equal(y - mdp.gamma * y.dot(P_pi), b)


def test_same_answers_without_flint(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("flint")
    for case in rational_cases(seed=7, n=60, max_states=6):
        mdp, pi, _ = case.triple
        with_flint = tt.evaluate(mdp, pi)
        copy = tt.MDP(mdp.P, mdp.r, mdp.rho0, mdp.gamma, mdp.allowed)
        with monkeypatch.context() as patch:
            patch.setattr(rational, "flint", None)
            without = tt.evaluate(copy, pi)
        for name in ("V", "Q", "A", "rho", "d", "eta"):
            assert np.array_equal(getattr(with_flint, name), getattr(without, name)), name


@pytest.mark.parametrize("reward", [5792, 6000, 10**9, 10**40])
def test_whole_values_without_flint(monkeypatch: pytest.MonkeyPatch, reward: int) -> None:
    monkeypatch.setattr(rational, "flint", None)
    assert tt.evaluate(tt.MDP([[["1"]]], [[reward]], ["1"], 0), [[1]]).eta == reward


def test_chain_that_is_singular_modulo_the_first_prime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rational, "flint", None)
    p = next(primes_below(PRIME))
    gamma = Fraction(1, p + 1)  # I - gamma P = p / (p + 1) is 0 modulo p
    chain = rational.close(rational.Rows(fraction_array([[[1]]])), fraction_array([[1]]), gamma)
    assert chain.matrix[0, 0] % p == 0
    assert chain.forward(fraction_array([1])).fractions()[0] == Fraction(p + 1, p)


def _lying(self: Dixon, b: Any, transposed: bool = False) -> tuple[Any, int]:
    return b + 1, 1


class _LyingMatrix:
    """A FLINT matrix whose solutions are doubled."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def transpose(self) -> "_LyingMatrix":
        return _LyingMatrix(self.matrix.transpose())

    def solve(self, right: "_LyingMatrix") -> Any:
        return self.matrix.solve(right.matrix) * 2

    def __mul__(self, other: Any) -> Any:
        return self.matrix * other


@pytest.mark.parametrize("with_flint", [False, True])
def test_residual_bites_when_the_solver_lies(
    monkeypatch: pytest.MonkeyPatch, with_flint: bool
) -> None:
    lie: Any = None
    if with_flint:
        flint = pytest.importorskip("flint")
        lie = SimpleNamespace(fmpz_mat=lambda *args: _LyingMatrix(flint.fmpz_mat(*args)))
    monkeypatch.setattr(rational, "flint", lie)
    monkeypatch.setattr(Dixon, "solve", _lying)
    P = fraction_array([[["1/2", "1/2"]], [[0, 1]]])
    chain = rational.close(rational.Rows(P), fraction_array([[1], [1]]), Fraction(1, 2))
    for solve in (chain.forward, chain.backward):
        with pytest.raises(ArithmeticError, match="left a residual"):
            solve(fraction_array([1, "1/3"]))


@given(cases())
def test_products_are_the_definition(case: Case) -> None:
    mdp = case.mdp
    rows = rational.Rows(mdp.P)
    f = rational.Common.of(mdp.r[:, 0] / 7)
    assert np.array_equal(f.fractions(), mdp.r[:, 0] / 7)
    assert np.array_equal(rational.expect(rows, f), mdp.P.dot(mdp.r[:, 0]) / 7)


def test_sizes_beyond_the_solvers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rational.solvable(2000)
    monkeypatch.setattr(rational, "MOST_ROWS", 1)
    with pytest.raises(tt.LimitError, match="the rational arithmetic has 1 states"):
        tt.evaluate(tt.MDP([[["1"]]], [[1]], ["1"], 0), [[1]])
