"""Numbers of a document: a string is an exact rational, a bare JSON number is a double.

Readers return a `Problem` for a value that is not a number; the caller adds its position.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice

import numpy as np

from tabular_trpo._core.errors import Problem
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import MOST_WHOLE, UNSIGNED, Array, brief, parse_fraction, zeros
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.json_text import QUOTE
from tabular_trpo._formats.limits import MOST_ROW_BITS
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.problems import fault, in_json

Number = Fraction | float

MOST_ENTRIES = 6  # of a row in a message
NOTATION = 'an exact number such as "1/3", "-2" or "0.25", or a bare number for a double'
NORMALIZE = (
    'Write rounded decimals as fractions such as "1/3", or tabular_trpo.read(path, normalize=True)'
)


def number(value: object) -> Number | Problem:
    """Return one number as it is written, or what is wrong with it; true and false are no numbers.

    The length and exponent of a string are checked before any large integer is made.

    >>> number("1/3"), number(0.5), number(3)
    (Fraction(1, 3), 0.5, 3.0)
    >>> number(True).got, number(float("nan")).got, number("1e999999999").got
    ('= true', '= NaN', '= "1e999999999" has an exponent beyond 400')
    """
    if isinstance(value, Problem):  # the JSON reader could not read it
        return value
    if isinstance(value, str):
        try:
            return parse_fraction(value)
        except ValueError as error:
            return fault("number", f"= {in_json(value)} {error}", "an exact number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return fault("type", f"= {in_json(value)}", NOTATION)
    near = nearest(value)
    if isinstance(value, float):
        finite = math.isfinite(near)
        return near if finite else fault("not_finite", f"= {in_json(value)}", "a finite number")
    if near == value:
        return near
    return fault("not_a_double", f"= {in_json(value)}", "a bare number that is a double", QUOTE)


def number_in(rational: bool, value: object, unsigned: bool = False) -> Number | Problem:
    """Return one number in the arithmetic of the model, or what is wrong with it.

    rational: whether the model is exact; otherwise a string becomes the nearest double
    unsigned: whether it is a probability; -0.0 is refused, too: its sign may be all that is
              left of a negative number

    >>> number_in(False, "1/3"), number_in(False, "1e-400").got
    (0.3333333333333333, 'becomes 0 as a double')
    >>> number_in(True, "-0", unsigned=True).got
    '= "-0"'
    """
    read = number(value)
    if isinstance(read, Problem):
        return read
    minus = value.startswith("-") if isinstance(value, str) else math.copysign(1.0, read) < 0
    if unsigned and minus:
        return fault("negative", f"= {in_json(value)}", UNSIGNED)
    if rational:
        return read
    near = nearest(read)
    if math.isfinite(near) and (near != 0.0 or read == 0):
        return near
    got = "becomes infinite as a double" if near else "becomes 0 as a double"
    cure = 'Use arithmetic="rational", with every number of the model quoted'
    return fault("double_range", got, "a number within the range of doubles", cure)


def has_bare(values: Iterable[object]) -> bool:
    """Return whether one of the values is a bare JSON number, which makes a model a float model."""
    return any(
        issubclass(kind, int | float) and kind is not bool for kind in set(map(type, values))
    )


def read_column(
    report: Report, values: Sequence[object], column: int, rational: bool, unsigned: bool
) -> tuple[Array, list[int]]:
    """Return a column of the transitions as an array, and the indices of those that are no numbers.

    column: its position in a row, for the messages
    """
    if not rational and set(map(type, values)) <= {float, int}:
        try:
            doubles = np.array(values, dtype=np.float64)
        except OverflowError:
            doubles = np.array([math.inf])
        if np.all(np.abs(doubles) < MOST_WHOLE) and not (unsigned and np.signbit(doubles).any()):
            return doubles, []
    read_text = cache(lambda text: number_in(rational, text, unsigned))
    out = zeros((len(values),), rational)
    bad = []
    for i, value in enumerate(values):
        text = isinstance(value, str)
        read = read_text(value) if text else number_in(rational, value, unsigned)
        if isinstance(read, Problem):
            report.note(read, ("transitions", i, column))
            bad.append(i)
        else:
            out[i] = read
    return out, bad


def size_fault(row: Sequence[Fraction]) -> Problem | None:
    """Return what is wrong with a row whose common denominator could be enormous, or None."""
    bits = sum(part.bit_length() for part in {p.denominator for p in row})
    if bits <= MOST_ROW_BITS:
        return None
    got = f"is in a row whose denominators have {bits} bits together"
    return fault("number_size", got, f"at most {MOST_ROW_BITS} bits in a row")


def row_problem(
    problem: Problem, path: Path, what: str, names: Iterable[str], row: Iterable[Number]
) -> Problem:
    """Return core's problem with the sum of a row, with its place and names in the document.

    what:  the row, such as "over the actions"
    names: what its entries are called
    """
    entries = (f"{in_json(name)}: {brief(p)}" for name, p in zip(names, row, strict=True) if p)
    first = list(islice(entries, MOST_ENTRIES + 1))
    first[MOST_ENTRIES:] = ["..."] if len(first) > MOST_ENTRIES else []
    listed = f"Row: {', '.join(first)}. " if first else ""
    got = f"{what} {problem.got}"
    return replace(problem, where="", got=got, cure=f"{listed}{NORMALIZE}", path=path)
