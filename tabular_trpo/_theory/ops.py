"""The operations of the formula language beyond + - and abs: one semantics for every arithmetic.

A number is real, plus or minus infinity, or has no value; a formula has no value as soon as one of
its parts has none, even under a factor 0.  With x finite and y any number:

    x + inf = inf          inf - inf has no value         x / inf = 0      inf / inf has no value
    0 * inf = 0            y / 0 has no value             y**0 = 1         sqrt(inf) = inf
    sqrt(x) for x < 0 and log(x) for x <= 0 have no value            log(inf) = inf
    ratio(0, y) = 0        ratio(x, 0) = inf with the sign of x, else ratio(x, y) = x / y

A table (s, a) ranges over the allowed actions alone: sums, maxima, `push_forward` and
`transition_l1` leave out the others, and so does every check for a value.  Transitions of
probability 0 carry nothing, not even infinity.  "No value" is NaN in floats and an ArithmeticError
or ValueError elsewhere.  Enclosures raise where a part may have no value.

The last axis is the one reduced: states of (..., S), actions of (..., S, A).
"""

from fractions import Fraction
from typing import Protocol, TypeVar

T = TypeVar("T")  # numbers and arrays of the arithmetic


class Ops(Protocol[T]):
    """The operations of one arithmetic on the quantities of one model.

    x, y: values of any rank;  f: one number a state;  X: one a state and action
    """

    def constant(self, c: Fraction) -> T:
        """Return a rational constant."""

    def spread(self, x: T, rank: int) -> T:
        """Return a scalar in the form that combines with values of a rank."""

    def operand(self, x: T, table: bool) -> T:
        """Return x ready for an operation: a table has 1 at disallowed actions."""

    def times(self, x: T, y: T) -> T:
        """Return x y, where 0 times infinity is 0."""

    def over(self, x: T, y: T) -> T:
        """Return x / y, which has no value where y is 0 or both are infinite."""

    def power(self, x: T, n: int) -> T:
        """Return x**n for n >= 0, where x**0 is 1."""

    def sum_s(self, f: T) -> T:
        """Return the sum over the states, the last axis."""

    def sum_a(self, X: T) -> T:
        """Return the sums over the allowed actions."""

    def max_s(self, f: T) -> T:
        """Return the maximum over the states, the last axis."""

    def max_a(self, X: T) -> T:
        """Return the maxima over the allowed actions."""

    def smaller(self, x: T, y: T) -> T:
        """Return the minima of two operands."""

    def ratio(self, x: T, y: T) -> T:
        """Return x / y, but 0 where x is 0, and infinite, with the sign of x, where y alone is."""

    def sqrt(self, x: T) -> T:
        """Return the square roots; negative numbers have none."""

    def kl(self, p: T, q: T) -> T:
        """Return KL(p || q) of the rows."""

    def log(self, x: T) -> T:
        """Return the natural logarithms; 0 and negative numbers have none."""

    def log_gap(self, p: T, q: T) -> T:
        """Return abs(log q - log p), 0 where p = q and infinite where one of them is 0."""

    def entropy(self, p: T) -> T:
        """Return - sum p log p of the rows, where 0 log 0 = 0."""

    def expect_next(self, f: T) -> T:
        """Return sum_t P(t|s, a) f(t), (..., S, A)."""

    def push_forward(self, X: T) -> T:
        """Return the mass at each state t, sum_sa X(s, a) P(t|s, a), (..., S)."""

    def transition_l1(self, X: T) -> T:
        """Return sum_t abs(sum_a X(s, a) P(t|s, a)), (..., S)."""

    def solve(self, pi: T, b: T) -> T:
        """Return the value of the reward b under pi: x with (I - gamma P_pi) x = b, (..., S)."""

    def fundamental_matrix(self, pi: T, start: T) -> T:
        """Return (I - P_pi + 1 start)^-1, (..., S, S), for a chain with one recurrent class.

        raises: NoValueError for other chains; NaN for those of a float batch
        """

    def classes(self, pi: T) -> T:
        """Return the number of recurrent classes of the chain of pi."""

    def natural_gradient(self, pi: T, rho: T, A: T, shared: bool) -> T:
        """Return F^+ (rho pi A), F the Fisher matrix of softmax logits, (..., S, A); see `fisher`.

        shared: whether all states share their logits; the rows are then equal
        """
