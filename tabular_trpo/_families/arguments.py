"""Checks of the arguments of a family: numbers, ranges, sizes and random generators."""

import math
from typing import Annotated, Any

import numpy as np

from tabular_trpo._core.errors import MemoryGuardError, invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import brief, kind_of, shown, to_fraction

# A float, or an exact number: an int, a Fraction, a Decimal or a text such as "9/10".
Number = Annotated[Any, "a float or an exact number"]
BYTES_A_PAIR = 200  # memory of a sparse model for each (s, a)
BYTES_A_STATE = 500  # memory of a sparse model for each state: name, rows of P, rewards
LARGEST = 2**62  # largest count: larger ones overflow the integers of numpy


def common_numbers(**given: Number) -> list[Number]:
    """Return numbers in a common arithmetic: floats if any of them is a float, else Fractions.

    given:   keyword arguments; each an int, Fraction, Decimal, float or a text such as "1/3"
    return:  the values in the order given
    raises:  InvalidMDPError naming the argument that is not a number

    >>> common_numbers(gamma="9/10", slip=0), common_numbers(gamma=0.5, slip="1/4")
    ([Fraction(9, 10), Fraction(0, 1)], [0.5, 0.25])
    """
    kinds = [kind_of(value) for value in given.values()]
    exact = []
    for (name, value), kind in zip(given.items(), kinds, strict=True):
        try:
            if kind == "bad":
                raise ValueError(f"is of type {type(value).__name__}")
            exact.append(to_fraction(nearest(value) if kind == "float" else value))
        except (ValueError, OverflowError) as error:
            expected = "a float, an int or an exact number"
            raise invalid("number", f"{name} = {shown(value)}", str(error), expected) from None
    if "float" not in kinds:
        return list(exact)
    for name, number in zip(given, exact, strict=True):
        if math.isinf(nearest(number)):
            got = f"= {brief(number)} is no double, and others are floats"
            raise invalid("number", name, got, "at most 1.8e308")
    return [nearest(x) for x in exact]


def is_exact(number: Number) -> bool:
    """Return whether a number, as returned by `common_numbers`, is rational and no float."""
    return not isinstance(number, float)


def between(name: str, value: Number, low: Number, high: Number, above: bool = False) -> None:
    """Raise InvalidMDPError unless low <= value <= high.

    above: whether value == low is an error, too
    """
    if not (low < value if above else low <= value) or not value <= high:
        expected = f"a number in {'(' if above else '['}{low}, {high}]"
        raise invalid("range", name, f"= {shown(value)}", expected)


def size(name: str, value: Number, least: int) -> int:
    """Return `value` as an int, if it is a whole number between `least` and LARGEST.

    name:   name of the argument in messages
    raises: InvalidMDPError for a smaller or other value, MemoryGuardError for one above LARGEST
    """
    if kind_of(value) != "int" or value < least:
        expected = f"a whole number, at least {least}"
        raise invalid("size", name, f"= {shown(value)}", expected)
    if value > LARGEST:
        got, cure = f"= {shown(value)}", f"Choose a smaller {name}"
        raise MemoryGuardError.of("size", name, got, f"<= {LARGEST:,}", cure)
    return int(value)


def optional_size(name: str, value: object) -> None:
    """Raise InvalidMDPError unless `value` is None or a whole number, at least 1."""
    if value is not None:
        size(name, value, 1)


def state_count(name: str, value: Number, least: int) -> int:
    """Return a number of states as an int, after checking that a sparse model fits into memory.

    raises: InvalidMDPError unless it is a whole number >= least, MemoryGuardError if too large
    """
    n = size(name, value, least)
    guard(n * BYTES_A_STATE, f"a model with {name} = {n:,}", f"Choose a smaller {name}")
    return n


def generator(rng: object) -> np.random.Generator:
    """Return `rng` if it is a numpy Generator, else raise InvalidMDPError; there is no default."""
    if not isinstance(rng, np.random.Generator):
        cure = "Make one by numpy.random.default_rng(seed)"
        got = f"is of type {type(rng).__name__}"
        raise invalid("rng", "rng", got, "a numpy.random.Generator", cure)
    return rng
