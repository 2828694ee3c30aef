"""Decimal text of numbers that keeps their side of thresholds.

Rounding may move a number onto, or across, a value that means something: a ratio of 0.99999999 is
not 1, and a share of 0.0001 is not 0.  The functions here add digits until the text compares with
each threshold as the number does.
"""

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from numbers import Integral
from typing import Any

from tabular_trpo._core import real
from tabular_trpo._core.nearest import decimal

MORE = 10  # digits that may be added; beyond that a difference is written
FIRST_BITS, LAST_BITS = 128, 2**12  # of the enclosures of a number with logarithms or roots
LEAST_EXPONENT = -5  # of fixed notation, as in Python's "g"
PARTS = (Fraction(0), Fraction(100))  # percentages of none and of all


def faithful(value: object, digits: int = 7, beside: Sequence[Fraction | int | str] = ()) -> str:
    """Return a number as decimal text that never reads as an integer that the number is not.

    text = value to `digits` digits, and to more where sign(text - t) differs from sign(value - t)

    value:  int, Fraction, Real, or a float of Python or numpy, read as the dyadic number it is
    digits: significant digits, rounded to the nearest
    beside: further thresholds t on whose side the text stays, exact or as text: "0.05"
    return: as Python's format "g"; "1 - 3e-25" where 10 more digits are too few; inf, -inf or nan
    raises: TypeError for a value that is not a number

    >>> faithful(Fraction(39960000, 39960001)), faithful(1 / 3), faithful(Fraction(10**400))
    ('0.99999997', '0.3333333', '1e+400')
    >>> faithful(1 - Fraction(1, 10**30)), faithful(Fraction(499, 10**4), 2, beside=["0.05"])
    ('1 - 1e-30', '0.0499')
    """
    thresholds = tuple(Fraction(t) for t in beside)
    return _certain(value, lambda x: _beside(x, digits, thresholds))


def fixed(value: object, places: int = 4) -> str:
    """Return a number with fixed places, rounded, and more where it would read as an integer.

    value:  as for `faithful`
    return: "1 - 3e-25" where 10 more places are too few
    raises: TypeError for a value that is not a number

    >>> fixed(Fraction(1, 3)), fixed(1), fixed(Fraction(99999, 100000)), fixed(0.00001)
    ('0.3333', '1.0000', '0.99999', '0.00001')
    """
    return _certain(value, lambda x: _distinct(x, places, [Fraction(round(x))]))


def truncated(value: object, places: int = 4) -> str:
    """Return a number with fixed places, truncated toward 0: a lower bound of a positive number.

    A number that would be truncated to 0 keeps its first two digits.

    value:  as for `faithful`
    raises: TypeError for a value that is not a number

    >>> truncated(1 - Fraction(1, 10**20)), truncated(1), truncated(-0.56789), truncated(1.234e-7)
    ('0.9999', '1.0000', '-0.5678', '1.2e-07')
    """

    def text(x: Fraction) -> str:
        short = _fixed(x, places, ROUND_DOWN)
        return _general(decimal(x, 2, ROUND_DOWN), 2) if x and Fraction(short) == 0 else short

    return _certain(value, text)


def percent(part: object, whole: object = 1, places: int = 1) -> str:
    """Return 100 part / whole with fixed places, which reads 0 or 100 only where it is.

    part, whole: as for `faithful`; finite, and whole not 0
    return:      without the sign "%"; more places where 0 or 100 would be wrong
    raises:      TypeError for a value that is not a number; ZeroDivisionError

    >>> percent(1, 3), percent(199999, 200000), percent(1, 10**5), percent(3, 3), percent(0, 3)
    ('33.3', '99.9995', '0.001', '100.0', '0.0')
    """
    share = 100 * _number(part) / _number(whole)

    return _certain(share, lambda x: _distinct(x, places, PARTS))


def _number(value: Any) -> Any:
    """Return an exact number: a Fraction or a Real; an infinite or undefined float as it is."""
    if isinstance(value, (Fraction, real.Real)):
        return value
    if isinstance(value, Integral):
        return Fraction(int(value))
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"value = {value!r}, expected a number")
    near = float(value)
    return Fraction(near) if math.isfinite(near) else near


def _certain(value: object, text: Callable[[Fraction], str]) -> str:
    """Return the text of an exact number; of a Real that on which both ends of it agree."""
    x = _number(value)
    if isinstance(x, Fraction):
        return text(x)
    if isinstance(x, float) or real.is_infinite(x):
        return f"{float(x):g}"
    bits = FIRST_BITS
    while True:
        low, high = x.enclose(bits)
        if text(low) == text(high):
            return text(low)
        if bits >= LAST_BITS:  # it may be a short decimal
            return text(Fraction(decimal(low / 2 + high / 2, FIRST_BITS)))
        bits *= 2


def _beside(x: Fraction, digits: int, thresholds: Sequence[Fraction]) -> str:
    """Return x to as many digits as keep it on its side of each threshold."""
    near = Fraction(round(x))
    enough = x.numerator.bit_length() + x.denominator.bit_length() + digits
    if x in thresholds and Fraction(decimal(x, enough)) == x:  # it equals one, in text too
        texts = (_general(decimal(x, n), n) for n in range(digits, enough + 1))
        return next(text for text in texts if Fraction(text) == x)
    sides = [t for t in [*thresholds, *([near] if abs(near) < 10**digits else [])] if t != x]
    for more in range(digits, digits + MORE + 1):
        text = _general(decimal(x, more), more)
        crossed = [t for t in sides if _sign(Fraction(text) - t) != _sign(x - t)]
        if not crossed:
            return text
    return _difference(x, crossed)


def _distinct(x: Fraction, places: int, thresholds: Sequence[Fraction]) -> str:
    """Return x to as many places as distinguish it from each threshold that it differs from."""
    for more in range(places, places + MORE + 1):
        text = _fixed(x, more)
        equal = [t for t in thresholds if Fraction(text) == t != x]
        if not equal:
            return text
    return _difference(x, equal)


def _difference(x: Fraction, thresholds: Sequence[Fraction]) -> str:
    """Return x as the nearest threshold, a decimal, and what is left: "1 - 3e-25"."""
    t = min(thresholds, key=lambda t: abs(x - t))
    left = _general(decimal(abs(x - t), 2), 2)
    if t == 0:
        return left if x > 0 else f"-{left}"
    digits = t.numerator.bit_length() + t.denominator.bit_length()  # enough for a decimal
    return f"{_general(decimal(t, digits), digits)} {'-' if x < t else '+'} {left}"


def _sign(x: Fraction) -> int:
    return (x > 0) - (x < 0)


def _general(x: Decimal, digits: int) -> str:
    """Write a decimal of at most so many digits as Python's format "g" writes a double."""
    _, units, _ = x.as_tuple()
    if not x:
        return "0"
    exponent, sign = x.adjusted(), "-" if x < 0 else ""
    text = "".join(map(str, units)).rstrip("0")
    if not LEAST_EXPONENT < exponent < digits:
        tail = f".{text[1:]}" if len(text) > 1 else ""
        return f"{sign}{text[0]}{tail}e{exponent:+03d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-1 - exponent)}{text}"
    head, tail = text[: exponent + 1].ljust(exponent + 1, "0"), text[exponent + 1 :]
    return f"{sign}{head}.{tail}" if tail else f"{sign}{head}"


def _fixed(x: Fraction, places: int, rounding: str = ROUND_HALF_EVEN) -> str:
    scaled = x * 10**places
    whole = int(scaled) if rounding == ROUND_DOWN else round(scaled)
    text, sign = f"{Decimal(abs(whole)):f}".rjust(places + 1, "0"), "-" if whole < 0 else ""
    return f"{sign}{text[:-places]}.{text[-places:]}" if places else f"{sign}{text}"
