"""The functions of the formula language, written once for floats, rationals and enclosures."""

from fractions import Fraction
from typing import Any

from tabular_trpo._core.public import public
from tabular_trpo._theory.ops import Ops


class Functions:
    """What formulas call, by the arithmetic `ops` of an arithmetic (abstract).

    The last axis is the one reduced: states of (..., S), actions of (..., S, A).
    """

    ops: Ops
    rho0: Any
    pi: Any
    pi_new: Any
    d: Any
    eta: Any
    rho: Any
    V: Any
    Q: Any
    kept: Any = None  # see `expression.Arithmetic`

    def sum_s(self, x: Any) -> Any:
        """Return sum_s x(s)."""
        return self.ops.sum_last(x)

    def max_s(self, x: Any) -> Any:
        """Return max_s x(s)."""
        return self.ops.max_last(x)

    def span_s(self, x: Any) -> Any:
        """Return max_s x(s) - min_s x(s)."""
        return self.ops.max_last(x) + self.ops.max_last(-x)

    def mean_d(self, x: Any) -> Any:
        """Return sum_s d(s) x(s), where d = 0 makes the term 0."""
        return self.sum_s(self.times(self.d, x))

    def max_a(self, X: Any) -> Any:
        """Return the maximum over the allowed actions, (..., S)."""
        return self.ops.max_allowed(X)

    def span_a(self, X: Any) -> Any:
        """Return max - min over the allowed actions, (..., S)."""
        return self.ops.max_allowed(X) + self.ops.max_allowed(-X)

    def sum_a(self, X: Any) -> Any:
        """Return the sum over the allowed actions, (..., S)."""
        return self.ops.sum_allowed(X)

    def next(self, f: Any) -> Any:
        """Return the mean of f after a step, sum_s' P(s'|s, a) f(s'), (..., S, A)."""
        return self.ops.expect(f)

    def push(self, X: Any) -> Any:
        """Return the mass that X sends to each state, sum_sa X(s, a) P(s'|s, a), (..., S)."""
        return self.ops.flow(X)

    def move(self, X: Any) -> Any:
        """Return sum_s' abs(sum_a X(s, a) P(s'|s, a)), (..., S)."""
        return self.ops.move(X)

    def max_sa(self, X: Any) -> Any:
        """Return the maximum over states and allowed actions."""
        return self.max_s(self.max_a(X))

    def times(self, x: Any, y: Any) -> Any:
        """Return x y, where 0 times infinity is 0."""
        return self.ops.times(x, y)

    def log(self, x: Any) -> Any:
        """Return the natural logarithm."""
        return self.ops.log(x)

    def over(self, x: Any, y: Any) -> Any:
        """Return x / y, which has no value where y is 0 or both are infinite."""
        return self.ops.over(x, y)

    def power(self, x: Any, n: int) -> Any:
        """Return x**n, where x**0 is 1."""
        return self.ops.power(x, n)

    @public
    def operand(self, x: Any, table: bool) -> Any:
        """Return a value as an operand: a table has 1 at the actions that are not allowed."""
        return self.ops.operand(x, table)

    def sqrt(self, x: Any) -> Any:
        """Return the square root."""
        return self.ops.sqrt(x)

    def smaller(self, x: Any, y: Any) -> Any:
        """Return min(x, y)."""
        return self.ops.smaller(x, y)

    def ratio(self, x: Any, y: Any) -> Any:
        """Return x / y, but 0 where x is 0, and infinite where y alone is 0."""
        return self.ops.ratio(x, y)

    @public
    def constant(self, c: Fraction) -> Any:
        """Return a rational constant in the arithmetic of the arithmetic."""
        return self.ops.constant(c)

    def spread(self, x: Any, rank: int) -> Any:
        """Return x with `rank` more axes of length 1."""
        return self.ops.spread(x, rank)

    def shift(self, f: Any) -> Any:
        """Return (P_new - P_pi) f, (..., S)."""
        return self.sum_a(self.times(self.pi_new - self.pi, self.next(f)))

    def step_tv(self, t: int) -> Any:
        """Return the total variation distance of the laws of s_t under the two policies."""
        old = new = self.rho0
        for _ in range(t):
            old = self.ops.flow(self.spread(old, 1) * self.pi)
            new = self.ops.flow(self.spread(new, 1) * self.pi_new)
        return self.sum_s(abs(old - new)) / 2

    def L_mix(self, w: Any) -> Any:
        """Return the surrogate at (1 - w) pi + w pi_new, from Q and V instead of A."""
        weight = self.constant(Fraction(w))
        mixed = (1 - weight) * self.pi + weight * self.pi_new
        return self.eta + self.sum_s(self.rho * (self.ops.sum_last(mixed * self.Q) - self.V))
