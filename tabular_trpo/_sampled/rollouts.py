"""Single path: trajectories of a policy, of one length each, or stopped at geometric times.

Two ways to make finite data of the infinite sums of rho and Q, called by `horizon`:

* a number T: every path has T steps, and step t weighs gamma^t.  What lies beyond T is missing:
  a bias of at most gamma^T max|V| in a return.
* None: a path goes on with probability gamma after each step, and its steps weigh 1.  By the
  stopping time's law P(still going at t) = gamma^t, so that sums over the path are unbiased for
  the infinite discounted ones, and the last state is a draw of d.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, Scalar, frozen
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.categorical import Categorical
from tabular_trpo._sampled.simulator import Simulator

BYTES_A_STEP = 40  # state, action, reward, behaviour, and what an estimate makes of them


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Rollouts:
    """Paths of one policy, N of them, T steps at most.

    states:    (N, T+1) where each step begins, and where the last one ends
    actions:   (N, T)
    rewards:   (N, T)
    behaviour: (N, T) the probability with which each action was taken
    length:    (N,) steps of each path; entries beyond are 0, and their behaviour 1
    geometric: whether `length` is the stopping time of rate 1 - gamma; else it is one horizon
    gamma:     of the model

    Fractions where the paths come from `enumeration`, else floats.
    """

    states: Array
    actions: Array
    rewards: Array
    behaviour: Array
    length: Array
    geometric: bool
    gamma: Scalar

    @property
    def steps(self) -> int:
        """The transitions that the paths took."""
        return int(self.length.sum())

    @property
    def within(self) -> Array:
        """Which entries are steps of a path, (N, T) bool."""
        return np.asarray(np.arange(self.actions.shape[1]) < self.length[:, None])

    @property
    def horizon(self) -> int | None:
        """The steps of every path; None with geometric stopping times."""
        return None if self.geometric else int(self.actions.shape[1])

    @property
    def factor(self) -> Any:
        """What a step later weighs: gamma; 1 with geometric stopping times, which do it."""
        return 1 if self.geometric else self.gamma

    @property
    def returns(self) -> Array:
        """What is met from each step on, (N, T); LimitError where doubles overflow."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(finite("a return", rewards_to_go(self.rewards, self.factor)))


@public
def single_path(sim: Simulator, pi: Any, paths: int, horizon: int | None = None) -> Rollouts:
    """Return paths of a policy from the start.  TRPO (2015), section 5.1.

    pi:      (S, A), or (paths, S, A) for a policy of its own in each path
    paths:   how many
    horizon: steps of each path; None for geometric stopping times (see above)
    raises:  InvalidMDPError for rows off the simplex or on actions that are not allowed, and for
             paths or a horizon that is no whole number >= 1; ExactnessError, MemoryGuardError

    >>> from tabular_trpo._core.mdp import MDP
    >>> mdp = MDP([[[0.0, 1.0]], [[1.0, 0.0]]], [1.0, 0.0], [1.0, 0.0], 0.9)
    >>> single_path(Simulator(mdp, np.random.default_rng(0)), [[1.0], [1.0]], 1, 3).states
    array([[0, 1, 0, 1]])
    """
    n = size("paths", paths, 1)
    rows = policy_rows(sim, pi, n)
    cure = "Take fewer or shorter paths"
    guard(n * BYTES_A_STEP, f"paths = {n:,}", cure)
    lengths = stopping_times(sim, n) if horizon is None else np.full(n, size("horizon", horizon, 1))
    longest = int(lengths[0])
    guard(n * longest * BYTES_A_STEP, f"paths = {n:,} of {longest:,} steps (horizon)", cure)
    actions = np.zeros((longest, n), dtype=np.intp)
    rewards, behaviour = np.zeros((longest, n)), np.ones((longest, n))
    states = np.zeros((longest + 1, n), dtype=np.intp)
    states[0] = sim.reset(n)
    chooser, own = Categorical.of(rows), row_offsets(sim, rows, n)
    for t, k in enumerate(active_counts(lengths)):
        if k < len(sim.states):
            sim.restore(sim.states[:k])
        row = sim.states if own is None else sim.states + own[:k]
        action = actions[t, :k] = chosen(chooser, row, sim.rng.random(k))
        behaviour[t, :k] = rows[row, action]
        rewards[t, :k], states[t + 1, :k] = sim.advance(action)
    return Rollouts(
        states=frozen(states.T),
        actions=frozen(actions.T),
        rewards=frozen(rewards.T),
        behaviour=frozen(behaviour.T),
        length=frozen(lengths),
        geometric=horizon is None,
        gamma=sim.gamma,
    )


def rewards_to_go(rewards: Array, factor: Any) -> Array:
    """Return sum_{k >= t} factor^(k - t) rewards_k along the last axis."""
    out = rewards.copy()
    for t in range(out.shape[1] - 2, -1, -1):
        out[:, t] = out[:, t] + factor * out[:, t + 1]
    return out


def chosen(chooser: Categorical, rows: Array, u: Array) -> Array:
    """Return the actions drawn from rows of a policy."""
    return np.asarray(chooser.outcome[chooser.places(rows, u)])


def row_offsets(sim: Simulator, rows: Array, n: int) -> Array | None:
    """Return where each path's rows begin, None where all paths have one policy."""
    return None if len(rows) == sim.n_states else np.arange(n) * sim.n_states


def policy_rows(sim: Simulator, pi: Any, n: int | None = None, name: str = "pi") -> Array:
    """Return a policy's rows, (S, A), or (n*S, A) where each path has its own, checked.

    raises: InvalidMDPError; ExactnessError for an exact policy: what is played is a float model
    """
    table = read_as(name, pi, rational=False, unsigned=True)
    one = (sim.n_states, sim.n_actions)
    if table.shape != one and (n is None or table.shape != (n, *one)):
        raise shape_error(name, table.shape, f"(S, A) = {one}")
    return check_rows(name, table, sim.allowed).reshape(-1, sim.n_actions)


def stopping_times(sim: Simulator, n: int) -> Array:
    """Return n lengths with P(length > t) = gamma^t, t >= 0, the longest first.

    Sorted, because paths that still go are then the first ones; paths are alike but for that.
    """
    lengths = sim.rng.geometric(1 - sim.gamma, n) if sim.gamma else np.ones(n, dtype=np.int64)
    return np.sort(lengths)[::-1]


def active_counts(lengths: Array) -> list[int]:
    """Return how many of the lengths exceed t, for t = 0, 1, ... up to the first.

    lengths: (n,) the longest first

    >>> active_counts(np.array([3, 1, 1]))
    [3, 1, 1]
    """
    t = np.arange(int(lengths[0]))
    return list((len(lengths) - np.searchsorted(lengths[::-1], t, side="right")).tolist())
