"""Random cases of many kinds, drawn in batches.

Different bounds are tight at different extremes, so cases have many distributions.
Each case draws its kinds independently: flat, peaked, sparse, half-and-half and deterministic rows;
near and far targets, greedy ones; mixture weights from 1 down to 1/4096; effective horizons
1 / (1 - gamma) from 1 to 1000.  Rows are on the grid k / 1024 and rewards on k / 64, so that each
case is also an exact rational model with small denominators.
"""

from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._theory.plain import PairTables, evaluated

GRID = 1024
REWARD_GRID = 64
GAMMAS = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99)
ROW_KINDS = ("flat", "peaked", "half", "certain", "nearly", "sparse")
GREEDY = len(ROW_KINDS)  # index of the additional kind of target: greedy for pi


@final
class Drawn(NamedTuple):
    """A batch of N cases (models with two policies) and the kinds of their policies.

    kind_pi, kind_target: (N,) indices into ROW_KINDS; a target may also have the kind GREEDY
    """

    cases: PairTables
    kind_pi: Array
    kind_target: Array

    def family(self, index: int) -> str:
        """Return the kinds of pi and target of one case as text, such as "flat to greedy"."""
        names = (*ROW_KINDS, "greedy")
        return f"{names[self.kind_pi[index]]} to {names[self.kind_target[index]]}"


def _columns(rows: Array) -> Array:
    """Return R rows (..., n) as the columns of an array (n, R), which short rows make faster."""
    return np.ascontiguousarray(rows.reshape(-1, rows.shape[-1]).T)


def _ranks(columns: Array) -> Array:
    """Return the rank of each entry in its column, (n, R); ties are ranked in order of index."""
    rank = np.zeros(columns.shape, dtype=np.int16)
    for i in range(len(columns)):
        for j in range(i + 1, len(columns)):
            after = columns[j] < columns[i]
            rank[i] += after
            rank[j] += ~after
    return rank


def gridded(rows: Array, grid: int = GRID) -> Array:
    """Round rows that sum to 1 to multiples of 1 / grid that sum to 1, by largest remainders.

    rows:   (..., n)
    return: (..., n)
    """
    units = _columns(rows * grid)
    whole = np.floor(units)
    missing = grid - whole.sum(axis=0)
    found = (whole + (_ranks(whole - units) < missing)) / grid
    return np.ascontiguousarray(found.T).reshape(rows.shape)


def rows(rng: np.random.Generator, shape: tuple[int, ...], kind: Array | None = None) -> Array:
    """Draw rows of probabilities, of random kinds unless `kind` is given.

    shape:  (..., n), with n entries in a row
    kind:   indices into ROW_KINDS, broadcast to (...)
    return: (..., n), not rounded to a grid
    """
    drawn = _columns(rng.standard_exponential(shape))
    kind = rng.integers(len(ROW_KINDS), size=shape[:-1]) if kind is None else kind
    kind = np.broadcast_to(kind, shape[:-1]).ravel()
    rank = _ranks(_columns(rng.random(shape)))
    kept = _columns(rng.random(shape)) < 0.3
    for name, weigh in _WEIGHTS.items():
        at = np.flatnonzero(kind == ROW_KINDS.index(name))
        drawn[:, at] = weigh(drawn[:, at], rank[:, at], kept[:, at])
    return np.ascontiguousarray((drawn / drawn.sum(axis=0)).T).reshape(shape)


# (weights, ranks in a random order, entries kept besides) -> weights; "flat" leaves them unchanged.
_WEIGHTS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "peaked": lambda w, rank, kept: w**4,
    "half": lambda w, rank, kept: rank <= 1,
    "certain": lambda w, rank, kept: rank == 0,
    "nearly": lambda w, rank, kept: np.where(rank == 0, 1.0, w * 0.01),
    "sparse": lambda w, rank, kept: w * ((rank <= 2) | kept),
}


def rewards(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw rewards (N, S, A), in each case normal, signs of normals, sparse, or uniform."""
    kind = rng.integers(4, size=(shape[0], 1, 1))
    real = rng.standard_normal(shape).clip(-4, 4)
    choices = [real, np.sign(real), real * (rng.random(shape) < 0.4), rng.random(shape)]
    return np.asarray(np.select([kind == i for i in range(len(choices))], choices))


def weights(rng: np.random.Generator, count: int) -> Array:
    """Draw mixture weights (N,): each is 1, 2^-k with 0 <= k <= 12, or uniform on k / 1024."""
    kind = rng.integers(3, size=count)
    choices = [
        np.ones(count),
        2.0 ** -rng.integers(0, 13, count),
        rng.integers(1, 1024, count) / GRID,
    ]
    return np.asarray(np.select([kind == i for i in range(3)], choices))


def draw(
    rng: np.random.Generator, count: int, n_states: int, n_actions: int, gamma: float | None = None
) -> PairTables:
    """Draw `count` models with two policies each, S = n_states and A = n_actions.

    gamma: the discount of all models; None draws one for each model
    """
    return drawn(rng, count, n_states, n_actions, gamma).cases


def drawn(
    rng: np.random.Generator, count: int, n_states: int, n_actions: int, gamma: float | None = None
) -> Drawn:
    """Draw `count` models with two policies each, and the kinds of the policies.

    gamma: the discount of all models; where None, drawn from GAMMAS or uniformly from (0, 1)
    """
    table = (count, n_states, n_actions)
    gammas = np.where(
        rng.random(count) < 0.7, rng.choice(GAMMAS, count), rng.integers(1, 1000, count) / 1000
    )
    start = np.where(rng.random((count, 1)) < 0.5, 3, rng.integers(len(ROW_KINDS), size=(count, 1)))
    kind_pi, kind_target = rng.integers(len(ROW_KINDS), size=(2, count, 1))
    cases = PairTables(
        P=gridded(rows(rng, (*table, n_states))),
        r=np.rint(rewards(rng, table) * REWARD_GRID) / REWARD_GRID,
        rho0=gridded(rows(rng, (count, n_states), start[:, 0])),
        gamma=gammas if gamma is None else np.full(count, gamma),
        pi=gridded(rows(rng, table, kind_pi)),
        target=gridded(rows(rng, table, kind_target)),
        alpha=weights(rng, count),
    )
    greedy = rng.random(count) < 0.2
    best = np.argmax(evaluated(cases, cases.pi).A, axis=-1)[..., None] == np.arange(n_actions)
    cases = cases.changed(target=np.where(greedy[:, None, None], best * 1.0, cases.target))
    return Drawn(cases, kind_pi[:, 0], np.where(greedy, GREEDY, kind_target[:, 0]))
