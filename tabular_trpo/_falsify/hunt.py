"""The hunt: climb at several sizes in turn, read exactly what breaks a claim, shrink, prove."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np

from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.errors import LimitError, TabularError
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.public import public
from tabular_trpo._falsify import seeds
from tabular_trpo._falsify.arguments import centered, checked, out_of_reach, pairs
from tabular_trpo._falsify.climb import Generation, climb
from tabular_trpo._falsify.exact_case import (
    Score,
    Specimen,
    cases_of,
    leading,
    promising,
    rationalised,
)
from tabular_trpo._falsify.moves import Room
from tabular_trpo._falsify.result import Refutation, Unrefuted, named
from tabular_trpo._falsify.rounding_artifacts import sober
from tabular_trpo._falsify.score import NO_VALUE, SPEAKS, Scorer, scorer
from tabular_trpo._falsify.shrink import refuted, shrunk
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import Cases, PlainPair

SIZES = ((2, 2), (2, 3), (3, 2), (3, 3), (1, 2), (4, 2), (4, 3), (4, 4))
OFTEN, LARGE_EVERY = 4, 3  # the first sizes take part in each round, the others in every third
SUSPECTS = 3  # parents of a generation that are read exactly
NEARLY = 1e-3  # of the best ratio, given up for smaller denominators
Best = tuple[float, Cases] | None
Progress = Callable[[float, float], None]  # share of the budget, best score


@renamed_arguments(around="center")
@public
def falsify(
    claim: Any,
    seed: int = 0,
    budget: float = 60.0,
    gamma: Any = None,
    families: bool = True,
    rounds: int | None = None,
    progress: Progress | None = None,
    start: Iterable[Pair] = (),
    center: object = None,
) -> Refutation | Unrefuted:
    """Hunt for a pair that breaks a claim; make it rational, shrink it and prove the refutation.

    The search depends on the seed alone.  Time cuts it, so a refutation that is met is the same on
    every machine that gets so far; `rounds` in the answer repeats a search exactly.

    claim:    made by `tt.claim`, or a theorem
    budget:   seconds after which the search ends
    gamma:    an exact number to hold gamma at, or None
    families: whether worst-case families may seed the search
    rounds:   end after so many rounds instead
    start:    pairs to begin with, each judged exactly first; their gamma gives way to one that is
              held
    center:   the number from which gap and penalty are measured, in place of the claim's own, as
              text, "L", or a formula p -> number.  Gap and penalty are the distances of the sides
              from it; without one the terms of the claim are sorted into both, see docs/falsify.md
    return:   Refutation or Unrefuted, both with an exact pair
    raises:   InvalidMDPError for a budget or gamma out of range, for the center of an equation, and for
              a pair to begin with that is a batch or too large; TypeError for what is no claim

    >>> from tabular_trpo._theory.claim import claim
    >>> @claim("more surrogate, more return")
    ... def greedy(p):
    ...     return p.eta_new, ">=", p.L
    >>> found = falsify(greedy, budget=10, families=False)
    >>> found.status, found.pair.mdp.n_states
    ('refuted', 2)
    """
    exact_gamma = checked(claim, budget, gamma, rounds, seed)
    if exact_gamma is None:
        exact_gamma = out_of_reach(claim.condition)
    if center is not None:
        claim = centered(claim, center)
    score, valueless = scorer(claim), [0]
    brought = pairs(start)
    first = [seeds.start(pair, claim.mixture, exact_gamma) for pair in brought]
    found = _refuted_reading(claim, first)
    if found is not None:
        return _refutation(claim, score, found, exact_gamma is None, len(first), 1, seed)
    for pair in (seeds.as_it_is(x, claim.mixture, exact_gamma) for x in brought):
        if judge(claim, pair).status == "refuted":  # actions that are not allowed made it so
            return _proved(claim, pair, len(first), 1, seed)
    fixed = None if exact_gamma is None else nearest(exact_gamma)
    end = time.monotonic() + budget
    tried = met = count = 0
    best: Best = None
    counting, room = _counting(score, valueless), score.room if score.promise else None
    searched = generations(counting, seed, fixed, families, room, first)
    for count, generation in enumerate(searched, 1):
        tried += generation.tried
        met += generation.met
        found = _exact(claim, score, generation, exact_gamma)
        if found is not None:
            return _refutation(claim, score, found, exact_gamma is None, tried, count, seed)
        best = tightest(best, generation)
        spent = 1 - (end - time.monotonic()) / budget if rounds is None else count / rounds
        if progress is not None:
            progress(min(spent, 1.0), nearest(generation.scores[0]))
        if spent >= 1:
            break
    if best is not None and best[0] > 1 - NEARLY:  # what doubles take for 1 may be above it
        found = _refuted_reading(claim, rationalised(best[1], claim.mixture, exact_gamma))
        if found is not None:
            return _refutation(claim, score, found, exact_gamma is None, tried, count, seed)
    counts = tried, met, valueless[0]
    return _unrefuted(score, best, first, exact_gamma, counts, count, seed)


def _counting(score: Scorer, valueless: list[int]) -> Score:
    """Return a scorer that adds to `valueless[0]` the pairs that have no value."""

    def counted(p: PlainPair) -> Any:
        scores = score(p)
        valueless[0] += int(np.count_nonzero(scores == NO_VALUE))
        return scores

    return counted


def generations(
    score: Score,
    seed: int,
    gamma: float | None,
    families: bool,
    room: Room | None = None,
    first: Sequence[Specimen] = (),
) -> Iterator[Generation]:
    """Yield the generations of all sizes in turn; each size has its own random numbers."""
    climbs, started = [], {x.size for x in first}
    sizes = *SIZES, *sorted(started.difference(SIZES))
    for i, states in enumerate(sizes):
        parents = seeds.of(states, gamma, families, first)
        climbs.append(climb(score, np.random.default_rng([seed, i]), states, gamma, parents, room))
    often = [i < OFTEN or size in started for i, size in enumerate(sizes)]
    turn = 0
    while True:
        for i, one in enumerate(climbs):
            if often[i] or turn % LARGE_EVERY == LARGE_EVERY - 1:
                yield next(one)
        turn += 1


def _exact(
    claim: Theorem, score: Scorer, generation: Generation, gamma: Fraction | None
) -> Specimen | None:
    """Return a refuted reading of one of the best cases, or None."""
    for i in np.flatnonzero(generation.scores[:SUSPECTS] > 1):
        readings = rationalised(generation.cases[[i]], claim.mixture, gamma)
        found = _refuted_reading(claim, promising(score, readings))
        if found is not None:
            return found
    return None


def _refuted_reading(claim: Theorem, readings: Iterable[Specimen]) -> Specimen | None:
    return next((reading for reading in readings if refuted(claim, reading)), None)


def _refutation(
    claim: Theorem,
    score: Scorer,
    found: Specimen,
    free_gamma: bool,
    tried: int,
    rounds: int,
    seed: int,
) -> Refutation:
    pair = named(shrunk(claim, score, found, free_gamma).pair())
    return _proved(claim, pair, tried, rounds, seed)


def _proved(claim: Theorem, pair: Pair, tried: int, rounds: int, seed: int) -> Refutation:
    """Judge and certify a counterexample."""
    verdict = judge(claim, pair)
    certificate, reason = None, ""
    try:
        certificate = pair_certificate(pair, [claim])
    except LimitError as limit:
        reason = str(limit)
    return Refutation(claim, pair, verdict, certificate, reason, tried, rounds, seed)


def tightest(best: Best, generation: Generation) -> Best:
    """Keep the best case seen; only one that the claim speaks of."""
    value = nearest(generation.scores[0])
    if value <= SPEAKS or (best is not None and value <= best[0]):
        return best
    return value, generation.cases[[0]]


def _unrefuted(
    score: Scorer,
    best: Best,
    first: Sequence[Specimen],
    gamma: Fraction | None,
    counts: tuple[int, int, int],
    rounds: int,
    seed: int,
) -> Unrefuted:
    claim = score.claim
    if best is None:
        status = "no value" if counts[2] else "vacuous"
        return Unrefuted(claim, None, None, *counts, rounds, seed, status)
    # Read simply, a step may be gone, or a chain in two parts: the next best that has a ratio then.
    read = readings(score, claim.mixture, best[1], gamma)
    told = ((pair, _ratio(score, pair)) for pair in read)
    simplest = next(told)
    pair, ratio = next((one for one in chain([simplest], told) if one[1] is not None), simplest)
    for brought in (x.pair() for x in leading(sober(score), first)):
        reached = _ratio(score, brought)
        if reached is not None and (ratio is None or reached > ratio):
            pair, ratio = brought, reached
    return Unrefuted(claim, named(pair), ratio, *counts, rounds, seed)


def readings(score: Score, mixture: bool, cases: Cases, gamma: Fraction | None) -> Iterator[Pair]:
    """Yield rational readings of one case: the simplest near one first, then the nearest."""
    found = rationalised(cases, mixture, gamma)
    values = score(PlainPair(cases_of(found)))
    far = values < values.max() - NEARLY * abs(values.max())
    for i in np.lexsort((np.where(far, -values, 0.0), far)):
        yield found[i].pair()


def _ratio(score: Scorer, pair: Pair) -> float | None:
    """Return the ratio of a pair on which the claim holds, if it has one."""
    if not score.penalty or judge(score.claim, pair).status != "proved":
        return None
    try:
        return score.ratio(pair)
    except (ArithmeticError, ValueError, TabularError):
        return None
