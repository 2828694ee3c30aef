"""A model as a gymnasium environment; imports gymnasium, so `to_gym` imports it where used."""

from collections.abc import Iterator, Sequence
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded

from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import shown

Outcome = tuple[float, int, float, bool]  # probability, next state, reward, terminated


@final
class TabularEnv(gymnasium.Env[Any, Any]):
    """A single float model as an environment; made by `to_gym`, which says what is promised.

    P:                     {s: {a: [(probability, next state, reward, terminated), ...]}}
    initial_state_distrib: (S,)
    gamma:                 the discount, which gymnasium has no place for
    s:                     the present state, None before the first reset
    disallowed:            "noop" or "raise": what `step` does with an action not allowed in s
    idle_reward:           the reward of a step that does nothing, at most 0 and at most each reward
    """

    def __init__(self, mdp: MDP, disallowed: str) -> None:
        """Tabulate the model; the environment keeps no reference to it."""
        self.P = _tabulate(mdp)
        self.disallowed = disallowed
        self.idle_reward = min(0.0, *(r for *_, r, _ in _outcomes(self.P)))
        self._ends = {t for _, t, _, terminated in _outcomes(self.P) if terminated}
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

        raises: InvalidMDPError for what is no action, and by the rule "raise" for one that is not
                allowed in the state; gymnasium's ResetNeeded before the first reset
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
            return self.s, self.idle_reward, self.s in self._ends, False, self._info(self.s, True)
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


def _outcomes(P: dict[int, dict[int, list[Outcome]]]) -> Iterator[Outcome]:
    return (outcome for rows in P.values() for row in rows.values() for outcome in row)


def _tabulate(mdp: MDP) -> dict[int, dict[int, list[Outcome]]]:
    """Return the transitions of a float model as toy-text environments hold them.

    Rewards are r(s, a, s') where the model keeps them and one depends on s', else r(s, a).
    """
    pairs = [(s, a) for s in range(mdp.n_states) for a in range(mdp.n_actions)]
    rows = {(s, a): _successors(mdp, s, a) for s, a in pairs if mdp.mask[s, a]}
    if mdp.r_next is not None and any(len(set(rewards)) > 1 for _, _, rewards in rows.values()):
        reward = {pair: rewards for pair, (_, _, rewards) in rows.items()}
    else:
        reward = {pair: [nearest(mdp.r[pair])] * len(rows[pair][0]) for pair in rows}
    ends = [
        all(
            set(rows[s, a][0]) == {s} and set(reward[s, a]) == {0}
            for a in range(mdp.n_actions)
            if (s, a) in rows
        )
        for s in range(mdp.n_states)
    ]
    P: dict[int, dict[int, list[Outcome]]] = {s: {} for s in range(mdp.n_states)}
    for s, a in pairs:
        states, chances, _ = rows.get((s, a), ([], [], []))
        outcomes = zip(chances, states, reward.get((s, a), []), strict=True)
        P[s][a] = [(p, t, r, ends[t]) for p, t, r in outcomes]
    return P


def _successors(mdp: MDP, s: int, a: int) -> tuple[list[int], list[float], list[float]]:
    """Return the next states of a pair, their probabilities and, if kept, their rewards."""
    pair = s * mdp.n_actions + a
    row = mdp.P[[pair]].toarray()[0] if mdp.is_sparse else mdp.P[s, a]
    states = np.flatnonzero(row)
    rewards: Any = []
    if mdp.r_next is not None:
        kept = mdp.r_next[[pair]].toarray()[0] if mdp.is_sparse else mdp.r_next[s, a]
        rewards = kept[states].tolist()
    return states.tolist(), row[states].tolist(), rewards
