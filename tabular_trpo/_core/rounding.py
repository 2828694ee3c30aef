"""Directed rounding of float64 arrays without touching the processor's rounding mode.

A float operation returns the float nearest to the exact result, so the next float below (above) is
a lower (upper) bound; for sums the sign of the exact error is known, and exact sums stay exact.
Assumes IEEE 754 with gradual underflow.  Overflow gives an infinite bound on the outer side.

The ends of intervals may be infinite: 0 * inf is 0 here (the limit of 0 * x), and an end that is
undefined (inf - inf) becomes the infinity on its own side.
"""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabular_trpo._core.real import enclose, is_infinite, sign

Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats]

_REAL_BITS = 64


def down(x: Floats) -> Floats:
    """Return the next floats below."""
    return np.nextafter(x, -np.inf)


def up(x: Floats) -> Floats:
    """Return the next floats above."""
    return np.nextafter(x, np.inf)


@np.errstate(all="ignore")
def add_down(a: Floats, b: Floats) -> Floats:
    """Return the largest float <= a + b, or a smaller one near overflow.

    TwoSum (Knuth; Moller 1965): s + error = a + b exactly unless something overflows, and then
    the error is not finite.
    """
    s = a + b
    t = s - a
    error = (a - (s - t)) + (b - t)
    low = np.where(np.isfinite(error) & (error >= 0), s, down(s))
    # An infinite summand is no overflow: its sum is exact.  inf - inf has no lower bound.
    low = np.where(np.isinf(a) | np.isinf(b), s, low)
    return np.where(np.isnan(s), -np.inf, low)


def add_up(a: Floats, b: Floats) -> Floats:
    """Return the least float >= a + b, or a larger one near overflow."""
    return -add_down(-a, -b)


def sum_down(x: Floats) -> Floats:
    """Return a lower bound of the sum over the first axis.

    A tree of `add_down`: each node is below the exact sum of its leaves, by induction.
    """
    while len(x) > 1:
        half = len(x) // 2
        rest = x[2 * half :]
        x = np.concatenate([add_down(x[:half], x[half : 2 * half]), rest])
    return x[0] if len(x) else np.zeros(x.shape[1:])


@np.errstate(all="ignore")
def product_bounds(x: Bounds, y: Bounds) -> Bounds:
    """Enclose x * y: the hull of the products of ends, since a product is monotone in each."""
    pairs = [(a, b) for a in x for b in y]
    values = [np.where((a == 0) | (b == 0), 0.0, a * b) for a, b in pairs]
    signs = [np.sign(a) * np.sign(b) for a, b in pairs]
    return _hull(values, signs, _endless(x) | _endless(y))


@np.errstate(all="ignore")
def quotient_bounds(x: Bounds, y: Bounds) -> Bounds:
    """Enclose x / y: everything where y may be 0, end or inside, or where ends are inf / inf.

    A divisor interval with an end 0 counts too, since the exact divisor may be that 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = [(a, b) for a in x for b in y]
        values = [np.where(a == 0, 0.0, a / b) for a, b in pairs]
    signs = [np.sign(a) * np.copysign(1.0, b) for a, b in pairs]
    open_ended = ((y[0] <= 0) & (y[1] >= 0)) | np.any(np.isnan(values), axis=0)
    with np.errstate(invalid="ignore"):
        lo, hi = _hull(values, signs, _endless(x))
    return np.where(open_ended, -np.inf, lo), np.where(open_ended, np.inf, hi)


def _endless(x: Bounds) -> NDArray[np.bool_]:
    """Where both ends are infinite: then an infinite result is no overflow but exact."""
    return np.isinf(x[0]) & np.isinf(x[1])


def _hull(values: list[Floats], signs: list[Floats], exact: NDArray[np.bool_]) -> Bounds:
    """Round the smallest down and the largest up, but not past 0 where all true signs agree."""
    low, high = np.min(values, axis=0), np.max(values, axis=0)
    lo, hi = np.where(exact, low, down(low)), np.where(exact, high, up(high))
    lo = np.where(np.min(signs, axis=0) >= 0, np.maximum(lo, 0.0), lo)
    return lo, np.where(np.max(signs, axis=0) <= 0, np.minimum(hi, 0.0), hi)


def power_bounds(x: Floats, n: int) -> Bounds:
    """Enclose x**n for exactly known x >= 0 and n >= 1, by squaring and multiplying."""
    base: Bounds = (x, x)
    result: Bounds | None = None
    while n:
        if n & 1:
            result = base if result is None else product_bounds(result, base)
        n >>= 1
        base = product_bounds(base, base) if n else base
    return (x, x) if result is None else result


@np.errstate(all="ignore")
def root_bounds(lo: Floats, hi: Floats) -> Bounds:
    """Enclose square roots of nonnegative floats; IEEE 754 rounds the root to nearest."""
    low, high = np.sqrt(lo), np.sqrt(hi)
    whole = (lo == 0) | np.isinf(lo), (hi == 0) | np.isinf(hi)
    return np.where(whole[0], low, down(low)), np.where(whole[1], high, up(high))


@np.errstate(all="ignore")
def log_bounds(lo: Floats, hi: Floats) -> Bounds:
    """Enclose logs of nonnegative floats; log 0 is -inf.

    np.log is not rounded to nearest.  Its vector kernels are tested upstream to 4 ulp and libm's
    are below 1; |y| 2**-49 is 8 to 16 ulp of y.
    """
    low, high = np.log(lo), np.log(hi)
    low = np.where(np.isinf(low), low, down(low - np.abs(low) * 2.0**-49))
    high = np.where(np.isinf(high), high, up(high + np.abs(high) * 2.0**-49))
    return np.where(lo == 1, 0.0, low), np.where(hi == 1, 0.0, high)


def exact_bounds(x: Any) -> Bounds:
    """Return the tightest float bounds of exactly known numbers: scalars or arrays.

    x:      int, float, Fraction, Real, or an array of them; NaN raises ValueError, any other
            type TypeError
    return: fresh arrays, one and the same when every number is a float
    """
    array = np.asarray(x)
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        floats = array.astype(np.float64)
        if np.isnan(floats).any():
            raise ValueError("NaN is not a number an Interval can hold")
        return floats, floats
    if array.dtype.kind not in "iuO":
        raise TypeError(f"expected exactly known numbers, got {array.dtype} from {type(x)}")
    pairs = [_scalar_bounds(item) for item in array.ravel().tolist()]
    ends = np.array(pairs, dtype=np.float64).reshape(*array.shape, 2)
    return ends[..., 0], ends[..., 1]


def _scalar_bounds(x: Any) -> tuple[float, float]:
    if isinstance(x, float):
        if x != x:
            raise ValueError("NaN is not a number an Interval can hold")
        return x, x
    if is_infinite(x):
        return (np.inf, np.inf) if sign(x) > 0 else (-np.inf, -np.inf)
    lo, hi = enclose(x, _REAL_BITS)
    return _below(lo), -_below(-hi)


def _below(q: Fraction) -> float:
    """Return the largest float <= q, found from the nearest one."""
    try:
        nearest = float(q)
    except OverflowError:
        nearest = np.inf if q > 0 else -np.inf
    if nearest in (np.inf, -np.inf):
        return float(np.nextafter(nearest, 0.0)) if q > 0 else -np.inf
    return nearest if Fraction(nearest) <= q else float(np.nextafter(nearest, -np.inf))
