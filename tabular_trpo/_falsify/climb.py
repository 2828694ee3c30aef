"""An evolution strategy: a population of pairs of one size, improved by mutation and selection.

In each round every one of the PARENTS pairs gets CHILDREN mutated copies, and the best child
replaces its parent if its score is not lower.  Every RENEWAL rounds the worse half of the
population is replaced by copies of the best pairs and by the best of new random pairs, so that it
does not stay at one local maximum.  The best score never falls.
"""

from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.moves import Slack, mutated
from tabular_trpo._falsify.rational_readings import Score
from tabular_trpo._falsify.score import APPLICABLE
from tabular_trpo._theory.plain import FastPair, PairTables

PARENTS, CHILDREN = 40, 24
SCREENED = 2048  # random pairs from which the first parents are taken
RENEWAL = 30  # rounds after which the worse half of the parents is replaced


@final
class Generation(NamedTuple):
    """The parents after a round, sorted by descending score, and the counts of the round.

    cases, scores: the parents and their scores, (n,)
    tried:         number of pairs scored in the round
    n_applicable:  number of those pairs that satisfy the precondition and have a value
    """

    cases: PairTables
    scores: Array
    tried: int
    n_applicable: int


def climb(
    score: Score,
    rng: np.random.Generator,
    size: tuple[int, int],
    gamma: float | None = None,
    seeds: PairTables | None = None,
    slack: Slack | None = None,
) -> Iterator[Generation]:
    """Yield the generations of the evolution strategy without end, determined by `rng`.

    score: the function to maximise, from a batch of pairs to (N,)
    size:  (S, A) of all pairs
    gamma: the value at which gamma is held fixed; None lets it vary
    seeds: pairs of that size to begin with, in addition to random pairs
    slack: by how much the precondition holds, (N,), see `Scorer.precondition_slack`
    """
    generation = _screened(score, rng, size, gamma, seeds)
    yield generation
    rounds = 0
    while True:
        rounds += 1
        if rounds % RENEWAL == 0:
            generation = _renewed(score, rng, size, gamma, generation)
            yield generation
        parents, scores = generation.cases, generation.scores
        family = np.repeat(np.arange(len(parents)), CHILDREN)
        children = mutated(rng, parents[family], gamma is not None, slack)
        found = score(FastPair(children)).reshape(len(parents), CHILDREN)
        best = np.argmax(found, axis=1)
        value = found[np.arange(len(parents)), best]
        better = np.flatnonzero(value >= scores)  # equal scores too, to move on a plateau
        parents.put(better, children[better * CHILDREN + best[better]])
        scores[better] = value[better]
        generation = Generation(*_sorted(parents, scores), found.size, _applicable(found))
        yield generation


def _applicable(scores: Array) -> int:
    """Return the number of scores above APPLICABLE."""
    return int(np.count_nonzero(scores > APPLICABLE))


def _sorted(cases: PairTables, scores: Array) -> tuple[PairTables, Array]:
    """Return the cases and their scores, sorted by descending score."""
    order = np.argsort(-scores, kind="stable")
    return cases[order], scores[order]


def _screened(
    score: Score,
    rng: np.random.Generator,
    size: tuple[int, int],
    gamma: float | None,
    seeds: PairTables | None = None,
) -> Generation:
    """Return the PARENTS best pairs of SCREENED random pairs and the seeds."""
    pool = draw(rng, SCREENED, *size, gamma)
    if seeds is not None:
        pool = PairTables.joined([seeds, pool])
    pool, scores = _sorted(pool, score(FastPair(pool)))
    return Generation(pool[:PARENTS], scores[:PARENTS].copy(), len(pool), _applicable(scores))


def _renewed(
    score: Score,
    rng: np.random.Generator,
    size: tuple[int, int],
    gamma: float | None,
    old: Generation,
) -> Generation:
    """Return `old` with its worse half replaced by copies of its best and by new random pairs."""
    fresh = _screened(score, rng, size, gamma)
    half, quarter = PARENTS // 2, PARENTS // 4
    copies, rest = np.arange(quarter) % max(1, PARENTS // 10), PARENTS - half - quarter
    parts = [old.cases[:half], old.cases[copies], fresh.cases[:rest]]
    scores = np.concatenate([old.scores[:half], old.scores[copies], fresh.scores[:rest]])
    return Generation(*_sorted(PairTables.joined(parts), scores), fresh.tried, fresh.n_applicable)
