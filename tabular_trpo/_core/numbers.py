"""Numbers that a user gives: the arithmetic of an array, and the array in that arithmetic.

A number is *exact* (Fraction, Decimal, or a string such as "1/3" or "0.1"), a *float*, or an *int*,
which fits both arithmetics.  Exact numbers put a model in rational arithmetic; a float beside them
is refused, because `Fraction + 0.5` is a float.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from numbers import Integral, Rational, Real
from typing import Annotated, Any, TypeGuard

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.array_input import Array as Array
from tabular_trpo._core.array_input import is_float, resolve_labels
from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import long_integers, nearest, written

Matrix = Array | sp.csr_array  # dense, or CSR in float arithmetic
NUMBER = "a number, or an array of numbers"
Scalar = Annotated[Any, NUMBER]  # float, Fraction, or an array over the batch axes
OptionalScalar = Annotated[Any, f"{NUMBER}, or None"]

MAX_INPUT_DIGITS = 2000  # of an exact number, before and after the point or bar
MOST_EXPONENT = 400
UNSIGNED = "a probability, without a minus sign"
DENSE_CURE = "Give P as a CSR array of shape (S*A, S), in float arithmetic"
MOST_WHOLE = 2**53  # up to here every integer is a double
_NUMBER = re.compile(r"[+-]?(\d+)(?:/(\d+)|(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?)", re.ASCII)


def parse_fraction(text: str) -> Fraction:
    """Read an exact number, "-7", "1/3", "0.25" or "1e-6", with digits and exponent capped first.

    return: the Fraction
    raises: ValueError naming what is wrong

    >>> parse_fraction("1/3"), parse_fraction("0.1")
    (Fraction(1, 3), Fraction(1, 10))
    """
    # Fraction("1e999999999") would not return, so the digits are counted first.
    if len(text) > 2 * MAX_INPUT_DIGITS + 16:
        raise ValueError(f"has {len(text)} characters, more than {2 * MAX_INPUT_DIGITS + 16}")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError('is not a number such as "-1", "1/3", "0.25" or "1e-6"')
    whole, below, decimals, exponent = match.groups()
    if max(len(whole), len(below or ""), len(decimals or "")) > MAX_INPUT_DIGITS:
        raise ValueError(f"has more than {MAX_INPUT_DIGITS} digits")
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
    if isinstance(value, Real) or (isinstance(value, np.generic) and is_float(value.dtype)):
        return "float"
    return "bad"


def to_fraction(value: Any) -> Fraction:
    """Return one scalar as a Fraction; a float is exactly the dyadic rational that it stores."""
    if isinstance(value, (str, Decimal)):
        return parse_fraction(str(value))
    if isinstance(value, Integral):
        return Fraction(int(value))
    return value if type(value) is Fraction else Fraction(value)


def entry(name: str, at: tuple[int, ...]) -> str:
    """Return the name of an entry in errors: "r[0, 1]"; in a name with "[]" the index goes there.

    >>> entry("r", (0, 1)), entry("transitions[] reward", (3,)), entry("gamma", ())
    ('r[0, 1]', 'transitions[3] reward', 'gamma')
    """
    index = f"[{', '.join(str(i) for i in at)}]" if at else ""
    return name.replace("[]", index) if "[]" in name else name + index


def size_of(value: object) -> int:
    """Return how many numbers an array or nested lists of equal lengths hold, from the first."""
    if isinstance(value, (list, tuple)) and len(value):
        return len(value) * size_of(value[0])
    return value.size if isinstance(value, np.ndarray) else 1


def read_array(name: str, value: object) -> tuple[str, Array]:
    """Read nested lists or an array into ("float" | "int" | "exact", array).

    name:   in errors (see `entry`)
    return: kind and a float64 or object array (object elements as given)
    raises: InvalidMDPError for ragged nesting, bools, complex numbers or other types;
            MemoryGuardError, before anything is copied

    >>> read_array("r", [[0.5, 1]])
    ('float', array([[0.5, 1. ]]))
    """
    value = resolve_labels(entry(name, ()), value)
    plain = None
    if isinstance(value, np.ndarray) and (value.dtype.kind in "iu" or is_float(value.dtype)):
        plain = value
    size = size_of(value)  # a view may repeat one number over a shape that does not fit
    guard(size * (16 if plain is None else 8), f"{name} with {size:,} entries", DENSE_CURE)
    if plain is not None and plain.dtype.kind not in "iu":
        return "float", plain.astype(np.float64)
    if plain is not None and np.all((plain >= -MOST_WHOLE) & (plain <= MOST_WHOLE)):
        return "int", plain.astype(np.float64)
    try:
        array = np.asarray(value, dtype=object)
    except Exception:  # ragged lists, and objects whose own conversion fails
        array = np.empty(0, dtype=object)
    if any(isinstance(x, (list, tuple, np.ndarray)) for x in array.flat) or array.size == 0:
        got, expected = "is ragged or empty", "nested lists of equal lengths"
        raise invalid("shape", entry(name, ()), got, expected)
    kinds = {kind_of(x) for x in array.flat}
    if "bad" in kinds:
        where, bad = _first(name, array, "bad")
        got = f"= {shown(bad)} of type {type(bad).__name__}"
        raise invalid("type", where, got, "a real number")
    if {"exact", "float"} <= kinds:
        for at, x in np.ndenumerate(array):
            if kind_of(x) == "exact":
                _fraction(entry(name, at), x)  # an error of one number precedes that of the mixture
        raise mixed(name, array, prevailing(kind_of(x) for x in array.flat))
    if "float" in kinds:
        return "float", doubles(name, array)
    if "exact" not in kinds and all(abs(int(x)) <= MOST_WHOLE for x in array.flat):
        return "int", array.astype(np.float64)
    return "exact", array  # integers too large for a double keep their exact value


def _first(name: str, array: Array, kind: str) -> tuple[str, Any]:
    """Return name and value of the first entry of a kind; of doubles, of the first not whole."""
    if array.dtype == np.float64:
        at = np.unravel_index(np.argmax(np.trunc(array) != array), array.shape)
        return entry(name, tuple(int(i) for i in at)), array[at]
    return next((entry(name, at), x) for at, x in np.ndenumerate(array) if kind_of(x) == kind)


def prevailing(kinds: Iterable[str]) -> str:
    """Return which of "exact" and "float" is more frequent; the first one where they tie."""
    return Counter(kind for kind in kinds if kind != "int").most_common(1)[0][0]


def mixed(name: str, array: Array, expected: str, cure: str = "") -> InvalidMDPError:
    """Return the error that names the first entry which is not of the expected kind.

    expected: "exact" or "float", the kind of the other numbers
    """
    if expected == "exact":
        odd, kind, others = "float", "a float", "exact numbers"
        cure = cure or "Write it as a string or Fraction, or give every number as a float"
    else:
        odd, kind, others = "exact", "exact", "floats"
        cure = cure or "Write it as a float, or quote every other number"
    where, value = _first(name, array, odd)
    return invalid(
        "mixed_lanes", where, f"= {shown(value)} is {kind}", f"{others} throughout", cure
    )


def doubles(name: str, array: Array) -> Array:
    """Return floats and integers as float64.

    raises: InvalidMDPError for an integer that is not a double: it is not rounded unasked
    """
    for at, value in np.ndenumerate(array):
        if isinstance(value, Integral) and nearest(value) != int(value):
            got, cure = f"= {shown(value)} does not fit", "Write it as a float to have it rounded"
            raise invalid("not_a_double", entry(name, at), got, "a double", cure)
    return elementwise(nearest, array, np.float64)


def fractions(name: str, array: Array, unsigned: bool = False) -> Array:
    """Return the object array of Fractions; `array` holds exact numbers, ints or whole floats.

    raises: InvalidMDPError for text that is no number, and where `unsigned` for "-0"
    """
    out = np.empty(array.shape, dtype=object)
    for at, value in np.ndenumerate(array):
        out[at] = _fraction(entry(name, at), value)
        if unsigned and out[at] == 0 and written(value).startswith("-"):
            raise invalid("negative", entry(name, at), f"= {shown(value)}", UNSIGNED)
    return out


def _fraction(where: str, value: Any) -> Fraction:
    try:
        return to_fraction(value)
    except (ValueError, OverflowError) as error:
        got = f"{where} = {shown(value)}"
        raise invalid("number", got, str(error), "an exact number") from None


def is_rational(array: Array) -> bool:
    """Return whether an array is in rational arithmetic."""
    return array.dtype == object


def is_sparse(value: object) -> TypeGuard[sp.csr_array]:
    """Return whether a matrix is one of scipy's sparse arrays."""
    return bool(sp.issparse(value))


def stored(matrix: Matrix) -> Array:
    """Return the entries that are stored: all of an array, those of CSR other than zeros."""
    return matrix if isinstance(matrix, np.ndarray) else matrix.data


def zeros(shape: tuple[int, ...], rational: bool) -> Array:
    """Return zeros in one arithmetic."""
    return np.full(shape, Fraction(0), dtype=object) if rational else np.zeros(shape)


def elementwise(function: Callable[[Any], object], array: Array, dtype: type = object) -> Array:
    """Apply a scalar function to every entry."""
    return np.fromiter(map(function, array.flat), dtype, array.size).reshape(array.shape)


def largest(x: Array) -> Scalar:
    """Return the largest of 0 and all entries of x, in half the time of `max`."""
    return np.maximum.reduce(x, axis=None, initial=0)


@cache
def ones(n: int) -> Array:
    """Return n ones: `x.dot(ones(n))` adds up short rows faster than `sum` or `@`."""
    return frozen(np.ones(n))


def frozen(array: Array) -> Array:
    """Return the array marked read-only."""
    array.setflags(write=False)
    return array


def brief(value: object) -> str:
    """Return a number as text for a message: exact where that is short, else rounded.

    >>> brief(Fraction(9, 10)), brief(0.98), brief(Fraction(1, 3**80))
    ('9/10', '0.98', 'about 6.7655e-39')
    """
    if not isinstance(value, (Fraction, Integral)):
        return str(value)
    value = Fraction(value)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) <= 112:
        return written(value)
    near = nearest(value)
    if math.isinf(near):
        return "beyond 1e308"
    return f"about {near:.6g}" if near else "within 1e-323 of 0"


def shown(value: object) -> str:
    """Return any value as text for a message, shortened to 60 characters.

    >>> shown("1/3"), shown(np.float64(0.5)), shown(10**400)
    ("'1/3'", '0.5', 'an integer of about 401 digits')
    """
    if isinstance(value, Integral) and int(value).bit_length() > 180:
        digits = int(int(value).bit_length() * 0.30103) + 1
        return f"an integer of about {digits} digits"  # str() of more than 4300 digits raises
    if isinstance(value, np.generic):
        value = value.item()
    try:
        with long_integers():  # a list may hold long ones
            text = brief(value) if isinstance(value, Fraction) else repr(value)
    except Exception:  # the repr of a foreign object
        return f"an object of type {type(value).__name__}"
    return text if len(text) < 60 else f"{text[:56]}..."
