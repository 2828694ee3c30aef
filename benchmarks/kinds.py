"""Kinds of arguments for `benchmarks.invalid_input`, with their valid and invalid values.

A kind is a pair of functions of a `World`: `valid` returns one value that the tested function must
accept, `invalid` a list of values, each of which it must refuse. Invalid values have another type,
another shape or the other arithmetic, are out of range, or are too large.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.worlds import World

Values = Callable[[World], list[Any]]


@dataclass(frozen=True)
class Kind:
    """Functions of a world that return a valid value and a list of invalid values."""

    valid: Callable[[World], Any]
    invalid: Values


class Strange:
    """An object whose conversion to an array or a number raises a RuntimeError."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise a RuntimeError."""
        raise RuntimeError("no array")

    def __float__(self) -> float:
        """Raise a RuntimeError."""
        raise RuntimeError("no number")


HUGE = 10**5000
THINGS: tuple[Any, ...] = (b"x", {1: 2}, {1, 2}, object(), Strange(), Ellipsis, len, dict, 1j)
NUMBERS: tuple[Any, ...] = (3, 2.5, -1, True, math.nan, HUGE, Fraction(1, 3))
TEXTS: tuple[Any, ...] = ("", "nonsense", "1/0", "nan")
LISTS: tuple[Any, ...] = ([], [[]], [[1, 2], [3]], [None], ["a", "b"], np.zeros((2, 3, 4, 5, 6)))
ODD_NUMBERS: tuple[Any, ...] = (
    Decimal("sNaN"),
    Decimal("NaN"),
    np.float64("nan"),
    np.datetime64(1, "s"),
)


def record(get: Callable[[World], Any], *more: Any) -> Kind:
    """Return the kind of an argument of one class; values of any other type are invalid."""
    return Kind(get, lambda w: [None, *THINGS, *NUMBERS, *TEXTS, *LISTS, w.pi, *more])


def whole(valid: Callable[[World], int], least: int, optional: bool = False) -> Kind:
    """Return the kind of an integer that is at least `least` and not so large as to be refused."""
    wrong = [
        least - 1,
        -(10**30),
        2.5,
        math.nan,
        math.inf,
        "3",
        [3],
        np.array([1, 2]),
        True,
        10**400,
    ]
    return Kind(valid, lambda w: [*wrong, HUGE, *THINGS, *TEXTS, *([] if optional else [None])])


def unit(valid: Callable[[World], Any], *wrong: Any) -> Kind:
    """Return the kind of a number; the values in `wrong` are out of its range."""
    odd = [None, *THINGS, *TEXTS, *LISTS, *ODD_NUMBERS, HUGE, -HUGE, math.nan, math.inf, -math.inf]
    return Kind(valid, lambda w: [*wrong, *odd])


def choice(*words: str, optional: bool = False) -> Kind:
    """Return the kind of a string that is one of the given words."""
    wrong = [*THINGS, *NUMBERS, *TEXTS, *LISTS, words[0].upper(), *([] if optional else [None])]
    return Kind(lambda w: words[w.rng.integers(len(words))], lambda w: wrong)


def table(get: Callable[[World], Any], *more: Callable[[World], Any]) -> Kind:
    """Return the kind of an array with the shape and arithmetic of the valid value."""
    return Kind(get, lambda w: [*_arrays(w, np.asarray(get(w))), *(x(w) for x in more)])


def batched(get: Callable[[World], Any]) -> Kind:
    """Return the kind of an array of numbers of any length that may have leading axes."""
    return Kind(get, lambda w: [x for x in _arrays(w, np.asarray(get(w))) if not _plain(x)])


def without_lead(kind: Kind) -> Kind:
    """Return the kind with leading axes allowed: arrays of three axes are not invalid."""
    return Kind(kind.valid, lambda w: [x for x in kind.invalid(w) if getattr(x, "ndim", 0) != 3])


def _plain(x: Any) -> bool:
    """Return whether x is a small array of finite doubles, or an array of Fractions."""
    small = type(x) is np.ndarray and x.dtype == np.float64 and x.size < 1000
    fractions = type(x) is np.ndarray and all(type(v) is Fraction for v in x[:9].flat)
    return fractions or (small and bool(np.isfinite(x).all()))


def _arrays(w: World, x: Any) -> list[Any]:
    """Return values that are not an array of numbers with the shape and arithmetic of x."""
    bad = [None, *THINGS, *TEXTS, *LISTS[:5], w.mdp, w.ev, math.nan]
    junks = [math.nan, math.inf, None, "x", 1j, Decimal("sNaN")]
    junks += [[1]] if x.size > 1 else []
    junks += [HUGE] if x.dtype != object else []
    for junk in junks:
        y = np.array(x, dtype=object)
        y.flat[0] = junk
        bad.append(y.tolist() if isinstance(junk, list) else y)
    bad.append(np.stack([x, x, x]))
    bad.append(np.concatenate([x, x[:1]]))
    bad.append(np.broadcast_to(np.float64(0.5), (10**8, 10**7)))
    bad.append(np.broadcast_to(np.asarray(x, dtype=float), (10**15, *x.shape)))
    if x.ndim != 2:
        bad.append(np.ones((2, 3)).view(np.matrix))
    bad.append(np.asarray(x, dtype=float).astype(complex))
    bad.append(np.ma.masked_array(np.asarray(x, dtype=float), mask=np.ones(x.shape, dtype=bool)))
    if x.dtype == object:
        bad.append(np.asarray(x, dtype=float) + 0.1)
    return bad


def rows(get: Callable[[World], Any], *more: Callable[[World], Any]) -> Kind:
    """Return the kind of an array of probabilities whose last axis sums to 1."""
    wrong = (lambda w: 2 * get(w), lambda w: -get(w), lambda w: 0 * get(w))
    return table(get, *wrong, *more)


def indices(get: Callable[[World], Any]) -> Kind:
    """Return the kind of a vector of indices of states or actions."""

    def invalid(w: World) -> list[Any]:
        x = np.asarray(get(w))
        wild = [x + 10**6, x - 10**6, x + 0.5, x.astype(float) * math.nan, x.astype(str), [x, [1]]]
        wild.append(np.broadcast_to(x, (10**15, *x.shape)))
        return [*wild, x[None], None, *THINGS, *TEXTS, HUGE, [HUGE] * len(x), w.mdp]

    return Kind(get, invalid)


def names(get: Callable[[World], list[str]]) -> Kind:
    """Return the kind of a list of distinct names, one for each state or action."""

    def invalid(w: World) -> list[Any]:
        good = get(w)
        n = len(good)
        wrong = [[None] * n, [3] * n, [""] * n, [*good[1:], []], good[:1] * 2 + good[2:]]
        return [*THINGS[:1], *THINGS[3:], 3, math.nan, "nonsense", [*good, "one more"], *wrong]

    return Kind(get, invalid)


def function(valid: Callable[[World], Any], optional: bool = False) -> Kind:
    """Return the kind of a callable."""
    wrong = [*THINGS[:6], *NUMBERS, *TEXTS, *LISTS]
    return Kind(valid, lambda w: wrong if optional else [None, *wrong])


def anything(get: Callable[[World], Any], *wrong: Any) -> Kind:
    """Return the kind with the given invalid values."""
    return Kind(get, lambda w: list(wrong))


FLAG = Kind(lambda w: bool(w.rng.random() < 0.5), lambda w: [None, 3, "yes", 0.0, [], *THINGS[:6]])


def either_number(text: str, floating: float) -> Callable[[World], Any]:
    """Return the function of a world that gives a number in its arithmetic."""
    return lambda w: Fraction(text) if w.rational else floating


def transposed(x: Any) -> Any:
    """Return the array with its axes reversed and two rows added, so that no shape matches."""
    return np.concatenate([x.T, x.T[:1], x.T[:1]])


def disallowed(w: World) -> Any:
    """Return a policy that takes an action which is not allowed; None if all are allowed."""
    x = np.array(w.pi)
    if not w.masked:
        return None
    s, a = np.argwhere(~w.allowed)[0]
    x[s] = 0 * x[s]
    x[s, a] = 1 + 0 * x[s, a]
    return x
