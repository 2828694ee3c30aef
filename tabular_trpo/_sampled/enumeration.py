"""Enumerate every path and its probability: expectations of estimators as sums, not as samples.

E f(path) = sum over paths of P(path) f(path), P(path) = rho0(s_0) prod_t pi(a_t|s_t)
P(s_{t+1}|s_t, a_t).  Exact in rational arithmetic, for any estimator f; the number of paths grows
exponentially in the horizon, so it is for small models (MOST_PATHS).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.one_step import dense_tables
from tabular_trpo._sampled.rollouts import Rollouts

MOST_PATHS = 10**6
MOST_STEPS = 10**4


@final
class _Move(NamedTuple):
    """One step: probability of the path so far, action and its probability, reward, next state."""

    chance: Scalar
    action: int
    behaviour: Scalar
    reward: Scalar
    to: int


@public
def all_paths(mdp: MDP, pi: object, horizon: int) -> Iterator[tuple[Scalar, Rollouts]]:
    """Yield (probability, path) for every path of `horizon` steps that pi can take.

    The probabilities rho0(s_0) prod_t pi(a_t|s_t) P(s_{t+1}|s_t, a_t) sum to 1, exactly so in
    rational arithmetic.

    pi:      (S, A) in the arithmetic of the model
    horizon: number of steps T of each path
    raises:  InvalidMDPError, ExactnessError; LimitError beyond MOST_PATHS paths or MOST_STEPS steps

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> [(str(p), path.states.tolist()) for p, path in all_paths(mdp, [["1"], ["1"]], 2)]
    [('1/4', [[0, 0, 0]]), ('1/4', [[0, 0, 1]]), ('1/2', [[0, 1, 1]])]
    """
    one_model(mdp)
    pi = check_policy(mdp, pi)
    T = size("horizon", horizon, 1)
    if T > MOST_STEPS:
        cure = "Take a shorter horizon, or moments by path_moments"
        raise LimitError.of("size", "horizon", f"= {T:,}", f"at most {MOST_STEPS:,}", cure)
    P, r = dense_tables(mdp)
    _check_count(P, pi, mdp.rho0 > 0, T)
    length = np.array([T])
    for s in np.flatnonzero(mdp.rho0 > 0):
        for moves in _paths_from(P, r, pi, int(s), T):
            _, actions, behaviour, rewards, to = (np.array([x]) for x in zip(*moves, strict=True))
            states = np.array([[s, *to[0]]])
            path = Rollouts(states, actions, rewards, behaviour, length, False, mdp.gamma)
            yield mdp.rho0[s] * moves[-1].chance, path


@public
def expectation(mdp: MDP, pi: object, horizon: int, f: Callable[[Rollouts], Scalar]) -> Scalar:
    """Return E f(path) = sum over `all_paths` of P(path) f(path).

    pi, horizon: as in `all_paths`
    f:           from one path, as `Rollouts` with N = 1, to a number or an array
    raises:      as `all_paths`, and what f raises

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> expectation(mdp, [["1"], ["1"]], 2, lambda path: path.rewards.sum())
    Fraction(3, 2)
    """
    total: Scalar = 0
    for chance, path in all_paths(mdp, pi, horizon):
        total = total + chance * f(path)
    return total


def _check_count(P: Array, pi: Array, start: Array, T: int) -> None:
    """Raise where there are more than MOST_PATHS paths; their number never falls as T grows."""
    moves = np.asarray(((pi > 0)[..., None] & (P > 0)).sum(axis=1), dtype=np.float64)
    ways = np.ones(len(start))
    for _ in range(T):
        ways = np.minimum(moves @ ways, 1e12)
        if ways[start].sum() > MOST_PATHS:
            cure = "Take a shorter horizon or a smaller model"
            got = f"has more than {MOST_PATHS} paths of {T} steps"
            raise LimitError.of("size", "mdp", got, "at most so many", cure)


def _paths_from(P: Array, r: Array, pi: Array, s: int, T: int) -> Iterator[list[_Move]]:
    """Yield the moves of every path of T steps from s, depth first, without recursion."""
    moves: list[_Move] = []
    untried = [_moves(P, r, pi, s, 1)]
    while untried:
        del moves[len(untried) - 1 :]
        move = next(untried[-1], None)
        if move is None:
            untried.pop()
        elif len(untried) == T:
            yield [*moves, move]
        else:
            moves.append(move)
            untried.append(_moves(P, r, pi, move.to, move.chance))


def _moves(P: Array, r: Array, pi: Array, s: int, chance: Scalar) -> Iterator[_Move]:
    """Yield the moves from s, which is reached with probability `chance`."""
    for a in np.flatnonzero(pi[s] > 0).tolist():
        for to in np.flatnonzero(P[s, a] > 0).tolist():
            yield _Move(chance * (pi[s, a] * P[s, a, to]), a, pi[s, a], r[s, a, to], to)
