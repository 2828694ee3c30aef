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
    """Float64, batched by leading axes; dense or CSR."""

    def __init__(self, mdp: MDP) -> None:
        """Keep the model."""
        self.mdp = mdp
        self._kernel: ModuleType = sparse if mdp.is_sparse else dense
        self._all_allowed = bool(mdp.mask.all())

    def constant(self, c: Fraction) -> Scalar:
        """Return the nearest double, infinite beyond the largest."""
        return np.float64(nearest(c))

    def spread(self, x: Scalar, rank: int) -> Array:
        """Append axes of length 1."""
        return np.asarray(np.reshape(x, np.shape(x) + (1,) * rank))

    def operand(self, x: Scalar, table: bool) -> Scalar:
        """Put 1 at the actions that are not allowed."""
        return np.where(self.mdp.mask, x, 1.0) if table and not self._all_allowed else x

    def times(self, x: Scalar, y: Scalar) -> Scalar:
        """Multiply, mending 0 times inf where it occurred."""
        with np.errstate(invalid="ignore"):
            product = x * y
            total = np.sum(product)  # one pass, and no number if one of the products is none
        if np.isnan(total) and np.any(np.isnan(product)):
            spared = ((x == 0) | (y == 0)) & ~np.isnan(x) & ~np.isnan(y)
            product = np.where(spared, 0.0, product)
        return product

    def over(self, x: Scalar, y: Scalar) -> Scalar:
        """Divide; NaN at 0."""
        with np.errstate(all="ignore"):
            return np.where(y == 0, np.nan, np.divide(x, y))[()]

    def power(self, x: Scalar, n: int) -> Scalar:
        """Take powers; numpy has NaN**0 = 1."""
        return x**n if n else np.where(np.isnan(x), np.nan, 1.0)[()]

    def sum_s(self, f: Array) -> Scalar:
        """Sum."""
        return _reduced(np.add, f)

    def sum_a(self, X: Array) -> Scalar:
        """Masked sum."""
        return _reduced(np.add, X if self._all_allowed else np.where(self.mdp.mask, X, 0.0))

    def max_s(self, f: Array) -> Scalar:
        """Maximum; NaN wins."""
        return _reduced(np.maximum, f)

    def max_a(self, X: Array) -> Scalar:
        """Masked maximum."""
        return _reduced(np.maximum, X if self._all_allowed else np.where(self.mdp.mask, X, -np.inf))

    def smaller(self, x: Scalar, y: Scalar) -> Scalar:
        """Minimum; NaN wins."""
        return np.minimum(x, y)

    def ratio(self, x: Scalar, y: Scalar) -> Scalar:
        """Divide; by 0 too."""
        with np.errstate(all="ignore"):
            found = np.where(y == 0, np.sign(x) * np.inf, np.divide(x, y))
            return np.where((x == 0) & ~np.isnan(y), 0.0, found)[()]

    def sqrt(self, x: Scalar) -> Scalar:
        """Root."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(x)

    def kl(self, p: Array, q: Array) -> Scalar:
        """See `exact.divergence`."""
        return divergence.kl_of_rows(p, q)

    def log(self, x: Scalar) -> Scalar:
        """Logarithm; NaN at 0 and below."""
        with np.errstate(all="ignore"):
            return np.where(x == 0, np.nan, np.log(x))[()]

    def log_gap(self, p: Array, q: Array) -> Scalar:
        """Logarithm of 1 + (q - p) / p, which keeps the digits of small steps."""
        with np.errstate(all="ignore"):
            found = abs(np.where(p > 0, np.log1p((q - p) / p), np.inf))
        return np.where(p == q, 0.0, found)

    def entropy(self, p: Array) -> Scalar:
        """Sum."""
        return entr(p).sum(axis=-1)

    def expect_next(self, f: Array) -> Array:
        """Multiply by the rows of P."""
        return _with_infinities(lambda x: self._kernel.expect(self.mdp.P, x), f, 1, 2)

    def push_forward(self, X: Array) -> Array:
        """Multiply by the columns of P."""
        return _with_infinities(lambda x: self._kernel.flow(self.mdp.P, x), X, 2, 1)

    def transition_l1(self, X: Array) -> Array:
        """Close the model by X as by a policy, and sum the sizes of each row."""
        if self.mdp.is_sparse:
            closed = self._closed(X).copy()  # its indices are those of P, and locked
            closed.sum_duplicates()
        else:
            closed = _with_infinities(self._closed, X, 2, 2)
        return np.asarray(abs(closed).sum(axis=-1))

    def _closed(self, X: Array) -> Scalar:
        return self._kernel.close(self.mdp.P, self.mdp.r, X)[0]

    def solve(self, pi: Array, b: Array) -> Array:
        """Factor and solve forward."""
        return np.asarray(self._kernel.solve(self._closed(pi), self.mdp.gamma).forward(b))

    def fundamental_matrix(self, pi: Array, start: Array) -> Array:
        """Invert, sparse models too; NaN for those of a batch that have no inverse."""
        P_pi = self._closed(pi)
        if self.mdp.is_sparse:
            guard(8 * P_pi.shape[0] ** 2, "the inverse of a chain", "Take a smaller model")
            P_pi = P_pi.toarray()
        found = dense.fundamental_matrix(P_pi, start)
        if found.ndim == 2 and np.isnan(found).any():
            raise no_average()
        return found

    def classes(self, pi: Array) -> Scalar:
        """Count in the graph of what is positive."""
        edges = self._closed((pi > 0) * 1.0)
        if self.mdp.is_sparse:
            return np.float64(sparse.closed_classes(edges))
        return np.asarray(dense.closed_classes(edges > 0), dtype=float)[()]

    def natural_gradient(self, pi: Array, rho: Array, A: Array, shared: bool) -> Array:
        """Take the pseudo-inverse of each block, or of their sum."""
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
    """Reduce the last axis; column by column where rows are short and many, which is faster.

    Both ways combine the entries of a row from left to right, so they agree to the last bit.
    """
    if x.ndim < 2 or x.shape[-1] >= SHORT or len(x) < MANY:
        return op.reduce(x, axis=-1)
    return reduce(op, (x[..., i] for i in range(1, x.shape[-1])), x[..., 0].copy())
