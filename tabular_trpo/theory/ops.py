"""What formulas need beyond + - / and abs, for floats and for exact numbers.

The last axis is the one reduced: states of (..., S), actions of (..., S, A).
"""

from fractions import Fraction
from functools import reduce
from typing import Any, Protocol, final

import numpy as np
from scipy.special import entr

from tabular_trpo.core import real
from tabular_trpo.core.linalg import dense, rational, sparse
from tabular_trpo.core.linalg.rational import Common
from tabular_trpo.core.mdp import MDP
from tabular_trpo.core.memory import guard
from tabular_trpo.core.numbers import Array, elementwise
from tabular_trpo.exact import divergence

SHORT, MANY = 8, 64  # numpy adds rows of 8 entries and more in another order


class Ops(Protocol):
    """The operations of one arithmetic on the quantities of one model."""

    def constant(self, c: Fraction) -> Any:
        """Return a rational constant."""

    def spread(self, x: Any, rank: int) -> Any:
        """Return a scalar in the form that combines with values of a rank."""

    def times(self, x: Any, y: Any) -> Any:
        """Return x y, where 0 times infinity is 0."""

    def over(self, x: Any, y: Any) -> Any:
        """Return x / y; a divisor 0 raises ZeroDivisionError or gives NaN."""

    def sum_last(self, x: Any) -> Any:
        """Return the sums over the last axis."""

    def max_last(self, x: Any) -> Any:
        """Return the maxima over the last axis."""

    def max_allowed(self, X: Any) -> Any:
        """Return the maxima over the allowed actions."""

    def smaller(self, x: Any, y: Any) -> Any:
        """Return the minima of two operands."""

    def sqrt(self, x: Any) -> Any:
        """Return the square roots; negative numbers raise ValueError or give NaN."""

    def kl(self, p: Any, q: Any) -> Any:
        """Return KL(p || q) of the rows."""

    def log(self, x: Any) -> Any:
        """Return the natural logarithms; 0 and less raise ValueError or give no number."""

    def entropy(self, p: Any) -> Any:
        """Return - sum p log p of the rows, where 0 log 0 = 0."""

    def expect(self, f: Any) -> Any:
        """Return (P f)(s, a)."""

    def flow(self, w: Any) -> Any:
        """Return (w P)(s')."""

    def move(self, X: Any) -> Any:
        """Return sum_s' abs(sum_a X(s, a) P(s'|s, a))."""

    def solve(self, pi: Any, b: Any) -> Any:
        """Return the value of the reward b under pi: x with (I - gamma P_pi) x = b."""

    def restarted(self, pi: Any, start: Any) -> Any:
        """Return (I - P_pi + 1 start)^{-1}, which chains with one recurrent class alone have."""


@final
class Floats:
    """Float64, batched by leading axes; dense or CSR."""

    def __init__(self, mdp: MDP) -> None:
        """Keep the model."""
        self.mdp = mdp
        self._kernel: Any = sparse if mdp.is_sparse else dense

    def constant(self, c: Fraction) -> float:
        """Return the nearest double."""
        return float(c)

    def spread(self, x: Any, rank: int) -> Array:
        """Append axes of length 1."""
        return np.asarray(np.reshape(x, np.shape(x) + (1,) * rank))

    def times(self, x: Any, y: Any) -> Any:
        """Multiply, mending 0 times inf where it occurred."""
        with np.errstate(invalid="ignore"):
            product = x * y
            total = np.sum(product)  # one pass, and no number if one of the products is none
        if np.isnan(total) and np.any(np.isnan(product)):
            spared = ((x == 0) | (y == 0)) & ~np.isnan(x) & ~np.isnan(y)
            product = np.where(spared, 0.0, product)
        return product

    def over(self, x: Any, y: Any) -> Any:
        """Divide; NaN at 0, since the exact lanes have no value there."""
        with np.errstate(all="ignore"):
            return np.where(y == 0, np.nan, x / y)[()]

    def sum_last(self, x: Array) -> Any:
        """Sum."""
        return _reduced(np.add, x)

    def max_last(self, x: Array) -> Any:
        """Maximum; NaN wins."""
        return _reduced(np.maximum, x)

    def max_allowed(self, X: Array) -> Any:
        """Masked maximum."""
        mask = self.mdp.mask
        return _reduced(np.maximum, X if mask.all() else np.where(mask, X, -np.inf))

    def smaller(self, x: Any, y: Any) -> Any:
        """Minimum."""
        return np.minimum(x, y)

    def sqrt(self, x: Any) -> Any:
        """Root."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(x)

    def kl(self, p: Array, q: Array) -> Any:
        """See `exact.divergence`."""
        return divergence.kl_of_rows(p, q)

    def log(self, x: Any) -> Any:
        """Logarithm; -inf at 0, NaN below."""
        with np.errstate(all="ignore"):
            return np.log(x)

    def entropy(self, p: Array) -> Any:
        """Sum."""
        return entr(p).sum(axis=-1)

    def expect(self, f: Array) -> Array:
        """Multiply by the rows of P."""
        return np.asarray(self._kernel.expect(self.mdp.P, f))

    def flow(self, w: Array) -> Array:
        """Multiply by the columns of P."""
        return np.asarray(self._kernel.flow(self.mdp.P, w))

    def move(self, X: Array) -> Array:
        """Close the model by X as by a policy, and sum the sizes of each row."""
        closed, _ = self._kernel.close(self.mdp.P, self.mdp.r, X)
        if self.mdp.is_sparse:
            closed.sum_duplicates()
        return np.asarray(abs(closed).sum(axis=-1))

    def solve(self, pi: Array, b: Array) -> Array:
        """Factor and solve forward."""
        P_pi, _ = self._kernel.close(self.mdp.P, self.mdp.r, pi)
        return np.asarray(self._kernel.solve(P_pi, self.mdp.gamma).forward(b))

    def restarted(self, pi: Array, start: Array) -> Array:
        """Invert, sparse models too; NaN where there is more than one recurrent class."""
        P_pi, _ = self._kernel.close(self.mdp.P, self.mdp.r, pi)
        if self.mdp.is_sparse:
            guard(8 * P_pi.shape[0] ** 2, "the inverse of a chain", "Take a smaller model")
            P_pi = P_pi.toarray()
        return dense.restarted(P_pi, start)


def _reduced(op: np.ufunc, x: Array) -> Any:
    """Reduce the last axis; column by column where rows are short and many, which is faster.

    Both ways combine the entries of a row from left to right, so they agree to the last bit.
    """
    if x.ndim < 2 or x.shape[-1] >= SHORT or len(x) < MANY:
        return op.reduce(x, axis=-1)
    return reduce(op, (x[..., i] for i in range(1, x.shape[-1])), x[..., 0].copy())


@final
class Exacts:
    """Fractions, and Reals where logarithms or roots enter; one model, dense."""

    def __init__(self, mdp: MDP) -> None:
        """Keep the model and its rows in integers."""
        assert mdp._rows is not None
        self.mdp, self._rows = mdp, mdp._rows

    def constant(self, c: Fraction) -> Fraction:
        """Return the constant."""
        return c

    def spread(self, x: Any, rank: int) -> Any:
        """Append axes of length 1 to an array; a Fraction combines with any."""
        return x.reshape(x.shape + (1,) * rank) if isinstance(x, np.ndarray) else x

    def times(self, x: Any, y: Any) -> Any:
        """Multiply; 0 times an infinite Real raises there and is mended here."""
        try:
            return x * y
        except ArithmeticError:
            return np.frompyfunc(lambda a, b: a * b if a != 0 and b != 0 else Fraction(0), 2, 1)(
                x, y
            )

    def over(self, x: Any, y: Any) -> Any:
        """Divide."""
        return x / y

    def sum_last(self, x: Array) -> Any:
        """Sum."""
        return x.sum(axis=-1)

    def max_last(self, x: Array) -> Any:
        """Maximum by certain comparisons."""
        return _maximum(x.tolist())

    def max_allowed(self, X: Array) -> Array:
        """Masked maximum of each row."""
        out = np.empty(len(X), dtype=object)
        out[:] = [_maximum(row[mask].tolist()) for row, mask in zip(X, self.mdp.mask, strict=True)]
        return out

    def smaller(self, x: Any, y: Any) -> Any:
        """Minimum by certain comparisons."""
        return np.frompyfunc(lambda a, b: real.minimum([a, b]), 2, 1)(x, y)

    def sqrt(self, x: Any) -> Any:
        """Root."""
        return elementwise(real.sqrt, x) if isinstance(x, np.ndarray) else real.sqrt(x)

    def kl(self, p: Array, q: Array) -> Any:
        """See `exact.divergence`."""
        return divergence.kl_of_rows(p, q)

    def log(self, x: Any) -> Any:
        """Logarithm of rationals."""
        return elementwise(real.log, x) if isinstance(x, np.ndarray) else real.log(x)

    def entropy(self, p: Array) -> Array:
        """Sum the logarithms of the support."""
        out = np.empty(len(p), dtype=object)
        out[:] = [sum((x * real.log(1 / x) for x in row if x), Fraction(0)) for row in p.tolist()]
        return out

    def expect(self, f: Array) -> Array:
        """Multiply by the rows of P."""
        if not _all_rational(f):
            return np.asarray((self.mdp.P * f).sum(axis=-1))
        return rational.expect(self._rows, Common.of(f))

    def flow(self, w: Array) -> Array:
        """Multiply by the columns of P, in integers over one denominator."""
        if not _all_rational(w):
            return np.asarray((w[..., None] * self.mdp.P).sum(axis=(0, 1)))
        weights = Common.of(
            np.array([Fraction(x) / d for x, d in zip(w.ravel(), self._rows.den, strict=True)])
        )
        return Common(weights.num.dot(self._rows.num), weights.den).fractions()

    def move(self, X: Array) -> Array:
        """Sum over actions, then the sizes."""
        return np.asarray(abs((X[..., None] * self.mdp.P).sum(axis=1)).sum(axis=-1))

    def solve(self, pi: Array, b: Array) -> Array:
        """Solve forward; the residual was checked to be 0.  A Real b needs all columns."""
        chain = rational.close(self._rows, pi, self.mdp.gamma)
        if _all_rational(b):
            return chain.forward(b).fractions()
        return np.asarray((rational.inverse(chain) * b).sum(axis=-1))

    def restarted(self, pi: Array, start: Array) -> Array:
        """Solve for each column."""
        edges = np.asarray((pi[..., None] * self.mdp.P).sum(axis=1) != 0, dtype=bool)
        if not dense.unichain(edges):
            raise ZeroDivisionError("a chain with more than one recurrent class")
        return rational.inverse(rational.close(self._rows, pi, Fraction(1), start))


def _all_rational(x: Array) -> bool:
    return all(type(y) is Fraction or type(y) is int for y in x.ravel())


def _maximum(values: list[Any]) -> Any:
    return max(values) if all(type(x) is Fraction for x in values) else real.maximum(values)


def ops_of(mdp: MDP) -> Ops:
    """Return the arithmetic of a model's lane."""
    return Exacts(mdp) if mdp.lane == "rational" else Floats(mdp)
