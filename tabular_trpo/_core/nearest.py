"""Doubles and text of exact numbers of any size.

`float(x)` raises OverflowError above the largest double, and `str(n)` raises ValueError above
Python's limit of digits (4300 by default).  The package converts exact numbers by `nearest` and
`written` only, so neither error can escape; `tests/test_layout.py` checks that.
"""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any


def nearest(value: Any) -> float:
    """Return the double nearest to an exact number, and +-inf beyond the largest double.

    value: an int, a Fraction, a `core.real.Real`, or a float, which is returned as it is

    >>> nearest(Fraction(1, 3)), nearest(10**400), nearest(Fraction(-1, 10**400))
    (0.3333333333333333, inf, -0.0)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def approximate(value: Any, digits: int) -> str:
    """Return an exact number as a decimal of so many digits, also beyond the range of doubles.

    >>> approximate(Fraction(1, 3), 4), approximate(10**400, 4)
    ('0.3333', '1e+400')
    """
    return f"{decimal(Fraction(value), digits).normalize(_context(digits)):g}"


def decimal(q: Fraction, digits: int, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return a rational as a decimal of so many significant digits, of any exponent."""
    return _context(digits, rounding).divide(Decimal(q.numerator), Decimal(q.denominator))


def _context(digits: int, rounding: str = ROUND_HALF_EVEN) -> Context:
    return Context(prec=digits, rounding=rounding, Emax=MAX_EMAX, Emin=MIN_EMIN)


@contextmanager
def long_integers(most: int = 0) -> Iterator[None]:
    """Set Python's limit on the digits of an integer, by default to none, during a block."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(most)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


def written(value: Any) -> str:
    """Return an exact number as text, "n" or "p/q", with all its digits.

    >>> written(Fraction(1, 3)), len(written(10**5000))
    ('1/3', 5001)
    """
    with long_integers():
        return str(value)
