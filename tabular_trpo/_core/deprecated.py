"""Renamed arguments and attributes: the old names work until version 1.0, with a warning.

Names of modules are in `tabular_trpo._renames`; all are listed in docs/renames.md.
"""

from collections.abc import Callable
from functools import wraps
from inspect import isclass
from typing import Any, TypeVar
from warnings import warn

T = TypeVar("T")


def renamed_arguments(**new: str) -> Callable[[T], T]:
    """Let a function, or the constructor of a class, take arguments by old names: old="new".

    >>> @renamed_arguments(start="rho0")
    ... def f(rho0: str) -> str:
    ...     return rho0
    >>> f(start="uniform")
    Traceback (most recent call last):
    DeprecationWarning: f: the argument start is now rho0
    """

    def decorated(thing: T) -> T:
        made: Any = thing
        if not isclass(thing):
            return _renaming(made, made.__name__, new)  # type: ignore[no-any-return]
        made.__init__ = _renaming(made.__init__, made.__name__, new)
        return thing

    return decorated


def _renaming(function: Any, name: str, new: dict[str, str]) -> Any:
    @wraps(function)
    def renaming(*args: Any, **named: Any) -> Any:
        for old in named.keys() & new.keys():
            if new[old] in named and function.__name__ != "__init__":  # `replace` gives both
                raise TypeError(f"{name}: {old} is the old name of {new[old]}; give one of them")
            _warn(f"{name}: the argument {old} is now {new[old]}")
            named[new[old]] = named.pop(old)
        return function(*args, **named)

    renaming.__dict__["__renamed__"] = new
    return renaming


def renamed_attribute(old: str, new: str) -> property:
    """Return a property that reads the attribute `new` under its old name."""

    def read(self: object) -> object:
        _warn(f"{type(self).__name__}.{old} is now {type(self).__name__}.{new}")
        return getattr(self, new)

    read.__dict__["__guarded__"] = True  # it computes nothing, and the caller's line is named
    return property(read, doc=f"The old name of `{new}`.")


def _warn(text: str) -> None:
    warn(text, DeprecationWarning, stacklevel=3)
