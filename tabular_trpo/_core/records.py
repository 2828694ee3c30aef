"""Records: read-only when made, copied or unpickled, and equal by their contents.

numpy copies and unpickles arrays as writable ones, and compares them entry by entry.  The records
that `locked_dataclass` makes behave as values all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, final

import numpy as np

from tabular_trpo._core.array_input import resolve_labels
from tabular_trpo._core.errors import TabularError, invalid
from tabular_trpo._core.numbers import Array, is_sparse
from tabular_trpo._core.readable import readable

__all__ = ["locked", "locked_dataclass"]  # the alias below would not be exported to type checkers
Record = TypeVar("Record")
SCALARS = {float, int, str, bool, type(None), Fraction}


@final
class _View(dict[Any, Any]):
    """The contents of a read-only mapping in a pickle, which cannot hold the mapping itself."""


if TYPE_CHECKING:
    from dataclasses import dataclass as locked_dataclass
else:

    def locked_dataclass(**options: bool) -> Callable[[type[Record]], type[Record]]:
        """Return a decorator: a dataclass with slots, its arrays locked (see `locked`).

        options: as those of `dataclasses.dataclass`
        """
        return lambda cls: locked(dataclass(slots=True, **options)(cls))


def locked(cls: type[Record]) -> type[Record]:
    """Make the arrays of a record read-only: in a new one, in copies, and after pickling.

    Lists given for fields of type Array become arrays; labels and masks are refused.
    Equality and hash, where the dataclass has them, compare arrays by their entries and shapes.
    The `repr` is that of `readable`, unless the dataclass has none or its own.
    A method `_portable` returns the values of fields that are pickled and copied in another form.
    """
    names = tuple(f.name for f in fields(cls))  # type: ignore[arg-type]
    tables = {f.name for f in fields(cls) if f.type in (Array, Array | None)}  # type: ignore[arg-type]
    made: Callable[..., None] = cls.__init__

    @wraps(made)
    def init(self: Any, *args: Any, **named: Any) -> None:
        made(self, *args, **named)
        for name in names:
            value = getattr(self, name)
            if type(value) in SCALARS:
                continue
            read = _read(name, value) if name in tables else value
            kept = _lock(read, own=False)
            if kept is not value:
                object.__setattr__(self, name, kept)

    def getstate(self: Any) -> list[Any]:
        other = self._portable() if hasattr(self, "_portable") else {}
        return [_packed(other[x] if x in other else getattr(self, x)) for x in names]

    def setstate(self: Any, state: list[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, _lock(_unpacked(value), own=True))

    def equal(self: Any, other: object) -> Any:
        if type(other) is not cls:
            return NotImplemented
        return all(_same(getattr(self, x), getattr(other, x)) for x in names)

    def digest(self: Any) -> int:
        return hash((cls, *(_key(getattr(self, x)) for x in names)))

    methods: dict[str, Any] = {"__init__": init, "__getstate__": getstate, "__setstate__": setstate}
    if cls.__dataclass_params__.eq:  # type: ignore[attr-defined]
        methods |= {"__eq__": equal, "__hash__": digest}
    for name, method in methods.items():
        setattr(cls, name, method)
    return readable(cls) if cls.__dataclass_params__.repr else cls  # type: ignore[attr-defined]


def _read(name: str, value: object) -> object:
    """Return lists and foreign arrays as arrays (see `array_input.resolve_labels`)."""
    if type(value) is np.ndarray or isinstance(value, np.generic) or is_sparse(value):
        return value
    if not isinstance(value, list | tuple) and not hasattr(value, "__array__"):
        return value
    if type(value).__module__.startswith("tabular_trpo."):  # an interval is no array
        return value
    try:
        return np.asarray(resolve_labels(name, value))
    except ValueError as error:
        if isinstance(error, TabularError):
            raise
        got, expected = "is ragged", "nested lists of equal lengths"
        raise invalid("shape", name, got, expected) from None


def _lock(value: Any, own: bool) -> Any:
    """Return a value whose arrays are read-only, also those in tuples, lists and mappings.

    own: whether its arrays came from a copy or a pickle; of others, which may be a user's, a view
         is locked
    """
    if isinstance(value, np.ndarray):
        if value.flags.writeable:
            value = value if own else value.view()
            value.setflags(write=False)
    elif is_sparse(value):
        for part in ("data", "indices", "indptr"):
            if isinstance(getattr(value, part, None), np.ndarray):
                getattr(value, part).setflags(write=False)
    elif type(value) in (tuple, list):
        parts = [_lock(x, own) for x in value]
        if any(x is not y for x, y in zip(parts, value, strict=True)):
            return type(value)(parts)
    elif type(value) is dict:
        for key, x in value.items():
            value[key] = _lock(x, own)
    return value


def _packed(value: object) -> object:
    if isinstance(value, MappingProxyType):
        return _View({key: _packed(x) for key, x in value.items()})
    return {key: _packed(x) for key, x in value.items()} if type(value) is dict else value


def _unpacked(value: object) -> object:
    if isinstance(value, dict):
        inside = {key: _lock(_unpacked(x), own=True) for key, x in value.items()}
        return MappingProxyType(inside) if type(value) is _View else inside
    return value


def _same(x: Any, y: Any) -> bool:
    if x is y:
        return True
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)):
            return False
        return np.array_equal(x, y, equal_nan=x.dtype.kind == y.dtype.kind == "f")
    if is_sparse(x) or is_sparse(y):
        both = is_sparse(x) and is_sparse(y) and x.shape == y.shape
        return bool(both and (x != y).nnz == 0)
    if isinstance(x, tuple | list) and type(x) is type(y):
        return len(x) == len(y) and all(_same(a, b) for a, b in zip(x, y, strict=True))
    if isinstance(x, dict | MappingProxyType) and type(x) is type(y):
        return x.keys() == y.keys() and all(_same(x[key], y[key]) for key in x)
    return bool(x == y)


def _key(value: object) -> object:
    """Return a hashable value that is equal for equal values."""
    if isinstance(value, np.ndarray) or is_sparse(value):
        return value.shape
    if isinstance(value, tuple | list):
        return tuple(_key(x) for x in value)
    return len(value) if isinstance(value, dict | set | MappingProxyType) else value
