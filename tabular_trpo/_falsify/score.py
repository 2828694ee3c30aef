"""The score of a pair for a claim: gap / penalty, on whole batches, in plain doubles.

A claim says that a sum of terms is at most 0.  `measure` sorts the terms into a gap, such as
L - eta_new, and a penalty, which vanishes with the step, such as C max_kl; the claim is
gap <= penalty.  The score is gap / penalty, above 1 where the claim fails.  The difference
gap - penalty is not used: it is largest at long steps, where a bound is far from tight, and goes
to 0 with the step whether the constant is right or wrong; the ratio does not.

A claim without a penalty may have a precondition with one: "eta_new >= eta where
L - eta >= C mean_kl".  It is scored by the slack of the precondition: on the boundary, where
L = eta + penalty, the loss eta - eta_new is gap - penalty of the bound eta_new >= L - penalty.

The sides of the claim alone decide whether a pair has a value and whether an infinite side refutes.
Doubles are not exact: a score above 1 must be confirmed by exact arithmetic.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np

from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._falsify.conditions import SLACK, excess
from tabular_trpo._falsify.measure import GapAndPenalty, measure
from tabular_trpo._falsify.sums import Terms
from tabular_trpo._falsify.totals import Cache, per_pair, total, with_axes
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import FastPair
from tabular_trpo._theory.ratio import ratio_of
from tabular_trpo._theory.vocabulary import entries

# Scores of pairs without a value, outside the precondition (up to -1), and inside it (above -1).
NO_VALUE, OUTSIDE, APPLICABLE = -3.0, -2.0, -1.0
ROUNDING = 1e-13  # rounding error of a gap over the sum of the sizes of its terms
SCALE_ROUNDING = 2e-15  # rounding error of V and A over the pair's rounding scale
NO_PENALTY = 1e6  # score of a gap where the penalty is 0
INFINITE = 1e7  # score where an infinite side refutes the claim
LEAST = 1e-300  # added to denominators, so that 0 / 0 is 0


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scorer:
    """The score of a claim as a function of a batch of pairs, above 1 where the claim fails.

    claim:        the claim that is scored
    gap, penalty: terms whose sums are compared; `penalty` is empty where the claim has none
    precondition: gap and penalty of the precondition, by which a claim without penalty is scored
    averages:     whether the claim uses average rewards, whose rounding errors have another scale
    """

    claim: Theorem
    gap: Terms
    penalty: Terms
    precondition: GapAndPenalty | None = None
    averages: bool = False

    def __call__(self, p: FastPair) -> Array:
        """Return the scores of a batch of N pairs, (N,); NO_VALUE where the claim has no value."""
        with np.errstate(all="ignore"):
            cache: Cache = ({}, {})
            score = self._of_terms(p, cache)
            low = APPLICABLE + 1e-9
            score = np.where(np.isnan(score), NO_VALUE, np.clip(score, low, NO_PENALTY))
            score = self._by_sides(p, score.max(axis=tuple(range(1, score.ndim))), cache)
            share = excess(self.claim.condition, p)
            score = np.where(share > SLACK, OUTSIDE + 1 / (1 + share), score)
            return np.where(np.isnan(share), NO_VALUE, score)

    def _of_terms(self, p: FastPair, cache: Cache) -> Array:
        """Return the scores from the sums of gap and penalty, (N, ...); NaN where a sum is NaN."""
        gap, size = total(self.gap, p, cache)
        scale = p.average_rounding_scale if self.averages else p.rounding_scale
        noise = ROUNDING * size + SCALE_ROUNDING * with_axes(scale, gap.ndim)
        if self.claim.statement.relation == "==":
            return np.asarray(1 + (np.abs(gap) - 1e3 * noise) / (size + LEAST))
        if self.precondition:
            slack, penalty = (with_axes(x, gap.ndim) for x in self._slack_and_penalty(p))
            fails = np.minimum(slack, gap) - noise
            # Without a step or without rewards all terms are 0: such pairs get the lowest share.
            useful = (fails > 0) | (penalty > noise)
            share = np.where(useful, fails / (penalty + LEAST), -np.inf)
            return np.where(share < 0, 1 / (1 - share), 1 + share)  # strictly increasing
        if not self.penalty:
            return np.asarray(1 + (gap - noise) / (size + noise + LEAST))
        penalty, _ = total(self.penalty, p, cache)
        axes = max(gap.ndim, penalty.ndim)
        gap, noise, penalty = (with_axes(x, axes) for x in (gap, noise, penalty))
        free = np.where(gap + penalty > noise, NO_PENALTY, 0.0) + 0.0 * penalty  # NaN is kept
        return np.where(penalty < 0, (gap - noise) / -penalty, free)

    def _by_sides(self, p: FastPair, score: Array, cache: Cache) -> Array:
        """Return the scores, (N,), replaced where a side of the claim is infinite or undefined."""
        statement = self.claim.statement
        sides = statement.lhs, statement.rhs
        lhs, rhs = (per_pair(e.value(p, cache[0]), p) for e in sides)
        over = rhs - lhs if statement.relation == ">=" else lhs - rhs
        if statement.relation == "==":
            over = np.abs(over)
        share = 1 + over / (np.abs(lhs) + np.abs(rhs) + LEAST)
        score = np.where(score == NO_VALUE, share, score)  # infinite terms cancelled
        score = np.where(np.isinf(over), np.where(over > 0, INFINITE, 0.0), score)
        return np.where(np.isnan(over), NO_VALUE, score)

    def precondition_slack(self, p: FastPair) -> Array:
        """Return the slack of the precondition minus max(0, the failure of the claim), (N,).

        Rounding to rationals moves a pair a little, so a counterexample needs a distance from the
        boundary of the precondition.
        """
        gap, _ = total(self.gap, p)
        worst = gap.max(axis=tuple(range(1, gap.ndim)))
        return np.asarray(self._slack_and_penalty(p)[0] - np.maximum(worst, 0.0))

    def ratio(self, pair: Pair) -> float | None:
        """Return gap / penalty of one exact pair, for a vector claim the maximum over states.

        return: None where the claim has no penalty or the penalty is 0
        """
        found = (ratio_of(x, y) for x, y in self.sides(pair))
        return max((x for x in found if x is not None), default=None)

    def sides(self, pair: Pair) -> list[tuple[Scalar, Scalar]]:
        """Return (gap, penalty) of one exact pair: one element, or one for each state."""
        axes = max((e.rank for _, e in self.gap + self.penalty), default=0)

        def added(terms: Terms) -> Array:
            values = ((sign, np.asarray(e.value(pair))) for sign, e in terms)
            parts = (int(sign) * with_axes(value, axes) for sign, value in values)
            return np.asarray(sum(parts, Fraction(0)), dtype=object)

        gap, penalty = np.broadcast_arrays(added(self.gap), -added(self.penalty))
        return list(zip(gap.ravel(), penalty.ravel(), strict=True))

    def _slack_and_penalty(self, p: FastPair) -> tuple[Array, Array]:
        """Return (slack, penalty) of the precondition, (N,) each; the slack is gap - penalty."""
        gap, penalty = (total(terms, p)[0] for terms in self.precondition or ((), ()))
        return gap + penalty, -penalty


def scorer(claim: Theorem) -> Scorer:
    """Return the Scorer of a claim, with the gap and penalty that `measure` finds.

    >>> from tabular_trpo._theory.claim import claim
    >>> @claim("monotone", when=lambda p: (p.L - p.eta, ">=", p.C * p.mean_kl))
    ... def monotone(p):
    ...     return p.eta_new, ">=", p.eta
    >>> scorer(monotone).penalty, scorer(monotone).precondition[1]
    ((), ((-1.0, C*mean_kl),))
    """
    return Scorer(claim, *measure(claim), any(entry.average for entry in entries(claim.names())))
