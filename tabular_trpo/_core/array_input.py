"""Arrays that a user gives: labels are resolved or refused, masks refused, tensors converted.

Every array of a user passes `resolve_labels` first.  What it returns are nested lists, numpy arrays
and scalars whose order is their meaning.  Labelled tables (pandas, polars, xarray) are recognised
by their attributes; none of these packages is imported.
"""

from array import array as buffer
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.nearest import long_integers

ROW_TOLERANCE = 1e-9  # of rows of doubles
ROUNDINGS = 8  # of rows of less precise numbers, in units of their precision
Array = NDArray[Any]
AxisNames = tuple[str, Sequence[str] | None]  # "state" or "action", and the names where given
PLAIN = (str, bytes, int, float, complex, Fraction, Decimal, np.generic)


def resolve_labels(name: str, value: Any, axes: Sequence[AxisNames] = ()) -> Any:
    """Return a user's array as nested lists, a numpy array or a scalar with the same numbers.

    name:   of the argument, in errors
    axes:   the names along each axis; a table is put into the order of these by its labels.
            Labels 0, 1, ... are positions
    raises: InvalidMDPError for labels that are no names, masked entries, and foreign arrays that
            numpy cannot read
    """
    if type(value) is np.ndarray or isinstance(value, PLAIN) or sp.issparse(value):
        return value
    if isinstance(value, list | tuple):
        try:
            return _nested(name, value, {})
        except RecursionError:
            got, expected = "is nested without end", "nested lists of few levels"
            raise invalid("shape", name, got, expected) from None
    if isinstance(value, np.ma.MaskedArray):
        return _unmasked(name, value)
    labels = _labels(value)
    if not labels and not _foreign(value):
        return value
    plain = _converted(name, value)
    for axis, (place, found) in enumerate(labels):
        order = _order(f"{name}.{place}", found, axes[axis] if axis < len(axes) else None)
        plain = plain if order is None else np.take(plain, order, axis=axis)
    return plain


def row_tolerance(value: object) -> float:
    """Return by how much the sum of a row of probabilities may differ from 1, by its precision.

    >>> row_tolerance([0.5, 0.5]), row_tolerance(np.float32([0.5, 0.5]))
    (1e-09, 9.5367431640625e-07)
    """
    return max(ROW_TOLERANCE, *(ROUNDINGS * precision(x) for x in _dtypes(value)), 0.0)


@cache
def precision(dtype: np.dtype[Any]) -> float:
    """Return the distance from 1 to the next number of a dtype; 0 where it has no fractions.

    >>> precision(np.dtype(np.float32)) == 2.0**-23, precision(np.dtype(int))
    (True, 0)
    """
    if not is_float(dtype):
        return 0
    # `finfo` refuses the dtypes of other packages.
    bits = 0
    while bits < 64 and np.array(1 + 2.0 ** -(bits + 1)).astype(dtype).astype(np.float64) != 1:
        bits += 1
    return 2.0**-bits


def is_float(dtype: np.dtype[Any]) -> bool:
    """Return whether a dtype is a float of numpy or of another package, such as bfloat16."""
    return dtype.kind == "f" or (dtype.kind == "V" and np.can_cast(dtype, np.float64))


def _dtypes(value: object) -> set[np.dtype[Any]]:
    """Return the dtypes of an array, or of the arrays and scalars in nested lists."""
    if isinstance(value, list | tuple):
        inner = (_dtypes(x) for x in value if not isinstance(x, str | int | float | Fraction))
        return set().union(*inner)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {x.dtype for x in value.flat if isinstance(x, np.generic)}
    dtype = getattr(value, "dtype", None)
    return {dtype} if isinstance(dtype, np.dtype) else set()


def _nested(name: str, value: Sequence[object], seen: dict[int, object]) -> object:
    """Return nested lists with their arrays and tensors read; a list without any stays itself.

    seen: the results by identity of the lists, since one list may occur many times
    """
    if id(value) not in seen:
        parts = [
            x if isinstance(x, PLAIN) else _inside(name, i, x, seen) for i, x in enumerate(value)
        ]
        changed = any(x is not y for x, y in zip(parts, value, strict=True))
        seen[id(value)] = parts if changed else value
    return seen[id(value)]


def _inside(name: str, i: int, value: object, seen: dict[int, object]) -> object:
    """Read an element of a list: a list, an array or a tensor, but no table with labels."""
    where = f"{name}[{i}]"
    if isinstance(value, list | tuple):
        return _nested(where, value, seen)
    if sp.issparse(value):
        cure = f"Give np.stack([x.toarray() for x in {name}], axis=1) where they are [a][s, s']"
        expected = "one array, dense or CSR, for all"
        raise invalid("type", where, "is sparse in a list", expected, cure)
    for place, labels in _labels(value):
        _order(f"{where}.{place}", labels, None)
    return resolve_labels(where, value)


def _labels(value: Any) -> list[tuple[str, list[object] | None]]:
    """Return place and labels of each axis of a table; [] for values that are no table."""
    if isinstance(value, np.ndarray):
        return []
    if hasattr(value, "dims") and hasattr(value, "coords"):
        named = [(str(d), value.coords[d] if d in value.coords else None) for d in value.dims]
        return [(d, None if x is None else np.asarray(x).tolist()) for d, x in named]
    places = ("index", "columns") if hasattr(value, "columns") else ("index",)
    found = [(place, getattr(value, place, None)) for place in places]
    if all(x is None or callable(x) for _, x in found):
        return []
    return [(p, None if callable(x) or x is None else list(x)) for p, x in found]


def _foreign(value: object) -> bool:
    """Return whether numpy can convert a value that is no nested list."""
    if isinstance(value, np.ndarray | memoryview | buffer):
        return True
    protocols = ("__array__", "__dlpack__", "__array_interface__")
    return not isinstance(value, type) and any(hasattr(value, name) for name in protocols)


def _converted(name: str, value: Any) -> Array:
    """Return a table or a tensor as an ndarray."""
    try:
        plain = np.asarray(value)
        if plain.dtype == object and plain.ndim == 0 and hasattr(value, "__dlpack__"):
            plain = np.from_dlpack(value)
    except Exception as error:  # of any class: a foreign package raised it
        got = f"is a {type(value).__name__} that numpy cannot read ({str(error)[:80]})"
        cure = f"Give it as a numpy array, such as {name}.detach().cpu().double().numpy() of torch"
        raise invalid("type", name, got, "an array", cure) from None
    return plain


def _unmasked(name: str, value: np.ma.MaskedArray[Any, Any]) -> Array:
    """Return the data of a masked array; raise InvalidMDPError if an entry is masked."""
    hidden = np.argwhere(np.ma.getmaskarray(value))
    if len(hidden) == 0:
        return np.asarray(value.data)
    at = f"[{', '.join(str(i) for i in hidden[0])}]" if hidden.shape[1] else ""
    cure = "Fill them by .filled(0); an action that is not available is masked by allowed=..."
    problem = Problem("masked", f"{name}{at}", "is masked", "an array without masked entries", cure)
    raise InvalidMDPError(problem, len(hidden) - 1)


def _order(where: str, labels: list[object] | None, axis: AxisNames | None) -> list[int] | None:
    """Return the position in the table of each name; None where the labels are positions."""
    if labels is None or _positions(labels) == list(range(len(labels))):
        return None
    what, names = axis or ("", None)
    names = [str(i) for i in range(len(labels))] if names is None else names
    places = {x: i for i, x in enumerate(labels) if isinstance(x, str)}
    numbered = _positions(labels)
    if numbered is not None and sorted(numbered) == list(range(len(names))):
        places = {names[k]: i for i, k in enumerate(numbered)}
    if axis is not None and len(labels) == len(names) and set(places) == set(names):
        return [places[x] for x in names]
    raise _unknown(where, labels, what, names)


def _positions(labels: list[object]) -> list[int] | None:
    """Return the labels as integers where all are integers, else None."""
    whole = [int(x) for x in labels if isinstance(x, int | np.integer) and not isinstance(x, bool)]
    return whole if len(whole) == len(labels) else None


def _unknown(where: str, labels: list[object], what: str, names: Sequence[str]) -> InvalidMDPError:
    """Return the error of labels that are not the names of an axis."""
    name = where.rsplit(".", 1)[0]
    got = f"has the labels {_listed(labels)}"
    if not what:
        cure = f"Give {name} as an array without labels, as by .to_numpy(), in the order meant"
        return invalid("labels", where, got, "no labels: no names to match", cure)
    cure = f"Rename the labels, give {what}_names=, or {name} without labels (.to_numpy())"
    expected = f"the {what} names {_listed(names)}, each once"
    return invalid("labels", where, got, expected, cure)


def _listed(labels: Iterable[object]) -> str:
    with long_integers():
        shown = [repr(x)[:40] for x in labels]
    return ", ".join(shown[:6]) + (f", ... ({len(shown)})" if len(shown) > 6 else "")
