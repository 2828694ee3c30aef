"""A model as a gymnasium environment.  Only `to_gym` imports this module, which needs gymnasium."""

from collections.abc import Sequence
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded

from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, shown
from tabular_trpo._formats.encode import entries

Outcome = tuple[float, int, float, bool]  # probability, next state, reward, terminated


@final
class TabularEnv(gymnasium.Env[Any, Any]):
    """A single float model as an environment, made by `to_gym`.

    P:                     {s: {a: [(probability, next state, reward, terminated), ...]}}
    initial_state_distrib: (S,)
    gamma:                 the discount, which is no part of gymnasium's interface
    s:                     the current state, None before the first reset
    disallowed:            "noop" or "raise": what `step` does with an action not allowed in s
    idle_reward:           the reward of a step that does nothing: min(0, all rewards)
    """

    def __init__(self, mdp: MDP, disallowed: str) -> None:
        """Tabulate the model, which is not referred to afterwards."""
        self.P, self._terminal = _tabulate(mdp)
        self.disallowed = disallowed
        rows = (row for actions in self.P.values() for row in actions.values())
        self.idle_reward = min(0.0, *(r for row in rows for _, _, r, _ in row))
        self.initial_state_distrib = np.array(mdp.rho0)
        self.gamma = mdp.gamma
        self.s: int | None = None
        self.observation_space = gymnasium.spaces.Discrete(mdp.n_states)
        self.action_space = gymnasium.spaces.Discrete(mdp.n_actions)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Draw a start state; `options` are accepted and not used."""
        super().reset(seed=seed)
        self.s = self._draw(self.initial_state_distrib.tolist())
        return self.s, self._info(self.s)

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Take an action: next state, reward, terminated, truncated (always False), info.

        raises: InvalidMDPError for a value that is not an action, and by the rule "raise" for one
                that is not allowed in the state; ResetNeeded of gymnasium before the first reset
        """
        if self.s is None:
            raise ResetNeeded("step() before the first reset(): the environment has no state yet")
        if not self.action_space.contains(action):
            got, expected = f"= {shown(action)}", f"an integer 0 to {len(self.P[self.s]) - 1}"
            raise invalid("index", "action", got, expected)
        row = self.P[self.s][int(action)]
        if not row and self.disallowed == "raise":
            raise self._not_allowed(self.s, action)
        if not row:
            ended = bool(self._terminal[self.s])
            return self.s, self.idle_reward, ended, False, self._info(self.s, True)
        _, self.s, reward, terminated = row[self._draw([outcome[0] for outcome in row])]
        return self.s, reward, terminated, False, self._info(self.s)

    def render(self) -> None:
        """Draw nothing: there are no render modes."""

    def _info(self, s: int, noop: bool = False) -> dict[str, Any]:
        mask = [bool(outcomes) for outcomes in self.P[s].values()]
        return {"action_mask": np.array(mask, dtype=np.int8), "noop": noop}

    def _not_allowed(self, s: int, action: Any) -> InvalidMDPError:
        allowed = [a for a, outcomes in self.P[s].items() if outcomes]
        got = f"= {action} is not allowed in the state {s}"
        cure = 'Choose where info["action_mask"] is 1, or make it by to_gym(mdp, disallowed="noop")'
        return invalid("disallowed", "action", got, f"one of {allowed}", cure)

    def _draw(self, row: Sequence[float]) -> int:
        """Return i with probability row[i]: u and the row are on the grid k / 2^53, so exactly."""
        u = self.np_random.random()
        for i, p in enumerate(row):
            u -= p
            if u < 0:
                return i
        return int(np.argmax(row))  # not reached: the row sums to 1, and u < 1


def _tabulate(mdp: MDP) -> tuple[dict[int, dict[int, list[Outcome]]], Array]:
    """Return P of a float model, as toy-text environments hold it, and which states are terminal.

    Rewards are r(s, a, s') where the model keeps them and one depends on s', else r(s, a).
    A state is terminal where all its transitions stay there with reward 0.
    """
    columns = entries(mdp)
    s, a, t, p, r = (column[columns[3] > 0] for column in columns)
    pairs = s * mdp.n_actions + a
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    if np.array_equal(r, np.repeat(r[first], np.diff(first, append=len(r)))):
        r = mdp.r[s, a]
    terminal = np.ones(mdp.n_states, dtype=bool)
    terminal[s[(t != s) | (r != 0)]] = False
    P: dict[int, dict[int, list[Outcome]]] = {
        i: {j: [] for j in range(mdp.n_actions)} for i in range(mdp.n_states)
    }
    ends = terminal[t].tolist()
    rows = zip(s.tolist(), a.tolist(), p.tolist(), t.tolist(), r.tolist(), ends, strict=True)
    for i, j, chance, k, reward, end in rows:
        P[i][j].append((chance, k, reward, end))
    return P, terminal
