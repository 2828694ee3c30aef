"""Float models for the tests of error bounds: dense, sparse and nearly reducible.

Unlike the rational models of `tests.strategies` these have numbers with random digits, so that
results have rounding errors.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

import tabular_trpo as tt

Array = NDArray[Any]

KINDS = ("dense", "sparse", "chain")
HORIZONS = tuple(10.0**-k for k in range(1, 10))  # values of 1 - gamma


class FloatCase(NamedTuple):
    """A float model, a policy to evaluate, and a second policy as the argument of L."""

    mdp: tt.MDP
    pi: Array
    pi_new: Array


def rows(rng: np.random.Generator, kind: str, n_states: int, n_actions: int) -> Array:
    """Return transition rows: dense, with at most three entries, or nearly block diagonal."""
    P = rng.dirichlet(np.ones(n_states), size=(n_states, n_actions))
    if kind == "sparse":
        kept = rng.random(P.shape).argsort(axis=-1) < 3
        P = np.where(kept, P + 1e-3, 0.0)
    if kind == "chain":
        block = np.arange(n_states) < n_states // 2
        leak = 10.0 ** -rng.uniform(6, 12)
        P = np.where(block[:, None, None] == block, P, P * leak)
    return np.asarray(P / P.sum(axis=-1, keepdims=True))


def policy(rng: np.random.Generator, mask: Array, point: bool = False) -> Array:
    """Return random rows over the allowed actions, or one random action in each state."""
    pi = rng.dirichlet(np.ones(mask.shape[1]), size=len(mask)) * mask
    if point:
        pi = (pi == pi.max(axis=1, keepdims=True)) * 1.0
    return np.asarray(pi / pi.sum(axis=1, keepdims=True))


def rewards(rng: np.random.Generator, shape: tuple[int, ...], turn: int) -> Array:
    """Return rewards of about 1, of another size, or nearly equal, so that A is small beside V."""
    r = rng.standard_normal(shape)
    if turn % 5 == 2:
        return np.asarray(r * 10.0 ** rng.integers(-3, 4))
    return np.asarray(1.0 + 1e-9 * r if turn % 5 == 4 else r)


def float_cases(kind: str, seed: int, n: int) -> Iterator[FloatCase]:
    """Yield n cases; horizons, masks, rewards, policies and sizes of steps alternate."""
    rng = np.random.default_rng(seed)
    for i in range(n):
        n_states, n_actions = int(rng.integers(3, 13)), int(rng.integers(2, 4))
        P = rows(rng, kind, n_states, n_actions)
        mask = rng.random((n_states, n_actions)) < (0.6 if i % 4 == 1 else 1.0)
        mask[:, 0] |= ~mask.any(axis=1)
        r = rewards(rng, mask.shape, i)
        table: Any = P * mask[..., None]
        if kind == "sparse":
            table = sp.csr_array(table.reshape(-1, n_states))
        gamma = 1.0 - HORIZONS[i % len(HORIZONS)]
        mdp = tt.MDP(table, r, rng.dirichlet(np.ones(n_states)), gamma, mask)
        pi = tt.policies.check_policy(mdp, policy(rng, mask, point=i % 7 == 3))
        other = policy(rng, mask, point=i % 3 == 1)
        step = 1e-6 if i % 3 == 2 else 1.0
        pi_new = tt.policies.check_policy(mdp, tt.policies.mixture(pi, other, step))
        yield FloatCase(mdp, pi, pi_new)


def batch(kind: str, seed: int, count: int, n_states: int, horizons: Any) -> FloatCase:
    """Return a case that is a batch of `count` dense models with one mask."""
    rng = np.random.default_rng(seed)
    P = np.stack([rows(rng, kind, n_states, 3) for _ in range(count)])
    mask = rng.random((n_states, 3)) < 0.8
    mask[:, 0] |= ~mask.any(axis=1)
    r = np.stack([rewards(rng, (n_states, 3), i) for i in range(count)])
    gamma = 1.0 - rng.choice(horizons, count)
    rho0 = rng.dirichlet(np.ones(n_states), size=count)
    mdp = tt.MDP(P * mask[..., None], r, rho0, gamma, mask)
    pi, pi_new = (np.stack([policy(rng, mask) for _ in range(count)]) for _ in range(2))
    check = tt.policies.check_policy
    return FloatCase(mdp, check(mdp, pi), check(mdp, pi_new))
