"""Rational polynomials in exact arithmetic: interpolation, and proved isolation of real roots.

**Problem.** Given values of a polynomial, find its coefficients; given a polynomial f, find an
interval of width 2^-bits around each distinct root in (0, 1].

**Method.** Newton's divided differences, then Sturm's theorem on f / gcd(f, f'), which has the same
roots, all simple.  The Sturm chain starts with f and f'; each further member is minus the remainder
of the division of the two before it.  The number of roots in (lo, hi] is the number of sign changes
of the chain at lo less that at hi.  Intervals with several roots are halved; an interval with a
single root is bisected by the sign of f.

**Guarantee.** All operations are exact (FLINT's `fmpq_poly`), so the intervals and their number are
proved.  Source: Sturm (1829); Basu, Pollack and Roy (2006), section 2.2.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from flint import fmpq, fmpq_poly


def to_fmpq(x: Fraction) -> fmpq:
    """Return a Fraction as a rational number of FLINT."""
    return fmpq(x.numerator, x.denominator)


def interpolate(xs: Sequence[Fraction], ys: Sequence[fmpq]) -> fmpq_poly:
    """Return the polynomial of degree < len(xs) with the values ys at the distinct points xs.

    >>> interpolate([Fraction(0), Fraction(1)], [fmpq(1), fmpq(3)])
    2*x + 1
    """
    points, divided = [to_fmpq(x) for x in xs], list(ys)
    for k in range(1, len(points)):
        for i in range(len(points) - 1, k - 1, -1):
            divided[i] = (divided[i] - divided[i - 1]) / (points[i] - points[i - k])
    f = fmpq_poly()
    for x, y in zip(reversed(points), reversed(divided), strict=True):  # Horner's rule
        f = f * fmpq_poly([-x, 1]) + y
    return f


def value(f: fmpq_poly, x: Fraction) -> Fraction:
    """Return the value f(x) of a polynomial.

    >>> value(fmpq_poly([1, 2]), Fraction(1, 4))
    Fraction(3, 2)
    """
    found = f(to_fmpq(x))
    return Fraction(int(found.p), int(found.q))


def sign(f: fmpq_poly, x: Fraction) -> int:
    """Return the sign of f(x): -1, 0 or 1."""
    found = f(to_fmpq(x))
    return (found > 0) - (found < 0)


def roots(f: fmpq_poly, bits: int) -> list[tuple[Fraction, Fraction]]:
    """Return disjoint intervals (lo, hi], one for each root of f in (0, 1], in ascending order.

    The intervals are at most 2^-bits wide; a pair (hi, hi) is a root that was found exactly.

    f: not 0

    >>> roots(fmpq_poly([-1, 2]), 8)
    [(Fraction(1, 2), Fraction(1, 2))]
    """
    chain = _sturm(f // f.gcd(f.derivative()))
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


def _narrow(f: fmpq_poly, lo: Fraction, hi: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Return an interval at most 2^-bits wide, by bisection of (lo, hi] with one simple root."""
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


def _sturm(f: fmpq_poly) -> list[fmpq_poly]:
    """Return the Sturm chain of f, each remainder divided by its positive content."""
    chain = [f, f.derivative()]
    while chain[-1]:
        rest = (-(chain[-2] % chain[-1])).numer()
        chain.append(fmpq_poly(rest // rest.content() if rest else rest))
    return chain[:-1]


def _changes(chain: list[fmpq_poly], x: Fraction) -> int:
    """Return the number of sign changes of a Sturm chain at x, zeros left out."""
    signs = [s for f in chain if (s := sign(f, x))]
    return sum(a != b for a, b in pairwise(signs))
