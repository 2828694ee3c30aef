"""Random cases of every kind that matters, whole batches at a time.

Rows are on the grid k / 1024 and rewards on k / 64, so that a case is a small exact model, too.
Each case draws its kinds independently: flat, peaked, sparse, half-and-half and deterministic rows;
near and far targets, greedy ones; weights from 1 down to 1/4096; horizons from 1 to 100.
"""

import numpy as np

from tabular_trpo.core.numbers import Array
from tabular_trpo.theory.plain import Cases, evaluated

GRID = 1024
REWARD_GRID = 64
GAMMAS = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99)
ROW_KINDS = ("flat", "peaked", "half", "certain", "nearly", "sparse")


def gridded(rows: Array, grid: int = GRID) -> Array:
    """Round rows that sum to 1 to multiples of 1 / grid with sum 1, by largest remainders."""
    units = rows * grid
    whole = np.floor(units)
    missing = grid - whole.sum(axis=-1, keepdims=True)
    rank = np.argsort(np.argsort(whole - units, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.asarray((whole + (rank < missing)) / grid)


def rows(rng: np.random.Generator, shape: tuple[int, ...], kind: Array | None = None) -> Array:
    """Draw stochastic rows, each of a kind of its own unless `kind` (indices) is given.

    shape:  (..., n)
    return: (..., n), on no grid
    """
    weights = rng.standard_exponential(shape)
    kind = rng.integers(len(ROW_KINDS), size=shape[:-1]) if kind is None else kind
    kind = np.broadcast_to(kind, shape[:-1])[..., None]
    order = np.argsort(np.argsort(rng.random(shape), axis=-1), axis=-1)  # a random ranking
    first, second = order == 0, order <= 1
    certain = np.where(first, 1.0, 0.0)
    half = np.where(second, 1.0, 0.0)
    nearly = np.where(first, 1.0, weights * 0.01)
    sparse = weights * ((order <= 2) | (rng.random(shape) < 0.3))
    choices = [weights, weights**4, half, certain, nearly, sparse]
    drawn = np.select([kind == i for i in range(len(choices))], choices)
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))


def rewards(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw rewards of one kind a case: real, signs, sparse, in [0, 1]; (N, S, A)."""
    kind = rng.integers(4, size=(shape[0], 1, 1))
    real = rng.standard_normal(shape).clip(-4, 4)
    choices = [real, np.sign(real), real * (rng.random(shape) < 0.4), rng.random(shape)]
    return np.asarray(np.select([kind == i for i in range(len(choices))], choices))


def weights(rng: np.random.Generator, count: int) -> Array:
    """Draw mixture weights: 1, or 2^-k, or uniform; (N,)."""
    kind = rng.integers(3, size=count)
    choices = [
        np.ones(count),
        2.0 ** -rng.integers(0, 13, count),
        rng.integers(1, 1024, count) / GRID,
    ]
    return np.asarray(np.select([kind == i for i in range(3)], choices))


def draw(
    rng: np.random.Generator, count: int, n_states: int, n_actions: int, gamma: float | None = None
) -> Cases:
    """Draw `count` cases with n_states states and n_actions actions, all allowed.

    gamma: of all cases; else drawn from GAMMAS and from (0, 1)
    """
    table = (count, n_states, n_actions)
    horizon = np.where(
        rng.random(count) < 0.7, rng.choice(GAMMAS, count), rng.integers(1, 1000, count) / 1000
    )
    start = np.where(rng.random((count, 1)) < 0.5, 3, rng.integers(len(ROW_KINDS), size=(count, 1)))
    kind_pi, kind_target = rng.integers(len(ROW_KINDS), size=(2, count, 1))
    cases = Cases(
        P=gridded(rows(rng, (*table, n_states))),
        r=np.rint(rewards(rng, table) * REWARD_GRID) / REWARD_GRID,
        rho0=gridded(rows(rng, (count, n_states), start[:, 0])),
        gamma=horizon if gamma is None else np.full(count, gamma),
        pi=gridded(rows(rng, table, kind_pi)),
        target=gridded(rows(rng, table, kind_target)),
        alpha=weights(rng, count),
    )
    greedy = rng.random(count) < 0.2
    best = np.argmax(evaluated(cases, cases.pi).A, axis=-1)[..., None] == np.arange(n_actions)
    return cases.changed(target=np.where(greedy[:, None, None], best * 1.0, cases.target))
