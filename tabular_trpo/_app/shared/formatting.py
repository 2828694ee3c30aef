"""Numbers as text: rounded to their error bounds for reports, exact for JSON.

A rational number is written in full where it is short, else rounded after a "~".  A number with a
proved error bound gets no digit that the bound does not support.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import approximate, nearest, written
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.real import Real

DOUBLE_DIGITS = 17  # significant digits that identify any double
_WIDEST_BITS = 80  # bits of a rational that a table may show in full
_REAL_BITS = 128  # bits of the enclosure of a `Real` beyond the range of doubles
_CONTEXT = Context(prec=1200, rounding=ROUND_HALF_EVEN)

JsonNumber = None | bool | int | float | str


def short(value: Scalar | None, digits: int = 7) -> str:
    """Return a number as text: in full where it is short, else rounded after a "~"; "-" for None.

    >>> short(Fraction(1, 3)), short(Fraction(1, 3**40)), short(0.1), short(math.inf), short(None)
    ('1/3', '~8.225263e-20', '0.1', 'inf', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, Real):
        return _infinite(value) or f"~{rounded(value, digits)}"
    if isinstance(value, (int, np.integer)):
        value = Fraction(int(value))
    if isinstance(value, Fraction):
        bits = value.numerator.bit_length() + value.denominator.bit_length()
        text = written(value) if bits <= _WIDEST_BITS else ""
        return text if 0 < len(text) <= digits + 8 else f"~{rounded(value, digits)}"
    return rounded(value, digits)


def rounded(value: Scalar, digits: int) -> str:
    """Return a number rounded to `digits` significant digits, also beyond the range of doubles.

    >>> rounded(0.25, 3), rounded(Fraction(10**400, 3), 3), rounded(Fraction(1, 10**400), 3)
    ('0.25', '3.33e+399', '1e-400')
    """
    near = nearest(value)
    double = isinstance(value, (float, np.floating)) or value == 0
    if double or sys.float_info.min < abs(near) < math.inf:
        return f"{near:.{digits}g}"
    if isinstance(value, Real):
        if value.infinite:
            return _infinite(value)
        value = sum(value.enclose(_REAL_BITS)) / 2
    return approximate(value, digits)


def _infinite(value: Real) -> str:
    """Return "inf" or "-inf" for an infinite number, and an empty text for a finite one."""
    return "" if not value.infinite else "inf" if value.infinite > 0 else "-inf"


def within(value: Scalar, radius: Scalar | None, digits: int = 7) -> str:
    """Return a number rounded so that its last digit is worth at least radius / 10.

    radius: bound of abs(value - exact); 0 or None for an exact number
    digits: the largest number of significant digits
    return: "?" for an infinite radius

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
    # 10^place is the smallest power of ten that is at least error / 10.
    exponent = Decimal(error).normalize(_CONTEXT)
    place = exponent.adjusted() - (exponent.scaleb(-exponent.adjusted(), _CONTEXT) == 1)
    units = Decimal(number).scaleb(-place, _CONTEXT).to_integral_value(context=_CONTEXT)
    if units == 0:
        return "0"
    significant = units.adjusted() + 1
    if significant >= digits:
        return repr(number) if digits >= DOUBLE_DIGITS else f"{number:.{digits}g}"
    return f"{nearest(units.scaleb(place, _CONTEXT)):.{significant}g}"


def with_radius(value: Scalar, radius: Scalar) -> str:
    """Return "value +- radius" with the proved error bound; an exact number has no "+- radius".

    >>> with_radius(Fraction(1, 2), Fraction(0)), with_radius(0.25, 1e-16), with_radius(3.0, 6.1e33)
    ('1/2', '0.25 +- 1e-16', '0 +- 6.1e+33')
    """
    if radius == 0:
        return short(value)
    return f"{within(value, radius, DOUBLE_DIGITS)} +- {nearest(radius):.2g}"


def counted(number: int, noun: str) -> str:
    """Return a count with its noun, which is plural unless the count is 1.

    >>> counted(1, "model"), counted(2, "model")
    ('1 model', '2 models')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def json_number(value: object) -> JsonNumber:
    """Return a number for JSON: rationals as "p/q", floats as numbers, infinity as "inf".

    A `Real`, a number with logarithms, becomes the nearest double, or text beyond all doubles.
    None, truth values and strings are returned unchanged.

    >>> json_number(Fraction(1, 3)), json_number(0.1), json_number(-math.inf)
    ('1/3', 0.1, '-inf')
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Fraction):
        return written(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, Real):
        near = nearest(value)
        return _infinite(value) or (near if math.isfinite(near) else rounded(value, DOUBLE_DIGITS))
    number = nearest(value)
    return number if math.isfinite(number) else str(number)


def json_numbers(values: Mapping[str, object]) -> dict[str, JsonNumber]:
    """Return {name: value} with each value converted by `json_number`."""
    return {name: json_number(x) for name, x in values.items()}


def per_state(mdp: MDP, values: Array) -> dict[str, JsonNumber]:
    """Return {state name: number} for JSON from values (S,)."""
    return json_numbers(dict(zip(mdp.state_names, values, strict=True)))


def per_pair(mdp: MDP, values: Array) -> dict[str, dict[str, JsonNumber]]:
    """Return {state: {action: number}} of the allowed pairs, for JSON, from values (S, A)."""
    return {
        state: {
            action: json_number(values[s, a])
            for a, action in enumerate(mdp.action_names)
            if mdp.mask[s, a]
        }
        for s, state in enumerate(mdp.state_names)
    }


def largest(values: Array | Sequence[Scalar]) -> Scalar:
    """Return the largest entry of an array; a single number is returned unchanged."""
    return max(np.asarray(values).ravel().tolist())
