"""What the caller's process may have changed, and must not change here: how floats behave.

Two settings reach into every computation: numpy's reaction to underflow and the like (`np.seterr`),
and the processor's rounding mode with its treatment of subnormal numbers, which voids every proved
radius.  The first is set to its default while a public function works, but what the caller ignores
stays ignored.  Python cannot set the second, so another than IEEE 754's default is refused.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from functools import cached_property, wraps
from inspect import isclass, isfunction, isgenerator, ismodule
from sys import modules
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numpy as np

from tabular_trpo.core.errors import FloatingPointModeError, Problem

# Not folded by the compiler, because they are looked up when the sums are made.
ONE, NUDGE, MORE_THAN_HALF, LEAST_NORMAL, LARGE = 1.0, 2.0**-60, 3 * 2.0**-54, 2.0**-1022, 2.0**100
DEFAULTS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
PACKAGE = "tabular_trpo"
CHECKER = f"{PACKAGE}.check"  # stands alone, in rationals
ERRORS = f"{PACKAGE}.core.errors"  # words only, which say themselves that rounding is changed
F = TypeVar("F", bound=Callable[..., Any])
_thread = threading.local()  # `inside`: a public function is at work in this thread


def require_ieee() -> None:
    """Raise unless the processor rounds to the nearest and keeps subnormal numbers, in this thread.

    Every error bound here is proved for IEEE 754 with rounding to nearest and gradual underflow.
    A few sums tell: 1 + 2^-60 and -1 - 2^-60 stay, 1 + 3 2^-54 does not, 2^-1023 is not 0.

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
    return FloatingPointModeError(Problem("float_mode", "the processor", got, expected, cure))


def steady(function: F) -> F:
    """Return the function, giving the same result whatever the caller's process has set.

    Rounding is checked before and after.  What works inside is steady already, so an inner call
    costs a look at a flag.  A generator or a function that it returns is made steady as well.

    raises: FloatingPointModeError where rounding is not to nearest

    >>> with np.errstate(under="raise"):
    ...     float(steady(np.exp)(-745.0))
    5e-324
    """

    @wraps(function)
    def within(*args: Any, **options: Any) -> Any:
        if getattr(_thread, "inside", False):
            return function(*args, **options)
        return _later(_alone(function, *args, **options))

    within.__dict__["__steady__"] = True
    return cast("F", within)


def _alone(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call the outermost function of a thread."""
    require_ieee()
    _thread.inside = True
    try:
        told = dict(np.geterr())
        wanted = {k: "ignore" if "ignore" in (DEFAULTS[k], told[k]) else "warn" for k in told}
        if told == wanted:
            result = function(*args, **options)
        else:
            with np.errstate(**cast("Any", wanted)):
                result = function(*args, **options)
    finally:
        _thread.inside = False
    require_ieee()
    return result


def _later(result: Any) -> Any:
    """Return a result that is yet to work so that it is steady too."""
    if isgenerator(result):
        return _each(result)
    if isfunction(result) and _ours(result) and not is_steady(result):
        return steady(result)
    return result


def _each(items: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Yield the items of a generator, each made as `steady` makes a result."""
    try:
        while (item := _alone(next, items, _each)) is not _each:
            yield item
    finally:
        items.close()


def is_steady(thing: Any) -> bool:
    """Tell whether a function went through `steady`."""
    return hasattr(thing, "__steady__")


def settle(package: ModuleType, also: tuple[type, ...] = ()) -> None:
    """Make the public names of a package steady: functions, and methods of the classes beside them.

    Modules among the names are entered.  A function is replaced where it is defined and where it is
    named; what imported it before keeps the bare one, which works inside.

    also: further classes, of which results are made
    """
    homes = [modules[name] for name in dict.fromkeys(_homes(package))]
    for home in homes:
        for name, thing in list(vars(home).items()):
            if isclass(thing) and thing.__module__ == home.__name__:
                settle_class(thing)
            elif name in public(home) and isfunction(thing):
                setattr(home, name, _steady_once(thing))
    for cls in also:
        settle_class(cls)


def _homes(place: ModuleType) -> Iterator[str]:
    """Yield the names of the modules that are public, or define what is; functions are settled."""
    for name in public(place):
        thing = getattr(place, name)
        if ismodule(thing):
            yield thing.__name__
            yield from _homes(thing)
        elif _ours(thing):
            yield thing.__module__
            if isfunction(thing):
                setattr(place, name, _steady_once(thing))


def _steady_once(function: Any) -> Any:
    """Return the steady function that stands where this one is defined; make it if need be."""
    home = modules[function.__module__]
    if not is_steady(getattr(home, function.__name__, function)):
        setattr(home, function.__name__, steady(function))
    return getattr(home, function.__name__)


def public(place: ModuleType) -> list[str]:
    """Return the public names of a module: `__all__`, or what it defines itself."""
    own = [
        name for name, x in vars(place).items() if getattr(x, "__module__", "") == place.__name__
    ]
    names = getattr(place, "__all__", [name for name in own if not name.startswith("_")])
    return [name for name in names if getattr(place, name) is not modules.get(CHECKER)]


def settle_class(cls: type) -> None:
    """Make the methods and properties that a class and its bases define steady, in place."""
    if getattr(cls, "_is_protocol", False):
        return
    for base in filter(_ours, cls.__mro__):
        for name, member in list(vars(base).items()):
            if (made := _member(member)) is not member:
                setattr(base, name, made)


def _member(member: Any) -> Any:
    """Return a member made steady, or itself where it is no code of ours or is steady already."""
    if isinstance(member, cached_property) and _written(member.func):
        member.func = steady(member.func)
    elif isinstance(member, property) and member.fget and _written(member.fget):
        return property(steady(member.fget), member.fset, member.fdel, member.__doc__)
    elif isinstance(member, classmethod | staticmethod) and _written(member.__func__):
        return type(member)(steady(member.__func__))
    elif _written(member):
        return steady(member)
    return member


def _written(member: Any) -> bool:
    """Tell whether a member is a function that we wrote and that is not steady yet."""
    ours = isinstance(member, FunctionType) and _ours(member) and not is_steady(member)
    return ours and member.__code__.co_filename != "<string>" and member.__name__ != "__new__"


def _ours(thing: Any) -> bool:
    home = getattr(thing, "__module__", "") or ""
    return home.partition(".")[0] == PACKAGE and home != ERRORS
