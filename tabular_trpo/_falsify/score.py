"""How near a pair comes to breaking a claim: gap / penalty, on whole batches, in plain doubles.

A claim says that a sum of terms is at most 0; `falsify.measure` sorts them.  The ratio of gap and
penalty is what a search can climb: the sum itself is largest at long steps, where a bound is
usually far from tight.

A claim without a penalty may speak only where a promise is kept, as L - eta >= C mean_kl.  Then
the penalty of the promise is the measure: on its edge, where L = eta + penalty, eta - eta_new is
gap - penalty of the bound that the claim stands for, eta_new >= L - penalty.

Whether a pair has a value, and what an infinite side says, the sides alone decide.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.conditions import SLACK, excess
from tabular_trpo._falsify.measure import Promise, measure
from tabular_trpo._falsify.sums import Terms
from tabular_trpo._falsify.totals import Known, along, spread, total
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import PlainPair
from tabular_trpo._theory.ratio import ratio_of
from tabular_trpo._theory.vocabulary import entries

# Scores of pairs without a value, and where the condition fails; above SPEAKS it holds.
NO_VALUE, OUTSIDE, SPEAKS = -3.0, -2.0, -1.0
ROUNDING = 1e-13  # of the terms that nearly cancel in a gap
FIELD_ROUNDING = 2e-15  # of values and advantages over a horizon
NO_PENALTY = 1e6  # score of a gap where the penalty is 0
INFINITE = 1e7  # score where an infinite side refutes the claim
LEAST = 1e-300  # keeps 0 / 0 from being no value


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scorer:
    """The score of a claim: above 1 where it fails by more than rounding.

    gap, penalty: terms whose sums are compared; `penalty` is empty where a claim has none
    promise:      terms of the precondition whose penalty measures a claim that has none itself
    averages:     whether it speaks of average rewards, which round by another horizon
    """

    claim: Theorem
    gap: Terms
    penalty: Terms
    promise: Promise | None = None
    averages: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look through the names once, not at each batch."""
        object.__setattr__(self, "averages", any(entry.average for entry in entries(self.claim.names())))

    def __call__(self, p: PlainPair) -> Array:
        """Return the scores of a batch, (N,): see `NO_VALUE` and the other constants."""
        with np.errstate(all="ignore"):
            known: Known = ({}, {})
            score = self._of_terms(p, known)
            score = np.where(np.isnan(score), NO_VALUE, np.clip(score, SPEAKS + 1e-9, NO_PENALTY))
            score = self._by_sides(p, score.max(axis=tuple(range(1, score.ndim))), known)
            share = excess(self.claim.condition, p)
            score = np.where(share > SLACK, OUTSIDE + 1 / (1 + share), score)
            return np.where(np.isnan(share), NO_VALUE, score)

    def _of_terms(self, p: PlainPair, known: Known) -> Array:
        """Return the scores by gap and penalty, (N, ...), NaN where these do not tell."""
        gap, size = total(self.gap, p, known)
        around = p.average_field if self.averages else p.field
        noise = ROUNDING * size + FIELD_ROUNDING * along(around, gap.ndim)
        if self.claim.statement.relation == "==":
            return np.asarray(1 + (np.abs(gap) - 1e3 * noise) / (size + LEAST))
        if self.promise:
            left, scale = (along(x, gap.ndim) for x in self._left(p))
            fails = np.minimum(left, gap) - noise
            # Without a step or without rewards all is 0, which is no near miss.
            share = np.where((fails > 0) | (scale > noise), fails / (scale + LEAST), -np.inf)
            return np.where(share < 0, 1 / (1 - share), 1 + share)  # no plateau far below
        if not self.penalty:
            return np.asarray(1 + (gap - noise) / (size + noise + LEAST))
        penalty, _ = total(self.penalty, p, known)
        axes = max(gap.ndim, penalty.ndim)
        gap, noise, penalty = (along(x, axes) for x in (gap, noise, penalty))
        free = np.where(gap + penalty > noise, NO_PENALTY, 0.0) + 0.0 * penalty  # NaN stays
        return np.where(penalty < 0, (gap - noise) / -penalty, free)

    def _by_sides(self, p: PlainPair, score: Array, known: Known) -> Array:
        """Let the sides tell where there is no value, and where one of them is infinite, (N,)."""
        statement = self.claim.statement
        lhs, rhs = (spread(e.value(p, known[0]), p) for e in (statement.lhs, statement.rhs))
        over = rhs - lhs if statement.relation == ">=" else lhs - rhs
        if statement.relation == "==":
            over = np.abs(over)
        share = 1 + over / (np.abs(lhs) + np.abs(rhs) + LEAST)
        score = np.where(score == NO_VALUE, share, score)  # terms that are infinite cancelled
        score = np.where(np.isinf(over), np.where(over > 0, INFINITE, 0.0), score)
        return np.where(np.isnan(over), NO_VALUE, score)

    def room(self, p: PlainPair) -> Array:
        """Return what is left of the promise, less what the claim fails by where it fails, (N,).

        A pair that is read exactly moves a little, so it should not be on the very edge.
        """
        gap, _ = total(self.gap, p)
        worst = gap.max(axis=tuple(range(1, gap.ndim)))
        return np.asarray(self._left(p)[0] - np.maximum(worst, 0.0))

    def ratio(self, pair: Pair) -> float | None:
        """Return gap / penalty of one exact pair, the largest over the states where it has many.

        return: None where the claim has no penalty, or it is 0, since 0 / 0 is no ratio
        """
        found = (ratio_of(x, y) for x, y in self.sides(pair))
        return max((x for x in found if x is not None), default=None)

    def sides(self, pair: Pair) -> list[tuple[Any, Any]]:
        """Return (gap, penalty) of one exact pair, at each state if they are of states."""
        axes = max((e.rank for _, e in self.gap + self.penalty), default=0)

        def added(terms: Terms) -> Array:
            values = ((sign, np.asarray(e.value(pair))) for sign, e in terms)
            parts = (int(sign) * along(value, axes) for sign, value in values)
            return np.asarray(sum(parts, Fraction(0)), dtype=object)

        gap, penalty = np.broadcast_arrays(added(self.gap), -added(self.penalty))
        return list(zip(gap.ravel(), penalty.ravel(), strict=True))

    def _left(self, p: PlainPair) -> tuple[Array, Array]:
        """Return what is left of the promise and its penalty, (N,) each."""
        gap, penalty = (total(terms, p)[0] for terms in self.promise or ((), ()))
        return gap + penalty, -penalty


def scorer(claim: Theorem) -> Scorer:
    """Sort the terms of a claim into gap and penalty; where it has no penalty, of a promise.

    >>> from tabular_trpo._theory.claim import claim
    >>> @claim("monotone", when=lambda p: (p.L - p.eta, ">=", p.C * p.mean_kl))
    ... def monotone(p):
    ...     return p.eta_new, ">=", p.eta
    >>> scorer(monotone).penalty, scorer(monotone).promise[1]
    ((), ((-1.0, C*mean_kl),))
    """
    return Scorer(claim, *measure(claim))
