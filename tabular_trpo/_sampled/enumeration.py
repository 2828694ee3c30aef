"""Enumerate every path and its probability: expectations of estimators as sums, not as samples.

E f(path) = sum over paths of P(path) f(path), P(path) = rho0(s_0) prod_t pi(a_t|s_t)
P(s_{t+1}|s_t, a_t).  Exact in rational arithmetic, for any estimator f; the number of paths grows
exponentially in the horizon, so it is for small models (MOST_PATHS).
"""

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.numbers import Array, Scalar, is_rational, zeros
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.episodes import absorbing
from tabular_trpo._sampled.one_step import dense_tables
from tabular_trpo._sampled.rollouts import Rollouts, joined

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

    A path ends in an absorbing state, as those of `single_path` do.
    The probabilities rho0(s_0) prod_t pi(a_t|s_t) P(s_{t+1}|s_t, a_t) sum to 1, exactly so in
    rational arithmetic.

    pi:      (S, A) in the arithmetic of the model
    horizon: number of steps T of each path
    raises:  InvalidMDPError, ExactnessError; LimitError beyond MOST_PATHS paths or MOST_STEPS steps

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> [(str(p), path.states.tolist()) for p, path in all_paths(mdp, [["1"], ["1"]], 2)]
    [('1/4', [[0, 0, 0]]), ('1/4', [[0, 0, 1]]), ('1/2', [[0, 1, 0]])]
    """
    one_model(mdp)
    pi = check_policy(mdp, pi)
    T = size("horizon", horizon, 1)
    if T > MOST_STEPS:
        cure = "Take a shorter horizon, or moments by path_moments"
        raise LimitError.of("size", "horizon", f"= {T:,}", f"at most {MOST_STEPS:,}", cure)
    P, r = dense_tables(mdp)
    ends, tail = absorbing(mdp)
    _check_count(P, pi, mdp.rho0 > 0, T, ends)
    for s in np.flatnonzero(mdp.rho0 > 0).tolist():
        for moves in _paths_from(P, r, pi, s, T, ends):
            chance = mdp.rho0[s] * (moves[-1].chance if moves else 1)
            yield chance, _path(mdp, s, moves, T, ends, tail)


@public
def expectation(
    mdp: MDP, pi: object, horizon: int, f: Callable[[Rollouts], Scalar], paths: int = 1
) -> Scalar:
    """Return E f(paths) = sum over all sequences of n independent paths of their probability f.

    With n = 1 it is the sum over `all_paths` of P(path) f(path).  Estimators that are no mean over
    paths, such as self-normalised or standardised ones, need the n of their data.

    pi, horizon: as in `all_paths`
    f:           from `Rollouts` of N = n paths to a number or an array
    paths:       n; the number of sequences is that of paths to the power n
    raises:      as `all_paths`, for more than MOST_PATHS sequences, and what f raises

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> expectation(mdp, [["1"], ["1"]], 2, lambda path: path.rewards.sum())
    Fraction(3, 2)
    >>> f = lambda two: max(two.rewards.sum(axis=1))
    >>> expectation(mdp, [["1"], ["1"]], 2, f, paths=2)
    Fraction(7, 4)
    """
    n, total = size("paths", paths, 1), 0 * mdp.gamma
    found = all_paths(mdp, pi, horizon)
    if n == 1:
        for chance, path in found:
            total = total + chance * f(path)
        return total
    known = list(found)
    if n * math.log(len(known)) > math.log(MOST_PATHS) + 1e-9:
        cure = "Take fewer paths, a shorter horizon or a smaller model"
        got = f"= {n} of {len(known)} kinds, {len(known)}^{n} sequences"
        raise LimitError.of("size", "paths", got, f"at most {MOST_PATHS:,}", cure)
    for several in product(known, repeat=n):
        total = total + math.prod(chance for chance, _ in several) * f(
            joined([path for _, path in several])
        )
    return total


def _path(mdp: MDP, s: int, moves: list[_Move], T: int, ends: Array, tail: Array) -> Rollouts:
    """Return the path from s by some moves, with T columns; it ends in an absorbing state."""
    n, rational = len(moves), is_rational(mdp.r)
    states, actions = np.zeros((1, T + 1), dtype=np.intp), np.zeros((1, T), dtype=np.intp)
    rewards, behaviour = zeros((1, T), rational), zeros((1, T), rational) + 1
    states[0, 0] = s
    for t, move in enumerate(moves):
        actions[0, t], behaviour[0, t], rewards[0, t] = move.action, move.behaviour, move.reward
        states[0, t + 1] = move.to
    last = states[:, n]
    data = states, actions, rewards, behaviour, np.array([n])
    return Rollouts(*data, False, mdp.gamma, tail[last], ends[last])


def _check_count(P: Array, pi: Array, start: Array, T: int, ends: Array) -> None:
    """Raise where there are more than MOST_PATHS paths; their number never falls as T grows."""
    moves = np.asarray(((pi > 0)[..., None] & (P > 0)).sum(axis=1), dtype=np.float64)
    ways = np.ones(len(start))
    for _ in range(T):
        ways = np.where(ends, 1.0, np.minimum(moves @ ways, 1e12))
        if ways[start].sum() > MOST_PATHS:
            cure = "Take a shorter horizon or a smaller model"
            got = f"has more than {MOST_PATHS} paths of {T} steps"
            raise LimitError.of("size", "mdp", got, "at most so many", cure)


def _paths_from(
    P: Array, r: Array, pi: Array, s: int, T: int, ends: Array
) -> Iterator[list[_Move]]:
    """Yield the moves of every path from s, of T steps or up to an absorbing state, depth first."""
    moves: list[_Move] = []
    if ends[s]:
        yield moves
        return
    untried = [_moves(P, r, pi, s, 1)]
    while untried:
        del moves[len(untried) - 1 :]
        move = next(untried[-1], None)
        if move is None:
            untried.pop()
        elif len(untried) == T or ends[move.to]:
            yield [*moves, move]
        else:
            moves.append(move)
            untried.append(_moves(P, r, pi, move.to, move.chance))


def _moves(P: Array, r: Array, pi: Array, s: int, chance: Scalar) -> Iterator[_Move]:
    """Yield the moves from s, which is reached with probability `chance`."""
    for a in np.flatnonzero(pi[s] > 0).tolist():
        for to in np.flatnonzero(P[s, a] > 0).tolist():
            yield _Move(chance * (pi[s, a] * P[s, a, to]), a, pi[s, a], r[s, a, to], to)
