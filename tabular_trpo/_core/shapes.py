"""Shapes: the error for a wrong one, the sizes of a model, and the order of axes.

Tables of this package are P[s, a, s'], policies pi[s, a].  Row sums reveal another order: in
P[s', a, s] the columns sum to 1, and a shape (A, S, S) reveals itself where A is not S.
"""

from itertools import permutations

import numpy as np

from tabular_trpo._core.array_input import ROW_TOLERANCE
from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.numbers import Array, Matrix, Scalar, is_rational, stored

OTHERS = sorted(set(permutations(range(3))) - {(0, 1, 2)}, key=lambda order: order != (1, 0, 2))
NEAR = 1e-5  # tolerance for row sums in another order, wide enough for float32


def shape_error(name: str, got: tuple[int, ...], expected: str, cure: str = "") -> InvalidMDPError:
    """Return the error for an array of the wrong shape."""
    return invalid("shape", name, f"has shape {got}", expected, cure)


def broadcastable(one: tuple[int, ...], other: tuple[int, ...], tail: int) -> bool:
    """Return whether the last `tail` axes of two shapes agree and those before them broadcast.

    >>> broadcastable((7, 2, 3), (2, 3), 2), broadcastable((2, 1), (2, 3), 1)
    (True, False)
    """
    try:
        np.broadcast_shapes(one[:-tail], other[:-tail])
    except ValueError:
        return False
    return one[-tail:] == other[-tail:]


def model_sizes(P: Matrix, array: str = "P") -> tuple[int, int, tuple[int, ...]]:
    """Return S, A and the batch shape of P; an error advises the right transposition.

    array: how the advice writes an array with the numbers of P
    """
    if not isinstance(P, np.ndarray):
        rows, n_states = P.shape
        if n_states == 0 or rows == 0 or rows % n_states:
            raise shape_error("P", P.shape, "(S*A, S): rows s*A + a", order_cure(P, None, array))
        return n_states, rows // n_states, ()
    if P.ndim < 3 or P.shape[-1] != P.shape[-3] or 0 in P.shape:
        raise shape_error("P", P.shape, "(..., S, A, S), P[s, a, s']", order_cure(P, None, array))
    if is_rational(P) and P.ndim > 3:
        expected = "(S, A, S): the rational arithmetic takes one model at a time"
        raise shape_error("P", P.shape, expected)
    return P.shape[-3], P.shape[-2], P.shape[:-3]


def repeat_for_batch(
    name: str, value: Array, batch: tuple[int, ...], tail: tuple[int, ...], form: str
) -> Scalar:
    """Return a copy of an array of shape `tail`, or one of the whole batch, for every model."""
    if value.shape not in (tail, batch + tail):
        expected = f"{form} = {tail}, or {batch + tail}" if batch else f"{form} = {tail}"
        raise shape_error(name, value.shape, expected)
    out = np.broadcast_to(value, batch + tail).copy()
    return out if out.ndim else out[()]


def stochastic(rows: Matrix, live: Array | None, near: float = ROW_TOLERANCE) -> bool:
    """Return whether rows sum to 1 where `live`, and to 0 elsewhere; None is live everywhere.

    rows: (..., n) or CSR; live: the shape of the sums, or None
    """
    data = stored(rows)
    if data.size == 0 or np.any(data < 0):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.asarray(rows.sum(axis=-1))
    goal = 1 if live is None else live.reshape(sums.shape[-live.ndim :]) * 1
    return bool(np.all(abs(sums - goal) <= (0 if is_rational(data) else near)))


def transposition(P: Array, live: Array | None) -> tuple[int, ...] | None:
    """Return another order of the axes of P in which its rows are stochastic, or None.

    P:    (..., k, m, n)
    live: (S, A) bool or None

    >>> transposition(np.array([[[1.0, 0.5]], [[0.0, 0.5]]]), None)
    (2, 1, 0)
    """
    if P.ndim < 3:
        return None
    batch = P.ndim - 3
    for order in OTHERS:
        full = (*range(batch), *(batch + i for i in order))
        turned = P.transpose(full)
        shape = turned.shape[-3:]
        if shape[0] == shape[2] and (live is None or live.shape == shape[:2]):
            if stochastic(turned, live, NEAR):
                return full
    return None


def order_cure(P: Matrix, live: Array | None, array: str = "P") -> str:
    """Return the advice how to transpose P into P[s, a, s'], or "" where that is impossible.

    array: how the advice writes an array with the numbers of P
    """
    if isinstance(P, np.ndarray):
        full = transposition(P, live)
        return "" if full is None else f"{array}.transpose{full} has P[s, a, s']"
    rows, columns = P.shape
    if columns and rows % columns == 0:
        S, A = columns, rows // columns
        order = np.arange(rows).reshape(A, S).T.ravel()
        if live is not None and A > 1 and stochastic(P[order], live, NEAR):
            turned = f"{array}[np.arange({rows}).reshape({A}, {S}).T.ravel()]"
            return f"Its rows are a*S + s; {turned} has s*A + a"
    if rows and columns % rows == 0 and stochastic(P.T.tocsr(), live, NEAR):
        return f"Its columns sum to 1; {array}.T has rows s*A + a"
    return ""


def check_order(P: Matrix, live: Array | None, sums: Array, array: str) -> None:
    """Raise InvalidMDPError where P is stochastic in another order of its axes only.

    sums: of the rows of P, (..., S, A)
    """
    goal = 1 if live is None else live * 1
    near = 0 if is_rational(sums) else NEAR
    if np.all(np.asarray(abs(sums - goal) <= near, dtype=bool)):
        return
    turned = order_cure(P, live, array)
    if turned:
        got = f"of shape {P.shape} does not sum to 1 along its last axis"
        raise invalid("axes", "P", got, "P[s, a, s']", turned)


def check_policy_order(name: str, pi: Array, mask: Array | None) -> None:
    """Raise InvalidMDPError where the columns sum to 1 and the rows do not, as in pi[a, s]."""
    if pi.ndim < 2 or pi.shape[-1] != pi.shape[-2] or pi.shape[-1] == 1:
        return
    turned = np.swapaxes(pi, -1, -2)
    if not stochastic(pi, None) and stochastic(turned, None):
        if mask is None or not np.any((turned != 0) & ~mask):
            cure = f"np.swapaxes({name}, -1, -2) has {name}[s, a]"
            got = f"of shape {pi.shape} has columns that sum to 1, not rows"
            raise invalid("axes", name, got, f"{name}[s, a]", cure)
