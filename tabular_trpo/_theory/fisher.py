"""The Fisher matrix of softmax logits, in a table and shared by all states, and what it solves.

The score of logit b at (s, a) is 1[a = b] - pi(b|s).  Weighted by rho pi, the products of scores
make one block a state, F(s) = rho(s) (diag pi(s) - pi(s) pi(s)'); the logits that all states share
have the sum of the blocks.  F is singular, a constant of each row being free, so F^+ takes the
place of the inverse.  For the gradient g = rho pi A of the return, F^+ g is the natural gradient
and the weights with which the scores fit A best.  Kakade (2001), section 3 and Theorem 1.
"""

from collections.abc import Callable

import numpy as np

from tabular_trpo._core.numbers import Array

Inverse = Callable[[Array], Array]


def blocks(pi: Array, rho: Array) -> Array:
    """Return the blocks of the Fisher matrix, (..., S, A, A)."""
    eye = np.eye(pi.shape[-1], dtype=pi.dtype)
    return np.asarray(
        rho[..., None, None] * (pi[..., None] * eye - pi[..., None] * pi[..., None, :])
    )


def natural_gradient(pi: Array, rho: Array, A: Array, shared: bool, inverse: Inverse) -> Array:
    """Return F^+ g of the logits of each state, g = rho pi A, (..., S, A).

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
