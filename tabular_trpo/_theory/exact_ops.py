"""The operations of the formula language in exact arithmetic (semantics: `theory.ops`)."""

from collections.abc import Callable
from fractions import Fraction
from typing import final

import numpy as np

from tabular_trpo._core import extrema, real
from tabular_trpo._core.budget import spend
from tabular_trpo._core.errors import no_average
from tabular_trpo._core.linalg import dense, pseudo, rational
from tabular_trpo._core.linalg.rational import CommonDenominator
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, elementwise
from tabular_trpo._exact import divergence
from tabular_trpo._exact.work import inverse_seconds
from tabular_trpo._theory import fisher


@final
class ExactOps:
    """Fractions, and Reals where logarithms or roots enter; one model, dense."""

    def __init__(self, mdp: MDP) -> None:
        """Keep the model and its rows in integers."""
        assert mdp._rows is not None
        self.mdp, self._rows = mdp, mdp._rows

    def constant(self, c: Fraction) -> Fraction:
        """Return the constant."""
        return c

    def spread(self, x: Scalar, rank: int) -> Scalar:
        """Append axes of length 1 to an array; a Fraction combines with any."""
        return x.reshape(x.shape + (1,) * rank) if isinstance(x, np.ndarray) else x

    def operand(self, x: Scalar, table: bool) -> Scalar:
        """Put 1 at the actions that are not allowed."""
        if not table or self.mdp.allowed is None:
            return x
        filled = x.copy()
        filled[~self.mdp.mask] = Fraction(1)
        return filled

    def times(self, x: Scalar, y: Scalar) -> Scalar:
        """Multiply; 0 times an infinite Real, which raises in `Real`, is 0."""
        try:
            return x * y
        except ArithmeticError:
            return np.frompyfunc(lambda a, b: a * b if a != 0 and b != 0 else Fraction(0), 2, 1)(
                x, y
            )

    def over(self, x: Scalar, y: Scalar) -> Scalar:
        """Divide; the message of a division by 0 is "division by 0", not "Fraction(1, 0)"."""
        try:
            return x / y
        except ZeroDivisionError:
            raise ZeroDivisionError("division by 0") from None

    def power(self, x: Scalar, n: int) -> Scalar:
        """Take powers."""
        return x**n

    def sum_s(self, f: Array) -> Scalar:
        """Sum."""
        return f.sum(axis=-1)

    def sum_a(self, X: Array) -> Scalar:
        """Masked sum."""
        return X.sum(axis=-1) if self.mdp.allowed is None else self._by_row(sum, X)

    def max_s(self, f: Array) -> Scalar:
        """Maximum by certain comparisons."""
        return _maximum(f.tolist())

    def max_a(self, X: Array) -> Array:
        """Masked maximum of each row."""
        return self._by_row(_maximum, X)

    def _by_row(self, reduce: Callable[[list[Scalar]], Scalar], X: Array) -> Array:
        """Reduce each row over the allowed actions."""
        out = np.empty(len(X), dtype=object)
        out[:] = [reduce(row[mask].tolist()) for row, mask in zip(X, self.mdp.mask, strict=True)]
        return out

    def smaller(self, x: Scalar, y: Scalar) -> Scalar:
        """Minimum by certain comparisons."""
        return np.frompyfunc(lambda a, b: extrema.minimum([a, b]), 2, 1)(x, y)

    def ratio(self, x: Scalar, y: Scalar) -> Scalar:
        """Divide; by 0 too."""
        return np.frompyfunc(_ratio, 2, 1)(x, y)

    def sqrt(self, x: Scalar) -> Scalar:
        """Root."""
        return elementwise(real.sqrt, x) if isinstance(x, np.ndarray) else real.sqrt(x)

    def kl(self, p: Array, q: Array) -> Scalar:
        """See `exact.divergence`."""
        return divergence.kl_of_rows(p, q)

    def log(self, x: Scalar) -> Scalar:
        """Logarithm."""
        return elementwise(real.log, x) if isinstance(x, np.ndarray) else real.log(x)

    def log_gap(self, p: Array, q: Array) -> Scalar:
        """Logarithm of the quotient, which is rational."""
        return np.frompyfunc(_log_gap, 2, 1)(p, q)

    def entropy(self, p: Array) -> Array:
        """Sum the logarithms of the support."""
        out = np.empty(len(p), dtype=object)
        out[:] = [sum((x * real.log(1 / x) for x in row if x), Fraction(0)) for row in p.tolist()]
        return out

    def expect_next(self, f: Array) -> Array:
        """Multiply by the rows of P."""
        if not _all_rational(f):
            return np.asarray(self.times(self.mdp.P, f).sum(axis=-1))
        return rational.expect(self._rows, CommonDenominator.of(f))

    def push_forward(self, X: Array) -> Array:
        """Multiply by the columns of P, in integers over one denominator."""
        if not _all_rational(X):
            return np.asarray(self.times(X[..., None], self.mdp.P).sum(axis=(0, 1)))
        weights = CommonDenominator.of(
            np.array([Fraction(x) / d for x, d in zip(X.ravel(), self._rows.den, strict=True)])
        )
        return CommonDenominator(weights.num.dot(self._rows.num), weights.den).fractions()

    def transition_l1(self, X: Array) -> Array:
        """Sum over actions, then the sizes."""
        closed = self.times(X[..., None], self.mdp.P).sum(axis=1)
        return np.asarray(abs(closed).sum(axis=-1))

    def solve(self, pi: Array, b: Array) -> Array:
        """Solve forward; the residual was checked to be 0.  A Real b needs all columns."""
        chain = rational.ClosedChain(self._rows, pi, self.mdp.gamma)
        if _all_rational(b):
            return chain.forward(b).fractions()
        spend(inverse_seconds(self._rows, pi, self.mdp.gamma), "an exact inverse")
        return np.asarray((rational.inverse(chain) * b).sum(axis=-1))

    def fundamental_matrix(self, pi: Array, start: Array) -> Array:
        """Solve for each column."""
        if self.classes(pi) > 1:
            raise no_average()
        spend(inverse_seconds(self._rows, pi, Fraction(1)), "an exact inverse")
        return rational.inverse(rational.ClosedChain(self._rows, pi, Fraction(1), start))

    def classes(self, pi: Array) -> Fraction:
        """Return the number of recurrent classes, from the graph of positive entries."""
        edges = np.asarray((pi[..., None] * self.mdp.P).sum(axis=1) != 0, dtype=bool)
        return Fraction(int(dense.closed_classes(edges)))

    def natural_gradient(self, pi: Array, rho: Array, A: Array, shared: bool) -> Array:
        """Return the natural gradient by exact pseudo-inverses."""
        return fisher.natural_gradient(pi, rho, A, shared, pseudo.exact_inverse)


def _ratio(x: Scalar, y: Scalar) -> Scalar:
    if x == 0:
        return Fraction(0)
    if y != 0:
        return x / y
    return real.INFINITY if real.sign(x) > 0 else -real.INFINITY


def _log_gap(p: Fraction, q: Fraction) -> Scalar:
    if p == q:
        return Fraction(0)
    return abs(real.log(q / p)) if p and q else real.INFINITY


def _all_rational(x: Array) -> bool:
    return all(type(y) is Fraction or type(y) is int for y in x.ravel())


def _maximum(values: list[Scalar]) -> Scalar:
    return max(values) if all(type(x) is Fraction for x in values) else extrema.maximum(values)
