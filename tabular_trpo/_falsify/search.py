"""The search for a counterexample: maximise in doubles, round to rationals, shrink, prove.

Problem: find a model and two policies on which a claim is false.  Method, in the order of the code:

1. Score.  A claim says gap <= penalty.  Pairs are ranked by gap / penalty (`score`, `measure`),
   which exceeds 1 exactly where the claim fails.  The difference gap - penalty vanishes with the
   step from pi to pi_new; the ratio does not.
2. Climb.  A population of pairs of each size is improved by random changes and selection (`climb`,
   `moves`), beginning with random pairs (`draw`), worst cases and given pairs (`seeds`).
3. Round.  A pair with a score above 1 is rounded to fractions of small denominators
   (`rational_readings`), and each rational pair is judged in exact arithmetic.
4. Shrink and prove.  A pair that refutes the claim is reduced in size (`shrink`) and certified.

Guarantee: a refutation is proved exactly and does not depend on rounding; "unrefuted" proves
nothing.  The sequence of pairs depends on the seed alone; the budget ends the sequence.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any, final

import numpy as np

from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.errors import LimitError, TabularError
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, OptionalScalar
from tabular_trpo._core.public import public
from tabular_trpo._falsify import seeds
from tabular_trpo._falsify.arguments import checked, given_pairs, required_gamma, with_center
from tabular_trpo._falsify.climb import Generation, climb
from tabular_trpo._falsify.moves import Slack
from tabular_trpo._falsify.rational_readings import Score, exceeding, rationalised, scores_of
from tabular_trpo._falsify.result import Refutation, SearchStatus, Unrefuted, named
from tabular_trpo._falsify.rounding_artifacts import reject_rounding_artifacts
from tabular_trpo._falsify.score import APPLICABLE, NO_VALUE, Scorer, scorer
from tabular_trpo._falsify.shrink import refuted, shrunk
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import FastPair, PairTables

SIZES = ((2, 2), (2, 3), (3, 2), (3, 3), (1, 2), (4, 2), (4, 3), (4, 4))
OFTEN, LARGE_EVERY = 4, 3  # the first 4 sizes are searched in each turn, others every third turn
SUSPECTS = 3  # parents of a generation that are rounded and judged exactly
LEADING = 3  # pairs given by the user whose ratio is compared with the witness's
NEARLY = 1e-3  # share of the best ratio that is given up for smaller denominators
Best = tuple[float, PairTables] | None
Progress = Callable[[float, float], None]  # share of the budget, best score


@renamed_arguments(around="center")
@public
def falsify(
    claim: Any,
    seed: int = 0,
    budget: float = 60.0,
    gamma: OptionalScalar = None,
    families: bool = True,
    rounds: int | None = None,
    progress: Progress | None = None,
    start: Iterable[Pair] = (),
    center: object = None,
) -> Refutation | Unrefuted:
    """Search for a pair that violates a claim; round, shrink and certify the counterexample.

    The search maximises gap / penalty, which exceeds 1 where the claim fails.  Its pairs depend on
    the seed alone; the `seed` and `rounds` of a result, given as arguments, repeat the search.

    claim:    a claim made by `tt.claim`, or a theorem
    seed:     seed of the random numbers
    budget:   seconds after which the search ends
    gamma:    an exact number in [0, 1) at which gamma is held fixed; None lets it vary
    families: whether the first pairs include members of the worst-case families
    rounds:   number of rounds after which the search ends, in place of the budget
    progress: called after each round with the share of the budget spent and the best score
    start:    pairs to begin with, each judged exactly first; a fixed gamma replaces their gamma
    center:   a number, as text such as "L" or as a formula p -> number; gap and penalty are then
              the distances of the sides of the claim from it.  It replaces the claim's own center.
              Without a center, gap and penalty are found from the terms, see docs/falsify.md
    return:   Refutation or Unrefuted, with an exact pair (Unrefuted may have none)
    raises:   InvalidMDPError for a budget or gamma out of range, for a center of an equation, and
              for a pair in `start` that is a batch or too large; TypeError if `claim` is no claim

    >>> from tabular_trpo._theory.claim import claim
    >>> @claim("more surrogate, more return")
    ... def greedy(p):
    ...     return p.eta_new, ">=", p.L
    >>> found = falsify(greedy, budget=10, families=False)
    >>> found.status, found.pair.mdp.n_states
    ('refuted', 2)
    """
    held = checked(claim, budget, gamma, rounds, seed)
    if held is None:
        held = required_gamma(claim.condition)
    if center is not None:
        claim = with_center(claim, center)
    search, given = _Search(claim, held, seed), given_pairs(start)
    first = [seeds.tables(pair, claim.mixture, held) for pair in given]
    search.tried, search.rounds = len(first), 1
    found = search.refuted_reading(first)
    if found is not None:
        return search.refutation(found)
    for pair in (seeds.with_own_actions(x, claim.mixture, held) for x in given):
        if judge(claim, pair).status == "refuted":  # by its own set of allowed actions
            return search.proved(pair)
    search.tried, end = 0, time.monotonic() + budget
    fixed = None if held is None else nearest(held)
    slack = search.score.precondition_slack if search.score.precondition else None
    searched = generations(search.counted, seed, fixed, families, slack, first)
    for search.rounds, generation in enumerate(searched, 1):
        search.tried += generation.tried
        search.n_applicable += generation.n_applicable
        found = search.suspect(generation)
        if found is not None:
            return search.refutation(found)
        search.best = tightest(search.best, generation)
        spent = 1 - (end - time.monotonic()) / budget if rounds is None else search.rounds / rounds
        if progress is not None:
            progress(min(spent, 1.0), nearest(generation.scores[0]))
        if spent >= 1:
            break
    if search.best is not None and search.best[0] > 1 - NEARLY:  # rounding may hide a failure
        found = search.refuted_reading(search.readings(search.best[1]))
        if found is not None:
            return search.refutation(found)
    return search.unrefuted(first)


@final
class _Search:
    """State of one search: the claim, its score, the fixed gamma or None, the seed, counters."""

    def __init__(self, claim: Theorem, gamma: Fraction | None, seed: int) -> None:
        self.claim, self.score = claim, scorer(claim)
        self.gamma, self.seed = gamma, seed
        self.tried = self.n_applicable = self.valueless = self.rounds = 0
        self.best: Best = None

    def counted(self, p: FastPair) -> Array:
        """Return the scores of a batch, (N,), and add its pairs without a value to `valueless`."""
        scores = self.score(p)
        self.valueless += int(np.count_nonzero(scores == NO_VALUE))
        return scores

    def readings(self, batch: PairTables) -> list[PairTables]:
        """Return rational pairs near the only pair of a batch, smallest denominators first."""
        return rationalised(batch, self.claim.mixture, self.gamma)

    def refuted_reading(self, readings: Iterable[PairTables]) -> PairTables | None:
        """Return the first of the rational pairs that refutes the claim exactly, or None."""
        return next((reading for reading in readings if refuted(self.claim, reading)), None)

    def suspect(self, generation: Generation) -> PairTables | None:
        """Return a rational pair, near one of the best pairs, that refutes the claim, or None."""
        for i in np.flatnonzero(generation.scores[:SUSPECTS] > 1):
            readings = self.readings(generation.cases[[i]])
            found = self.refuted_reading(exceeding(self.score, readings))
            if found is not None:
                return found
        return None

    def refutation(self, found: PairTables) -> Refutation:
        """Return the Refutation by a pair that refutes the claim, after shrinking it."""
        free_gamma = self.gamma is None
        return self.proved(named(shrunk(self.claim, self.score, found, free_gamma).pair()))

    def proved(self, pair: Pair) -> Refutation:
        """Return the Refutation by a counterexample, with its verdict and its certificate."""
        verdict = judge(self.claim, pair)
        certificate, reason = None, ""
        try:
            certificate = pair_certificate(pair, [self.claim])
        except LimitError as limit:
            reason = str(limit)
        made = verdict, certificate, reason
        return Refutation(self.claim, pair, *made, self.tried, self.rounds, self.seed)

    def unrefuted(self, first: Sequence[PairTables]) -> Unrefuted:
        """Return the result of a search without a counterexample, with its witness.

        The witness is the simplest rational pair near the best pair that has a ratio, or a pair of
        `first` with a larger ratio.
        """
        counts = self.tried, self.n_applicable, self.valueless, self.rounds, self.seed
        if self.best is None:
            status = SearchStatus.NO_VALUE if self.valueless else SearchStatus.VACUOUS
            return Unrefuted(self.claim, None, None, *counts, status)
        exact = simplest_first(self.score, self.readings(self.best[1]))
        rated = ((pair, _ratio(self.score, pair)) for pair in exact)
        simplest = next(rated)
        with_ratio = (one for one in chain([simplest], rated) if one[1] is not None)
        pair, ratio = next(with_ratio, simplest)
        order = np.argsort(-scores_of(reject_rounding_artifacts(self.score), first), kind="stable")
        for i in order[:LEADING]:
            given = first[i].pair()
            reached = _ratio(self.score, given)
            if reached is not None and (ratio is None or reached > ratio):
                pair, ratio = given, reached
        return Unrefuted(self.claim, named(pair), ratio, *counts)


def _ratio(score: Scorer, pair: Pair) -> float | None:
    """Return gap / penalty of a pair; None where it has none or the claim is not proved."""
    if not score.penalty or judge(score.claim, pair).status != "proved":
        return None
    try:
        return score.ratio(pair)
    except (ArithmeticError, ValueError, TabularError):
        return None


def generations(
    score: Score,
    seed: int,
    gamma: float | None,
    families: bool,
    slack: Slack | None = None,
    first: Sequence[PairTables] = (),
) -> Iterator[Generation]:
    """Yield the generations of the populations of all sizes in turn, without end.

    score:    the function to maximise
    gamma:    the value at which gamma is held fixed; None lets it vary
    families: whether the first parents include members of the worst-case families
    slack:    by how much the precondition holds, (N,), see `Scorer.precondition_slack`
    first:    pairs given by the user, first parents of their sizes
    """
    climbs, started = [], {x.size for x in first}
    sizes = *SIZES, *sorted(started.difference(SIZES))
    for i, size in enumerate(sizes):
        parents = seeds.first_parents(size, gamma, families, first)
        climbs.append(climb(score, np.random.default_rng([seed, i]), size, gamma, parents, slack))
    often = [i < OFTEN or size in started for i, size in enumerate(sizes)]
    turn = 0
    while True:
        for i, one in enumerate(climbs):
            if often[i] or turn % LARGE_EVERY == LARGE_EVERY - 1:
                yield next(one)
        turn += 1


def tightest(best: Best, generation: Generation) -> Best:
    """Return (score, pair) of the better of `best` and the best pair of a generation.

    return: None where `best` is None and the claim applies to no pair of the generation
    """
    value = nearest(generation.scores[0])
    if value <= APPLICABLE or (best is not None and value <= best[0]):
        return best
    return value, generation.cases[[0]]


def simplest_first(score: Score, readings: Sequence[PairTables]) -> Iterator[Pair]:
    """Yield rational approximations of a pair, first those within NEARLY of the best score.

    readings: the approximations in order of their denominators; those within NEARLY keep this order
              and the others follow by descending score
    """
    values = scores_of(score, readings)
    far = values < values.max() - NEARLY * abs(values.max())
    for i in np.lexsort((np.where(far, -values, 0.0), far)):
        yield readings[i].pair()
