"""Renamed arguments and attributes: the old names work until version 1.0, with a warning.

AxisNames of modules are in `tabular_trpo._renames`; all are listed in docs/renames.md.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from warnings import warn

P = ParamSpec("P")
R = TypeVar("R")


def renamed_arguments(**new: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take keyword arguments by their old names: old="new".

    >>> @renamed_arguments(start="rho0")
    ... def f(rho0: str) -> str:
    ...     return rho0
    >>> f(start="uniform")
    Traceback (most recent call last):
    DeprecationWarning: f: the argument start is now rho0
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def renaming(*args: P.args, **named: P.kwargs) -> R:
            for old in named.keys() & new.keys():
                _warn(f"{function.__name__}: the argument {old} is now {new[old]}")
                named[new[old]] = named.pop(old)
            return function(*args, **named)

        renaming.__dict__["__renamed__"] = new
        return renaming

    return decorated


def renamed_attribute(old: str, new: str) -> property:
    """Return a property that reads the attribute `new` under its old name."""

    def read(self: object) -> object:
        _warn(f"{type(self).__name__}.{old} is now {type(self).__name__}.{new}")
        return getattr(self, new)

    read.__dict__["__guarded__"] = True  # it computes nothing, and the caller's line is named
    return property(read, doc=f"The old name of `{new}`.")


def _warn(text: str) -> None:
    warn(text, DeprecationWarning, stacklevel=3)
