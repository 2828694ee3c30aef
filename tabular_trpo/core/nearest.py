"""Doubles and text of exact numbers of any size.

`float(x)` raises OverflowError above the largest double, and `str(n)` raises ValueError above
Python's limit of digits (4300 by default). The package converts exact numbers by these two
functions only, so neither error can escape; `tests/test_layout.py` holds that.
"""

import math
import sys
from fractions import Fraction


def nearest(value: Fraction | int) -> float:
    """Return the double nearest to an exact number, and +-inf beyond the largest double.

    >>> nearest(Fraction(1, 3)), nearest(10**400), nearest(Fraction(-1, 10**400))
    (0.3333333333333333, inf, -0.0)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def written(value: Fraction | int) -> str:
    """Return an exact number as text, "n" or "p/q", with all its digits.

    >>> written(Fraction(1, 3)), len(written(10**5000))
    ('1/3', 5001)
    """
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return str(value)
    finally:
        sys.set_int_max_str_digits(before)
