"""The Fisher matrix of softmax logits, with or without shared logits, and its pseudo-inverse.

The score of logit b at (s, a) is 1[a = b] - pi(b|s).  The products of scores weighted by rho pi
give one block for each state, F(s) = rho(s) (diag pi(s) - pi(s) pi(s)'); if all states share their
logits, F is the sum of the blocks.  F is singular, since a constant may be added to each row of
logits, so the pseudo-inverse F^+ replaces the inverse.  For the gradient g = rho pi A of the
return, F^+ g is the natural gradient and the weights of the least-squares fit of A by the scores.
Kakade (2001), section 3 and Theorem 1.
"""

from collections.abc import Callable

import numpy as np

from tabular_trpo._core.numbers import Array

Inverse = Callable[[Array], Array]


def blocks(pi: Array, rho: Array) -> Array:
    """Return the block rho(s) (diag pi(s) - pi(s) pi(s)') of each state, (..., S, A, A)."""
    eye = np.eye(pi.shape[-1], dtype=pi.dtype)
    return np.asarray(
        rho[..., None, None] * (pi[..., None] * eye - pi[..., None] * pi[..., None, :])
    )


def natural_gradient(pi: Array, rho: Array, A: Array, shared: bool, inverse: Inverse) -> Array:
    """Return the natural gradient F^+ g of softmax logits, with g = rho pi A, (..., S, A).

    pi, A:   (..., S, A)
    rho:     (..., S)
    shared:  whether all states share their logits; the rows are then equal
    inverse: the pseudo-inverse of (..., A, A)
    """
    g = rho[..., None] * pi * A
    if not shared:
        return _times(inverse(blocks(pi, rho)), g)
    w = _times(inverse(blocks(pi, rho).sum(axis=-3)), g.sum(axis=-2))
    return np.broadcast_to(w[..., None, :], pi.shape)


def _times(M: Array, x: Array) -> Array:
    return np.asarray((M * x[..., None, :]).sum(axis=-1))
