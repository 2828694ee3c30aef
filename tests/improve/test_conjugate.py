"""Conjugate gradients against scipy and the pseudo-inverse, singular and indefinite systems."""

import math

import numpy as np
import pytest
from scipy.sparse.linalg import cg

from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._improve.conjugate import conjugate_gradient


def semidefinite(rng, n: int, rank: int, condition: float):
    """Return a symmetric matrix with eigenvalues from 1 / condition to 1, and n - rank zeros."""
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0][:, :rank]
    return (Q * np.geomspace(1 / condition, 1, rank)) @ Q.T


@pytest.mark.parametrize("n", [1, 2, 7, 30])
@pytest.mark.parametrize("condition", [1.0, 1e3])
def test_agrees_with_scipy_and_a_dense_solve(rng, n: int, condition: float) -> None:
    H, b = semidefinite(rng, n, n, condition), rng.standard_normal(n)
    got = conjugate_gradient(lambda v: H @ v, b)
    other, failed = cg(H, b, rtol=1e-12, maxiter=20 * n)
    assert got.status == "solved" and got.residual <= 1e-11 and failed == 0
    assert got.x == pytest.approx(np.linalg.solve(H, b), rel=1e-8 * condition)
    assert got.x == pytest.approx(other, rel=1e-8 * condition)
    assert 1 / condition - 1e-12 <= got.curvature <= 1 + 1e-12


@pytest.mark.parametrize("rank", [1, 3, 9])
def test_singular_consistent_systems_have_the_least_solution(rng, rank: int) -> None:
    H = semidefinite(rng, 10, rank, 100.0)
    b = H @ rng.standard_normal(10)
    got = conjugate_gradient(lambda v: H @ v, b)
    assert got.status == "solved" and got.iterations <= rank + 3
    pseudo = np.linalg.pinv(H, rcond=1e-10) @ b
    assert np.abs(got.x - pseudo).max() <= 1e-9 * np.abs(pseudo).max()


def test_inconsistent_systems_are_reported_with_a_bounded_x(rng):
    """For b outside the range the residual is large, and x is not much larger than H^+ b."""
    H = semidefinite(rng, 10, 6, 10.0)
    b = rng.standard_normal(10)
    got = conjugate_gradient(lambda v: H @ v, b)
    assert got.status == "curvature" and got.residual > 0.1
    assert np.linalg.norm(got.x) <= 10 * np.linalg.norm(b) * 10


def test_solution_for_b_0_is_0():
    got = conjugate_gradient(lambda v: v * np.nan, np.zeros((3, 2)))
    assert got.x.tolist() == np.zeros((3, 2)).tolist() and (got.iterations, got.residual) == (0, 0)
    assert got.status == "solved" and got.curvature == math.inf


@pytest.mark.parametrize("H", [np.zeros((2, 2)), -np.eye(2), np.diag([1.0, -1.0])])
def test_iteration_ends_without_positive_curvature(H) -> None:
    got = conjugate_gradient(lambda v: H @ v, [1.0, 1.0])
    assert got.status == "curvature" and got.curvature <= 0
    assert got.x.tolist() == [0, 0] and got.residual == 1
    damped = conjugate_gradient(lambda v: H @ v, [1.0, 1.0], damping=3.0)
    assert damped.status == "solved" and damped.damping == 3
    assert damped.x == pytest.approx(np.linalg.solve(H + 3 * np.eye(2), [1, 1]), rel=1e-12)


def test_best_iterate_is_returned_at_negative_curvature():
    H = np.diag([1.0, 1.0, -1e-3])
    got = conjugate_gradient(lambda v: H @ v, [1.0, 1.0, 1e-6])
    assert got.status == "curvature" and got.curvature < 0 and got.iterations == 1
    assert got.x[:2] == pytest.approx([1, 1]) and got.residual < 1e-5


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e150, 1e300])
def test_scale_does_not_matter(rng, size: float) -> None:
    H, b = semidefinite(rng, 5, 5, 10.0), rng.standard_normal(5)
    plain, scaled = (conjugate_gradient(lambda v: H @ v, s * b) for s in (1.0, size))
    assert scaled.x / size == pytest.approx(plain.x, rel=1e-10)
    tiny = conjugate_gradient(lambda v: 1e-200 * (H @ v), 1e-200 * b)
    assert tiny.x == pytest.approx(plain.x, rel=1e-10)


def test_largest_number_of_iterations_is_reported(rng):
    H, b = semidefinite(rng, 30, 30, 1e6), rng.standard_normal(30)
    got = conjugate_gradient(lambda v: H @ v, b, iterations=4)
    assert (got.status, got.iterations) == ("iterations", 4)
    assert got.residual == pytest.approx(np.linalg.norm(b - H @ got.x) / np.linalg.norm(b))
    assert got.residual <= 1  # the best iterate, though the residual of CG may rise


def test_residual_is_correct_where_rounding_limits_it(rng):
    H, b = semidefinite(rng, 40, 40, 1e14), rng.standard_normal(40)
    got = conjugate_gradient(lambda v: H @ v, b, tolerance=0.0)
    assert got.residual == pytest.approx(
        np.linalg.norm(b - H @ got.x) / np.linalg.norm(b), rel=1e-6
    )


@pytest.mark.parametrize(
    ("b", "options", "text"),
    [
        ([1.0, np.nan], {}, "b has NaN or inf"),
        ([1.0], {"damping": -1.0}, "damping = -1.0, expected a finite number >= 0"),
        ([1.0], {"damping": np.nan}, "damping = nan"),
        ([1.0], {"damping": np.inf}, "damping = inf"),
        ([1.0], {"damping": [1.0]}, "damping has shape"),
        ([1.0], {"tolerance": np.nan}, "tolerance = nan"),
        ([1.0], {"iterations": 0}, "iterations = 0"),
        ([1.0], {"iterations": 2.5}, "iterations = 2.5"),
    ],
)
def test_bad_input(b, options, text: str) -> None:
    with pytest.raises(InvalidMDPError, match=text):
        conjugate_gradient(lambda v: v, b, **options)


def test_bad_products_and_arithmetics():
    with pytest.raises(LimitError, match="H v has NaN or inf"):
        conjugate_gradient(lambda v: v * np.nan, [1.0])
    with pytest.raises(LimitError, match=r"H v has shape \(2,\)"):
        conjugate_gradient(lambda v: np.ones(2), [1.0])
    with pytest.raises(ExactnessError):
        conjugate_gradient(lambda v: v, ["1/3"])
