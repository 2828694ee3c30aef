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
    """The operations of `Ops` on Fractions, and on Reals where logarithms or roots occur.

    The model is one dense rational model, without batch axes.
    """

    def __init__(self, mdp: MDP) -> None:
        """Store the model and its transition rows as integers over a common denominator."""
        assert mdp._rows is not None
        self.mdp, self._rows = mdp, mdp._rows

    def constant(self, c: Fraction) -> Fraction:
        """Return the constant c itself, a Fraction."""
        return c

    def spread(self, x: Scalar, rank: int) -> Scalar:
        """Append `rank` axes of length 1 to an array; return a single number unchanged."""
        return x.reshape(x.shape + (1,) * rank) if isinstance(x, np.ndarray) else x

    def operand(self, x: Scalar, table: bool) -> Scalar:
        """Return x with 1 at the disallowed actions if it is a table, else x unchanged."""
        if not table or self.mdp.allowed is None:
            return x
        filled = x.copy()
        filled[~self.mdp.mask] = Fraction(1)
        return filled

    def times(self, x: Scalar, y: Scalar) -> Scalar:
        """Return the product x y; 0 times an infinite Real is 0, where `Real` itself raises."""
        try:
            return x * y
        except ArithmeticError:
            return np.frompyfunc(lambda a, b: a * b if a != 0 and b != 0 else Fraction(0), 2, 1)(
                x, y
            )

    def over(self, x: Scalar, y: Scalar) -> Scalar:
        """Return the quotient x / y; a zero in y raises ZeroDivisionError("division by 0")."""
        try:
            return x / y
        except ZeroDivisionError:
            raise ZeroDivisionError("division by 0") from None

    def power(self, x: Scalar, n: int) -> Scalar:
        """Return the elementwise power x**n."""
        return x**n

    def sum_s(self, f: Array) -> Scalar:
        """Return the sum of f (S,) over the states."""
        return f.sum(axis=-1)

    def sum_a(self, X: Array) -> Scalar:
        """Return the sum of X (S, A) over the allowed actions of each state, (S,)."""
        return X.sum(axis=-1) if self.mdp.allowed is None else self._by_row(sum, X)

    def max_s(self, f: Array) -> Scalar:
        """Return the maximum of f (S,), decided by exact comparisons."""
        return _maximum(f.tolist())

    def max_a(self, X: Array) -> Array:
        """Return the maximum of X (S, A) over the allowed actions of each state, (S,)."""
        return self._by_row(_maximum, X)

    def _by_row(self, reduce: Callable[[list[Scalar]], Scalar], X: Array) -> Array:
        """Return `reduce` applied to the allowed entries of each row of X (S, A), (S,)."""
        out = np.empty(len(X), dtype=object)
        out[:] = [reduce(row[mask].tolist()) for row, mask in zip(X, self.mdp.mask, strict=True)]
        return out

    def smaller(self, x: Scalar, y: Scalar) -> Scalar:
        """Return the elementwise minimum of x and y, decided by exact comparisons."""
        return np.frompyfunc(lambda a, b: extrema.minimum([a, b]), 2, 1)(x, y)

    def ratio(self, x: Scalar, y: Scalar) -> Scalar:
        """Return x / y: 0 where x is 0, and infinity with the sign of x where only y is 0."""
        return np.frompyfunc(_ratio, 2, 1)(x, y)

    def sqrt(self, x: Scalar) -> Scalar:
        """Return the elementwise square root of x; a negative number raises an error."""
        return elementwise(real.sqrt, x) if isinstance(x, np.ndarray) else real.sqrt(x)

    def kl(self, p: Array, q: Array) -> Scalar:
        """Return KL(p || q) of the rows of p and q (S, A) by `exact.divergence`, (S,)."""
        return divergence.kl_of_rows(p, q)

    def log(self, x: Scalar) -> Scalar:
        """Return the elementwise natural logarithm of x; a number <= 0 raises an error."""
        return elementwise(real.log, x) if isinstance(x, np.ndarray) else real.log(x)

    def log_gap(self, p: Array, q: Array) -> Scalar:
        """Return abs(log(q / p)) of two tables (S, A), from the rational quotient q / p."""
        return np.frompyfunc(_log_gap, 2, 1)(p, q)

    def entropy(self, p: Array) -> Array:
        """Return the entropy of each row of a policy p (S, A), summed over its support, (S,)."""
        out = np.empty(len(p), dtype=object)
        out[:] = [sum((x * real.log(1 / x) for x in row if x), Fraction(0)) for row in p.tolist()]
        return out

    def expect_next(self, f: Array) -> Array:
        """Return the mean of f (S,) after one step, sum_t P(t|s, a) f(t), (S, A)."""
        if not _all_rational(f):
            return np.asarray(self.times(self.mdp.P, f).sum(axis=-1))
        return rational.expect(self._rows, CommonDenominator.of(f))

    def push_forward(self, X: Array) -> Array:
        """Return the mass sum_sa X(s, a) P(t|s, a) at each state t, (S,).

        The sums are of integers over one denominator.
        """
        if not _all_rational(X):
            return np.asarray(self.times(X[..., None], self.mdp.P).sum(axis=(0, 1)))
        weights = CommonDenominator.of(
            np.array([Fraction(x) / d for x, d in zip(X.ravel(), self._rows.den, strict=True)])
        )
        return CommonDenominator(weights.num.dot(self._rows.num), weights.den).fractions()

    def transition_l1(self, X: Array) -> Array:
        """Return sum_t abs(sum_a X(s, a) P(t|s, a)) for each state s, (S,)."""
        closed = self.times(X[..., None], self.mdp.P).sum(axis=1)
        return np.asarray(abs(closed).sum(axis=-1))

    def solve(self, pi: Array, b: Array) -> Array:
        """Return x with (I - gamma P_pi) x = b, (S,), by an exact solution with residual 0.

        If b holds Reals, the whole inverse is computed and multiplied by b.
        """
        chain = rational.ClosedChain(self._rows, pi, self.mdp.gamma)
        if _all_rational(b):
            return chain.forward(b).fractions()
        spend(inverse_seconds(self._rows, pi, self.mdp.gamma), "an exact inverse")
        return np.asarray((rational.inverse(chain) * b).sum(axis=-1))

    def fundamental_matrix(self, pi: Array, start: Array) -> Array:
        """Return (I - P_pi + 1 start)^-1, (S, S), by an exact solution for each column."""
        if self.classes(pi) > 1:
            raise no_average()
        spend(inverse_seconds(self._rows, pi, Fraction(1)), "an exact inverse")
        return rational.inverse(rational.ClosedChain(self._rows, pi, Fraction(1), start))

    def classes(self, pi: Array) -> Fraction:
        """Return the number of recurrent classes of P_pi, by the graph of its positive entries."""
        edges = np.asarray((pi[..., None] * self.mdp.P).sum(axis=1) != 0, dtype=bool)
        return Fraction(int(dense.closed_classes(edges)))

    def natural_gradient(self, pi: Array, rho: Array, A: Array, shared: bool) -> Array:
        """Return the natural gradient F^+ (rho pi A), (S, A), by exact pseudo-inverses."""
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
