"""Where episodes end, and what sampling needs of an environment.

An absorbing state is one that every allowed action keeps, all with the same reward r.  An episode
ends there: nothing is left to learn or to choose, and all that follows is worth r / (1 - gamma).
"""

from typing import NamedTuple, Protocol, final

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, is_rational, is_sparse, zeros


@final
class Outcome(NamedTuple):
    """The result of one step of n parallel episodes, (n,) each.

    rewards:    float
    states:     the states entered
    terminated: whether the episode ended there
    truncated:  whether the environment's own time limit cut it there
    tail:       the value after a termination, discounted to the state entered
    """

    rewards: Array
    states: Array
    terminated: Array
    truncated: Array
    tail: Array


class Environment(Protocol):
    """What a stream needs of an environment: a `Simulator`, or an adapter of a live one."""

    rng: np.random.Generator
    n_states: int
    n_actions: int
    gamma: float
    allowed: Array
    steps: int

    def reset(self, n: int = 1) -> Array:
        """Begin n episodes and return their states, (n,)."""

    def play(self, actions: Array) -> Outcome:
        """Take one step in every episode."""

    def restart(self, which: Array) -> Array:
        """Begin the marked episodes again, (n,) bool; return the states of all, (n,)."""


def absorbing(mdp: MDP) -> tuple[Array, Array]:
    """Return which states of a single model are absorbing, (S,) bool, and their values, (S,).

    A state is absorbing where P(s | s, a) = 1 and r(s, a) is the same for every allowed action a.
    Its value is r / (1 - gamma), under every policy; the value is 0 for the other states.
    """
    S, A = mdp.mask.shape
    states = np.arange(S)
    if is_sparse(mdp.P):
        own = np.asarray(mdp.P[np.arange(S * A), np.repeat(states, A)]).reshape(S, A)
    else:
        own = mdp.P[states, :, states]
    first = np.take_along_axis(mdp.r, mdp.mask.argmax(axis=1)[:, None], axis=1)
    keeps = ~mdp.mask | ((own == 1) & (mdp.r == first))
    ends = np.asarray(keeps.all(axis=1), dtype=bool)
    nothing = zeros((S,), is_rational(mdp.r))
    with np.errstate(over="ignore"):  # returns with the tail are tested
        return ends, np.where(ends, first[:, 0] / (1 - mdp.gamma), nothing)
