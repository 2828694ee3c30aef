"""Sparse float64 kernel over CSR rows ordered s * A + a: close, expect, flow, solve.

The functions are those of `dense`.  I - gamma P_pi is diagonally dominant, so its sparse LU needs
no pivoting and is ordered by minimum degree (SuperLU, symmetric mode).
"""

from typing import Any, final

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from tabular_trpo._core.numbers import Array, Scalar


def close(P: sp.csr_array, r: Array, pi: Array) -> tuple[sp.csr_array, Array]:
    """Close a sparse decision process by a policy (see `dense.close`).

    The rows of P_pi are the A rows of a state laid end to end and scaled by pi, so that no sparse
    product is needed: `indptr[::A]`, the same `indices`, the data scaled.  A column may occur up to
    A times in a row, which products and conversions read as the sum.
    """
    n_states, n_actions = r.shape
    data = P.data * np.repeat(pi.ravel(), np.diff(P.indptr))
    P_pi = sp.csr_array((data, P.indices, P.indptr[::n_actions]), shape=(n_states, n_states))
    return P_pi, (pi * r).sum(axis=-1)


def expect(P: sp.csr_array, f: Array) -> Array:
    """Return (P f)(s, a), shape (S, A)."""
    return np.asarray(P @ f).reshape(P.shape[1], -1)


def flow(P: sp.csr_array, w: Array) -> Array:
    """Return (w P)(s'), shape (S,)."""
    return np.asarray(P.T @ w.ravel())


def closed_classes(P_pi: sp.csr_array) -> int:
    """Return the number of closed classes of a chain (see `dense.closed_classes`)."""
    coo = P_pi.tocoo()
    s, t = coo.row[coo.data > 0], coo.col[coo.data > 0]
    graph = sp.csr_array((np.ones(len(s)), (s, t)), shape=P_pi.shape)
    n_classes, label = connected_components(graph, connection="strong")
    left = label[s] != label[t]
    return int(n_classes - len(np.unique(label[s[left]])))


@final
class SparseResolvent:
    """One sparse LU of I - gamma P_pi that serves V (forward) and rho (backward)."""

    def __init__(self, P_pi: sp.csr_array, gamma: Scalar) -> None:
        """Factor in the minimum-degree order of A + A^T: it suits diagonally dominant matrices."""
        self.P_pi, self.gamma = P_pi, float(gamma)
        matrix = sp.csc_array(sp.eye_array(P_pi.shape[0], format="csc") - self.gamma * P_pi.tocsc())
        options = {"SymmetricMode": True}
        # Any: the published types lack the argument `trans` of `solve`.
        self._lu: Any = splu(
            matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options
        )

    def forward(self, b: Array) -> Array:
        """Solve (I - gamma P_pi) x = b."""
        return np.asarray(self._lu.solve(b))

    def backward(self, b: Array) -> Array:
        """Solve x (I - gamma P_pi) = b."""
        return np.asarray(self._lu.solve(b, trans="T"))

    def step(self, f: Array) -> Array:
        """Return gamma P_pi f."""
        return np.asarray(self.gamma * (self.P_pi @ f))

    def step_back(self, w: Array) -> Array:
        """Return gamma w P_pi."""
        return np.asarray(self.gamma * (self.P_pi.T @ w))


solve = SparseResolvent  # as `dense.solve`
