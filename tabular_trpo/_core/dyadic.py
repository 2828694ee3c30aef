"""Enclosures as integers: (lo, hi, shift) stands for the interval [lo, hi] * 2**-shift.

Every function rounds outward, so the result holds all exact results of points of its arguments.
`bits` is the number of leading bits kept, so widths are relative to the larger endpoint.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt

Dyadic = tuple[int, int, int]


def floor_scaled(numerator: int, denominator: int, shift: int) -> int:
    """Return floor(numerator / denominator * 2**shift) for a positive denominator, any shift."""
    if shift >= 0:
        return (numerator << shift) // denominator
    return numerator // (denominator << -shift)


def ceil_scaled(numerator: int, denominator: int, shift: int) -> int:
    """Return ceil(numerator / denominator * 2**shift) for a positive denominator, any shift."""
    return -floor_scaled(-numerator, denominator, shift)


def magnitude(x: Dyadic) -> int:
    """Return the least e with |x| < 2**e on the whole interval."""
    lo, hi, shift = x
    return max(abs(lo), abs(hi)).bit_length() - shift


def fractions(x: Dyadic) -> tuple[Fraction, Fraction]:
    """Return the two endpoints.

    >>> fractions((3, 5, 2))
    (Fraction(3, 4), Fraction(5, 4))
    """
    lo, hi, shift = x
    unit = Fraction(1 << shift) if shift >= 0 else Fraction(1, 1 << -shift)
    return lo / unit, hi / unit


def combine(terms: Iterable[tuple[Fraction, Dyadic]], bits: int) -> Dyadic:
    """Enclose sum coef * x to `bits` bits below the largest single term.

    Each term is rounded to one common grid, so no large common denominator ever arises.
    """
    parts = [(coef.numerator, coef.denominator, x) for coef, x in terms if coef and any(x[:2])]
    sizes = [n.bit_length() - d.bit_length() + 1 + magnitude(x) for n, d, x in parts]
    top = max(sizes, default=0)
    grid = bits - top + len(parts).bit_length() + 1
    low = high = 0
    for n, d, (lo, hi, shift) in parts:
        if n < 0:
            lo, hi = hi, lo
        low += floor_scaled(n * lo, d, grid - shift)
        high += ceil_scaled(n * hi, d, grid - shift)
    return low, high, grid


def multiply(x: Dyadic, y: Dyadic, bits: int) -> Dyadic:
    """Enclose the products of two intervals.

    >>> multiply((-1, 2, 0), (3, 5, 1), 64)
    (-5, 10, 1)
    """
    ends = [a * b for a in x[:2] for b in y[:2]]
    return _trim(min(ends), max(ends), x[2] + y[2], bits)


def divide(x: Dyadic, y: Dyadic, bits: int) -> Dyadic:
    """Enclose the quotients of two intervals; y must not hold 0.

    >>> divide((1, 1, 0), (3, 3, 0), 2)
    (2, 3, 3)
    """
    x_size, y_size = max(abs(x[0]), abs(x[1])).bit_length(), max(abs(y[0]), abs(y[1])).bit_length()
    grid = bits + y_size - x_size
    signed = [(a, b) if b > 0 else (-a, -b) for a in x[:2] for b in y[:2]]
    low = min(floor_scaled(a, b, grid) for a, b in signed)
    high = max(ceil_scaled(a, b, grid) for a, b in signed)
    return low, high, grid + x[2] - y[2]


def square_root(x: Dyadic, bits: int) -> Dyadic:
    """Enclose the square roots of the nonnegative points of an interval.

    >>> square_root((2, 2, 0), 3)
    (5, 6, 2)
    """
    lo, hi, shift = x
    # Enough bits for the root, and an even shift, so that halving the shift is exact.
    spread = max(0, 2 * bits - hi.bit_length())
    spread += (shift + spread) % 2
    low, high = max(lo, 0) << spread, hi << spread
    root = isqrt(high)
    root += root * root != high
    return _trim(isqrt(low), root, (shift + spread) // 2, bits)


def _trim(lo: int, hi: int, shift: int, bits: int) -> Dyadic:
    """Drop the bits below the leading `bits` of the larger endpoint, outward."""
    excess = max(abs(lo), abs(hi)).bit_length() - bits
    if excess <= 0:
        return lo, hi, shift
    return lo >> excess, -(-hi >> excess), shift - excess
