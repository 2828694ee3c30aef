"""Matrix times interval vector: exact products in Fractions lie inside, dense, sparse, batched."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tabular_trpo._core.interval import Interval, matmul

F = Fraction
INF = math.inf
entries = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e3, 1e3), st.just(0.0))
extremes = st.floats(allow_nan=False, allow_infinity=False)


def exact_products(P, x):
    return [sum((F(p) * F(v) for p, v in zip(row, x, strict=True)), F(0)) for row in P.tolist()]


def value(x):
    return F(x) if math.isfinite(x) else x


def assert_holds(result, truths):
    for lo, hi, truth in zip(result.lo.tolist(), result.hi.tolist(), truths, strict=True):
        assert value(lo) <= truth <= value(hi)


def csr(P):
    return sp.csr_array(P)


@given(arrays(np.float64, (3, 4), elements=entries), arrays(np.float64, (3, 4), elements=entries))
def test_products_hold_all_points_and_are_narrow(P, points):
    low, point, high = np.sort(points, axis=0)
    x = Interval(low, high)
    for matrix in (P, csr(P)):
        assert_holds(matmul(matrix, x), exact_products(P, point.tolist()))
        assert_holds(matmul(matrix, Interval(low, low)), exact_products(P, low.tolist()))
    size = np.abs(P) @ np.maximum(np.abs(low), np.abs(high))
    slack = matmul(P, x).hi - matmul(P, x).lo - np.abs(P) @ (high - low)
    assert (slack <= size * 1e-14 + 1e-320).all()


@given(arrays(np.float64, (2, 3), elements=extremes), arrays(np.float64, 3, elements=extremes))
def test_products_hold_at_the_ends_of_the_range(P, x):
    for matrix in (P, csr(P)):
        assert_holds(matmul(matrix, Interval(x, x)), exact_products(P, x.tolist()))


def test_plain_products_miss_what_intervals_hold(rng):
    P, x = rng.dirichlet(np.ones(50), 40), rng.normal(size=50)
    truths = exact_products(P, x.tolist())
    assert sum(F(v) != truth for v, truth in zip((P @ x).tolist(), truths, strict=True)) > 30
    for matrix in (P, csr(P), -P, csr(-P)):
        sign = -1 if matrix.sum() < 0 else 1
        assert_holds(matmul(matrix, Interval.exact(x)), [sign * truth for truth in truths])


def test_underflow_is_counted():
    P, x = np.full((1, 50), 0.5), np.full(50, 5e-324)
    assert P @ x == 0  # each half is rounded to 0
    assert_holds(matmul(P, Interval.exact(x)), [25 * F(5e-324)])


def test_batches_follow_numpy(rng):
    P, x = rng.dirichlet(np.ones(4), (2, 4, 3)), rng.normal(size=(2, 1, 4))
    result = matmul(P, Interval.exact(x))
    plain = np.einsum("...ij,...j->...i", P, x)
    assert result.shape == plain.shape == (2, 4, 3)
    assert ((result.lo < plain) & (plain < result.hi)).all()
    assert (result.hi - result.lo < 1e-14).all()


@pytest.mark.parametrize("kind", [np.asarray, csr])
def test_zero_entries_ignore_infinite_ends_and_zero_rows_stay_exact(kind):
    P = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0, 0, -2]])
    x = Interval(np.array([1, 2, -INF]), np.array([INF, 2, 5]))
    result = matmul(kind(P), x)
    assert result.lo[0] < 2 < result.hi[0] < 2.1
    assert result.lo[1] == result.hi[1] == 0
    assert 2.9 < result.lo[2] < 3
    assert result.hi[2] == INF
    assert result.lo[3] == -INF
    assert 7 < result.hi[3] < 7.1
    assert -10.1 < result.lo[4] < -10
    assert result.hi[4] == INF


@pytest.mark.parametrize("kind", [np.asarray, csr])
def test_points_at_infinity_stay_there_unless_they_cancel(kind):
    x = Interval.exact(np.array([INF, INF, 1.0]))
    result = matmul(kind(np.array([[1.0, 1, 1], [1, -1, 0], [-1, 0, 2]])), x)
    assert result.lo.tolist() == [INF, -INF, -INF]
    assert result.hi.tolist() == [INF, INF, -INF]
    result = matmul(kind(np.array([[1.0, 0, 1]])), -x)
    assert (result.lo.tolist(), result.hi.tolist()) == ([-INF], [-INF])


def test_overflow_inside_a_product_is_sound():
    most = float(np.finfo(float).max)
    P = np.array([[1.0, 1.0, -1.0]])
    for matrix in (P, csr(P)):
        assert_holds(matmul(matrix, Interval.exact(np.full(3, most))), [F(most)])
    assert_holds(matmul(np.array([[2.0]]), Interval.exact(np.array([most]))), [2 * F(most)])


def test_duplicate_and_empty_rows_of_sparse_arrays():
    P = sp.csr_array((np.array([0.1, 0.2, -0.3]), np.array([1, 1, 1]), np.array([0, 0, 3])), (2, 2))
    result = matmul(P, Interval.exact(np.array([5.0, 1.0])))
    assert_holds(result, [F(0), F(0.1) + F(0.2) - F(0.3)])
    assert result.lo[0] == result.hi[0] == 0
    assert P.nnz == 3


@pytest.mark.parametrize(
    ("P", "error"),
    [
        (np.ones((2, 2), dtype=int), TypeError),
        (np.full((2, 2), F(1, 3), dtype=object), TypeError),
        (sp.coo_array(np.eye(2)), TypeError),
        (np.array([[math.nan, 1.0]]), ValueError),
        (np.array([[INF, 1.0]]), ValueError),
    ],
)
def test_matrices_that_are_not_finite_float_arrays_are_refused(P, error):
    with pytest.raises(error):
        matmul(P, Interval.exact(np.ones(2)))
