"""Sums of terms on batches of pairs, beside the size of what they are made of."""

from typing import Any

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.sums import Terms
from tabular_trpo._theory.expression import Expression, Values
from tabular_trpo._theory.plain import PlainPair

Known = tuple[Values, Values]  # the values of expressions, and their sizes


def total(terms: Terms, p: PlainPair, known: Known | None = None) -> tuple[Array, Array]:
    """Return the sum of the terms, and of their sizes, as (N, ...)."""
    known = known or ({}, {})
    found: Array = np.zeros(len(p.cases))
    size: Array = found
    for sign, e in terms:
        value, whole = (spread(x, p) for x in (e.value(p, known[0]), _size(e, p, known)))
        axes = max(value.ndim, found.ndim)
        found, size, value, whole = (along(x, axes) for x in (found, size, value, whole))
        found = found + sign * value
        size = size + np.maximum(np.abs(value), whole)
    return found, size


def spread(x: Any, p: PlainPair) -> Array:
    """Return a number that all pairs share once a pair."""
    return np.broadcast_to(x, (len(p.cases),)) if np.ndim(x) == 0 else np.asarray(x)


def along(x: Array, axes: int) -> Array:
    """Return an array with that many axes: what is one number a pair holds at each state."""
    return x if x.ndim == axes else x.reshape(x.shape + (1,) * (axes - x.ndim))


def _size(e: Expression, p: PlainPair, known: Known) -> Any:
    """Return the size of what a difference was made of: the sum of both sides."""
    match e.op, e.args:
        case "+" | "-", [x, y] if x.rank == y.rank:
            return _size(x, p, known) + _size(y, p, known)
        case "*", [x, y] if x.rank == y.rank:
            return p.ops.times(_size(x, p, known), _size(y, p, known))
        case "/", [x, y] if x.rank == y.rank:
            return p.ops.over(_size(x, p, known), np.abs(y.value(p, known[0])))
        case "neg" | "abs", [x]:
            return _size(x, p, known)
        case "number", [c]:
            return abs(p.ops.constant(c))
    values, sizes = known
    if e not in sizes:
        sizes[e] = np.abs(e.value(p, values))
    return sizes[e]
