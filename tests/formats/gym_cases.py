"""Small environments and models for the tests of gymnasium, and value iteration on a table P."""

from types import SimpleNamespace
from typing import Any

import numpy as np

import tabular_trpo as tt

MASK = np.array([[True, False, True], [False, True, False]])


WANDER = tt.MDP(
    [[[0.5, 0.3, 0.2], [0.0, 0.0, 1.0]], [[0.1, 0.9, 0.0], [1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]] * 2],
    [[1.0, 0.1], [0.0, -2.5], [0.0, 0.0]],
    [0.75, 0.25, 0.0],
    0.9,
)


def fake(P: Any, start: Any = (1.0, 0.0)) -> Any:
    """What `from_gym` needs of an environment."""
    return SimpleNamespace(P=P, initial_state_distrib=None if start is None else np.array(start))


def two(row: Any) -> Any:
    """Two states, two actions; `row` is P[1][0]."""
    stay = [[(1.0, s, 0.0, False)] for s in range(2)]
    return fake({0: {0: stay[0], 1: stay[1]}, 1: {0: row, 1: stay[1]}})


def masked(exact: bool = False) -> tt.MDP:
    """Two states, three actions, MASK."""
    P = [[["1/2", "1/2"], [0, 0], [0, 1]], [[0, 0], ["1/3", "2/3"], [0, 0]]]
    mdp = tt.MDP(P, [["1/10", 0, 2], [0, -1, 0]], ["1/4", "3/4"], "9/10", MASK)
    return mdp if exact else mdp.to_float()


def value_iteration(P: Any, gamma: float) -> np.ndarray:
    """V* by sweeps over P itself: gamma stops at transitions that terminate."""
    width = max(len(row) for actions in P.values() for row in actions.values())
    table = np.zeros((len(P), len(P[0]), width, 4))
    for s, actions in P.items():
        for a, row in actions.items():
            table[s, a, : len(row)] = [[float(x) for x in outcome] for outcome in row]
    p, t, r, over = np.moveaxis(table, -1, 0)
    V = np.zeros(len(P))
    for _ in range(int(36 / (1 - gamma))):  # gamma^n < e^-36
        V = (p * (r + gamma * (1 - over) * V[t.astype(int)])).sum(axis=2).max(axis=1)
    return V


def ends_of(mdp: tt.MDP) -> set[int]:
    """The states that stay where they are, and give 0, under each allowed action."""
    out = range(mdp.n_states)
    stay = [mdp.P[s, :, s][mdp.mask[s]] for s in out]
    give = [mdp.r[s][mdp.mask[s]] for s in out]
    return {s for s in out if np.all(stay[s] == 1) and np.all(give[s] == 0)}
