"""The `repr` of records: one line, whatever the size of their numbers and arrays."""

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.nearest import approximate, long_integers

BITS_IN_FULL = 200  # of a number that is written in full
DIGITS = 17  # of one that is not
ENTRIES_IN_FULL = 12  # of an array that is written in full

T = TypeVar("T")


def readable(record: type[T]) -> type[T]:
    """Give a dataclass a `repr` on one line that shortens long numbers and large arrays.

    >>> from dataclasses import dataclass
    >>> @readable
    ... @dataclass
    ... class Found:
    ...     x: object
    ...     y: object
    >>> Found(Fraction(1, 3), [10**5000])
    Found(x=Fraction(1, 3), y=[about 1e+5000])
    >>> Found(np.eye(2), np.eye(4))
    Found(x=array([[1., 0.], [0., 1.]]), y=array of shape (4, 4))
    """
    shown = [field.name for field in fields(record) if field.repr]  # type: ignore[arg-type]

    def text(self: object) -> str:
        parts = (f"{name}={_text(getattr(self, name))}" for name in shown)
        return f"{type(self).__qualname__}({', '.join(parts)})"

    text.__name__, text.__qualname__ = "__repr__", f"{record.__qualname__}.__repr__"
    record.__repr__ = text  # type: ignore[method-assign]
    return record


def _text(value: object) -> str:
    """Return a value as text on one line."""
    match value:
        case bool():
            return repr(value)
        case int() | Fraction() if _bits(Fraction(value)) > BITS_IN_FULL:
            return f"about {approximate(value, DIGITS)}"
        case np.ndarray() if value.size > ENTRIES_IN_FULL:
            return f"array of shape {value.shape}"
        case np.ndarray() if value.dtype == object:
            text = np.array2string(value, separator=", ", formatter={"object": _text})
            return f"array({_one_line(text)}, dtype=object)"
        case np.ndarray():
            return _one_line(repr(value))
        case sp.csr_array():
            return f"CSR array of shape {value.shape}"
        case list() | tuple() if type(value) in _BRACKETS:
            opening, closing = _BRACKETS[type(value)]
            comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
            return f"{opening}{', '.join(map(_text, value))}{comma}{closing}"
        case Mapping() if type(value) is dict:
            return f"{{{', '.join(f'{_text(k)}: {_text(x)}' for k, x in value.items())}}}"
    with long_integers():
        return repr(value)


_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")")}


def _bits(q: Fraction) -> int:
    return max(q.numerator.bit_length(), q.denominator.bit_length())


def _one_line(text: str) -> str:
    return " ".join(text.split())
