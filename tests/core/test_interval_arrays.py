"""Interval arrays: shapes and broadcasting as numpy has them, masks, and what is refused."""

import math
from fractions import Fraction

import numpy as np
import pytest

from tabular_trpo._core.interval import Interval, where
from tabular_trpo._core.real import log

F = Fraction
INF = math.inf


def ends(x):
    return x.lo.tolist(), x.hi.tolist()


# Shapes and masks


def test_where_keeps_undefined_branches_out():
    d, kl = Interval.exact(np.array([0.0, 0.5])), Interval(np.array([INF, 1]), np.array([INF, 2]))
    product = where(d.hi > 0, d * kl, 0)
    assert product.lo[0] == product.hi[0] == 0
    assert product.lo[1] < 0.5 < 1 < product.hi[1]


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (2, 0), ()])
def test_reductions_follow_numpy(axis, rng):
    mid = rng.normal(size=(3, 4, 5))
    x = Interval.around(mid, 0.25)
    for name in ("sum", "max", "min"):
        result = getattr(x, name)(axis=axis)
        for end in (x.lo, x.hi):
            plain = getattr(np, name)(end, axis=axis)
            assert result.shape == plain.shape
            assert (result.lo <= plain + 1e-14).all()
            assert (plain - 1e-14 <= result.hi).all()
    assert ends(x.max(axis)) == (np.max(x.lo, axis).tolist(), np.max(x.hi, axis).tolist())
    assert ends(x.min(axis)) == (np.min(x.lo, axis).tolist(), np.min(x.hi, axis).tolist())


def test_arrays_broadcast_from_either_side():
    x = Interval.exact(np.arange(3.0))
    grid = np.array([[1.0], [2.0]])
    for result in (x + grid, grid + x, grid * x, grid - x, grid / (x + 1), np.float64(2) * x):
        assert isinstance(result, Interval)
    assert (grid - x).shape == (2, 3)
    assert ends(grid - x) == ([[1, 0, -1], [2, 1, 0]],) * 2
    assert ends(x[1] + np.arange(2)) == ([1, 2], [1, 2])
    assert ends(np.array([F(1, 2)], dtype=object) + x[:1]) == ([0.5], [0.5])
    third = F(1, 3) * x
    assert third.lo[1] < F(1, 3) < third.hi[1]
    assert (log(2) - x).lo[0] < 0.6931471805599454
    assert (len(x), x.ndim, x[1].ndim, x[1].shape) == (3, 1, 0, ())
    assert [float(row.lo) for row in x] == [0, 1, 2]
    assert ends(x[np.array([True, False, True])]) == ([0, 2], [0, 2])


# What is refused


@pytest.mark.parametrize(
    "call",
    [
        lambda x: bool(x),
        lambda x: x == x,
        lambda x: x < 1,
        lambda x: hash(x),
        lambda x: x**0.5,
        lambda x: np.abs(x),
        lambda x: np.asarray(x),
        lambda x: x + "1",
        lambda x: x + None,
        lambda x: log(2) < x,
    ],
)
def test_operations_without_a_meaning_raise(call):
    with pytest.raises(TypeError):
        call(Interval.exact(np.array([1.0, 2.0])))


@pytest.mark.parametrize(
    ("lo", "hi", "message"),
    [
        (1.0, 0.0, "lo <= hi"),
        (math.nan, 0.0, "NaN"),
        (0.0, math.nan, "NaN"),
        (np.zeros(2), np.zeros(3), "shape"),
        (F(1, 3), F(1, 2), "must be floats"),
    ],
)
def test_bad_ends_are_refused(lo, hi, message):
    with pytest.raises(ValueError, match=message):
        Interval(lo, hi)
    with pytest.raises(ValueError, match="radius"):
        Interval.around(0, -1)
    with pytest.raises(ValueError, match="nonnegative"):
        Interval.exact(2) ** -1


def test_ends_are_locked_copies():
    lo = np.zeros(2)
    x = Interval(lo, np.ones(2))
    lo[0] = 7
    assert x.lo.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        x.hi[0] = 7
    with pytest.raises(AttributeError):
        x.lo = lo  # type: ignore[misc]
