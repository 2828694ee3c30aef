"""Steps in total variation: exact optima, in rational arithmetic if the surrogate is rational.

**Problem.** With G = rho A, D_s = D_TV(pi(s), pi_new(s)) and d = rho / sum(rho), maximise
sum_{s,a} G (pi_new - pi) over tables pi_new,

    `tv_penalty`          less c max_s D_s^2              Algorithm 1 of TRPO (2015)
    `tv_constraint`       subject to max_s D_s <= delta   equation (11)
    `mean_tv_constraint`  subject to d . D <= delta       equation (12)

with total variation in place of KL, as in Theorem 1 of the paper.

**Method.** Let f_s(t) be the largest gain of row s with D_s <= t.  Mass t is taken from the actions
of the smallest G first and given to the best one.  So f_s is concave and piecewise linear, with
breakpoints at partial sums of pi(s), and each optimum takes comparisons and one division:

    penalty:          one t for all rows where sum_s f_s'(t) = 2 c t, or a breakpoint at which the
                      left side jumps over the right one
    largest distance: t = delta in each row
    mean distance:    a fractional knapsack; mass moves in the order of f_s' / d(s)

**Guarantee.** The optimum is exact in rational arithmetic.  The slopes f_s' there are its
multipliers, which prove it by weak duality (`duality_gap` is 0).  Source: TRPO (2015), Theorem 1
and section 4; Dantzig (1957) for the knapsack.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from math import isfinite
from typing import final

import numpy as np

from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.numbers import Array, Scalar, frozen, is_rational, zeros
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import best_action
from tabular_trpo._improve.multipliers import MeanTVConstraint, TVConstraint, TVPenalty
from tabular_trpo._improve.step import Step, make_step, nonnegative, single


@public
def tv_penalty(L: Surrogate, c: Scalar) -> Step:
    """Return the step that maximises the surrogate less a penalty on the largest distance.

    max over pi_new of sum_{s,a} G (pi_new - pi) - c max_s D_TV(pi(s), pi_new(s))^2: Algorithm 1 of
    TRPO (2015) with the penalty of its Theorem 1, if c = 4 eps gamma / (1 - gamma)^2 (`penalty`).
    Rows of weight 0 keep pi; of several best actions the first takes the mass.

    c:      a number >= 0 in the arithmetic of L; 0 gives a greedy step
    return: `Step` with `TVPenalty`; exact in rational arithmetic
    raises: InvalidMDPError for a batch, and c negative, NaN or infinite; ExactnessError for c in
            the other arithmetic; LimitError where the differences of G overflow

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> step = tv_penalty(surrogate(evaluate(mdp, [["1/2", "1/2"]])), 4)
    >>> step.multipliers["a"], step.objective
    (Fraction(1, 4), Fraction(1, 4))
    """
    c = nonnegative("c", c, is_rational(single(L).pi))
    rows = _row_gains(L)
    # The first breakpoint at which the slope of the penalty is at least that of all gains.
    points = sorted({0 * c, *(end for row in rows.values() for end in row.ends)})
    k = bisect_left(
        points, True, key=lambda a: _sum(row.right(a) for row in rows.values()) <= c * a
    )
    a = points[k]
    if k and c > 0:
        a = min(a, _sum(row.left(a) for row in rows.values()) / c)
    m = zeros(L.weight.shape, is_rational(L.pi))
    for s, row in rows.items():
        m[s] = row.right(a)
    # At a breakpoint each row has an interval of slopes; their sum must be 2 c a.
    missing = c * a - _sum(m)
    for s, row in rows.items():
        more = min(max(2 * missing, 0 * a), row.left(a) - m[s])
        m[s], missing = m[s] + more, missing - more / 2
    found = TVPenalty(c, a, frozen(m))
    pi_new = _moved_policy(L, rows, dict.fromkeys(rows, a))
    return make_step(L, pi_new, found, lambda *d: c * d[2] ** 2)


@public
def tv_constraint(L: Surrogate, delta: Scalar) -> Step:
    """Return the step that maximises the surrogate within a total variation of delta in each row.

    max L(pi_new) subject to max_s D_TV(pi(s), pi_new(s)) <= delta, over visited states; the trust
    region of TRPO (2015), equation (11), in the distance of its Theorem 1.  Rows of weight 0 keep
    pi.

    delta:  the radius, a number >= 0 in the arithmetic of L
    return: `Step` with `TVConstraint`; exact in rational arithmetic
    raises: InvalidMDPError for a batch, and delta negative, NaN or infinite; ExactnessError for
            delta in the other arithmetic; LimitError where the differences of G overflow

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> tv_constraint(surrogate(evaluate(mdp, [["1/2", "1/2"]])), "1/8").pi_new
    array([[Fraction(3, 8), Fraction(5, 8)]], dtype=object)
    """
    delta = nonnegative("delta", delta, is_rational(single(L).pi))
    rows = _row_gains(L)
    m = zeros(L.weight.shape, is_rational(L.pi))
    for s, row in rows.items():
        m[s] = row.right(delta)
    found = TVConstraint(delta, frozen(m))
    return make_step(L, _moved_policy(L, rows, dict.fromkeys(rows, delta)), found)


@public
def mean_tv_constraint(L: Surrogate, delta: Scalar) -> Step:
    """Return the step that maximises the surrogate within a mean total variation of delta.

    max L(pi_new) subject to sum_s d(s) D_TV(pi(s), pi_new(s)) <= delta, d = weight / sum(weight):
    equation (12) of TRPO (2015) in total variation.  A fractional knapsack: mass moves in the order
    of its gain per mean total variation.  Rows of weight 0 keep pi.

    delta:  the radius, a number >= 0 in the arithmetic of L
    return: `Step` with `MeanTVConstraint`, whose lam is the gain per mean total variation of the
            mass that moves last, 0 if all mass is on best actions; exact in rational arithmetic
    raises: InvalidMDPError for a batch, and delta negative, NaN or infinite; ExactnessError for
            delta in the other arithmetic; LimitError where the differences of G overflow

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> mean_tv_constraint(surrogate(evaluate(mdp, [["1/2", "1/2"]])), "1/8").multipliers.lam
    Fraction(2, 1)
    """
    delta = nonnegative("delta", delta, is_rational(single(L).pi))
    rows = _row_gains(L)
    visited = L.weight > 0
    d = (L.weight / L.weight[visited].sum() if visited.any() else L.weight).tolist()
    masses, left, lam = dict.fromkeys(rows, 0 * delta), delta, 0 * delta
    # A row whose d underflows to 0 does not count in the mean, and all its mass moves.
    masses |= {s: row.ends[-1] for s, row in rows.items() if not d[s]}
    found = [(x / d[s], s, mass) for s, row in rows.items() if d[s] for x, mass in row.steps()]
    found.sort(key=lambda item: -item[0])  # stable: ties in the order of states and actions
    for ratio, s, mass in found:
        most = left / d[s]
        masses[s] += min(most, mass)
        if most <= mass:
            lam = _finite(ratio)
            break
        left = max(left - d[s] * mass, 0 * left)
    return make_step(L, _moved_policy(L, rows, masses), MeanTVConstraint(delta, lam))


@final
@locked_dataclass(frozen=True)
class _Row:
    """The gain f(t) of one row for moved mass t, piecewise linear and concave.

    best:    the action that receives the mass
    actions: the actions from which mass is taken, in the order of G
    slopes:  f'(t) between breakpoints, one for each of these actions, then 0
    ends:    the breakpoints, partial sums of the probabilities of these actions
    """

    best: int
    actions: list[int]
    slopes: list[Scalar]
    ends: list[Scalar]

    def right(self, a: Scalar) -> Scalar:
        """Return the right derivative of the gain at mass a."""
        return self.slopes[bisect_right(self.ends, a)]

    def left(self, a: Scalar) -> Scalar:
        """Return the left derivative of the gain at mass a."""
        return self.slopes[bisect_left(self.ends, a)]

    def steps(self) -> list[tuple[Scalar, Scalar]]:
        """Return (slope, mass) of each action from which mass is taken."""
        starts = [0 * self.ends[0], *self.ends]
        return [(x, b - a) for x, a, b in zip(self.slopes, starts, self.ends, strict=False)]


def _row_gains(L: Surrogate) -> dict[int, _Row]:
    """Return {state: gain of moved mass} of the visited states with mass on worse actions."""
    rows = {}
    for s in np.flatnonzero(L.weight > 0).tolist():
        best = best_action(L, L.G, s)
        pi, G = L.pi[s].tolist(), L.G[s].tolist()
        worse = [a for a in range(len(pi)) if pi[a] > 0 and G[a] < G[best]]
        worse.sort(key=G.__getitem__)
        if worse:
            ends = list(accumulate(pi[a] for a in worse))
            slopes = [_finite(G[best] - G[a]) for a in worse]
            rows[s] = _Row(best, worse, [*slopes, 0 * ends[0]], ends)
    return rows


def _moved_policy(L: Surrogate, rows: dict[int, _Row], masses: dict[int, Scalar]) -> Array:
    """Return pi with `masses[s]`, or all mass on worse actions, moved to the best action of s."""
    new = L.pi.copy()
    for s, row in rows.items():
        left = masses[s]
        for action in row.actions:
            taken = min(left, new[s, action])
            new[s, action] -= taken
            new[s, row.best] += taken
            left -= taken
    return new


def _sum(slopes: Iterable[Scalar]) -> Scalar:
    """Return half the sum of slopes; it is compared with c a, since 2 c a might overflow."""
    return _finite(sum(slope / 2 for slope in slopes))


def _finite(value: Scalar) -> Scalar:
    """Return a number after a check that it is finite; LimitError otherwise."""
    if isinstance(value, float) and not isfinite(value):
        cure = "Scale the rewards, or use the rational arithmetic"
        raise LimitError.of("overflow", "G", "overflows float64", "finite differences", cure)
    return value
