"""The operations of the formula language on intervals of doubles (semantics: `ops`).

Each result contains all values of the operation on numbers in the operand intervals.  An operand
for which the operation may have no value raises an error.
"""

from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo._core import interval
from tabular_trpo._core.errors import LimitError, Problem
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.linalg import dense, sparse
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest

RATIONAL = "Use to_rational()"
INVERSE_E = 0.36787944117144239  # above 1 / e = max of -p log p
SERIES_BELOW = 1e-5  # where the series of x - log(1 + x) is sharper than the difference


@final
class UnboundedError(ArithmeticError):
    """Error: an operand may have any value, so that its interval proves nothing."""


@final
class IntervalOps:
    """The operations of `Ops` on intervals that contain the exact values.

    The model is one float model, dense or CSR, without batch axes.
    """

    def __init__(self, mdp: MDP) -> None:
        """Store the model and its transition rows as a matrix (S*A, S)."""
        self.mdp = mdp
        self._rows: Any = mdp.P if mdp.is_sparse else mdp.P.reshape(-1, mdp.n_states)
        self._columns: Any = mdp.P.T.tocsr() if mdp.is_sparse else self._rows.T

    def constant(self, c: Fraction) -> Interval:
        """Return an interval that contains the constant c."""
        return Interval.exact(c)

    def spread(self, x: Interval, rank: int) -> Interval:
        """Append `rank` axes of length 1 to the interval x."""
        return Interval(*(end.reshape(end.shape + (1,) * rank) for end in (x.lo, x.hi)))

    def operand(self, x: Interval, table: bool) -> Interval:
        """Return x with 1 at the disallowed actions if it is a table.

        raises: UnboundedError where x may be inf - inf
        """
        if table and self.mdp.allowed is not None:
            x = interval.where(self.mdp.mask, x, 1.0)
        if np.any((x.lo == -np.inf) & (x.hi == np.inf)):
            raise UnboundedError("a number of which nothing is known")
        return x

    def times(self, x: Interval, y: Interval) -> Interval:
        """Return an enclosure of the product x y, where 0 times infinity is 0."""
        return x * y

    def over(self, x: Interval, y: Interval) -> Interval:
        """Return an enclosure of x / y; raise an error where y may be 0.

        A division by 0 has no value even under a factor 0, which a wide interval would not show.
        """
        if np.any((y.lo <= 0) & (y.hi >= 0)):
            raise ZeroDivisionError("a divisor that may be 0")
        if np.any(np.isinf(x.lo + x.hi) & np.isinf(y.lo + y.hi)):
            raise ZeroDivisionError("a quotient of numbers that may both be infinite")
        return x / y

    def power(self, x: Interval, n: int) -> Interval:
        """Return an enclosure of the elementwise power x**n."""
        return x**n

    def sum_s(self, f: Interval) -> Interval:
        """Return an enclosure of the sum of f (S,) over the states."""
        return f.sum(axis=-1)

    def sum_a(self, X: Interval) -> Interval:
        """Return an enclosure of the sum of X (S, A) over the allowed actions, (S,)."""
        return interval.where(self.mdp.mask, X, 0.0).sum(axis=-1)

    def max_s(self, f: Interval) -> Interval:
        """Return an enclosure of the maximum of f (S,) over the states."""
        return f.max(axis=-1)

    def max_a(self, X: Interval) -> Interval:
        """Return an enclosure of the maximum of X (S, A) over the allowed actions, (S,)."""
        return interval.where(self.mdp.mask, X, -np.inf).max(axis=-1)

    def smaller(self, x: Interval, y: Interval) -> Interval:
        """Return an enclosure of the elementwise minimum of x and y."""
        return interval.smaller(x, y)

    def ratio(self, x: Interval, y: Interval) -> Interval:
        """Return an enclosure of x / y, where 0 / y is 0 and x / 0 is infinite.

        It is infinite where y is certainly 0, and 1 where x and y are the same nonzero number.
        """
        same = (
            (x.lo > 0)
            & (x.hi < np.inf)
            & ((x is y) | ((x.lo == x.hi) & (y.lo == x.lo) & (y.hi == x.lo)))
        )
        nothing = np.asarray((x.lo == 0) & (x.hi == 0))
        beyond = ~nothing & (y.lo == 0) & (y.hi == 0)
        if np.any(beyond & (x.lo <= 0) & (x.hi >= 0)):
            raise ZeroDivisionError("a ratio of numbers that may both be 0")
        found = self.over(
            interval.where(same, 1.0, x), interval.where(nothing | beyond | same, 1.0, y)
        )
        found = interval.where(same, 1.0, found)
        return interval.where(beyond, np.where(x.lo > 0, np.inf, -np.inf), found)

    def sqrt(self, x: Interval) -> Interval:
        """Return an enclosure of the square root of x; raise an error where x may be negative."""
        if np.any(x.lo < 0):
            raise ValueError("the root of a number that may be negative")
        return x.sqrt()

    def log(self, x: Interval) -> Interval:
        """Return an enclosure of the logarithm of x; raise an error where x may be <= 0."""
        if np.any(x.lo <= 0):
            raise ValueError("the logarithm of a number that may be 0 or negative")
        return x.log()

    def entropy(self, p: Interval) -> Interval:
        """Return an enclosure of the entropy of each row of p (S, A), (S,).

        The sum is over the entries that may be positive.  Where p may be 0, -p log p is not
        monotone, and its term is enclosed by [0, 1/e].
        """
        live = p.hi > 0
        with np.errstate(all="ignore"):
            terms = -(p * interval.where(live, p, 1.0).log())
        lo = np.where(live & (p.lo > 0), terms.lo, 0.0)
        hi = np.where(live & (p.lo <= 0), INVERSE_E, np.where(live, terms.hi, 0.0))
        return Interval(lo, hi).sum(axis=-1)

    def kl(self, p: Interval, q: Interval) -> Interval:
        """Return an enclosure of KL(p || q) of the rows of p and q (S, A), (S,).

        The sum is of p (x - log(1 + x)) with x = (q - p) / p; for small x, each term is enclosed by
        p x^2 / (2 (1 + [0, x])^2).
        """
        zero = np.zeros(p.shape)
        live, same = p.hi > 0, (p.lo == p.hi) & (q.lo == p.lo) & (q.hi == p.hi)
        x = (q - p) / interval.where(live, p, 1.0)
        between = Interval(np.minimum(x.lo, 0.0), np.maximum(x.hi, 0.0)) + 1
        with np.errstate(all="ignore"):
            series = x**2 / (2 * between**2)
            small = np.maximum(np.abs(x.lo), np.abs(x.hi)) < SERIES_BELOW
            log = (q / interval.where(live, p, 1.0)).log()
        terms = p * interval.where(small, series, interval.larger(x - log, zero))
        terms = interval.where(live, interval.where(same, zero, terms), q)
        return terms.sum(axis=-1)

    def log_gap(self, p: Interval, q: Interval) -> Interval:
        """Return an enclosure of abs(log(q / p)) of two tables, (S, A).

        It is [0, inf] where a probability may be 0 or positive.
        """
        same = (p.lo == p.hi) & (q.lo == p.lo) & (q.hi == p.hi)
        open_ = ((p.lo <= 0) & (p.hi > 0)) | ((q.lo <= 0) & (q.hi > 0))
        live = (p.lo > 0) & (q.lo > 0)
        found = abs((interval.where(live, q, 1.0) / interval.where(live, p, 1.0)).log())
        lo = np.where(same | open_, 0.0, np.where(live, found.lo, np.inf))
        return Interval(lo, np.where(same, 0.0, np.where(live, found.hi, np.inf)))

    def expect_next(self, f: Interval) -> Interval:
        """Return an enclosure of sum_t P(t|s, a) f(t), (S, A)."""
        self._need_grid()
        x = interval.matmul(self._rows, f)
        return Interval(*(end.reshape(self.mdp.r.shape) for end in (x.lo, x.hi)))

    def push_forward(self, X: Interval) -> Interval:
        """Return an enclosure of sum_sa X(s, a) P(t|s, a) for each state t, (S,)."""
        self._need_grid()
        return interval.matmul(self._columns, Interval(X.lo.ravel(), X.hi.ravel()))

    def transition_l1(self, X: Interval) -> Interval:
        """Return an enclosure of sum_t abs(sum_a X(s, a) P(t|s, a)), (S,).

        It is for dense models only.
        """
        self._need_grid()
        self._need_dense()
        closed = (self.spread(X, 1) * Interval.exact(self.mdp.P)).sum(axis=-2)
        return abs(self.operand(closed, table=False)).sum(axis=-1)

    def solve(self, pi: Interval, b: Interval) -> Interval:
        """Raise an error: an enclosed pair stores the solutions that claims need."""
        got, expected = "asks for a linear solve", "a quantity that claims can name"
        raise LimitError(Problem("enclosed_solve", "the pair", got, expected, RATIONAL))

    def fundamental_matrix(self, pi: Interval, start: Interval) -> Interval:
        """Return an enclosure of the inverse of M = I - P_pi + 1 start, (S, S).

        With an approximate inverse R and E = I - M R, M^{-1} - R = R E (I - E)^{-1}.
        """
        self._need_grid()
        self._need_dense()
        unit = np.eye(self.mdp.n_states)
        closed = (self.spread(pi, 1) * Interval.exact(self.mdp.P)).sum(axis=-2)
        matrix = start - closed + unit
        with np.errstate(all="ignore"):
            R = np.linalg.pinv(matrix.lo / 2 + matrix.hi / 2)
        E = abs(unit - interval.matmul(R.T, matrix))
        size = E.sum(axis=-1).max()
        if not size.hi < 1:
            got, expected = "has a chain whose inverse is not enclosed", "one recurrent class"
            raise LimitError(Problem("enclosed_chain", "the pair", got, expected, RATIONAL))
        rows = self.spread(abs(Interval.exact(R)).sum(axis=-1), 1)
        return Interval.around(R, (rows * E.max(axis=0) / (1 - size)).hi)

    def classes(self, pi: Interval) -> Interval:
        """Return the number of recurrent classes from the graph of the positive entries of P_pi.

        An entry that may be 0 or positive raises an error.
        """
        if np.any((pi.lo <= 0) & (pi.hi > 0)):
            raise ValueError("a transition that may have probability 0")
        live = (pi.lo > 0) * 1.0
        if self.mdp.is_sparse:
            rows = sparse.close(self.mdp.P, self.mdp.r, live)[0]
            return Interval.exact(nearest(sparse.closed_classes(rows)))
        closed = dense.close(self.mdp.P, self.mdp.r, live)[0]
        return Interval.exact(nearest(dense.closed_classes(closed > 0)))

    def natural_gradient(self, pi: Interval, rho: Interval, A: Interval, shared: bool) -> Interval:
        """Raise an error: the pseudo-inverse is not continuous where the rank changes."""
        got, expected = "asks for a pseudo-inverse", "a quantity that is continuous"
        raise LimitError(Problem("enclosed_rank", "the pair", got, expected, RATIONAL))

    def _need_grid(self) -> None:
        if self.mdp._below is not None:
            got, expected = "has entries below 2^-53", "rows that floats hold exactly"
            raise LimitError(Problem("grid", "P", got, expected, RATIONAL))

    def _need_dense(self) -> None:
        if self.mdp.is_sparse:
            got, expected = "asks for all pairs of states", "a dense model"
            raise LimitError(Problem("enclosed_pairs", "the pair", got, expected, RATIONAL))
