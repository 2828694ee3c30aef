"""The one door for arrays: labels are read or refused, masks refused, foreign tensors converted.

What follows the door sees nested lists, numpy arrays and scalars, whose order is their meaning.
Labelled tables (pandas, polars, xarray) are told by what they can do; none of them is imported.
"""

from array import array as buffer
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.nearest import long_integers

ROW_TOLERANCE = 1e-9  # of rows of doubles
ROUNDINGS = 8  # of rows of coarser numbers, in units of their precision
AxisNames = tuple[str, Sequence[str] | None]  # "state" or "action", and the names if they are known
PLAIN = (str, bytes, int, float, complex, Fraction, Decimal, np.generic)


def resolve_labels(name: str, value: Any, axes: Sequence[AxisNames] = ()) -> Any:
    """Return what a user gave as nested lists, an array or a scalar with the same numbers.

    name:   how errors call it
    axes:   what the axes range over; the labels of a table are looked up there, and its rows put
            in that order.  Labels 0, 1, ... stand for positions
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


def row_tolerance(value: Any) -> float:
    """Return by how much a row of probabilities may miss 1, given the precision that it came in.

    >>> row_tolerance([0.5, 0.5]), row_tolerance(np.float32([0.5, 0.5]))
    (1e-09, 9.5367431640625e-07)
    """
    return max(ROW_TOLERANCE, *(ROUNDINGS * precision(x) for x in _dtypes(value)), 0.0)


@cache
def precision(dtype: Any) -> float:
    """Return the distance from 1 to the next number of a dtype; 0 where it has no fractions.

    >>> precision(np.dtype(np.float32)) == 2.0**-23, precision(np.dtype(int))
    (True, 0)
    """
    if not is_float(dtype):
        return 0
    # `finfo` does not know the dtypes of other packages.
    bits = 0
    while bits < 64 and np.array(1 + 2.0 ** -(bits + 1)).astype(dtype).astype(np.float64) != 1:
        bits += 1
    return 2.0**-bits


def is_float(dtype: Any) -> bool:
    """Tell numpy's floats, and those of other packages, such as bfloat16, from other dtypes."""
    return bool(dtype.kind == "f" or (dtype.kind == "V" and np.can_cast(dtype, np.float64)))


def _dtypes(value: Any) -> set[Any]:
    if isinstance(value, list | tuple):
        inner = (_dtypes(x) for x in value if not isinstance(x, str | int | float | Fraction))
        return set().union(*inner)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {x.dtype for x in value.flat if isinstance(x, np.generic)}
    dtype = getattr(value, "dtype", None)
    return {dtype} if isinstance(dtype, np.dtype) else set()


def _nested(name: str, value: Any, seen: dict[int, Any]) -> Any:
    """Return lists with arrays and tensors in them read; lists that hold none are themselves.

    seen: what lists were read as, by identity: one list may stand in many places
    """
    if id(value) not in seen:
        parts = [
            x if isinstance(x, PLAIN) else _inside(name, i, x, seen) for i, x in enumerate(value)
        ]
        changed = any(x is not y for x, y in zip(parts, value, strict=True))
        seen[id(value)] = parts if changed else value
    return seen[id(value)]


def _inside(name: str, i: int, value: Any, seen: dict[int, Any]) -> Any:
    """Read an element of a list, which may be a list, an array or a tensor, but not a table."""
    where = f"{name}[{i}]"
    if isinstance(value, list | tuple):
        return _nested(where, value, seen)
    if sp.issparse(value):
        cure = f"Give np.stack([x.toarray() for x in {name}], axis=1) where they are [a][s, s']"
        expected = "one array, dense or CSR, for all"
        raise invalid("type", where, "is sparse in a list", expected, cure)
    for place, found in _labels(value):
        _order(f"{where}.{place}", found, None)
    return resolve_labels(where, value)


def _labels(value: Any) -> list[tuple[str, list[Any] | None]]:
    """Return the place and the labels of each axis of a table; [] for what is none."""
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


def _foreign(value: Any) -> bool:
    if isinstance(value, np.ndarray | memoryview | buffer):
        return True
    return not isinstance(value, type) and any(
        hasattr(value, door) for door in ("__array__", "__dlpack__", "__array_interface__")
    )


def _converted(name: str, value: Any) -> Any:
    """Return a table or a tensor as an ndarray; lists within it stay what they are."""
    try:
        plain = np.asarray(value)
        if plain.dtype == object and plain.ndim == 0 and hasattr(value, "__dlpack__"):
            plain = np.from_dlpack(value)
    except Exception as error:  # whatever a foreign package raises
        got = f"is a {type(value).__name__} that numpy cannot read ({str(error)[:80]})"
        cure = f"Give it as a numpy array, such as {name}.detach().cpu().double().numpy() of torch"
        raise invalid("type", name, got, "an array", cure) from None
    return plain


def _unmasked(name: str, value: Any) -> Any:
    hidden = np.argwhere(np.ma.getmaskarray(value))
    if len(hidden) == 0:
        return np.asarray(value.data)
    at = f"[{', '.join(str(i) for i in hidden[0])}]" if hidden.shape[1] else ""
    cure = "Fill them by .filled(0); an action that is not available is masked by allowed=..."
    problem = Problem("masked", f"{name}{at}", "is masked", "an array without masked entries", cure)
    raise InvalidMDPError(problem, len(hidden) - 1)


def _order(where: str, labels: list[Any] | None, axis: AxisNames | None) -> list[int] | None:
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


def _positions(labels: list[Any]) -> list[int] | None:
    """Return labels that are whole numbers as such, else None."""
    whole = all(isinstance(x, int | np.integer) and not isinstance(x, bool) for x in labels)
    return [int(x) for x in labels] if whole else None


def _unknown(where: str, labels: list[Any], what: str, names: Sequence[str]) -> InvalidMDPError:
    name = where.rsplit(".", 1)[0]
    got = f"has the labels {_listed(labels)}"
    if not what:
        cure = f"Give {name} as an array without labels, as by .to_numpy(), in the order meant"
        return invalid("labels", where, got, "no labels: no names to match", cure)
    cure = f"Rename the labels, give {what}_names=, or {name} without labels (.to_numpy())"
    expected = f"the {what} names {_listed(names)}, each once"
    return invalid("labels", where, got, expected, cure)


def _listed(labels: Iterable[Any]) -> str:
    with long_integers():
        shown = [repr(x)[:40] for x in labels]
    return ", ".join(shown[:6]) + (f", ... ({len(shown)})" if len(shown) > 6 else "")
