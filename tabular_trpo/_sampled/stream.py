"""Episodes of an environment, played in parallel and continued from batch to batch.

An episode ends where the environment says so (termination: nothing is earned afterwards but the
tail), or at a time limit (truncation: the episode would have continued).  A batch has the same
number of steps of each parallel episode; it cuts the episodes that are running, and the next batch
continues them under the next policy.  So every step is used, and steps count as an environment
counts them.  The record is `Rollouts`: one row for each piece of an episode in the batch.
"""

from typing import final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import optional_size, size
from tabular_trpo._sampled.categorical import Categorical
from tabular_trpo._sampled.episodes import Environment
from tabular_trpo._sampled.rollouts import BYTES_A_STEP, Rollouts


@public
@final
class Stream:
    """Parallel episodes of one environment, continued from batch to batch.

    env:    a `Simulator`, or another environment
    n:      number of parallel episodes
    limit:  steps after which an episode is truncated; None for no limit
    raises: InvalidMDPError for a number below 1

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._sampled.simulator import Simulator
    >>> mdp = MDP([[[0.0, 1.0]], [[0.0, 1.0]]], [1.0, 0.0], [1.0, 0.0], 0.9)
    >>> stream = Stream(Simulator(mdp, np.random.default_rng(0)), 2)
    >>> stream.play([[1.0], [1.0]], 2)
    <Rollouts: N=4, 4 steps, pieces of episodes, gamma 0.9>
    """

    __slots__ = ("_states", "_time", "env", "limit", "n")

    @public
    def __init__(self, env: Environment, n: int, limit: int | None = None) -> None:
        """Check the numbers; the first batch begins the episodes."""
        optional_size("limit", limit)
        self.env, self.n, self.limit = env, size("n", n, 1), limit
        self._states = np.zeros(0, dtype=np.intp)
        self._time = np.zeros(self.n, dtype=np.intp)

    @public
    def play(self, pi: object, steps: int, other: object = None, share: int = 0) -> Rollouts:
        """Return the next steps of each episode under a policy, in pieces.

        pi:     (S, A)
        steps:  number of steps of each of the n episodes, at least 1
        other:  (S, A) the policy of the last `share` episodes, such as an exploring one
        share:  at most n
        raises: InvalidMDPError, ExactnessError, MemoryGuardError
        """
        env, n, T = self.env, self.n, size("steps", steps, 1)
        guard(n * T * BYTES_A_STEP * 3, f"{n:,} episodes of {T:,} steps", "Play fewer steps")
        rows = _rows(env, "pi", pi)
        offset = np.zeros(n, dtype=np.intp)
        if other is not None:
            rows = np.concatenate([rows, _rows(env, "other", other)])
            if size("share", share, 0) > n:
                raise invalid("size", "share", f"= {share}", f"at most n = {n}")
            offset[n - share :] = env.n_states
        policy = Categorical.of(rows)
        if not self._states.size:
            self._states = env.reset(n)
        at = np.zeros((T, n), dtype=np.intp)
        to, action, time = at.copy(), at.copy(), at.copy()
        reward, tail = np.zeros((T, n)), np.zeros((T, n))
        ended, over = np.zeros((T, n), dtype=bool), np.zeros((T, n), dtype=bool)
        behaviour = np.ones((T, n))
        for t in range(T):
            at[t], time[t] = self._states, self._time
            row = self._states + offset
            action[t] = policy.draw(row, env.rng.random(n))
            behaviour[t] = rows[row, action[t]]
            reward[t], to[t], ended[t], truncated, tail[t] = env.play(action[t])
            self._time += 1
            if self.limit is not None:
                truncated = truncated | (self._time >= self.limit)
            over[t] = ended[t] | truncated
            self._states = to[t]
            if over[t].any():
                self._states = env.restart(over[t])
                self._time[over[t]] = 0
        return _pieces(at, to, action, reward, behaviour, time, ended, over, tail, env.gamma)


def _rows(env: Environment, name: str, pi: object) -> Array:
    """Return a policy, (S, A), checked against the allowed actions of an environment."""
    rows = read_as(name, pi, rational=False, unsigned=True)
    if rows.shape != (shape := (env.n_states, env.n_actions)):
        raise shape_error(name, rows.shape, f"(S, A) = {shape}")
    return check_rows(name, rows, env.allowed)


def _pieces(
    at: Array,
    to: Array,
    action: Array,
    reward: Array,
    behaviour: Array,
    time: Array,
    ended: Array,
    over: Array,
    tail: Array,
    gamma: float,
) -> Rollouts:
    """Return the pieces of the episodes in a batch; all tables are (T, n), a column an episode."""
    over = over.copy()
    over[-1] = True
    at, to, action, reward, behaviour, time, ended, over, tail = (
        x.T.reshape(-1) for x in (at, to, action, reward, behaviour, time, ended, over, tail)
    )
    last = np.flatnonzero(over)
    begin = np.concatenate([[0], last[:-1] + 1])
    length = last - begin + 1
    path = np.repeat(np.arange(len(last)), length)
    step = np.arange(len(at)) - begin[path]
    shape = len(last), int(length.max())
    states = np.zeros((shape[0], shape[1] + 1), dtype=np.intp)
    states[path, step], states[path, step + 1] = at, to
    actions, rewards, chance = np.zeros(shape, dtype=np.intp), np.zeros(shape), np.ones(shape)
    actions[path, step], rewards[path, step], chance[path, step] = action, reward, behaviour
    return Rollouts(
        states, actions, rewards, chance, length, False, gamma,
        np.where(ended[last], tail[last], 0.0), ended[last], time[begin],
    )  # fmt: skip
