"""The operations of the formula language in float64; no value is NaN (semantics: `theory.ops`)."""

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from types import ModuleType
from typing import final

import numpy as np
from scipy.special import entr

from tabular_trpo._core.errors import no_average
from tabular_trpo._core.linalg import dense, pseudo, sparse
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._exact import divergence
from tabular_trpo._theory import fisher

SHORT, MANY = 8, 64  # numpy adds rows of 8 entries and more in another order


@final
class FloatOps:
    """The operations of `Ops` in float64, batched over leading axes; the model is dense or CSR."""

    def __init__(self, mdp: MDP) -> None:
        """Store the model, whose transitions and allowed actions the operations read."""
        self.mdp = mdp
        self._kernel: ModuleType = sparse if mdp.is_sparse else dense
        self._all_allowed = bool(mdp.mask.all())

    def constant(self, c: Fraction) -> Scalar:
        """Return the double nearest to c, which is infinite beyond the largest double."""
        return np.float64(nearest(c))

    def spread(self, x: Scalar, rank: int) -> Array:
        """Append `rank` axes of length 1 to the scalar x of each model of the batch."""
        return np.asarray(np.reshape(x, np.shape(x) + (1,) * rank))

    def operand(self, x: Scalar, table: bool) -> Scalar:
        """Return x with 1 at the disallowed actions if it is a table, else x unchanged."""
        return np.where(self.mdp.mask, x, 1.0) if table and not self._all_allowed else x

    def times(self, x: Scalar, y: Scalar) -> Scalar:
        """Return the product x y, with 0 in place of the NaN that 0 times infinity gives."""
        with np.errstate(invalid="ignore"):
            product = x * y
            total = np.sum(product)  # one pass; NaN if a product is NaN
        if np.isnan(total) and np.any(np.isnan(product)):
            spared = ((x == 0) | (y == 0)) & ~np.isnan(x) & ~np.isnan(y)
            product = np.where(spared, 0.0, product)
        return product

    def over(self, x: Scalar, y: Scalar) -> Scalar:
        """Return the quotient x / y, which is NaN where y is 0."""
        with np.errstate(all="ignore"):
            return np.where(y == 0, np.nan, np.divide(x, y))[()]

    def power(self, x: Scalar, n: int) -> Scalar:
        """Return the elementwise power x**n; NaN**0 stays NaN, although numpy returns 1."""
        return x**n if n else np.where(np.isnan(x), np.nan, 1.0)[()]

    def sum_s(self, f: Array) -> Scalar:
        """Return the sum of f (..., S) over the states, (...)."""
        return _reduced(np.add, f)

    def sum_a(self, X: Array) -> Scalar:
        """Return the sum of X (..., S, A) over the allowed actions of each state, (..., S)."""
        return _reduced(np.add, X if self._all_allowed else np.where(self.mdp.mask, X, 0.0))

    def max_s(self, f: Array) -> Scalar:
        """Return the maximum of f (..., S) over the states, (...); NaN if any entry is NaN."""
        return _reduced(np.maximum, f)

    def max_a(self, X: Array) -> Scalar:
        """Return the maximum of X (..., S, A) over the allowed actions, (..., S)."""
        return _reduced(np.maximum, X if self._all_allowed else np.where(self.mdp.mask, X, -np.inf))

    def smaller(self, x: Scalar, y: Scalar) -> Scalar:
        """Return the elementwise minimum of x and y; NaN where either is NaN."""
        return np.minimum(x, y)

    def ratio(self, x: Scalar, y: Scalar) -> Scalar:
        """Return x / y: 0 where x is 0, and infinity with the sign of x where only y is 0."""
        with np.errstate(all="ignore"):
            found = np.where(y == 0, np.sign(x) * np.inf, np.divide(x, y))
            return np.where((x == 0) & ~np.isnan(y), 0.0, found)[()]

    def sqrt(self, x: Scalar) -> Scalar:
        """Return the elementwise square root of x, which is NaN where x < 0."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(x)

    def kl(self, p: Array, q: Array) -> Scalar:
        """Return KL(p || q) of the rows of p and q (..., S, A) by `exact.divergence`, (..., S)."""
        return divergence.kl_of_rows(p, q)

    def log(self, x: Scalar) -> Scalar:
        """Return the elementwise natural logarithm of x, which is NaN where x <= 0."""
        with np.errstate(all="ignore"):
            return np.where(x == 0, np.nan, np.log(x))[()]

    def log_gap(self, p: Array, q: Array) -> Scalar:
        """Return abs(log q - log p) of two tables, (..., S, A).

        It is computed as log(1 + (q - p) / p), which is accurate where p and q are close.
        """
        with np.errstate(all="ignore"):
            found = abs(np.where(p > 0, np.log1p((q - p) / p), np.inf))
        return np.where(p == q, 0.0, found)

    def entropy(self, p: Array) -> Scalar:
        """Return the entropy of each row of a policy p (..., S, A), (..., S)."""
        return entr(p).sum(axis=-1)

    def expect_next(self, f: Array) -> Array:
        """Return the mean of f (..., S) after one step, sum_t P(t|s, a) f(t), (..., S, A)."""
        return _with_infinities(lambda x: self._kernel.expect(self.mdp.P, x), f, 1, 2)

    def push_forward(self, X: Array) -> Array:
        """Return the mass sum_sa X(s, a) P(t|s, a) at each state t, (..., S)."""
        return _with_infinities(lambda x: self._kernel.flow(self.mdp.P, x), X, 2, 1)

    def transition_l1(self, X: Array) -> Array:
        """Return sum_t abs(sum_a X(s, a) P(t|s, a)) for each state s, (..., S).

        The rows sum_a X(s, a) P(.|s, a) are formed as for a policy X.
        """
        if self.mdp.is_sparse:
            closed = self._closed(X).copy()  # its index arrays are those of P and read-only
            closed.sum_duplicates()
        else:
            closed = _with_infinities(self._closed, X, 2, 2)
        return np.asarray(abs(closed).sum(axis=-1))

    def _closed(self, X: Array) -> Scalar:
        return self._kernel.close(self.mdp.P, self.mdp.r, X)[0]

    def solve(self, pi: Array, b: Array) -> Array:
        """Return x with (I - gamma P_pi) x = b, (..., S), by factorization."""
        return np.asarray(self._kernel.solve(self._closed(pi), self.mdp.gamma).forward(b))

    def fundamental_matrix(self, pi: Array, start: Array) -> Array:
        """Return (I - P_pi + 1 start)^-1 as a dense array, (..., S, S).

        In a batch, NaN where the matrix has no inverse.
        """
        P_pi = self._closed(pi)
        if self.mdp.is_sparse:
            guard(8 * P_pi.shape[0] ** 2, "the inverse of a chain", "Take a smaller model")
            P_pi = P_pi.toarray()
        found = dense.fundamental_matrix(P_pi, start)
        if found.ndim == 2 and np.isnan(found).any():
            raise no_average()
        return found

    def classes(self, pi: Array) -> Scalar:
        """Return the number of recurrent classes of P_pi, by the graph of its positive entries."""
        edges = self._closed((pi > 0) * 1.0)
        if self.mdp.is_sparse:
            return np.float64(sparse.closed_classes(edges))
        return np.asarray(dense.closed_classes(edges > 0), dtype=float)[()]

    def natural_gradient(self, pi: Array, rho: Array, A: Array, shared: bool) -> Array:
        """Return F^+ (rho pi A), (..., S, A), by the pseudo-inverse of each block of F.

        Where all states share their logits, by the pseudo-inverse of the sum of the blocks.
        """
        return fisher.natural_gradient(pi, rho, A, shared, pseudo.float_inverse)


def _with_infinities(
    product: Callable[[Array], Array], x: Array, rank: int, rank_out: int
) -> Array:
    """Return a product by nonnegative weights where weight 0 times infinity is 0.

    A NaN in one model of a batch makes all of that model's results NaN.

    rank, rank_out: the number of axes that are no batch, of x and of the product
    """
    finite = np.isfinite(x)
    if finite.all():
        return np.asarray(product(x))
    plus, minus = (product((x == inf) * 1.0) > 0 for inf in (np.inf, -np.inf))
    lost = np.isnan(x).any(axis=tuple(range(-rank, 0)))
    with np.errstate(invalid="ignore"):
        made = product(np.where(finite, x, 0.0)) + np.where(plus, np.inf, 0.0)
        made -= np.where(minus, np.inf, 0.0)
    return np.where(lost.reshape(lost.shape + (1,) * rank_out), np.nan, made)


def _reduced(op: np.ufunc, x: Array) -> Scalar:
    """Reduce the last axis of x by the ufunc op, (...).

    For many short rows the reduction goes column by column, which is faster.

    Both ways combine the entries of a row from left to right, so they agree to the last bit.
    """
    if x.ndim < 2 or x.shape[-1] >= SHORT or len(x) < MANY:
        return op.reduce(x, axis=-1)
    return reduce(op, (x[..., i] for i in range(1, x.shape[-1])), x[..., 0].copy())
