"""The `repr` of records whose numbers may be of any size."""

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from tabular_trpo._core.nearest import approximate, long_integers

BITS_IN_FULL = 200  # of a number that is written whole
DIGITS = 17  # of one that is not

T = TypeVar("T")


def readable(record: type[T]) -> type[T]:
    """Give a dataclass a `repr` that shortens long numbers; short ones look as usual.

    >>> from dataclasses import dataclass
    >>> @readable
    ... @dataclass
    ... class Found:
    ...     x: object
    ...     y: object
    >>> Found(Fraction(1, 3), [10**5000])
    Found(x=Fraction(1, 3), y=[about 1e+5000])
    """
    shown = [field.name for field in fields(record) if field.repr]  # type: ignore[arg-type]

    def text(self: Any) -> str:
        parts = (f"{name}={_text(getattr(self, name))}" for name in shown)
        return f"{type(self).__qualname__}({', '.join(parts)})"

    text.__name__, text.__qualname__ = "__repr__", f"{record.__qualname__}.__repr__"
    record.__repr__ = text  # type: ignore[method-assign]
    return record


def _text(value: Any) -> str:
    match value:
        case bool():
            return repr(value)
        case int() | Fraction() if _bits(value) > BITS_IN_FULL:
            return f"about {approximate(Fraction(value), DIGITS)}"
        case np.ndarray() if value.dtype == object:
            return _array(value)
        case list() | tuple() if type(value) in _BRACKETS:
            opening, closing = _BRACKETS[type(value)]
            comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
            return f"{opening}{', '.join(map(_text, value))}{comma}{closing}"
        case Mapping() if type(value) is dict:
            return f"{{{', '.join(f'{_text(k)}: {_text(x)}' for k, x in value.items())}}}"
    with long_integers():
        return repr(value)


_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")")}


def _bits(value: Any) -> int:
    q = Fraction(value)
    return max(q.numerator.bit_length(), q.denominator.bit_length())


def _array(value: Any) -> str:
    """Write an array of exact numbers as numpy does."""
    body = np.array2string(value, separator=", ", prefix="array(", formatter={"object": _text})
    return f"array({body}, dtype=object)"
