"""Sums of terms on batches of pairs, with the sums of the absolute values of the terms.

The rounding error of a difference is relative to its operands, not to its result.  Therefore each
sum comes with the sum of the sizes of its terms, from which a score estimates the error of a gap.
"""

from typing import Any

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.sums import Terms
from tabular_trpo._theory.expression import Expression, Values
from tabular_trpo._theory.plain import FastPair

Cache = tuple[Values, Values]  # the values of expressions, and their sizes


def total(terms: Terms, p: FastPair, cache: Cache | None = None) -> tuple[Array, Array]:
    """Return (sum of the terms, sum of their sizes), each (N, ...), on a batch of N pairs."""
    cache = cache or ({}, {})
    found: Array = np.zeros(len(p.tables))
    size: Array = found
    for sign, e in terms:
        value, whole = (per_pair(x, p) for x in (e.value(p, cache[0]), _size(e, p, cache)))
        axes = max(value.ndim, found.ndim)
        found, size, value, whole = (with_axes(x, axes) for x in (found, size, value, whole))
        found = found + sign * value
        size = size + np.maximum(np.abs(value), whole)
    return found, size


def per_pair(x: Any, p: FastPair) -> Array:
    """Return a value of an expression as (N, ...), a constant repeated for each of the N pairs."""
    return np.broadcast_to(x, (len(p.tables),)) if np.ndim(x) == 0 else np.asarray(x)


def with_axes(x: Array, axes: int) -> Array:
    """Append axes of length 1 to an array until it has `axes` axes."""
    return x if x.ndim == axes else x.reshape(x.shape + (1,) * (axes - x.ndim))


def _size(e: Expression, p: FastPair, cache: Cache) -> Any:
    """Return |e|, in which sums and differences are replaced by sums of absolute values."""
    match e.op, e.args:
        case "+" | "-", [x, y] if x.rank == y.rank:
            return _size(x, p, cache) + _size(y, p, cache)
        case "*", [x, y] if x.rank == y.rank:
            return p.ops.times(_size(x, p, cache), _size(y, p, cache))
        case "/", [x, y] if x.rank == y.rank:
            return p.ops.over(_size(x, p, cache), np.abs(y.value(p, cache[0])))
        case "neg" | "abs", [x]:
            return _size(x, p, cache)
        case "number", [c]:
            return abs(p.ops.constant(c))
    values, sizes = cache
    if e not in sizes:
        sizes[e] = np.abs(e.value(p, values))
    return sizes[e]
