"""The ratio of a gap to a penalty as a double, for reports; no verdict depends on it."""

from fractions import Fraction
from math import isfinite, nextafter
from typing import Any

from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.nearest import nearest


def ratio_of(gap: Any, penalty: Any) -> float | None:
    """Return gap / penalty as a double, which is 1 only where gap and penalty are equal.

    gap, penalty: Fraction, Real or float
    return: None for x / 0, and so for 0 / 0, and where the quotient is not finite

    >>> ratio_of(Fraction(1), Fraction(3)), ratio_of(Fraction(0), Fraction(0))
    (0.3333333333333333, None)
    >>> ratio_of(Fraction(1), 1 + Fraction(1, 10**30))
    0.9999999999999999
    """
    try:
        if isinstance(gap, Fraction) and isinstance(penalty, Fraction):
            near = nearest(gap / penalty)
        else:
            near = nearest(gap) / nearest(penalty)
        if near == 1 and gap != penalty:
            near = nextafter(near, 0 if abs(gap) < abs(penalty) else 2)
    except LimitError:  # their difference is beyond the limits of precision
        return 1.0
    except ArithmeticError:
        return None
    return near if isfinite(near) else None
