"""Polynomials over the integers, coefficients from the constant upwards: roots isolated exactly."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm

Poly = list[int]


def interpolate(xs: Sequence[Fraction], ys: Sequence[Fraction]) -> list[Fraction]:
    """Return the coefficients of the polynomial of degree < len(xs) through the points.

    >>> interpolate([Fraction(0), Fraction(1)], [Fraction(1), Fraction(3)])
    [Fraction(1, 1), Fraction(2, 1)]
    """
    divided = list(ys)
    for k in range(1, len(xs)):
        for i in range(len(xs) - 1, k - 1, -1):
            divided[i] = (divided[i] - divided[i - 1]) / (xs[i] - xs[i - k])
    out: list[Fraction] = []
    for x, y in zip(reversed(xs), reversed(divided), strict=True):  # Horner's rule of Newton's form
        shifted = [Fraction(0), *out]
        out = [a - x * b for a, b in zip(shifted, [*out, Fraction(0)], strict=True)]
        out[0] += y
    return out


def primitive(coefficients: Sequence[Fraction | int]) -> Poly:
    """Return the positive multiple with coprime integers and no leading zeros; [] for 0.

    >>> primitive([Fraction(1, 2), Fraction(-1, 3), Fraction(0)])
    [3, -2]
    """
    whole = [Fraction(x) for x in coefficients]
    while whole and not whole[-1]:
        whole.pop()
    den = lcm(*(x.denominator for x in whole))
    numbers = [x.numerator * (den // x.denominator) for x in whole]
    common = gcd(*numbers) or 1
    return [x // common for x in numbers]


def times(f: Sequence[Fraction | int], g: Sequence[Fraction | int]) -> list[Fraction | int]:
    """Return the product."""
    out: list[Fraction | int] = [0] * max(len(f) + len(g) - 1, 0)
    for i, a in enumerate(f):
        for j, b in enumerate(g):
            out[i + j] += a * b
    return out


def derivative(f: Sequence[Fraction | int]) -> list[Fraction | int]:
    """Return the derivative."""
    return [i * x for i, x in enumerate(f)][1:]


def sign(f: Poly, x: Fraction) -> int:
    """Return the sign of f(x)."""
    value, power = 0, 1
    for a in reversed(f):  # x.denominator**degree times f(x), in integers
        value, power = value * x.numerator + a * power, power * x.denominator
    return (value > 0) - (value < 0)


def roots(f: Poly, bits: int) -> list[tuple[Fraction, Fraction]]:
    """Return disjoint intervals (lo, hi], at most 2^-bits wide, of each root in (0, 1] of f != 0.

    Sturm's theorem counts the distinct roots; (hi, hi) is a root that was met exactly.

    >>> roots([-1, 2], 8)
    [(Fraction(1, 2), Fraction(1, 2))]
    """
    chain = _sturm(f)
    if len(chain[-1]) > 1:  # multiple roots: divided by what f and its derivative share
        chain = _sturm(_quotient(chain[0], chain[-1]))
    found = []
    todo = [(Fraction(0), Fraction(1))]
    while todo:
        lo, hi = todo.pop()
        count = _changes(chain, lo) - _changes(chain, hi)
        if count == 1:
            found.append(_narrow(chain[0], lo, hi, bits))
        elif count:
            middle = (lo + hi) / 2
            todo += [(lo, middle), (middle, hi)]
    return sorted(found)


def _narrow(f: Poly, lo: Fraction, hi: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Halve an interval (lo, hi] of one simple root: from the root on, f has its sign at hi."""
    if not (above := sign(f, hi)):
        return hi, hi
    width = Fraction(1, 1 << bits)
    while hi - lo > width:
        middle = (lo + hi) / 2
        at = sign(f, middle)
        if not at:
            return middle, middle
        lo, hi = (lo, middle) if at == above else (middle, hi)
    return lo, hi


def _sturm(f: Poly) -> list[Poly]:
    chain = [primitive(f), primitive(derivative(f))]
    while chain[-1]:
        chain.append([-x for x in _remainder(chain[-2], chain[-1])])
    return chain[:-1]


def _remainder(f: Poly, g: Poly) -> Poly:
    """Return a positive multiple of the remainder of f by g."""
    rest = f
    while len(rest) >= len(g):
        lead, top, shift = abs(g[-1]), rest[-1] * (1 if g[-1] > 0 else -1), len(rest) - len(g)
        rest = [lead * x for x in rest]
        for i, x in enumerate(g):
            rest[shift + i] -= top * x
        while rest and not rest[-1]:
            rest.pop()
    return primitive(rest)


def _quotient(f: Poly, g: Poly) -> Poly:
    """Return a multiple of f / g, where g divides f."""
    rest, out = [Fraction(x) for x in f], []
    while len(rest) >= len(g):
        out.append(rest[-1] / g[-1])
        for i, x in enumerate(reversed(g)):
            rest[-1 - i] -= out[-1] * x
        rest.pop()
    return primitive(out[::-1])


def _changes(chain: list[Poly], x: Fraction) -> int:
    signs = [s for f in chain if (s := sign(f, x))]
    return sum(a != b for a, b in pairwise(signs))
