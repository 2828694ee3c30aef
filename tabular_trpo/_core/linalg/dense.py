"""Dense float64 kernel, batched by leading axes: close, expect, flow, solve.

Problem.   Close a model by a policy, P_pi = sum_a pi P, and solve with I - gamma P_pi in both
           directions.
Method.    One LU factorization of a single matrix serves both; batches of small matrices are
           eliminated at once (`elimination`), other batches inverted by LAPACK.
Guarantee. None here: `exact.enclosure` bounds the errors from residuals.
Source.    Puterman (1994), section 5.6 and appendix C.
"""

from typing import final

import numpy as np
import scipy.linalg
from scipy.linalg.lapack import dgetrf

from tabular_trpo._core.linalg import elimination
from tabular_trpo._core.numbers import Array, Scalar


def close(P: Array, r: Array, pi: Array) -> tuple[Array, Array]:
    """Close a decision process by a policy into a reward chain.

    P_pi(s, s') = sum_a pi(a|s) P(s'|s, a),  r_pi(s) = sum_a pi(a|s) r(s, a).
    Puterman (1994), section 5.6.

    P:      (..., S, A, S)
    r, pi:  (..., S, A)
    return: (..., S, S), (..., S)
    """
    return np.einsum("...sa,...sat->...st", pi, P), np.einsum("...sa,...sa->...s", pi, r)


def expect(P: Array, f: Array) -> Array:
    """Return (P f)(s, a) = sum_s' P(s'|s, a) f(s'), shape (..., S, A)."""
    *batch, n_states, n_actions, _ = P.shape
    rows = P.reshape(*batch, n_states * n_actions, n_states)
    return (rows @ f[..., None])[..., 0].reshape(*batch, n_states, n_actions)


def flow(P: Array, w: Array) -> Array:
    """Return (w P)(s') = sum_{s,a} w(s, a) P(s'|s, a), shape (..., S)."""
    *batch, n_states, n_actions, _ = P.shape
    rows = P.reshape(*batch, n_states * n_actions, n_states)
    return (w.reshape(*batch, 1, n_states * n_actions) @ rows)[..., 0, :]


def closed_classes(edges: Array) -> Array:
    """Return the number of closed classes of a graph: strongly connected sets that no edge leaves.

    edges:  (..., S, S) bool
    return: (...) int
    """
    n_states = edges.shape[-1]
    reach = edges | np.eye(n_states, dtype=bool)
    for _ in range((n_states - 1).bit_length()):
        reach = reach @ reach
    back = np.swapaxes(reach, -1, -2)
    closed = (back | ~reach).all(axis=-1)
    first = np.argmax(reach & back, axis=-1) == np.arange(n_states)  # one state of each class
    return np.asarray((closed & first).sum(axis=-1))


def fundamental_matrix(P_pi: Array, start: Array) -> Array:
    """Return the fundamental matrix (I - P_pi + 1 start)^{-1} of chains with one closed class.

    NaN where a chain has several closed classes, or is singular to working precision.
    Kemeny and Snell (1960), chapter IV.

    P_pi:   (..., S, S)
    start:  (..., S) a distribution
    return: (..., S, S)
    """
    one = (closed_classes(P_pi > 0) == 1)[..., None, None]
    unit = np.eye(P_pi.shape[-1])
    matrix = np.where(one, unit - P_pi + start[..., None, :], unit)
    try:
        return np.where(one, np.linalg.inv(matrix), np.nan)
    except np.linalg.LinAlgError:  # a pivot of 0
        one &= np.linalg.det(matrix)[..., None, None] != 0
        return np.where(one, np.linalg.inv(np.where(one, matrix, unit)), np.nan)


@final
class DenseResolvent:
    """One LU factorization of I - gamma P_pi that serves V (forward) and rho (backward)."""

    def __init__(self, P_pi: Array, gamma: Scalar) -> None:
        """Factor; `P_pi` is left untouched."""
        self.P_pi, self.gamma = P_pi, float(gamma)
        # LAPACK is column-major, and a C-ordered M is the Fortran-ordered M^T: build the transpose.
        matrix = P_pi * -self.gamma
        matrix.flat[:: len(P_pi) + 1] += 1.0
        lu, pivots, info = dgetrf(matrix.T, overwrite_a=True)
        if info:
            raise np.linalg.LinAlgError("singular matrix")
        self._lu = lu, pivots

    def forward(self, b: Array) -> Array:
        """Solve (I - gamma P_pi) x = b."""
        return np.asarray(scipy.linalg.lu_solve(self._lu, b, trans=1, check_finite=False))

    def backward(self, b: Array) -> Array:
        """Solve x (I - gamma P_pi) = b."""
        return np.asarray(scipy.linalg.lu_solve(self._lu, b, trans=0, check_finite=False))

    def step(self, f: Array) -> Array:
        """Return gamma P_pi f."""
        return np.asarray(self.gamma * (self.P_pi @ f))

    def step_back(self, w: Array) -> Array:
        """Return gamma w P_pi."""
        return np.asarray(self.gamma * (w @ self.P_pi))


@final
class BatchResolvent:
    """A batch of small I - gamma P_pi: eliminated all at once, or inverted by LAPACK."""

    def __init__(self, P_pi: Array, gamma: Array) -> None:
        """Factor; `gamma` has the batch shape."""
        self.P_pi, self.gamma = P_pi, gamma[..., None]
        self._shape = P_pi.shape[:-1]
        self._lu = self._inverse = None
        if elimination.suits(P_pi):
            self._lu = elimination.factor(P_pi.reshape(-1, *P_pi.shape[-2:]), gamma.reshape(-1))
        else:
            matrix = P_pi * -self.gamma[..., None]
            np.einsum("...ii->...i", matrix)[...] += 1.0
            self._inverse = np.linalg.inv(matrix)

    def forward(self, b: Array) -> Array:
        """Solve (I - gamma P_pi) x = b."""
        if self._lu is not None:
            return elimination.forward(self._lu, self._flat(b)).reshape(self._shape)
        return np.asarray((self._inverse @ b[..., None])[..., 0])

    def backward(self, b: Array) -> Array:
        """Solve x (I - gamma P_pi) = b."""
        if self._lu is not None:
            return elimination.backward(self._lu, self._flat(b)).reshape(self._shape)
        return np.asarray((b[..., None, :] @ self._inverse)[..., 0, :])

    def _flat(self, b: Array) -> Array:
        return np.broadcast_to(b, self._shape).reshape(-1, self._shape[-1])

    def step(self, f: Array) -> Array:
        """Return gamma P_pi f."""
        return np.asarray(self.gamma * (self.P_pi @ f[..., None])[..., 0])

    def step_back(self, w: Array) -> Array:
        """Return gamma w P_pi."""
        return np.asarray(self.gamma * (w[..., None, :] @ self.P_pi)[..., 0, :])


def solve(P_pi: Array, gamma: Scalar) -> DenseResolvent | BatchResolvent:
    """Factor I - gamma P_pi once for solves in both directions."""
    if P_pi.ndim == 2:
        return DenseResolvent(P_pi, gamma)
    return BatchResolvent(P_pi, np.broadcast_to(gamma, P_pi.shape[:-2]))
