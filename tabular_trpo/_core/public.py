"""The mark of a public function or class: arguments checked, floating-point state guarded.

Every function and class of the public surface carries `public` where it is defined and nothing
else does; `tests/test_public.py` compares the marks with the stub files (`.pyi`).
"""

from dataclasses import is_dataclass
from inspect import isclass
from typing import Any, TypeVar

from tabular_trpo._core.arguments import typed, typed_record
from tabular_trpo._core.floating_point import guard_members, guarded

T = TypeVar("T")


def public(thing: T) -> T:
    """Mark a function or a class as public.

    Arguments of a function and fields of a record are checked against their annotations, and the
    function, or each method and property of the class, runs in numpy's default error state with
    the rounding mode checked (`floating_point.guarded`).

    raises: at calls TypeError for an argument of a wrong type, and FloatingPointModeError

    >>> @public
    ... def twice(text: str) -> str:
    ...     return 2 * text
    >>> twice("ab")
    'abab'
    """
    made: Any = thing
    if not isclass(made):
        made = guarded(typed(made))
    else:
        made = typed_record(made) if is_dataclass(made) else made
        guard_members(made)
    made.__public__ = True
    return made  # type: ignore[no-any-return]
