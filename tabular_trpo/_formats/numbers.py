"""Numbers of a document: strings are exact rationals, bare JSON numbers are doubles."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo._core.grid import ROW_TOLERANCE
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, brief, parse_fraction
from tabular_trpo._formats.limits import MOST_ROW_BITS
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.report import Fault, Report, shown

Number = Fraction | float

MOST_ENTRIES = 6  # of a row in a message
CURE = (
    'Write rounded decimals as fractions such as "1/3", or tabular_trpo.read(path, normalize=True)'
)
NOTATION = 'an exact number such as "1/3", "-2" or "0.25"'


def number(value: object) -> Number | Fault:
    """Read one number of a document; true and false are not numbers.

    Length and exponent are checked before any big integer is made.

    >>> number("1/3"), number(0.5), number(3)
    (Fraction(1, 3), 0.5, 3.0)
    >>> number(True).got, number(float("nan")).got, number("1e999999999").got
    ('= true', '= NaN', '= "1e999999999" has an exponent beyond 400')
    """
    match value:
        case str():
            try:
                return parse_fraction(value)
            except ValueError as error:
                return Fault("number", f"= {shown(value)} {error}", "an exact number")
        case Fault():
            return value
        case bool() | None | list() | dict():
            pass
        case float() if math.isfinite(value):
            return nearest(value)
        case float():
            return Fault("not_finite", f"= {shown(value)}", "a finite number")
        case int():
            return _integer(value)
    return Fault("type", f"= {shown(value)}", f"{NOTATION}, or a bare number for a double")


def _integer(value: int) -> float | Fault:
    near = nearest(value)
    if near == value:
        return near
    cure = "Quote it to make it exact, and every other number of the model with it"
    return Fault("not_a_double", f"= {shown(value)}", "a bare number that is a double", cure)


def is_bare(value: object) -> bool:
    """Return whether this is a bare JSON number, which makes a model a float model."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_negative(value: object, read: Number) -> bool:
    """Return whether a number is below zero or written as a negative zero."""
    if isinstance(value, str):
        return value.startswith("-")
    return math.copysign(1.0, read) < 0


def numbers(
    report: Report, values: Sequence[object], place: Callable[[int], Path]
) -> tuple[Sequence[Number] | Array, set[int]]:
    """Read many numbers, reporting the bad ones at their place.

    return: the numbers (0 for a bad one), as float64 where all were bare; the indices of bad ones
    """
    if set(map(type, values)) <= {float, int}:
        try:
            doubles = np.array(values, dtype=np.float64)
        except OverflowError:
            doubles = np.array([math.inf])
        if np.all(np.abs(doubles) < 2.0**53):
            return doubles, set()
    known: dict[str, Number | Fault] = {}
    read: list[Number] = []
    bad: set[int] = set()
    for i, value in enumerate(values):
        if isinstance(value, str):
            if value not in known:
                known[value] = number(value)
            result = known[value]
        else:
            result = number(value)
        if isinstance(result, Fault):
            report.add(place(i), result)
            bad.add(i)
            result = 0.0
        read.append(result)
    return read, bad


def as_arithmetic(
    report: Report, values: Sequence[Number] | Array, rational: bool, place: Callable[[int], Path]
) -> Array:
    """Return numbers as an array of one arithmetic; in float arithmetic strings become nearest doubles."""
    if isinstance(values, np.ndarray):
        return values
    out: Array = np.empty(len(values), dtype=object if rational else np.float64)
    for i, value in enumerate(values):
        result = Fraction(value) if rational else double(value)
        if isinstance(result, Fault):
            report.add(place(i), result)
            result = 0.0
        out[i] = result
    return out


def double(value: Number) -> float | Fault:
    """Return the nearest double, refusing what a double cannot hold.

    >>> double(Fraction(1, 3)), double(Fraction("1e-400")).got
    (0.3333333333333333, 'becomes 0 as a double')
    """
    near = nearest(value)
    if math.isfinite(near) and (near != 0.0 or value == 0):
        return near
    got = "becomes infinite as a double" if near else "becomes 0 as a double"
    cure = 'Use arithmetic="rational", with every number of the model quoted'
    return Fault("double_range", got, "a number within the range of doubles", cure)


def row_fault(
    row: Sequence[Any], what: str, labels: Sequence[str], normalize: bool = False
) -> Fault | None:
    """Return what is wrong with the sum of a row of probabilities of one arithmetic.

    Exact rows sum to exactly 1, rows of doubles within ROW_TOLERANCE; any positive sum will do
    where rows are normalized.

    >>> row_fault([Fraction(1, 2), Fraction(1, 3)], "of x", "yz").expected
    '1 (off by -1/6; exactly)'
    >>> row_fault([0.5, 0.5 + 1e-10], "of x", "yz") is None
    True
    """
    if all(isinstance(p, float) for p in row):
        total: Number = math.fsum(row)
        off = nearest(total) - 1.0
        if abs(off) <= ROW_TOLERANCE or (normalize and total > 0):
            return None
        expected = f"1 (off by {off:+.3g}; tolerance {ROW_TOLERANCE:g})"
    else:
        if (fault := size_fault(row)) is not None:
            return fault
        total = exact_sum(row)
        if total == 1 or (normalize and total > 0):
            return None
        expected = f"1 (off by {brief(total - 1)}; exactly)"
    entries = [f"{shown(x)}: {brief(p)}" for x, p in zip(labels, row, strict=True)][:MOST_ENTRIES]
    dots = ", ..." if len(row) > MOST_ENTRIES else ""
    cure = f"Row: {', '.join(entries)}{dots}. {CURE}"
    return Fault("row_sum", f"{what} sums to {brief(total)}", expected, cure)


def size_fault(row: Sequence[Fraction]) -> Fault | None:
    """Return a fault for a row whose common denominator could be enormous."""
    bits = sum(part.bit_length() for part in {p.denominator for p in row})
    if bits <= MOST_ROW_BITS:
        return None
    got = f"is in a row whose denominators have {bits} bits together"
    return Fault("number_size", got, f"at most {MOST_ROW_BITS} bits in a row")


def exact_sum(row: Sequence[Fraction]) -> Fraction:
    """Return the sum of Fractions over their common denominator."""
    common = math.lcm(*(p.denominator for p in row))
    return Fraction(sum(p.numerator * (common // p.denominator) for p in row), common)
