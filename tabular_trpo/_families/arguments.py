"""The arguments of a family: numbers in one arithmetic, sizes, ranges and generators, checked."""

import math
from typing import Annotated, Any

import numpy as np

from tabular_trpo._core.errors import MemoryGuardError, invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import brief, kind_of, shown, to_fraction

# A float, or an exact number: an int, a Fraction, a Decimal or a text such as "9/10".
Number = Annotated[Any, "a float or an exact number"]
BYTES_A_PAIR = 200  # of the tables of a sparse model
BYTES_A_STATE = 500  # of a sparse model: its names, rows and rewards
LARGEST = 2**62  # of a count: beyond, numpy has no integer


def common_numbers(**given: Number) -> list[Number]:
    """Return numbers in one arithmetic: floats if any of them is a float, else Fractions.

    given:   name = int, Fraction, Decimal, string such as "1/3", or float
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
    """Return whether a number that came through `common_numbers` is in rational arithmetic."""
    return not isinstance(number, float)


def between(name: str, value: Number, low: Number, high: Number, above: bool = False) -> None:
    """Raise InvalidMDPError unless low <= value <= high, with `above` low < value <= high."""
    if not (low < value if above else low <= value) or not value <= high:
        expected = f"a number in {'(' if above else '['}{low}, {high}]"
        raise invalid("range", name, f"= {shown(value)}", expected)


def size(name: str, value: Number, least: int) -> int:
    """Return a whole number that is at least `least`.

    raises: InvalidMDPError for another value, MemoryGuardError beyond LARGEST
    """
    if kind_of(value) != "int" or value < least:
        expected = f"a whole number, at least {least}"
        raise invalid("size", name, f"= {shown(value)}", expected)
    if value > LARGEST:
        got, cure = f"= {shown(value)}", f"Choose a smaller {name}"
        raise MemoryGuardError.of("size", name, got, f"<= {LARGEST:,}", cure)
    return int(value)


def optional_size(name: str, value: object) -> None:
    """Raise unless a count is None or at least 1; raises as `size`."""
    if value is not None:
        size(name, value, 1)


def state_count(name: str, value: Number, least: int) -> int:
    """Return a number of states that memory can hold.

    raises: InvalidMDPError for what is no whole number >= least, MemoryGuardError
    """
    n = size(name, value, least)
    guard(n * BYTES_A_STATE, f"a model with {name} = {n:,}", f"Choose a smaller {name}")
    return n


def generator(rng: object) -> np.random.Generator:
    """Return a numpy Generator, or raise InvalidMDPError: there is no default randomness."""
    if not isinstance(rng, np.random.Generator):
        cure = "Make one by numpy.random.default_rng(seed)"
        got = f"is of type {type(rng).__name__}"
        raise invalid("rng", "rng", got, "a numpy.random.Generator", cure)
    return rng
