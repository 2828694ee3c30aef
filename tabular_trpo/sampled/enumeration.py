"""Every path there is, with its probability: expectations of estimates as sums, not samples."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tabular_trpo.core.arguments import one_model, typed
from tabular_trpo.core.errors import LimitError, Problem
from tabular_trpo.core.mdp import MDP
from tabular_trpo.core.numbers import Array, is_rational, is_sparse, zeros
from tabular_trpo.core.policy import check_policy
from tabular_trpo.families.arguments import size
from tabular_trpo.sampled.rollouts import Rollouts

MOST_PATHS = 10**6


@typed
def all_paths(mdp: MDP, pi: Any, horizon: int) -> Iterator[tuple[Any, Rollouts]]:
    """Yield (probability, path) for every path of `horizon` steps that pi can take.

    The probabilities sum to 1, exactly so in the rational lane.

    raises: InvalidMDPError, LaneError; LimitError where there are more than MOST_PATHS

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> [(str(p), path.states.tolist()) for p, path in all_paths(mdp, [["1"], ["1"]], 2)]
    [('1/4', [[0, 0, 0]]), ('1/4', [[0, 0, 1]]), ('1/2', [[0, 1, 1]])]
    """
    one_model(mdp)
    pi = check_policy(mdp, pi)
    T = size("horizon", horizon, 1)
    P, pays = (_dense(mdp, x) for x in (mdp.P, mdp.r if mdp.r_next is None else mdp.r_next))
    length = np.array([T])
    met = 0
    for s in np.flatnonzero(mdp.rho0 > 0):
        for chance, steps in _from(P, pays, pi, int(s), T):
            met += 1
            if met > MOST_PATHS:
                cure = "Take a shorter horizon or a smaller model"
                got = f"has more than {MOST_PATHS} paths of {T} steps"
                raise LimitError(Problem("size", "mdp", got, "at most so many", cure))
            states, actions = np.zeros((1, T + 1), dtype=np.intp), np.zeros((1, T), dtype=np.intp)
            rewards, behaviour = (zeros((1, T), is_rational(pi)) for _ in range(2))
            for t, (x, a, reward, y) in enumerate(steps):
                states[0, t : t + 2], actions[0, t] = (x, y), a
                rewards[0, t], behaviour[0, t] = reward, pi[x, a]
            yield (
                mdp.rho0[s] * chance,
                Rollouts(states, actions, rewards, behaviour, length, False, mdp.gamma),
            )


@typed
def expectation(mdp: MDP, pi: Any, horizon: int, f: Callable[[Rollouts], Any]) -> Any:
    """Return E f(path) over the paths of `all_paths`, f giving a number or an array.

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> expectation(mdp, [["1"], ["1"]], 2, lambda path: path.rewards.sum())
    Fraction(3, 2)
    """
    total: Any = 0
    for chance, path in all_paths(mdp, pi, horizon):
        total = total + chance * f(path)
    return total


def _dense(mdp: MDP, table: Any) -> Array:
    return np.asarray(table.toarray().reshape(*mdp.r.shape, -1) if is_sparse(table) else table)


def _from(
    P: Array, pays: Array, pi: Array, s: int, left: int
) -> Iterator[tuple[Any, list[tuple[int, int, Any, int]]]]:
    if left == 0:
        yield 1, []
        return
    for a in np.flatnonzero(pi[s] > 0).tolist():
        for t in np.flatnonzero(P[s, a] > 0).tolist():
            reward = pays[s, a] if pays.ndim == 2 else pays[s, a, t]
            for chance, rest in _from(P, pays, pi, t, left - 1):
                yield pi[s, a] * P[s, a, t] * chance, [(s, a, reward, t), *rest]
