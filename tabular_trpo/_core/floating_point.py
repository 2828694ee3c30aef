"""The floating-point state of the caller's process, kept from changing any result.

Two settings change floating-point results: numpy's error handling (`np.seterr`), and the rounding
mode of the processor with its treatment of subnormal numbers, on which every proved radius depends.
The first is set to numpy's default while a public function runs; errors that the caller ignores
stay ignored.  Python cannot set the second, so any mode but the default of IEEE 754 is an error.
"""

import threading
from collections.abc import Callable, Generator
from functools import cached_property, wraps
from inspect import isfunction, isgenerator
from types import FunctionType
from typing import Any, TypeVar, cast

import numpy as np

from tabular_trpo._core.errors import FloatingPointModeError

# Names and not literals, so that the compiler does not fold the sums.
ONE, NUDGE, MORE_THAN_HALF, LEAST_NORMAL, LARGE = 1.0, 2.0**-60, 3 * 2.0**-54, 2.0**-1022, 2.0**100
DEFAULTS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
PACKAGE = "tabular_trpo"
ERRORS = f"{PACKAGE}._core.errors"  # text only; one of them reports a changed rounding mode
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=type)
_thread = threading.local()  # `inside`: a public function is running in this thread


def require_ieee() -> None:
    """Raise unless the processor rounds to the nearest and keeps subnormal numbers, in this thread.

    Every error bound here is proved for IEEE 754 with rounding to nearest and gradual underflow.
    A few sums show the mode: 1 + 2^-60 rounds to 1, -1 - 2^-60 to -1, 1 + 3 2^-54 not to 1, and
    2^-1023 is not 0.

    raises: FloatingPointModeError

    >>> require_ieee()
    """
    if ONE + NUDGE != ONE:
        raise _mode("rounds up")
    if -ONE - NUDGE != -ONE:
        raise _mode("rounds down")
    if ONE + MORE_THAN_HALF == ONE:
        raise _mode("rounds toward zero")
    if LEAST_NORMAL / 2 * LARGE == 0:
        raise _mode("takes subnormal numbers for 0")


def _mode(got: str) -> FloatingPointModeError:
    expected = (
        "IEEE 754 with rounding to nearest and subnormal numbers, for which bounds are proved"
    )
    cure = (
        "Something in this process changed it in this thread, such as fesetround, "
        "torch.set_flush_denormal(True) or a library built with -ffast-math: undo it there by "
        "fesetround(FE_TONEAREST) or set_flush_denormal(False), or work in another process"
    )
    return FloatingPointModeError.of("float_mode", "the processor", got, expected, cure)


def guarded(function: F) -> F:
    """Return the function with a result that does not depend on the caller's floating-point state.

    The rounding mode is checked before and after the outermost call of a thread; inner calls test
    one flag.  A generator or a function that it returns is guarded as well.

    raises: FloatingPointModeError where rounding is not to nearest

    >>> with np.errstate(under="raise"):
    ...     float(guarded(np.exp)(-745.0))
    5e-324
    """

    @wraps(function)
    def within(*args: Any, **options: Any) -> Any:
        if getattr(_thread, "inside", False):
            return function(*args, **options)
        return _later(_alone(function, *args, **options))

    within.__dict__["__guarded__"] = True
    return cast("F", within)


def _alone(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call the outermost function of a thread."""
    require_ieee()
    _thread.inside = True
    try:
        found = dict(np.geterr())
        state = {k: "ignore" if "ignore" in (DEFAULTS[k], found[k]) else "warn" for k in found}
        if found == state:
            result = function(*args, **options)
        else:
            with np.errstate(**cast("Any", state)):
                result = function(*args, **options)
    finally:
        _thread.inside = False
    require_ieee()
    return result


def _later(result: Any) -> Any:
    """Return a result guarded where it computes later: a generator or a function of the package."""
    if isgenerator(result):
        return _each(result)
    if isfunction(result) and _ours(result) and not is_guarded(result):
        return guarded(result)
    return result


def _each(items: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Yield the items of a generator, each made as `guarded` makes a result."""
    try:
        while (item := _alone(next, items, _each)) is not _each:
            yield item
    finally:
        items.close()


def is_guarded(thing: Any) -> bool:
    """Return whether a function went through `guarded`."""
    return hasattr(thing, "__guarded__")


def guard_members(cls: T) -> T:
    """Guard the methods and properties that a class and its bases define, in place."""
    for base in filter(_ours, cls.__mro__):
        for name, member in list(vars(base).items()):
            if (made := _member(member)) is not member:
                setattr(base, name, made)
    return cls


def _member(member: Any) -> Any:
    """Return a guarded member, or the member itself where it is not ours or guarded already."""
    if isinstance(member, cached_property) and _written(member.func):
        member.func = guarded(member.func)
    elif isinstance(member, property) and member.fget and _written(member.fget):
        return property(guarded(member.fget), member.fset, member.fdel, member.__doc__)
    elif isinstance(member, classmethod | staticmethod) and _written(member.__func__):
        return type(member)(guarded(member.__func__))
    elif _written(member):
        return guarded(member)
    return member


def _written(member: Any) -> bool:
    """Return whether a member is a function of the package that is not guarded yet."""
    ours = isinstance(member, FunctionType) and _ours(member) and not is_guarded(member)
    return ours and member.__code__.co_filename != "<string>" and member.__name__ != "__new__"


def _ours(thing: Any) -> bool:
    home = getattr(thing, "__module__", "") or ""
    return home.partition(".")[0] == PACKAGE and home != ERRORS
