"""Every path there is, with its probability: expectations of estimates as sums, not samples."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tabular_trpo._core.arguments import one_model
from tabular_trpo._core.errors import LimitError, Problem
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, is_rational, is_sparse, zeros
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.rollouts import Rollouts

MOST_PATHS = 10**6
MOST_STEPS = 10**4


@public
def all_paths(mdp: MDP, pi: Any, horizon: int) -> Iterator[tuple[Any, Rollouts]]:
    """Yield (probability, path) for every path of `horizon` steps that pi can take.

    The probabilities sum to 1, exactly so in rational arithmetic.

    raises: InvalidMDPError, ExactnessError; LimitError beyond MOST_PATHS paths or MOST_STEPS steps

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> [(str(p), path.states.tolist()) for p, path in all_paths(mdp, [["1"], ["1"]], 2)]
    [('1/4', [[0, 0, 0]]), ('1/4', [[0, 0, 1]]), ('1/2', [[0, 1, 1]])]
    """
    one_model(mdp)
    pi = check_policy(mdp, pi)
    T = size("horizon", horizon, 1)
    if T > MOST_STEPS:
        cure = "Take a shorter horizon, or moments by path_moments"
        raise LimitError(Problem("size", "horizon", f"= {T:,}", f"at most {MOST_STEPS:,}", cure))
    P, pays = (_dense(mdp, x) for x in (mdp.P, mdp.r if mdp.r_next is None else mdp.r_next))
    length = np.array([T])
    _count(P, pi, mdp.rho0 > 0, T)
    for s in np.flatnonzero(mdp.rho0 > 0):
        for chance, steps in _from(P, pays, pi, int(s), T):
            states, actions = np.zeros((1, T + 1), dtype=np.intp), np.zeros((1, T), dtype=np.intp)
            rewards, behaviour = (zeros((1, T), is_rational(pi)) for _ in range(2))
            for t, (x, a, reward, y) in enumerate(steps):
                states[0, t : t + 2], actions[0, t] = (x, y), a
                rewards[0, t], behaviour[0, t] = reward, pi[x, a]
            yield (
                mdp.rho0[s] * chance,
                Rollouts(states, actions, rewards, behaviour, length, False, mdp.gamma),
            )


@public
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


def _count(P: Array, pi: Array, start: Array, T: int) -> None:
    """Raise where there are too many paths; numbers of paths never fall as T grows."""
    moves = np.asarray(((pi > 0)[..., None] & (P > 0)).sum(axis=1), dtype=np.float64)
    ways = np.ones(len(start))
    for _ in range(T):
        ways = np.minimum(moves @ ways, 1e12)
        if ways[start].sum() > MOST_PATHS:
            cure = "Take a shorter horizon or a smaller model"
            got = f"has more than {MOST_PATHS} paths of {T} steps"
            raise LimitError(Problem("size", "mdp", got, "at most so many", cure))


def _from(
    P: Array, pays: Array, pi: Array, s: int, T: int
) -> Iterator[tuple[Any, list[tuple[int, int, Any, int]]]]:
    """Yield (chance, steps) of every path from s, depth first, without recursion."""
    chances: list[Any] = [1]
    steps: list[tuple[int, int, Any, int]] = []
    open_moves = [_moves(P, pays, pi, s)]
    while open_moves:
        move = next(open_moves[-1], None)
        if move is None:
            open_moves.pop()
        else:
            chances.append(chances[-1] * move[0])
            steps.append(move[1])
            if len(steps) < T:
                open_moves.append(_moves(P, pays, pi, move[1][-1]))
                continue
            yield chances[-1], list(steps)
        if steps:
            chances.pop()
            steps.pop()


def _moves(
    P: Array, pays: Array, pi: Array, s: int
) -> Iterator[tuple[Any, tuple[int, int, Any, int]]]:
    for a in np.flatnonzero(pi[s] > 0).tolist():
        for t in np.flatnonzero(P[s, a] > 0).tolist():
            reward = pays[s, a] if pays.ndim == 2 else pays[s, a, t]
            yield pi[s, a] * P[s, a, t], (s, a, reward, t)
