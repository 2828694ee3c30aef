"""Elimination over a whole batch against LAPACK, matrix by matrix."""

import numpy as np
import pytest

from tabular_trpo._core.linalg import elimination


def chains(rng: np.random.Generator, count: int, n: int) -> np.ndarray:
    """Stochastic matrices with rows from nearly deterministic to flat."""
    weights = rng.random((count, n, n)) ** rng.choice([1.0, 20.0], (count, 1, 1))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("n", [1, 2, 3, 20, 32])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.99, 1 - 1e-6])
def test_both_solves_agree_with_lapack(rng: np.random.Generator, n: int, gamma: float) -> None:
    P = chains(rng, 7, n)
    M = np.eye(n) - gamma * P
    b = rng.normal(size=(7, n))
    lu = elimination.factor(P, np.full(7, gamma))
    size = 1e-13 / (1 - gamma) ** 2
    ahead = np.linalg.solve(M, b[..., None])[..., 0]
    back = np.linalg.solve(M.swapaxes(-1, -2), b[..., None])[..., 0]
    assert np.abs(elimination.forward(lu, b) - ahead).max() <= size
    assert np.abs(elimination.backward(lu, b) - back).max() <= size
    if n > 1 and gamma > 0:  # the transposed solve is another one
        assert np.abs(ahead - back).max() > size


def test_what_is_no_m_matrix_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        elimination.factor(np.array([[[0.0, 1.0], [1.0, 0.0]]]), np.ones(1))


def test_small_batches_and_large_matrices_go_to_lapack() -> None:
    assert elimination.suits(np.empty((128, 32, 32)))
    assert elimination.suits(np.empty((8, 16, 5, 5)))
    assert not elimination.suits(np.empty((127, 5, 5)))
    assert not elimination.suits(np.empty((128, 33, 33)))
