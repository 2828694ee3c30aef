"""The operations of the formula language beyond + - and abs: one semantics for every arithmetic.

A number is real, plus or minus infinity, or has no value; a formula has no value as soon as one of
its parts has none, even under a factor 0.  With x finite and y any number:

    x + inf = inf          inf - inf has no value         x / inf = 0      inf / inf has no value
    0 * inf = 0            y / 0 has no value             y**0 = 1         sqrt(inf) = inf
    sqrt(x) for x < 0 and log(x) for x <= 0 have no value            log(inf) = inf
    ratio(0, y) = 0        ratio(x, 0) = inf with the sign of x, else ratio(x, y) = x / y

A table (s, a) ranges over the allowed actions alone: sums, maxima, `push` and `move` leave out the
others, and so does every check for a value.  Transitions of probability 0 carry nothing, not even
infinity.  "No value" is NaN in floats and an ArithmeticError or ValueError elsewhere.  Enclosures
raise where a part may have no value.

The last axis is the one reduced: states of (..., S), actions of (..., S, A).
"""

from fractions import Fraction
from typing import Any, Protocol

from tabular_trpo._core.mdp import MDP
from tabular_trpo._theory.exact_ops import Exacts
from tabular_trpo._theory.float_ops import Floats


class Ops(Protocol):
    """The operations of one arithmetic on the quantities of one model."""

    def constant(self, c: Fraction) -> Any:
        """Return a rational constant."""

    def spread(self, x: Any, rank: int) -> Any:
        """Return a scalar in the form that combines with values of a rank."""

    def operand(self, x: Any, table: bool) -> Any:
        """Return a value as an operand: a table has 1 at the actions that are not allowed."""

    def times(self, x: Any, y: Any) -> Any:
        """Return x y, where 0 times infinity is 0."""

    def over(self, x: Any, y: Any) -> Any:
        """Return x / y, which has no value where y is 0 or both are infinite."""

    def power(self, x: Any, n: int) -> Any:
        """Return x**n for n >= 0, where x**0 is 1."""

    def sum_last(self, x: Any) -> Any:
        """Return the sums over the last axis."""

    def sum_allowed(self, X: Any) -> Any:
        """Return the sums over the allowed actions."""

    def max_last(self, x: Any) -> Any:
        """Return the maxima over the last axis."""

    def max_allowed(self, X: Any) -> Any:
        """Return the maxima over the allowed actions."""

    def smaller(self, x: Any, y: Any) -> Any:
        """Return the minima of two operands."""

    def ratio(self, x: Any, y: Any) -> Any:
        """Return x / y, but 0 where x is 0, and infinite, with the sign of x, where y alone is."""

    def sqrt(self, x: Any) -> Any:
        """Return the square roots; negative numbers have none."""

    def kl(self, p: Any, q: Any) -> Any:
        """Return KL(p || q) of the rows."""

    def log(self, x: Any) -> Any:
        """Return the natural logarithms; 0 and negative numbers have none."""

    def log_gap(self, p: Any, q: Any) -> Any:
        """Return abs(log q - log p), 0 where p = q and infinite where one of them is 0."""

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

    def classes(self, pi: Any) -> Any:
        """Return the number of recurrent classes of the chain of pi."""

    def natural(self, pi: Any, rho: Any, g: Any) -> Any:
        """Return F^+ g, F the Fisher matrix of the logits of each state; see `theory.fisher`."""

    def shared(self, pi: Any, rho: Any, g: Any) -> Any:
        """Return the same where all states share their logits, as a table with equal rows."""


def ops_of(mdp: MDP) -> Ops:
    """Return the arithmetic of a model's arithmetic."""
    return Exacts(mdp) if mdp.arithmetic == "rational" else Floats(mdp)
