"""The gap and the penalty of a claim, independent of how the claim is written.

Problem: a claim lhs <= rhs can be written in many ways, but its ratio gap / penalty should not
depend on that.  Method: lhs - rhs is expanded into a sum of terms (`sums`), denominators that
vanish with the step are cleared (`quotient`), and each term is evaluated on random pairs (`kinds`).
Terms that vanish with the step and are never positive are the penalty; the others, such as L and
eta_new, are the gap.  If a claim has a center, gap and penalty are instead the distances of its
sides from the center.  Guarantee: gap + penalty = lhs - rhs up to a positive
factor, so that gap / penalty > 1 exactly where the claim fails; the split itself is a heuristic.
"""

from typing import NamedTuple, final

import numpy as np

from tabular_trpo._falsify.conditions import SLACK, excess, requirements, violation
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.kinds import AS_DRAWN, GAP, Kind, Probes
from tabular_trpo._falsify.quotient import cleared
from tabular_trpo._falsify.sums import Terms, cancelled, flattened, terms_of
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.plain import FastPair, PairTables

PROBES, LEAST_PROBES = 1024, 8  # random pairs on which terms are classified; least number
GapAndPenalty = tuple[Terms, Terms]


@final
class Measure(NamedTuple):
    """Gap and penalty of a claim; `precondition` has those of its precondition, or is None."""

    gap: Terms
    penalty: Terms
    precondition: GapAndPenalty | None = None


def measure(claim: Theorem) -> Measure:
    """Return gap and penalty of a claim, found from its center, if any, or from its terms.

    >>> from tabular_trpo._theory.claim import claim
    >>> @claim("L spelled out")
    ... def bound(p):
    ...     return p.eta_new, ">=", p.eta + p.sum_s(p.rho * (p.A_bar - p.tv**2))
    >>> measure(bound).gap
    ((1.0, eta), (1.0, sum_s(rho*A_bar)), (-1.0, eta_new))
    >>> measure(bound).penalty
    ((-1.0, sum_s(rho*tv**2)),)
    """
    statement = claim.statement
    if statement.relation == "==":
        return Measure(terms_of(violation(statement)), ())
    if claim.center_expression is not None:
        sides = statement.lhs - claim.center_expression, claim.center_expression - statement.rhs
        if statement.relation == ">=":
            sides = claim.center_expression - statement.lhs, statement.rhs - claim.center_expression
        gap, penalty = (cancelled(flattened(side)) for side in sides)
        return Measure(gap, penalty)
    probes = Probes(_applicable_pairs(claim))
    gap, penalty = _split(cleared(terms_of(violation(statement)), probes), probes)
    return Measure(gap, penalty, None if penalty else _of_precondition(claim, gap, probes))


def _of_precondition(claim: Theorem, gap: Terms, probes: Probes) -> GapAndPenalty | None:
    """Return gap and penalty of the precondition of a claim, if all scale with the rewards.

    return: None where the precondition has no penalty, such as a range of gamma or of max_kl
    """
    if claim.condition is None or claim.condition.relation == "==":
        return None
    for wrong in requirements(claim.condition):
        found = _split(cleared(flattened(wrong, -1.0), probes), probes)
        if found[1] and all(probes.of_rewards(terms) for terms in (gap, *found)):
            return found
    return None


def _split(terms: Terms, probes: Probes) -> GapAndPenalty:
    """Sort terms into gap and penalty by their kinds; the penalty may be empty.

    Where no term has a sign for rewards of both signs, signs on the drawn pairs alone count: the
    precondition can give L - eta a sign.  Where no term has a sign and vanishes with the step,
    terms that are never positive are the penalty.  Gap and penalty are exchanged if the gap is
    negative more often than the penalty.
    """
    opened = probes.opened(terms)
    if all(kind in GAP for _, _, kind in opened):
        opened = probes.opened(terms, AS_DRAWN)

    def of_kinds(*kinds: Kind) -> Terms:
        return tuple((sign, e) for sign, e, kind in opened if kind in kinds)

    large, below = of_kinds(*GAP), of_kinds(Kind.NEGATIVE)
    small = of_kinds(Kind.POSITIVE, Kind.NEGATIVE)
    if not small:
        signs = [probes.never((term,), 1.0) for term in large]
        gap = tuple(term for term, never in zip(large, signs, strict=True) if not never)
        penalty = tuple(term for term, never in zip(large, signs, strict=True) if never)
    elif large and (not below or probes.never(small, 1.0)):
        gap, penalty = large, small
    else:
        gap, penalty = of_kinds(*GAP, Kind.POSITIVE), below
    if gap and penalty and probes.negative(gap) > probes.negative(penalty):
        gap, penalty = penalty, gap
    return gap or penalty, penalty if gap else ()


def _applicable_pairs(claim: Theorem) -> PairTables:
    """Return random pairs that satisfy the precondition; all pairs if < LEAST_PROBES satisfy it."""
    cases = draw(np.random.default_rng(0), PROBES, 3, 3)
    inside = excess(claim.condition, FastPair(cases)) <= SLACK
    return cases[inside] if np.count_nonzero(inside) >= LEAST_PROBES else cases
