"""Reading numbers at the door: which arithmetic an input belongs to, and its array in that arithmetic.

A number is *exact* (Fraction, Decimal, or a string such as "1/3" or "0.1"), a *float*, or an *int*,
which fits both arithmetics.  Exact numbers put a model in rational arithmetic; a float beside them is
refused, because `Fraction + 0.5` would become a float in silence.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from numbers import Integral, Rational, Real
from typing import Annotated, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tabular_trpo._core.array_input import AxisNames, is_float, resolve_labels
from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import long_integers, nearest, written

Array = NDArray[Any]
NUMBER = "a number, or an array of numbers"
Scalar = Annotated[Any, NUMBER]  # float, Fraction, or an array over the batch axes
OptionalScalar = Annotated[Any, f"{NUMBER}, or None"]

MAX_INPUT_DIGITS = 2000
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
    # Huge inputs are refused before Fraction sees them: Fraction("1e999999999") would not return.
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
    """Turn one scalar into its exact Fraction; a float becomes the dyadic rational that it is."""
    if isinstance(value, (str, Decimal)):
        return parse_fraction(str(value))
    if isinstance(value, Integral):
        return Fraction(int(value))
    return value if type(value) is Fraction else Fraction(value)


def entry(name: str, at: tuple[int, ...]) -> str:
    """Return what errors call an entry: "r[0, 1]"; a name with "[]" has the index there.

    >>> entry("r", (0, 1)), entry("transitions[] reward", (3,)), entry("gamma", ())
    ('r[0, 1]', 'transitions[3] reward', 'gamma')
    """
    index = f"[{', '.join(str(i) for i in at)}]" if at else ""
    return name.replace("[]", index) if "[]" in name else name + index


def size_of(value: Any) -> int:
    """Return how many numbers an array holds, or nested lists of equal lengths, without looking."""
    if isinstance(value, (list, tuple)) and len(value):
        return len(value) * size_of(value[0])
    return value.size if isinstance(value, np.ndarray) else 1


def read_array(name: str, value: Any, axes: Sequence[AxisNames] = ()) -> tuple[str, Array]:
    """Read nested lists or an array into ("float" | "int" | "exact", array).

    name:   how errors call it (see `entry`)
    axes:   what labels of a table are looked up in (see `resolve_labels`)
    return: kind and a float64 or object array (object elements as given)
    raises: InvalidMDPError for ragged nesting, bools, complex numbers or other types;
            MemoryGuardError, before anything is copied

    >>> read_array("r", [[0.5, 1]])
    ('float', array([[0.5, 1. ]]))
    """
    value = resolve_labels(entry(name, ()), value, axes)
    plain = isinstance(value, np.ndarray) and (value.dtype.kind in "iu" or is_float(value.dtype))
    size = size_of(value)  # a view may spread one number over a shape that no memory holds
    guard(size * (8 if plain else 16), f"{name} with {size:,} entries", DENSE_CURE)
    if plain and value.dtype.kind not in "iu":
        return "float", value.astype(np.float64)
    if plain and np.all((value >= -MOST_WHOLE) & (value <= MOST_WHOLE)):
        return "int", value.astype(np.float64)
    try:
        array = np.asarray(value, dtype=object)
    except Exception:  # ragged lists, and objects whose own conversion fails
        array = np.empty(0, dtype=object)
    if any(isinstance(x, (list, tuple, np.ndarray)) for x in array.flat) or array.size == 0:
        raise invalid(
            "shape", entry(name, ()), "is ragged or empty", "nested lists of equal lengths"
        )
    kinds = {kind_of(x) for x in array.flat}
    if "bad" in kinds:
        where, bad = _first(name, array, "bad")
        got = f"= {shown(bad)} of type {type(bad).__name__}"
        raise invalid("type", where, got, "a real number")
    if {"exact", "float"} <= kinds:
        for at, x in np.ndenumerate(array):
            if kind_of(x) == "exact":
                _fraction(entry(name, at), x)  # what is no number is said before what is mixed
        raise mixed(name, array, prevailing(kind_of(x) for x in array.flat))
    if "float" in kinds:
        return "float", doubles(name, array)
    if "exact" not in kinds and all(abs(int(x)) <= MOST_WHOLE for x in array.flat):
        return "int", array.astype(np.float64)
    return "exact", array  # integers too large for a double keep their exact value


def _first(name: str, array: Array, kind: str) -> tuple[str, Any]:
    """Return the place and the value of the first entry of a kind; a fraction before 1.0."""
    if array.dtype == np.float64:
        at = np.unravel_index(np.argmax(np.trunc(array) != array), array.shape)
        return entry(name, tuple(int(i) for i in at)), array[at]
    return next((entry(name, at), x) for at, x in np.ndenumerate(array) if kind_of(x) == kind)


def prevailing(kinds: Iterable[str]) -> str:
    """Return which of "exact" and "float" is met more often; the first one where they tie."""
    return Counter(kind for kind in kinds if kind != "int").most_common(1)[0][0]


def mixed(name: str, array: Array, expected: str, cure: str = "") -> InvalidMDPError:
    """Return the error that names the first entry which is not of the expected kind.

    expected: "exact" or "float", the kind of the other numbers
    """
    odd, others = ("float", "exact numbers") if expected == "exact" else ("exact", "floats")
    where, value = _first(name, array, odd)
    cures = {
        "float": "Write it as a string or Fraction, or give every number as a float",
        "exact": "Write it as a float, or quote every other number",
    }
    got = f"= {shown(value)} is {'a float' if odd == 'float' else 'exact'}"
    return invalid("mixed_lanes", where, got, f"{others} throughout", cure or cures[odd])


def doubles(name: str, array: Array) -> Array:
    """Return floats and integers as float64.

    raises: InvalidMDPError for an integer that is not a double: rounding it would be silent
    """
    out = np.empty(array.shape)
    for at, value in np.ndenumerate(array):
        near = nearest(value)
        if isinstance(value, Integral) and near != int(value):
            got, cure = f"= {shown(value)} does not fit", "Write it as a float to have it rounded"
            raise invalid("not_a_double", entry(name, at), got, "a double", cure)
        out[at] = near
    return out


def fractions(name: str, array: Array, unsigned: bool = False) -> Array:
    """Return the object array of Fractions; `array` holds exact numbers, ints or whole floats.

    raises: InvalidMDPError for what is no number, and where `unsigned` for "-0"
    """
    out = np.empty(array.shape, dtype=object)
    for at, value in np.ndenumerate(array):
        out[at] = _fraction(entry(name, at), value)
        if unsigned and out[at] == 0 and written(value).startswith("-"):
            got = f"= {shown(value)}"
            raise invalid("negative", entry(name, at), got, UNSIGNED)
    return out


def _fraction(where: str, value: Any) -> Fraction:
    try:
        return to_fraction(value)
    except (ValueError, OverflowError) as error:
        problem = Problem("number", f"{where} = {shown(value)}", str(error), "an exact number")
        raise InvalidMDPError(problem) from None


def is_rational(array: Array) -> bool:
    """Tell whether an array is in rational arithmetic."""
    return array.dtype == object


def is_sparse(value: Any) -> bool:
    """Tell whether a matrix is one of scipy's sparse arrays."""
    return bool(sp.issparse(value))


def zeros(shape: tuple[int, ...], rational: bool) -> Array:
    """Return zeros of one arithmetic."""
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


def largest(x: Array) -> Any:
    """Return the largest of 0 and all entries of x, in half the time of `max`."""
    return np.maximum.reduce(x, axis=None, initial=0)


@cache
def ones(n: int) -> Array:
    """Return n ones: `x.dot` of them adds up rows faster than `sum` or `@` along a short axis."""
    return frozen(np.ones(n))


def frozen(array: Array) -> Array:
    """Return the array marked read-only."""
    array.setflags(write=False)
    return array


def brief(value: Any) -> str:
    """Write a number for a message: exactly when that is short, else near enough.

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


def shown(value: Any) -> str:
    """Write any value for a message, cut where it is long.

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
