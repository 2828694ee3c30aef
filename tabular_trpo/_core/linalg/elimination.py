"""LU without pivoting for batches of small M-matrices, the batch axis innermost.

Problem.   Factor thousands of I - gamma P_pi of at most 32 states.
Method.    Elimination without pivoting, each step on the whole batch in contiguous memory; several
           times faster than one LAPACK call a matrix.
Guarantee. I - gamma P_pi is an M-matrix, whose pivots stay positive without pivoting.
Source.    Berman and Plemmons (1979), chapter 6.
"""

import numpy as np

from tabular_trpo._core.numbers import Array

MOST_STATES, LEAST_BATCH = 32, 128  # elsewhere LAPACK is as fast


def suits(chains: Array) -> bool:
    """Return whether (..., S, S) is a large enough batch of small matrices."""
    n_states: int = chains.shape[-1]
    return n_states <= MOST_STATES and int(chains.size) >= LEAST_BATCH * n_states**2


def factor(chains: Array, gamma: Array) -> Array:
    """Return L and U of I - gamma P packed as (S, S, B): multipliers, 1 / pivot on the diagonal.

    chains: (B, S, S), the P
    gamma:  (B,)
    raises: LinAlgError where a pivot is not positive: no M-matrix, or singular in doubles
    """
    lu = np.empty((*chains.shape[1:], len(chains)))
    np.multiply(np.moveaxis(chains, 0, -1), -gamma, out=lu)
    np.einsum("iib->ib", lu)[...] += 1.0
    update = np.empty_like(lu)
    for k in range(len(lu)):
        if not np.all(lu[k, k] > 0.0):
            raise np.linalg.LinAlgError("no M-matrix in doubles")
        np.reciprocal(lu[k, k], out=lu[k, k])
        below, rest = lu[k + 1 :, k], lu[k + 1 :, k + 1 :]
        below *= lu[k, k]
        rest -= np.multiply(below[:, None], lu[k, k + 1 :], out=update[k + 1 :, k + 1 :])
    return lu


def forward(lu: Array, b: Array) -> Array:
    """Solve M x = b, both (B, S)."""
    x = np.array(b.T, order="C")
    for k in range(len(x) - 1):
        x[k + 1 :] -= lu[k + 1 :, k] * x[k]
    for k in reversed(range(len(x))):
        x[k] *= lu[k, k]
        x[:k] -= lu[:k, k] * x[k]
    return np.ascontiguousarray(x.T)


def backward(lu: Array, b: Array) -> Array:
    """Solve x M = b, both (B, S)."""
    x = np.array(b.T, order="C")
    for k in range(len(x)):
        x[k] *= lu[k, k]
        x[k + 1 :] -= lu[k, k + 1 :] * x[k]
    for k in reversed(range(1, len(x))):
        x[:k] -= lu[k, :k] * x[k]
    return np.ascontiguousarray(x.T)
