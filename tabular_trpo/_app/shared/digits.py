"""Numbers beside their proved errors: no digit is shown that the error does not support."""

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from tabular_trpo._app.shared.formatting import short
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.real import Real

WHOLE = 17  # significant digits that tell any double
_CONTEXT = Context(prec=1200, rounding=ROUND_HALF_EVEN)


def within(value: Any, radius: Any, digits: int = 7) -> str:
    """Write a number to the place of its error: the last digit is worth radius / 10 or more.

    radius: bound of abs(value - exact); 0 or None for a number that is exact
    digits: the most significant digits

    >>> within(0.123456789, 2e-4), within(5.1, 6.1e33), within(1234.5, 20.0), within(0.1, 0.0)
    ('0.1235', '0', '1.23e+03', '0.1')
    """
    if radius is None or radius == 0 or isinstance(value, (Fraction, Real)):
        return short(value, digits)
    number, error = nearest(value), nearest(radius)
    if not math.isfinite(number):
        return short(value, digits)
    if not math.isfinite(error):
        return "?"
    # 10^place is the smallest power of ten from error / 10 on.
    exponent = Decimal(error).normalize(_CONTEXT)
    place = exponent.adjusted() - (exponent.scaleb(-exponent.adjusted(), _CONTEXT) == 1)
    units = Decimal(number).scaleb(-place, _CONTEXT).to_integral_value(context=_CONTEXT)
    if units == 0:
        return "0"
    significant = units.adjusted() + 1
    if significant >= digits:
        return repr(number) if digits >= WHOLE else f"{number:.{digits}g}"
    return f"{nearest(units.scaleb(place, _CONTEXT)):.{significant}g}"


def with_radius(value: Any, radius: Any) -> str:
    """Write a number with its proved error bound, which an exact one does not have.

    >>> with_radius(Fraction(1, 2), Fraction(0)), with_radius(0.25, 1e-16), with_radius(3.0, 6.1e33)
    ('1/2', '0.25 +- 1e-16', '0 +- 6.1e+33')
    """
    if radius == 0:
        return short(value)
    return f"{within(value, radius, WHOLE)} +- {nearest(radius):.2g}"
