"""Single-path sampling: trajectories of one policy, as data for estimates of rho, Q and eta.

Estimand: the infinite discounted sums in eta = E sum_t gamma^t r_t and rho(s) = sum_t gamma^t
P(s_t = s).  Two ways to estimate them from finite paths, selected by `horizon`:

* a number T: every path has T steps, and step t weighs gamma^t.  Steps from T on are missing: a
  bias of at most gamma^T max|V| in a return.
* None: a path continues with probability gamma after each step, and its steps weigh 1.  The
  stopping time has P(still running at t) = gamma^t, so sums over a path are unbiased for the
  infinite discounted ones, and the last state is a draw of d.

Source: TRPO (2015), section 5.1; geometric stopping is Rhee and Glynn (2015).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, Scalar, brief, is_rational, zeros
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.categorical import Categorical
from tabular_trpo._sampled.simulator import Simulator

ABSENT: Any = None  # an array that is filled in
BY_PATH = ("states", "actions", "rewards", "behaviour", "length", "tail", "ended")
BYTES_A_STEP = 40  # state, action, reward, behaviour, and intermediate results of an estimate


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Rollouts:
    """Paths of one policy, N of them, T steps at most.

    states:    (N, T+1) the state in which each step begins, and the last state
    actions:   (N, T)
    rewards:   (N, T)
    behaviour: (N, T) the probability with which each action was taken
    length:    (N,) steps of each path, 0 for one that begins in an absorbing state; entries beyond
               are 0, and their behaviour is 1
    geometric: whether paths stop at geometric times of rate 1 - gamma; otherwise at one horizon
    gamma:     of the model
    tail:      (N,) value credited after the last step: that of the absorbing state in which the
               path ended, else 0; zeros if left out
    ended:     (N,) bool, whether the path ended in an absorbing state; false if left out
    first:     (N,) number of steps of its episode before a piece; None for whole paths

    Fractions where the paths come from `all_paths`, otherwise floats.

    >>> Rollouts([[0, 1, 0]], [[0, 0]], [[1.0, 0.0]], [[1.0, 1.0]], [2], False, 0.5)
    <Rollouts: N=1, 2 steps, horizon 2, gamma 0.5>
    """

    states: Array
    actions: Array
    rewards: Array
    behaviour: Array
    length: Array
    geometric: bool
    gamma: Scalar
    tail: Array = ABSENT
    ended: Array = ABSENT
    first: Array | None = None

    def __post_init__(self) -> None:
        """Fill in the fields of paths without an end."""
        n = len(self.length)
        if self.tail is None:
            object.__setattr__(self, "tail", zeros((n,), is_rational(np.asarray(self.rewards))))
        if self.ended is None:
            object.__setattr__(self, "ended", np.zeros(n, dtype=bool))

    def __repr__(self) -> str:
        """Return the counts on one line."""
        kind = "geometric stopping times" if self.geometric else f"horizon {self.horizon}"
        kind = kind if self.first is None else "pieces of episodes"
        size = f"N={len(self.length)}, {self.steps} steps"
        return f"<Rollouts: {size}, {kind}, gamma {brief(self.gamma)}>"

    @property
    def steps(self) -> int:
        """The number of transitions in all paths."""
        return int(self.length.sum())

    @property
    def within(self) -> Array:
        """Which entries are steps of a path, (N, T) bool."""
        return np.asarray(np.arange(self.actions.shape[1]) < self.length[:, None])

    @property
    def horizon(self) -> int | None:
        """The number of steps of every path; None with geometric stopping times."""
        return None if self.geometric else int(self.actions.shape[1])

    @property
    def factor(self) -> Scalar:
        """The discount per step inside a path: gamma; 1 with geometric stopping times."""
        return 1 if self.geometric else self.gamma

    @property
    def returns(self) -> Array:
        """The return from each step on with the tail, (N, T); LimitError where doubles overflow."""
        rewards = self.rewards
        if self.ended.any():
            rewards, rows = rewards.copy(), np.flatnonzero(self.ended)
            last, tail = self.length[rows] - 1, self.tail[rows]
            # A path of no steps begins where it ends: its return, in column 0, is the tail.
            rewards[rows, np.maximum(last, 0)] += np.where(last < 0, tail, self.factor * tail)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(finite("a return", rewards_to_go(rewards, self.factor)))


@public
def single_path(sim: Simulator, pi: object, paths: int, horizon: int | None = None) -> Rollouts:
    """Return paths of a policy from the start states.  TRPO (2015), section 5.1.

    s_0 ~ rho0, a_t ~ pi(.|s_t), s_{t+1} ~ P(.|s_t, a_t), for t < T or up to a geometric time.  A
    path that enters an absorbing state before it stops ends there; its tail is what would follow.

    pi:      (S, A), or (paths, S, A) for a separate policy in each path
    paths:   number of paths N
    horizon: number of steps T of each path; None for geometric stopping times, which add no bias
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
    limits = stopping_times(sim, n) if horizon is None else np.full(n, size("horizon", horizon, 1))
    longest = int(limits[0])
    guard(n * longest * BYTES_A_STEP, f"paths = {n:,} of {longest:,} steps (horizon)", cure)
    actions = np.zeros((longest, n), dtype=np.intp)
    rewards, behaviour = np.zeros((longest, n)), np.ones((longest, n))
    states = np.zeros((longest + 1, n), dtype=np.intp)
    states[0] = sim.reset(n)
    policy = Categorical.of(rows)
    # The rows of path i begin at row i * S where each path has its own policy.
    offset = np.arange(n) * (0 if len(rows) == sim.n_states else sim.n_states)
    geometric, length = horizon is None, np.zeros(n, dtype=np.intp)
    ended = sim.ends[states[0]]
    on = np.flatnonzero(~ended)  # the paths that take a step
    for t in range(longest):
        if len(on) < len(sim.states):
            sim.restore(states[t, on])
        # Paths that ended leave their uniforms, so that the others do not depend on them.
        k = int(np.searchsorted(-limits, -t))
        row = sim.states + offset[on]
        action = actions[t, on] = policy.draw(row, sim.rng.random(k)[on])
        behaviour[t, on] = rows[row, action]
        rewards[t, on], states[t + 1, on] = sim.advance(action, sim.rng.random(k)[on])
        length[on] = t + 1
        more = limits[on] > t + 1
        over = sim.ends[states[t + 1, on]]
        ended[on] = over & more if geometric else over
        on = on[more & ~over]
        if not on.size:
            break
    tail = np.where(ended, sim.tail[states[length, np.arange(n)]], 0.0)
    data = states.T, actions.T, rewards.T, behaviour.T, length
    return Rollouts(*data, geometric, sim.gamma, tail, ended)


def joined(parts: Sequence[Rollouts]) -> Rollouts:
    """Return whole paths of several records, of the same number of columns, as one record."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(x, name) for x in parts]) for name in BY_PATH
    }
    return replace(parts[0], **arrays)


def subset(rollouts: Rollouts, at: Array) -> Rollouts:
    """Return the whole paths with the given indices."""
    arrays: dict[str, Any] = {name: getattr(rollouts, name)[at] for name in BY_PATH}
    return replace(rollouts, **arrays)


def rewards_to_go(rewards: Array, factor: Scalar) -> Array:
    """Return sum_{k >= t} factor^(k - t) rewards_k along the last axis."""
    out = rewards.copy()
    for t in range(out.shape[1] - 2, -1, -1):
        out[:, t] = out[:, t] + factor * out[:, t + 1]
    return out


def policy_rows(sim: Simulator, pi: object, n: int | None = None, name: str = "pi") -> Array:
    """Return the checked rows of a policy, (S, A), or (n*S, A) where each path has its own.

    raises: InvalidMDPError; ExactnessError for a rational policy, since the simulator is in floats
    """
    table = read_as(name, pi, rational=False, unsigned=True)
    one = (sim.n_states, sim.n_actions)
    if table.shape != one and (n is None or table.shape != (n, *one)):
        raise shape_error(name, table.shape, f"(S, A) = {one}")
    return check_rows(name, table, sim.allowed).reshape(-1, sim.n_actions)


def stopping_times(sim: Simulator, n: int) -> Array:
    """Return n path lengths with P(length > t) = gamma^t, t >= 0, in descending order.

    Sorted, so that the paths still running at any time are a prefix; paths are exchangeable.
    """
    lengths = sim.rng.geometric(1 - sim.gamma, n) if sim.gamma else np.ones(n, dtype=np.int64)
    return np.sort(lengths)[::-1]


def active_counts(lengths: Array) -> list[int]:
    """Return how many of the lengths exceed t, for t = 0, 1, ... up to the first.

    lengths: (n,) in descending order

    >>> active_counts(np.array([3, 1, 1]))
    [3, 1, 1]
    """
    t = np.arange(int(lengths[0]))
    return list((len(lengths) - np.searchsorted(lengths[::-1], t, side="right")).tolist())
