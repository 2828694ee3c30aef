"""Steps in total variation: exact optima, in rational arithmetic if the surrogate is rational.

**Problem.** Maximise sum_{s,a} G (pi_new - pi) less a penalty on max_s D_TV(pi(s), pi_new(s))^2, or
subject to a bound of the largest or the mean total variation.

**Method.** The best use of total variation t in a row takes mass t from the worst actions first and
gives it to the best one.  That gain is concave and piecewise linear in t, with breakpoints at sums
of probabilities, so each optimum is found by comparisons and one division: the maximum over t of
the sum of all rows less c t^2, the same t in each row, or a knapsack by gain per cost.

**Guarantee.** The slopes at the optimum are its multipliers, which prove it (`duality`).
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
    """Return the step that maximises the surrogate less a penalty on the largest TV.

    max over pi_new of sum_{s,a} G (pi_new - pi) - c max_s D_TV(pi(s), pi_new(s))^2: Algorithm 1 of
    TRPO (2015) with the penalty of its Theorem 1, if c = 4 eps gamma / (1 - gamma)^2 (`penalty`).
    Rows of weight 0 keep pi; ties between best actions go to the first.

    c:      a number >= 0 in the arithmetic of L; 0 gives the greedy step, up to ties
    return: `Step` with `TVPenalty`; exact in rational arithmetic
    raises: InvalidMDPError for a batch, and c negative, NaN or infinite; ExactnessError; LimitError
            where the differences of G overflow

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> step = tv_penalty(surrogate(evaluate(mdp, [["1/2", "1/2"]])), 4)
    >>> step.multipliers["a"], step.objective
    (Fraction(1, 4), Fraction(1, 4))
    """
    c = nonnegative("c", c, is_rational(single(L).pi))
    rows = _moves(L)
    # The first breakpoint from which on the penalty rises faster than all gains together.
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
    return make_step(L, _moved(L, rows, dict.fromkeys(rows, a)), found, lambda *d: c * d[2] ** 2)


@public
def tv_constraint(L: Surrogate, delta: Scalar) -> Step:
    """Return the step that maximises the surrogate within a total variation of delta in each row.

    max L(pi_new) subject to max_s D_TV(pi(s), pi_new(s)) <= delta, over visited states; the trust
    region of TRPO (2015), equation (11), in the distance of its Theorem 1.  Rows of weight 0 keep
    pi.

    delta:  a number >= 0 in the arithmetic of L
    return: `Step` with `TVConstraint`; exact in rational arithmetic
    raises: InvalidMDPError for a batch, and delta negative, NaN or infinite; ExactnessError;
            LimitError where the differences of G overflow

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> tv_constraint(surrogate(evaluate(mdp, [["1/2", "1/2"]])), "1/8").pi_new
    array([[Fraction(3, 8), Fraction(5, 8)]], dtype=object)
    """
    delta = nonnegative("delta", delta, is_rational(single(L).pi))
    rows = _moves(L)
    m = zeros(L.weight.shape, is_rational(L.pi))
    for s, row in rows.items():
        m[s] = row.right(delta)
    found = TVConstraint(delta, frozen(m))
    return make_step(L, _moved(L, rows, dict.fromkeys(rows, delta)), found)


@public
def mean_tv_constraint(L: Surrogate, delta: Scalar) -> Step:
    """Return the step that maximises the surrogate within a mean total variation of delta.

    max L(pi_new) subject to sum_s d(s) D_TV(pi(s), pi_new(s)) <= delta, d = weight / sum(weight):
    equation (12) of TRPO (2015) in total variation.  A fractional knapsack: mass moves in the order
    of its gain per mean TV.  Rows of weight 0 keep pi.

    delta:  a number >= 0 in the arithmetic of L
    return: `Step` with `MeanTVConstraint`, whose lam is the gain per mean TV of the mass that moves
            last, 0 where all useful mass moves; exact in rational arithmetic
    raises: InvalidMDPError for a batch, and delta negative, NaN or infinite; ExactnessError;
            LimitError where the differences of G overflow

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> mean_tv_constraint(surrogate(evaluate(mdp, [["1/2", "1/2"]])), "1/8").multipliers.lam
    Fraction(2, 1)
    """
    delta = nonnegative("delta", delta, is_rational(single(L).pi))
    rows = _moves(L)
    visited = L.weight > 0
    d = (L.weight / L.weight[visited].sum() if visited.any() else L.weight).tolist()
    masses, left, lam = dict.fromkeys(rows, 0 * delta), delta, 0 * delta
    # A row whose d underflows to 0 costs nothing and moves completely.
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
    return make_step(L, _moved(L, rows, masses), MeanTVConstraint(delta, lam))


@final
@locked_dataclass(frozen=True)
class _Row:
    """The gain of moved mass t in one row: slope `slopes[i]` for t up to `ends[i]`, then 0.

    best:    the action that takes the mass
    actions: the actions that mass leaves, the worst first
    slopes:  one for each of them, and a 0 at the end
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
        """Return (slope, mass) of each action that mass leaves."""
        starts = [0 * self.ends[0], *self.ends]
        return [(x, b - a) for x, a, b in zip(self.slopes, starts, self.ends, strict=False)]


def _moves(L: Surrogate) -> dict[int, _Row]:
    """Return the visited rows with mass on actions that are worse than the best."""
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


def _moved(L: Surrogate, rows: dict[int, _Row], masses: dict[int, Scalar]) -> Array:
    """Return pi with the given mass moved in each row, or all useful mass where that is less."""
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
    """Return half the sum of slopes, which is compared with c a, since 2 c a might overflow."""
    return _finite(sum(slope / 2 for slope in slopes))


def _finite(value: Scalar) -> Scalar:
    if isinstance(value, float) and not isfinite(value):
        cure = "Scale the rewards, or use the rational arithmetic"
        raise LimitError.of("overflow", "G", "overflows float64", "finite differences", cure)
    return value
