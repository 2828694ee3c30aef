"""Models with rare rewards, in which most values depend on the values of successors only."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

import tabular_trpo as tt

Move = tuple[int, int, int, float]  # s, a, s', probability; equal s, a, s' are added


def model(
    n: int, n_actions: int, moves: Iterable[Move], r: Any, gamma: float, csr: bool = False
) -> tt.MDP:
    """Return the float model with these transitions and the start state 0."""
    s, a, t, p = (np.array(x) for x in zip(*moves, strict=True))
    P = sp.csr_array((p, (s * n_actions + a, t)), shape=(n * n_actions, n))
    table: Any = P if csr else P.toarray().reshape(n, n_actions, n)
    return tt.MDP(table, r, np.eye(1, n)[0], gamma)


def corridor(
    n: int, gamma: float, slip: float = 0.0, decoy: float = 0.0, cost: float = 0.0, csr: bool = True
) -> tt.MDP:
    """Return a corridor: reward 1 for "right" in the last state, `decoy` for "left" in state 0."""
    s = np.arange(n)
    left, right = np.maximum(s - 1, 0), np.minimum(s + 1, n - 1)
    parts = [(0, left, 1 - slip), (0, right, slip), (1, right, 1 - slip), (1, left, slip)]
    columns = [(s, np.full(n, a), t, np.full(n, p)) for a, t, p in parts if p]
    moves = zip(*(np.concatenate(x).tolist() for x in zip(*columns, strict=True)), strict=True)
    r = np.full((n, 2), -cost)
    r[0, 0], r[-1, 1] = decoy - cost, 1.0
    return model(n, 2, moves, r, gamma, csr)


def grid(k: int, gamma: float, slip: float, kind: str, rng: np.random.Generator) -> tt.MDP:
    """Return a k by k maze with a reward at its goal, or costs elsewhere, or a second reward."""
    compass = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    walls = rng.random((k, k)) < 0.2
    walls[0, 0] = walls[-1, -1] = False

    def ahead(s: int, a: int) -> int:
        i, j = s // k + compass[a][0], s % k + compass[a][1]
        return i * k + j if 0 <= i < k and 0 <= j < k and not walls[i, j] else s

    moves = [(k * k - 1, a, k * k - 1, 1.0) for a in range(4)]
    for s in range(k * k - 1):
        for a in range(4):
            moves.append((s, a, ahead(s, a), 1 - slip))
            moves += [(s, (a + d) % 4, ahead(s, a), slip / 2) for d in (1, 3) if slip]
    r = np.full((k * k, 4), -1.0 if kind == "cost" else 0.0)
    r[-1] = 0.0 if kind == "cost" else 1.0
    r[k // 2] += 0.05 if kind == "decoy" else 0.0
    return model(k * k, 4, moves, r, gamma)


def lock(n: int, gamma: float, rng: np.random.Generator) -> tt.MDP:
    """Return a combination lock: one action of three moves on, the others return to the start."""
    code = rng.integers(3, size=n)
    moves = [(s, a, (s + 1) % n if a == code[s] else 0, 1.0) for s in range(n) for a in range(3)]
    r = np.zeros((n, 3))
    r[-1, code[-1]] = 1.0
    return model(n, 3, moves, r, gamma)


def sparse_graph(n: int, gamma: float, rng: np.random.Generator, noise: float = 0.0) -> tt.MDP:
    """Return a random graph: two successors of each pair, one reward, costs up to `noise`."""
    moves = [
        (s, a, int(t), 0.5) for s in range(n) for a in range(2) for t in rng.integers(n, size=2)
    ]
    r = -noise * rng.random((n, 2))
    r[rng.integers(n), rng.integers(2)] = 1.0
    return model(n, 2, moves, r, gamma)


def small() -> Iterator[tuple[str, tt.MDP]]:
    """Yield models with names, small enough for plain exact policy iteration."""
    rng = np.random.default_rng(5)
    yield "corridor", corridor(30, 0.9, csr=False)
    yield "slippery", corridor(30, 0.5, 0.25, csr=False)
    yield "costs", corridor(30, 0.75, 0.0, cost=1.0)
    yield "decoy", corridor(30, 0.875, 0.0, decoy=0.875**15)
    yield "slippery decoy", corridor(30, 0.875, 0.25, decoy=0.875**15)
    yield "myopic", corridor(10, 0.0, csr=False)
    for kind in ("goal", "cost", "decoy"):
        for slip in (0.0, 0.25):
            yield f"maze {kind} {slip}", grid(5, 0.875, slip, kind, rng)
    yield "lock", lock(25, 0.5, rng)
    yield "graph", sparse_graph(25, 0.9, rng)
    yield "graph with costs", sparse_graph(25, 0.99, rng, noise=0.5)


def plain_policy_iteration(mdp: tt.MDP) -> tt.Evaluation:
    """Return the exact optimum by Howard's policy iteration from the uniform policy."""
    exact = mdp.to_rational()
    pi = tt.policies.uniform(exact)
    while True:
        e = tt.evaluate(exact, pi)
        better = tt.policies.greedy(exact, e.Q)
        keep = np.all(e.A <= 0, axis=1)
        if keep.all():
            return e
        pi = np.where(keep[:, None], pi, better)
