"""Shapes: the error for a wrong one, batches that go together, the sizes that P tells."""

from typing import Any

import numpy as np

from tabular_trpo._core import axes
from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.numbers import Array, is_rational, is_sparse


def shape_error(name: str, got: tuple[int, ...], expected: str, cure: str = "") -> InvalidMDPError:
    """Return the error for an array of the wrong shape."""
    return invalid("shape", name, f"has shape {got}", expected, cure)


def broadcastable(one: tuple[int, ...], other: tuple[int, ...], tail: int) -> bool:
    """Tell whether arrays go together: the last `tail` axes equal, those before them broadcast.

    >>> broadcastable((7, 2, 3), (2, 3), 2), broadcastable((2, 1), (2, 3), 1)
    (True, False)
    """
    try:
        np.broadcast_shapes(one[:-tail], other[:-tail])
    except ValueError:
        return False
    return one[-tail:] == other[-tail:]


def model_sizes(P: Any, array: str = "P") -> tuple[int, int, tuple[int, ...]]:
    """Return S, A and the batch shape of P, or raise with the transposition that would be right."""
    if is_sparse(P):
        rows, n_states = P.shape
        if n_states == 0 or rows == 0 or rows % n_states:
            raise shape_error("P", P.shape, "(S*A, S): rows s*A + a", axes.cure(P, None, array))
        return n_states, rows // n_states, ()
    if P.ndim < 3 or P.shape[-1] != P.shape[-3] or 0 in P.shape:
        raise shape_error("P", P.shape, "(..., S, A, S), P[s, a, s']", axes.cure(P, None, array))
    if is_rational(P) and P.ndim > 3:
        raise shape_error(
            "P", P.shape, "(S, A, S): the rational arithmetic takes one model at a time"
        )
    return P.shape[-3], P.shape[-2], P.shape[:-3]


def repeat_for_batch(
    name: str, value: Array, batch: tuple[int, ...], tail: tuple[int, ...], form: str
) -> Any:
    """Return a copy of an array of shape `tail`, or one of the whole batch, for every model."""
    if value.shape not in (tail, batch + tail):
        expected = f"{form} = {tail}, or {batch + tail}" if batch else f"{form} = {tail}"
        raise shape_error(name, value.shape, expected)
    out = np.broadcast_to(value, batch + tail).copy()
    return out if out.ndim else out[()]
