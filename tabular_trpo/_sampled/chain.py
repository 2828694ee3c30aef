"""Affine recursions along a path of one model, backward in time, and their fixed points.

Problem: expectations of products of sums along a path, as functions of the state in which the path
begins, satisfy x = F(x'), F affine and primes one step later.

Method: T steps for a horizon T; with geometric stopping times one linear system for each function,
in an order in which each depends on itself and on earlier ones only, by the matrix
gamma sum_a mu w^n P for w = pi/mu and n = 1 or 2.  For n = 2 it need not be a discounted stochastic
matrix.  A non-negative matrix M has a spectral radius below 1, and the expectation is finite, if
and only if (I - M) x = 1 has a solution x > 0.

Guarantee: exact in rational arithmetic; in floats to rounding.
Source: Berman and Plemmons (1994), chapter 6, for the sign of the solution.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, final

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from tabular_trpo._core.budget import spend
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.linalg import dense, sparse
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, is_rational, zeros
from tabular_trpo._exact.work import moments_seconds, recursion_seconds
from tabular_trpo._sampled.episodes import absorbing
from tabular_trpo._sampled.one_step import expect_next, expect_reward_times

Step = Callable[[Array], Array]


@final
class Chain:
    """One model under the policy mu of its paths, and the ratios w = pi/mu of another policy.

    mu, w:    (S, A)
    horizon:  number of steps; None with geometric stopping
    g, gg, k: the means of f, of f^2, and of the indicator of another step
    ends, tail: as from `absorbing`; a path ends there
    """

    def __init__(self, mdp: MDP, mu: Array, w: Array, horizon: int | None) -> None:
        """Keep checked policies."""
        self.mdp, self.mu, self.w, self.horizon = mdp, mu, w, horizon
        self.ends, self.tail = absorbing(mdp)
        gamma = mdp.gamma
        scales = (gamma,) * 3 if horizon is None else (gamma, gamma * gamma, gamma**0)
        self.g, self.gg, self.k = scales
        self._matrices: dict[int, _Matrix] = {}

    def after(self, f: Array, power: int = 0) -> Array:
        """Return E r(s, a, s')^power f(s'), (S, A); f = (S,)."""
        if not power:
            return expect_next(self.mdp, f)
        return expect_reward_times(self.mdp, f, power)

    def drawn(self, table: Array) -> Array:
        """Return the mean over actions a ~ mu of (S, A), (S,)."""
        return np.asarray((self.mu * table).sum(axis=1))

    def solved(self, step: Step, last: Array, orders: Sequence[int]) -> Array:
        """Return the functions x = step(x), with x = last in absorbing states, (n, S).

        step:   affine in x, (n, S); row i depends on rows up to i, and on itself by the matrix of
                E w^order f P
        last:   x after the last step of a horizon
        orders: (n,) 1 or 2; 0 for a row that does not depend on itself
        raises: LimitError where a solution of order 2 is not finite
        """

        def ended(x: Array) -> Array:
            return np.where(self.ends, last, x)

        if is_rational(last):
            self._spend(len(last))
        x = last
        if self.horizon is not None:
            for _ in range(self.horizon):
                x = ended(step(x))
            return x
        x, done = ended(0 * last), 0
        for i, order in enumerate([*orders, 0]):
            if not order and i < len(orders):
                continue
            for _ in range(done, i):  # rows of order 0 depend on those before in at most i steps
                before = x[done:i].copy()
                x[done:i] = now = ended(step(x))[done:i]
                if (now == before).all():
                    break
            if order:
                own = ended(step(x))[i]
                x[i] = np.where(self.ends, last[i], self._matrix(order).solve(own))
            done = i + 1
        return x

    def _spend(self, functions: int) -> None:
        """Check the estimated work in rationals against the budget, relative to five functions."""
        mdp, T = self.mdp, self.horizon
        if T is None:
            seconds = moments_seconds(mdp, self.mu, self.w)
        else:
            seconds = recursion_seconds(mdp, self.mu, T)
        spend(seconds * functions / 5, f"{functions} expectations along paths in rationals")

    def _matrix(self, order: int) -> "_Matrix":
        if order not in self._matrices:
            self._matrices[order] = _Matrix(self, order)
        return self._matrices[order]


@final
class _Matrix:
    """I - gamma sum_a mu w^n P on the states that paths of mu reach, absorbing ones left out."""

    def __init__(self, chain: Chain, order: int) -> None:
        """Form the matrix; raises LimitError for order 2 unless its inverse is non-negative."""
        mdp = chain.mdp
        close: Any = sparse.close if mdp.is_sparse else dense.close
        moves, _ = close(mdp.P, mdp.r, chain.mu)
        live = ~chain.ends
        reached = (mdp.rho0 > 0) & live
        while (more := (reached | (reached * 1 @ moves > 0)) & live).sum() > reached.sum():
            reached = more
        self._at = np.flatnonzero(reached)
        K: Any = close(mdp.P, mdp.r, chain.mu * chain.w**order)[0]
        if mdp.is_sparse:
            K = K.copy()  # its indices are those of P
            K.sum_duplicates()
            part = sp.identity(len(self._at), format="csc") - chain.g * K[self._at][:, self._at]
            self._solve: Callable[[Array], Array] = _sparse(part)
        else:
            part = np.eye(len(self._at), dtype=int) - chain.g * K[np.ix_(self._at, self._at)]
            self._solve = partial(_exact if is_rational(part) else _dense, part)
        if order == 2 and not np.all(
            self._solve(zeros((len(self._at),), is_rational(mdp.rho0)) + 1) > 0
        ):
            got = "is not finite: the weights of long paths grow faster than paths stop"
            cure = "Give a horizon, or a behaviour that is closer to pi"
            raise LimitError.of("size", "the variance", got, "a finite number", cure)

    def solve(self, own: Array) -> Array:
        """Return x = own + K x, (S,), 0 in states that no path enters."""
        x = 0 * own
        if len(self._at):
            x[self._at] = self._solve(own[self._at])
        return x


def _dense(M: Array, b: Array) -> Array:
    """Return M^-1 b; NaN for a singular M, which passes no test of a sign."""
    try:
        return np.asarray(np.linalg.solve(M, b))
    except np.linalg.LinAlgError:
        return np.full(len(b), np.nan)


def _sparse(M: Any) -> Callable[[Array], Array]:
    """Return b -> M^-1 b; NaN for a singular M."""
    try:
        lu = spla.splu(M)
    except RuntimeError:
        return lambda b: np.full(len(b), np.nan)
    return lambda b: np.asarray(lu.solve(b))


def _exact(M: Array, b: Array) -> Array:
    """Return M^-1 b in rationals; -1 for a singular M, which passes no test of a sign."""
    from flint import fmpq, fmpq_mat  # here, so that importing the package does not load FLINT

    left, right = (
        [fmpq(int(x.numerator), int(x.denominator)) for x in table.flat] for table in (M, b)
    )
    try:
        found = fmpq_mat(len(b), len(b), left).solve(fmpq_mat(len(b), 1, right))
    except ZeroDivisionError:
        return 0 * b - 1
    fractions = (Fraction(int(x.p), int(x.q)) for x in found.entries())
    return np.fromiter(fractions, dtype=object, count=len(b))
