"""Types of arguments: every public function refuses a wrong one by a TypeError that names it.

`typed` reads the annotations of a function once and checks each argument on every call.  `Any` and
`object` are not checked, and numbers (`int`, `float`) are left to the function, which checks their
range; the fields of a record (`typed_record`) are checked in full.
"""

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import wraps
from numbers import Integral, Number, Real
from os import PathLike
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar, final

import numpy as np

from tabular_trpo._core.interval import Interval
from tabular_trpo._core.numbers import NUMBER, shown
from tabular_trpo._core.real import Real as ExactReal

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)
Test = tuple[Callable[[object], bool], str]  # of a value, and the description of what passes

# What passes for an annotation, and its description; other classes pass for themselves.
KINDS: dict[object, tuple[tuple[type, ...], str]] = {
    bool: ((bool, np.bool_), "True or False"),
    str: ((str,), "a text"),
    dict: ((dict,), "a dictionary"),
    tuple: ((tuple,), "a tuple"),
    list: ((list,), "a list"),
    int: ((Integral,), "a whole number"),
    float: ((Real,), "a real number"),
    PathLike: ((PathLike,), "a path"),
    Iterable: ((Iterable,), "a list or another iterable"),
    Sequence: ((Sequence,), "a list"),
    Mapping: ((Mapping,), "a mapping"),
    np.ndarray: ((np.ndarray, Interval), "a numpy array"),
    types.NoneType: ((types.NoneType,), "None"),
}
UNCHECKED = (Any, object, inspect.Parameter.empty)
BY_RANGE = (int, float, np.random.Generator)  # checked by each function, with the range


@final
class Check(NamedTuple):
    """What one argument must be: its position, its name, a test and a description."""

    position: int
    name: str
    passes: Callable[[object], bool]
    expected: str


def typed(function: Callable[P, R]) -> Callable[P, R]:
    """Check the types of the arguments on every call.

    raises: TypeError where an annotation is no class, union or container of classes, or Any

    >>> @typed
    ... def twice(text: str) -> str:
    ...     return 2 * text
    >>> twice(3)
    Traceback (most recent call last):
    TypeError: twice: text = 3, expected a text. Call twice(text)
    """
    return _checking(function, function, numbers=False)


def typed_record(cls: C) -> C:
    """Check the types of the fields of a dataclass when one is made; numbers too.

    raises: TypeError as `typed`
    """
    cls.__init__ = _checking(cls.__init__, cls, numbers=True)  # type: ignore[misc]
    return cls


def _checking(
    function: Callable[P, R], owner: Callable[..., object], numbers: bool
) -> Callable[P, R]:
    """Return `function` with its arguments checked; errors name `owner`."""
    checks = _checks(function, numbers)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        n = len(args)
        for position, name, passes, expected in checks:
            if position < n:
                value = args[position]
            elif name in kwargs:
                value = kwargs[name]
            else:
                continue
            if not passes(value):
                raise _wrong(owner, name, value, expected)
        return function(*args, **kwargs)

    return checked


def _wrong(owner: Callable[..., object], name: str, value: object, expected: str) -> TypeError:
    order = [p for p in inspect.signature(owner).parameters if p != "self"]
    call = f"Call {owner.__name__}({', '.join(order)})"
    got = f"{name} = {described(value)}"
    return TypeError(f"{owner.__qualname__}: {got}, expected {expected}. {call}")


def described(value: object) -> str:
    """Describe any value in a few words for a message.

    >>> described(3), described(np.ones((2, 2))), described(len), described(b"x")
    ('3', 'an array of shape (2, 2)', 'a builtin_function_or_method', "b'x'")
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (str, bytes, Integral, Real, types.NoneType)):
        return shown(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOMLaeio' and name[:2] != 'Mi' else 'a'} {name}"


def _checks(function: Callable[..., object], numbers: bool) -> tuple[Check, ...]:
    out = []
    for position, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        test = _test(parameter.annotation, numbers)
        if test is not None and name != "self":
            keyword = parameter.kind is parameter.KEYWORD_ONLY
            out.append(Check(10**6 if keyword else position, name, *test))
    return tuple(out)


def _numeric(value: object) -> bool:
    """Return whether a value is a number of any arithmetic, or an array of numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiuO"
    number = isinstance(value, (Number, np.number, Interval, ExactReal, Decimal))
    return number and not isinstance(value, (bool, complex, np.complexfloating))


def _test(annotation: Any, numbers: bool) -> Test | None:
    """Return the test of an annotation; None where every value passes."""
    parts = _parts(annotation)
    scalar = typing.get_origin(annotation) is typing.Annotated
    if scalar and numbers:
        (expected,) = annotation.__metadata__
        return lambda x: _numeric(x) or (expected != NUMBER and x is None), expected
    unchecked = UNCHECKED if numbers else (*UNCHECKED, *BY_RANGE)
    if scalar or any(part in unchecked or isinstance(part, str) for part in parts):
        return None
    found = [_class(part) for part in parts]
    arrays = numbers and any(typing.get_origin(part) is np.ndarray for part in parts)
    classes = tuple(c for each, _ in found for c in each)
    needs = [n for part in parts if (n := _members(part))]
    expected = " or ".join(dict.fromkeys(text for _, text in found))
    values = {x for part in parts if _is_enum(part) for x in part}  # strings, one by one
    no_text = any(typing.get_origin(p) in (Iterable, Sequence) for p in parts) and str not in parts

    def passes(value: object) -> bool:
        if arrays and (isinstance(value, list | tuple) or hasattr(type(value), "__array__")):
            return True  # `core.records.locked` reads it
        if isinstance(value, classes):
            truth = isinstance(value, (bool, np.bool_)) and bool not in parts
            return not (truth and numbers) and not (no_text and isinstance(value, (str, bytes)))
        if isinstance(value, str) and value in values:
            return True
        return any(
            callable(value) if names == ("__call__",) else all(hasattr(value, n) for n in names)
            for names in needs
        ) and not isinstance(value, type)

    return passes, expected


def _is_enum(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, StrEnum)


def _parts(annotation: object) -> list[Any]:
    """Return the members of a union, or the annotation alone."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [part for each in typing.get_args(annotation) for part in _parts(each)]
    return [types.NoneType if annotation is None else annotation]


def _members(part: object) -> tuple[str, ...]:
    """Return the names that a value needs where the annotation is a protocol or a callable."""
    if typing.get_origin(part) is Callable or part is Callable:
        return ("__call__",)
    if isinstance(part, type) and Protocol in part.__mro__:
        return tuple(n for n in vars(part) if n[0] != "_" or n == "__call__")
    return ()


def _class(part: Any) -> tuple[tuple[type, ...], str]:
    """Return the classes that pass for an annotation, and their description."""
    base = typing.get_origin(part) or part
    if base in KINDS:
        return KINDS[base]
    if needs := _members(part):
        text = "a function" if needs == ("__call__",) else f"a {base.__name__}"
        return (), text
    if _is_enum(base):
        return (base,), f"one of {', '.join(map(repr, base))}"
    if not isinstance(base, type):
        raise TypeError(f"annotation {part!r} cannot be checked")
    vowel = base.__name__[0] in "AEIO" or base.__name__ == "MDP"
    return (base,), f"{'an' if vowel else 'a'} {base.__name__}"
