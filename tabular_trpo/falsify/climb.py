"""The climb: a population of cases of one size, improved by mutation and selection."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, final

import numpy as np

from tabular_trpo.core.numbers import Array
from tabular_trpo.falsify.draw import draw
from tabular_trpo.falsify.moves import mutated
from tabular_trpo.theory.plain import Cases, PlainPair

PARENTS, CHILDREN = 40, 24
SCREENED = 2048  # random cases from which the first parents are taken
RENEWAL = 30  # rounds after which the worse half of the parents is replaced
Score = Callable[[PlainPair], Array]


@final
class Generation(NamedTuple):
    """The parents after a round, best first, with their scores, and the pairs tried in it."""

    cases: Cases
    scores: Array
    tried: int


def climb(
    score: Score,
    rng: np.random.Generator,
    size: tuple[int, int],
    gamma: float | None = None,
    seeds: Cases | None = None,
) -> Iterator[Generation]:
    """Yield generation after generation, for ever; the same generator gives the same ones.

    size:  (S, A)
    gamma: held fixed, or free
    seeds: cases of that size to begin with, beside the random ones
    """
    parents, scores, tried = _screened(score, rng, size, gamma, seeds)
    yield Generation(parents, scores, tried)
    rounds = 0
    while True:
        rounds += 1
        tried = 0
        if rounds % RENEWAL == 0:
            parents, scores, tried = _renewed(score, rng, parents, scores, gamma)
        family = np.repeat(np.arange(len(parents)), CHILDREN)
        children = mutated(rng, parents[family], fixed_gamma=gamma is not None)
        found = score(PlainPair(children)).reshape(len(parents), CHILDREN)
        best = np.argmax(found, axis=1)
        value = found[np.arange(len(parents)), best]
        better = np.flatnonzero(value >= scores)  # sideways too: plateaus must not hold it
        parents.put(better, children[better * CHILDREN + best[better]])
        scores[better] = value[better]
        parents, scores = _sorted(parents, scores)
        yield Generation(parents, scores, tried + len(children))


def _sorted(cases: Cases, scores: Array) -> tuple[Cases, Array]:
    order = np.argsort(-scores, kind="stable")
    return cases[order], scores[order]


def _screened(
    score: Score,
    rng: np.random.Generator,
    size: tuple[int, int],
    gamma: float | None,
    seeds: Cases | None = None,
) -> tuple[Cases, Array, int]:
    """Return the best of many random cases, and of the seeds."""
    pool = draw(rng, SCREENED, *size, gamma)
    if seeds is not None:
        pool = Cases.joined([seeds, pool])
    pool, scores = _sorted(pool, score(PlainPair(pool)))
    return pool[:PARENTS], scores[:PARENTS].copy(), len(pool)


def _renewed(
    score: Score, rng: np.random.Generator, parents: Cases, scores: Array, gamma: float | None
) -> tuple[Cases, Array, int]:
    """Replace the worse half: copies of the best few, and the best of fresh random cases."""
    _, n_states, n_actions = parents.pi.shape
    fresh, fresh_scores, tried = _screened(score, rng, (n_states, n_actions), gamma)
    half, quarter = PARENTS // 2, PARENTS // 4
    copies = np.arange(quarter) % max(1, PARENTS // 10)
    parts = [parents[:half], parents[copies], fresh[: PARENTS - half - quarter]]
    values = [scores[:half], scores[copies], fresh_scores[: PARENTS - half - quarter]]
    return *_sorted(Cases.joined(parts), np.concatenate(values)), tried
