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
    """Protocol of the operations of one arithmetic on the quantities of one model.

    In the signatures, x and y are values of any rank, f is a state vector (..., S), and X is a
    table (..., S, A).
    """

    def constant(self, c: Fraction) -> T:
        """Return the rational constant c as a number of the arithmetic."""

    def spread(self, x: T, rank: int) -> T:
        """Return the scalar x with `rank` axes of length 1 appended, so that it broadcasts."""

    def operand(self, x: T, table: bool) -> T:
        """Return x ready for an operation; where x is a table, its disallowed actions hold 1."""

    def times(self, x: T, y: T) -> T:
        """Return the product x y, where 0 times infinity is 0."""

    def over(self, x: T, y: T) -> T:
        """Return the quotient x / y, which has no value where y is 0 or both are infinite."""

    def power(self, x: T, n: int) -> T:
        """Return the power x**n for an integer n >= 0, where x**0 is 1."""

    def sum_s(self, f: T) -> T:
        """Return the sum of f over the states, (...)."""

    def sum_a(self, X: T) -> T:
        """Return the sum of X over the allowed actions of each state, (..., S)."""

    def max_s(self, f: T) -> T:
        """Return the maximum of f over the states, (...)."""

    def max_a(self, X: T) -> T:
        """Return the maximum of X over the allowed actions of each state, (..., S)."""

    def smaller(self, x: T, y: T) -> T:
        """Return the elementwise minimum of x and y."""

    def ratio(self, x: T, y: T) -> T:
        """Return x / y: 0 where x is 0, and infinity with the sign of x where only y is 0."""

    def sqrt(self, x: T) -> T:
        """Return the elementwise square root of x, which has no value where x < 0."""

    def kl(self, p: T, q: T) -> T:
        """Return KL(p || q) of the rows of two policies p and q (..., S, A), (..., S)."""

    def log(self, x: T) -> T:
        """Return the elementwise natural logarithm of x, which has no value where x <= 0."""

    def log_gap(self, p: T, q: T) -> T:
        """Return abs(log q - log p) of two tables, (..., S, A).

        It is 0 where p = q, and infinite where exactly one of p and q is 0.
        """

    def entropy(self, p: T) -> T:
        """Return the entropy - sum_a p log p of each row of a policy p, (..., S); 0 log 0 is 0."""

    def expect_next(self, f: T) -> T:
        """Return the mean of f after one step, sum_t P(t|s, a) f(t), (..., S, A)."""

    def push_forward(self, X: T) -> T:
        """Return the mass that X sends to each state t, sum_sa X(s, a) P(t|s, a), (..., S)."""

    def transition_l1(self, X: T) -> T:
        """Return the 1-norm of the transitions weighted by X, (..., S).

        For state s it is sum_t abs(sum_a X(s, a) P(t|s, a)).
        """

    def solve(self, pi: T, b: T) -> T:
        """Return the solution x of (I - gamma P_pi) x = b, (..., S).

        It is the value under pi of the state reward b (..., S).
        """

    def fundamental_matrix(self, pi: T, start: T) -> T:
        """Return (I - P_pi + 1 start)^-1, (..., S, S), for a chain with one recurrent class.

        raises: NoValueError for other chains; NaN for those of a float batch
        """

    def classes(self, pi: T) -> T:
        """Return the number of recurrent classes of the chain of pi, (...)."""

    def natural_gradient(self, pi: T, rho: T, A: T, shared: bool) -> T:
        """Return F^+ (rho pi A), F being the Fisher matrix of softmax logits, (..., S, A).

        The module `fisher` derives the formula.

        shared: whether all states share their logits; the rows are then equal
        """
