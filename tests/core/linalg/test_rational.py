"""The rational kernel against Gaussian elimination, and a residual that bites."""

import copy
import pickle
import subprocess
import sys
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._core.linalg import rational
from tests.strategies import Case, cases


def fraction_array(rows: Any) -> np.ndarray:
    array = np.array(rows, dtype=object)
    return np.array([Fraction(x) for x in array.flat], dtype=object).reshape(array.shape)


@given(cases())
def test_closed_chain_is_the_definition(case: Case) -> None:
    mdp, pi, _ = case.triple
    chain = rational.ClosedChain(rational.RationalMatrix.of(mdp.P), pi, mdp.gamma)
    identity = fraction_array(np.eye(mdp.n_states, dtype=int))
    P_pi = (pi[..., None] * mdp.P).sum(axis=1)
    assert np.array_equal(chain.matrix, chain.scale[:, None] * (identity - mdp.gamma * P_pi))
    assert all(type(x) is int for x in chain.matrix.flat)


@given(cases())
def test_solutions_leave_no_residual(case: Case) -> None:
    mdp, pi, _ = case.triple
    P_pi = (pi[..., None] * mdp.P).sum(axis=1)
    b = mdp.r[:, 0]
    chain = rational.ClosedChain(rational.RationalMatrix.of(mdp.P), pi, mdp.gamma)
    x, y = chain.forward(b).fractions(), chain.backward(b).fractions()
    assert np.array_equal(x - mdp.gamma * P_pi.dot(x), b)
    assert np.array_equal(y - mdp.gamma * y.dot(P_pi), b)


def gauss(matrix: list[list[Any]], b: list[Any]) -> list[Fraction] | None:
    """Return x with matrix x = b, or None where the matrix is singular."""
    rows = [[Fraction(x) for x in (*row, y)] for row, y in zip(matrix, b, strict=True)]
    n = len(rows)
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


@given(cases())
def test_solutions_are_those_of_gaussian_elimination(case: Case) -> None:
    mdp, pi, _ = case.triple
    P_pi = (pi[..., None] * mdp.P).sum(axis=1)
    matrix = np.eye(mdp.n_states, dtype=int) - mdp.gamma * P_pi
    chain = rational.ClosedChain(rational.RationalMatrix.of(mdp.P), pi, mdp.gamma)
    b = mdp.r[:, 0]
    assert chain.forward(b).fractions().tolist() == gauss(matrix.tolist(), b.tolist())
    assert chain.backward(b).fractions().tolist() == gauss(matrix.T.tolist(), b.tolist())


@pytest.mark.parametrize("reward", [5792, 6000, 10**9, 10**40])
def test_whole_values_of_any_size(reward: int) -> None:
    assert tt.evaluate(tt.MDP([[["1"]]], [[reward]], ["1"], 0), [[1]]).eta == reward


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_matrices_are_copied_without_the_one_of_flint(way: Any) -> None:
    rows = rational.RationalMatrix.of(fraction_array([[["1/2", "1/2"]], [[0, 1]]]))
    f = rational.CommonDenominator.of(fraction_array([1, "1/3"]))
    before = rational.expect(rows, f)
    again = way(rows)
    assert again.shape == (2, 1, 2) and not again.num.flags.writeable
    assert np.array_equal(rational.expect(again, f), before)


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


def test_residual_bites_when_the_solver_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = flint.fmpz_mat
    monkeypatch.setattr(flint, "fmpz_mat", lambda *args: _LyingMatrix(honest(*args)))
    P = fraction_array([[["1/2", "1/2"]], [[0, 1]]])
    rows = rational.RationalMatrix.of(P)
    chain = rational.ClosedChain(rows, fraction_array([[1], [1]]), Fraction(1, 2))
    for solve in (chain.forward, chain.backward):
        with pytest.raises(ArithmeticError, match="left a residual"):
            solve(fraction_array([1, "1/3"]))


def test_import_does_not_load_flint() -> None:
    code = "import sys, tabular_trpo; tabular_trpo.MDP; assert 'flint' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@given(cases())
def test_products_are_the_definition(case: Case) -> None:
    mdp = case.mdp
    rows = rational.RationalMatrix.of(mdp.P)
    f = rational.CommonDenominator.of(mdp.r[:, 0] / 7)
    assert np.array_equal(f.fractions(), mdp.r[:, 0] / 7)
    assert np.array_equal(rational.expect(rows, f), mdp.P.dot(mdp.r[:, 0]) / 7)


def test_sizes_beyond_the_solvers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rational.MAX_STATES > 2000
    monkeypatch.setattr(rational, "MAX_STATES", 0)
    with pytest.raises(tt.LimitError, match="the rational arithmetic has 1 states"):
        tt.evaluate(tt.MDP([[["1"]]], [[1]], ["1"], 0), [[1]])
