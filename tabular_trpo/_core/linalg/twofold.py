"""Unevaluated sums of two doubles (about 32 digits), vectorised, from error-free transformations.

TwoSum (Knuth 1969) and TwoProd with Veltkamp's splitting (Dekker 1971): hi + lo equals the exact
sum or product.  They hold in round-to-nearest absent overflow and underflow; callers scale their
data (`exact.enclosure`).  With u = 2^-53, `plus` errs by at most 2 u^2, `add` and `scale` by at
most 3 u^2 of the magnitudes combined (Joldes, Muller, Popescu 2017), so UNIT = 8 u^2 bounds two.
"""

from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.numbers import Array

UNIT = 2.0**-103
_SPLIT = 2.0**27 + 1.0


@final
class Twofold(NamedTuple):
    """hi + lo, with abs(lo) at most an ulp of hi."""

    hi: Array
    lo: Array


def two_sum(a: Array, b: Array) -> Twofold:
    """Return a + b without error."""
    s = a + b
    t = s - a
    return Twofold(s, (a - (s - t)) + (b - t))


def _split(a: Array) -> tuple[Array, Array]:
    t = a * _SPLIT
    high = t - (t - a)
    return high, a - high


def two_prod(a: Array, b: Array) -> Twofold:
    """Return a * b without error."""
    p = np.asarray(a * b)
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    low = ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low
    return Twofold(p, np.asarray(low))


def add(x: Twofold, y: Twofold) -> Twofold:
    """Return x + y; error at most 3 u^2 (abs(x) + abs(y))."""
    s, e = two_sum(x.hi, y.hi)
    t, f = two_sum(x.lo, y.lo)
    s, e = _quick(s, e + t)
    return _quick(s, e + f)


def plus(x: Twofold, y: Array) -> Twofold:
    """Return x + y for plain doubles y."""
    s, e = two_sum(x.hi, y)
    return _quick(s, e + x.lo)


def minus(x: Twofold) -> Twofold:
    """Return -x."""
    return Twofold(-x.hi, -x.lo)


def scale(x: Twofold, a: Array) -> Twofold:
    """Return a x for plain doubles a."""
    p, e = two_prod(x.hi, a)
    return _quick(p, e + x.lo * a)


def _quick(s: Array, e: Array) -> Twofold:
    hi = s + e
    return Twofold(hi, e - (hi - s))


def total(x: Twofold) -> Twofold:
    """Return the sum over the last axis by pairwise addition; error at most UNIT / 2 a level."""
    hi, lo = x
    while (n := hi.shape[-1]) > 1:
        head = add(
            Twofold(hi[..., : n // 2], lo[..., : n // 2]),
            Twofold(hi[..., -(n // 2) :], lo[..., -(n // 2) :]),
        )
        if n % 2:
            middle = slice(n // 2, n // 2 + 1)
            hi = np.concatenate([head.hi, hi[..., middle]], axis=-1)
            lo = np.concatenate([head.lo, lo[..., middle]], axis=-1)
        else:
            hi, lo = head
    return Twofold(hi[..., 0], lo[..., 0])
