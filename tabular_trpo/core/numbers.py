"""Reading numbers at the door: which lane an input belongs to, and its array in that lane.

A number is *exact* (Fraction, Decimal, or a string such as "1/3" or "0.1"), a *float*, or an *int*,
which fits both lanes.  Exact numbers put a model in the rational lane; a float beside them is
refused, because `Fraction + 0.5` would become a float in silence.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tabular_trpo.core.errors import InvalidMDPError, Problem

Array = NDArray[Any]
Scalar = Any  # float, Fraction, or an array of floats over the batch axes

MOST_DIGITS = 2000
MOST_EXPONENT = 400
MOST_WHOLE = 2**53  # up to here every integer is a double
_NUMBER = re.compile(r"[+-]?(\d+)(?:/(\d+)|(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?)", re.ASCII)


def parse_fraction(text: str) -> Fraction:
    """Read an exact number, "-7", "1/3", "0.25" or "1e-6", with digits and exponent capped first.

    return: the Fraction
    raises: ValueError naming what is wrong

    >>> parse_fraction("1/3"), parse_fraction("0.1")
    (Fraction(1, 3), Fraction(1, 10))
    """
    # Huge inputs are refused before Fraction sees them: Fraction("1e999999999") would not return.
    if len(text) > 2 * MOST_DIGITS + 16:
        raise ValueError(f"has {len(text)} characters, more than {2 * MOST_DIGITS + 16}")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError('is not a number such as "-1", "1/3", "0.25" or "1e-6"')
    whole, below, decimals, exponent = match.groups()
    if max(len(whole), len(below or ""), len(decimals or "")) > MOST_DIGITS:
        raise ValueError(f"has more than {MOST_DIGITS} digits")
    if exponent is not None and abs(int(exponent)) > MOST_EXPONENT:
        raise ValueError(f"has an exponent beyond {MOST_EXPONENT}")
    if below is not None and int(below) == 0:
        raise ValueError("has denominator 0")
    return Fraction(text)


def kind_of(value: object) -> str:
    """Return "exact", "int", "float" or "bad" for one scalar; bool counts as bad."""
    if isinstance(value, (bool, np.bool_)):
        return "bad"
    if isinstance(value, Integral):
        return "int"
    if isinstance(value, (str, Decimal, Rational)):
        return "exact"
    return "float" if isinstance(value, (Real, np.floating)) else "bad"


def to_fraction(value: Any) -> Fraction:
    """Turn one scalar into its exact Fraction; a float becomes the dyadic rational that it is."""
    if isinstance(value, (str, Decimal)):
        return parse_fraction(str(value))
    if isinstance(value, Integral):
        return Fraction(int(value))
    return value if type(value) is Fraction else Fraction(value)


def _index(position: tuple[int, ...]) -> str:
    return f"[{', '.join(str(i) for i in position)}]" if position else ""


def read_array(name: str, value: Any) -> tuple[str, Array]:
    """Read nested lists or an array into ("float" | "int" | "exact", array).

    name:   how errors call it
    return: kind and a float64 or object array (object elements as given)
    raises: InvalidMDPError for ragged nesting, bools, complex numbers or other types

    >>> read_array("r", [[0.5, 1]])
    ('float', array([[0.5, 1. ]]))
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return "float", value.astype(np.float64)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
        if np.all((value >= -MOST_WHOLE) & (value <= MOST_WHOLE)):
            return "int", value.astype(np.float64)
    try:
        array = np.asarray(value, dtype=object)
    except ValueError:
        array = np.empty(0, dtype=object)
    if any(isinstance(x, (list, tuple, np.ndarray)) for x in array.flat) or array.size == 0:
        raise InvalidMDPError(
            Problem("shape", name, "is ragged or empty", "nested lists of equal lengths")
        )
    kinds = {kind_of(x) for x in array.flat}
    if "bad" in kinds:
        at = next(i for i, x in np.ndenumerate(array) if kind_of(x) == "bad")
        got = f"= {array[at]!r} of type {type(array[at]).__name__}"
        raise InvalidMDPError(Problem("type", f"{name}{_index(at)}", got, "a real number"))
    if {"exact", "float"} <= kinds:
        at = next(i for i, x in np.ndenumerate(array) if kind_of(x) == "float")
        raise mixed(f"{name}{_index(at)}", array[at])
    if "exact" in kinds:
        return "exact", array
    if "float" in kinds or all(abs(int(x)) <= MOST_WHOLE for x in array.flat):
        return ("float" if "float" in kinds else "int"), array.astype(np.float64)
    return "exact", array  # integers too large for a double keep their exact value


def mixed(where: str, value: object) -> InvalidMDPError:
    """Return the error for a float among exact numbers."""
    cure = "Write it as a string or Fraction, or give every number as a float"
    return InvalidMDPError(
        Problem("mixed_lanes", where, f"= {value!r} is a float", "exact numbers throughout", cure)
    )


def fractions(name: str, array: Array) -> Array:
    """Return the object array of Fractions; `array` holds exact numbers, ints or whole floats."""
    out = np.empty(array.shape, dtype=object)
    for at, value in np.ndenumerate(array):
        try:
            out[at] = to_fraction(value)
        except (ValueError, OverflowError) as error:
            shown = repr(value) if len(repr(value)) < 60 else f"{repr(value)[:56]}..."
            raise InvalidMDPError(
                Problem("number", f"{name}{_index(at)} = {shown}", str(error), "an exact number")
            ) from None
    return out


def is_rational(array: Array) -> bool:
    """Tell whether an array is in the rational lane."""
    return array.dtype == object


def is_sparse(value: Any) -> bool:
    """Tell whether a matrix is one of scipy's sparse arrays."""
    return bool(sp.issparse(value))


def zeros(shape: tuple[int, ...], rational: bool) -> Array:
    """Return zeros of one lane."""
    if not rational:
        return np.zeros(shape)
    out = np.empty(shape, dtype=object)
    out[...] = Fraction(0)
    return out


def elementwise(function: Callable[[Any], Any], array: Array, dtype: Any = object) -> Array:
    """Apply a scalar function to every entry."""
    out = np.empty(array.shape, dtype=dtype)
    for at, value in np.ndenumerate(array):
        out[at] = function(value)
    return out


def frozen(array: Array) -> Array:
    """Return the array marked read-only."""
    array.setflags(write=False)
    return array


def brief(value: Any) -> str:
    """Write a number for a message: exactly when that is short, else near enough.

    >>> brief(Fraction(9, 10)), brief(0.98), brief(Fraction(1, 3**80))
    ('9/10', '0.98', 'about 6.7655e-39')
    """
    if not isinstance(value, Fraction):
        return str(value)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) <= 112:
        return str(value)
    try:
        near = float(value)
    except OverflowError:
        return "beyond 1e308"
    return f"about {near:.6g}" if near else "within 1e-323 of 0"
