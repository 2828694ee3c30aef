"""The climb: a population of cases of one size, improved by mutation and selection."""

from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.exact_case import Score
from tabular_trpo._falsify.moves import Room, mutated
from tabular_trpo._falsify.score import SPEAKS
from tabular_trpo._theory.plain import Cases, PlainPair

PARENTS, CHILDREN = 40, 24
SCREENED = 2048  # random cases from which the first parents are taken
RENEWAL = 30  # rounds after which the worse half of the parents is replaced


@final
class Generation(NamedTuple):
    """The parents after a round, best first, with their scores, and how the round went.

    tried, met: pairs scored in the round, and those of them that the claim speaks of
    """

    cases: Cases
    scores: Array
    tried: int
    met: int


def climb(
    score: Score,
    rng: np.random.Generator,
    size: tuple[int, int],
    gamma: float | None = None,
    seeds: Cases | None = None,
    room: Room | None = None,
) -> Iterator[Generation]:
    """Yield generation after generation, for ever; the same generator gives the same ones.

    size:  (S, A)
    gamma: held fixed, or free
    seeds: cases of that size to begin with, beside the random ones
    room:  what is left of a promise, see `Scorer.room`
    """
    generation = _screened(score, rng, size, gamma, seeds)
    yield generation
    rounds = 0
    while True:
        rounds += 1
        if rounds % RENEWAL == 0:
            generation = _renewed(score, rng, generation, gamma)
            yield generation
        parents, scores = generation.cases, generation.scores
        family = np.repeat(np.arange(len(parents)), CHILDREN)
        children = mutated(rng, parents[family], gamma is not None, room)
        found = score(PlainPair(children)).reshape(len(parents), CHILDREN)
        best = np.argmax(found, axis=1)
        value = found[np.arange(len(parents)), best]
        better = np.flatnonzero(value >= scores)  # sideways too: plateaus must not hold it
        parents.put(better, children[better * CHILDREN + best[better]])
        scores[better] = value[better]
        parents, scores = _sorted(parents, scores)
        generation = Generation(parents, scores, found.size, _met(found))
        yield generation


def _met(scores: Array) -> int:
    return int(np.count_nonzero(scores > SPEAKS))


def _sorted(cases: Cases, scores: Array) -> tuple[Cases, Array]:
    order = np.argsort(-scores, kind="stable")
    return cases[order], scores[order]


def _screened(
    score: Score,
    rng: np.random.Generator,
    size: tuple[int, int],
    gamma: float | None,
    seeds: Cases | None = None,
) -> Generation:
    """Return the best of many random cases, and of the seeds."""
    pool = draw(rng, SCREENED, *size, gamma)
    if seeds is not None:
        pool = Cases.joined([seeds, pool])
    pool, scores = _sorted(pool, score(PlainPair(pool)))
    return Generation(pool[:PARENTS], scores[:PARENTS].copy(), len(pool), _met(scores))


def _renewed(
    score: Score, rng: np.random.Generator, old: Generation, gamma: float | None
) -> Generation:
    """Replace the worse half: copies of the best few, and the best of fresh random cases."""
    _, n_states, n_actions = old.cases.pi.shape
    fresh = _screened(score, rng, (n_states, n_actions), gamma)
    half, quarter = PARENTS // 2, PARENTS // 4
    copies, rest = np.arange(quarter) % max(1, PARENTS // 10), PARENTS - half - quarter
    parts = [old.cases[:half], old.cases[copies], fresh.cases[:rest]]
    values = [old.scores[:half], old.scores[copies], fresh.scores[:rest]]
    best = _sorted(Cases.joined(parts), np.concatenate(values))
    return Generation(*best, fresh.tried, fresh.met)
