"""Live environments: states and ends as the environment reports them, every step counted."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled.confidence import confident
from tabular_trpo._sampled.counts import TransitionCounts
from tabular_trpo._sampled.episodic import EmpiricalModel
from tabular_trpo._sampled.learning import Learner
from tabular_trpo._sampled.live import LiveEnvironment, Registered, time_limit
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.stream import Stream


def discrete(n: int, start: int = 0) -> Any:
    """Return what is read of a Discrete space."""
    return SimpleNamespace(n=n, start=start, shape=())


class Walk:
    """Five cells numbered from 10; action 7 steps right, 6 left; cell 14 ends, `limit` truncates.

    reward, observation, mask: what a step reports in place of the walk's own
    """

    def __init__(self, limit: int | None = None, **report: Any) -> None:
        self.observation_space, self.action_space = discrete(5, 10), discrete(2, 6)
        self.limit, self.report = limit, report
        self.seeds: list[Any] = []

    def reset(self, seed: int | None = None) -> tuple[int, dict[str, Any]]:
        self.cell, self.time = 10, 0
        self.seeds.append(seed)
        return self.cell, {}

    def step(self, action: int) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        assert action in (6, 7)
        self.cell, self.time = max(10, self.cell + (1 if action == 7 else -1)), self.time + 1
        ended, over = self.cell == 14, self.limit is not None and self.time >= self.limit
        info = {"action_mask": self.report["mask"]} if "mask" in self.report else {}
        seen = self.report.get("observation", self.cell)
        return seen, self.report.get("reward", float(ended)), ended, over, info


def live(seed: int = 0, gamma: Any = 0.9, **report: Any) -> LiveEnvironment:
    """Return the walk as a live environment."""
    allowed, n = report.pop("allowed", None), report.pop("n_states", None)
    rng = np.random.default_rng(seed)
    return LiveEnvironment(lambda: Walk(**report), gamma, rng, n, allowed)


def test_spaces_may_start_anywhere_and_steps_are_counted() -> None:
    env = live()
    assert (env.n_states, env.n_actions, env.steps) == (5, 2, 0)
    assert env.reset(3).tolist() == [0, 0, 0]
    assert env.play(np.array([1, 0, 1])).states.tolist() == [1, 0, 1]
    outcome = env.play(np.array([1, 1, 0]))
    assert outcome.states.tolist() == [2, 1, 0] == env.states.tolist()
    assert env.steps == 6
    assert env.restart(np.array([True, False, False])).tolist() == [0, 1, 0]
    assert env.reset(2).tolist() == [0, 0]


def test_ends_and_limits_are_told_separately() -> None:
    for limit, ended, truncated in ((None, True, False), (4, True, False), (3, False, True)):
        env = live(limit=limit)
        env.reset(1)
        for _ in range(4 if limit != 3 else 3):
            outcome = env.play(np.array([1]))
        assert (outcome.terminated[0], outcome.truncated[0]) == (ended, truncated)
        assert outcome.rewards[0] == float(ended) and outcome.tail[0] == 0


def test_a_limit_of_the_environment_truncates_the_stream() -> None:
    rollouts = Stream(live(limit=3), 2).play([[0.5, 0.5]] * 5, 30)
    assert (rollouts.length <= 3).all() and not rollouts.ended.any()
    free = Stream(live(), 2).play([[1.0, 0.0]] * 5, 30)  # never ends: cut by the batch
    assert free.length.tolist() == [30, 30] and not free.ended.any()


def test_seeds_come_from_the_generator() -> None:
    def seeds(seed: int) -> list[Any]:
        env = live(seed)
        env.reset(3)
        return [copy.seeds for copy in env._copies]

    assert seeds(1) == seeds(1) != seeds(2)
    assert all(type(x) is int for one in seeds(1) for x in one)


def test_the_lake_is_that_of_its_table() -> None:
    gymnasium = pytest.importorskip("gymnasium")
    mdp = tt.from_gym(gymnasium.make("FrozenLake-v1"), 0.99)
    rng = np.random.default_rng(0)
    env = LiveEnvironment(Registered("FrozenLake-v1").make, 0.99, rng, mdp.n_states)
    pi = tt.policies.uniform(mdp)
    empty = TransitionCounts.empty((mdp.n_states, mdp.n_actions), 0.99)
    one = empty.added(Stream(env, 8).play(pi, 1500)).estimate(pi)
    other = empty.added(Stream(Simulator(mdp, rng), 8, 100).play(pi, 1500)).estimate(pi)
    exact = tt.evaluate(mdp, pi)
    for found in (one, other):
        running = found.visits.sum(axis=1) > 300
        assert running.sum() >= 6
        for s, a in np.argwhere(found.visits * running[:, None] > 0):
            row = found.P[[s * mdp.n_actions + a]].toarray()[0][: mdp.n_states - 1]
            p = np.asarray(mdp.P)[s, a, : mdp.n_states - 1]
            ends = row.sum() < 1 - 1e-12  # what terminates is counted as the end
            n = found.visits[s, a]
            off = np.abs(row - p) <= 4.5 * np.sqrt(p * (1 - p) / n) + 1e-12
            assert off.all() or ends
        assert abs(found.eta - exact.eta) < 5 * float(found.surrogate().stderr)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"reward": np.nan}, "reward of copy 0 = nan, expected a finite number"),
        ({"reward": np.inf}, "reward of copy 0"),
        ({"reward": "much"}, "reward of copy 0"),
        ({"observation": 15}, r"observation of copy 0 = 15, expected a state of Discrete\(5"),
        ({"observation": 9}, "observation of copy 0"),
        ({"observation": None}, "observation of copy 0"),
        ({"mask": [1, 0], "allowed": [[1, 1]] * 5}, "action_mask of copy 0.*state alone"),
    ],
)
def test_wrong_reports_are_refused(report: dict[str, Any], said: str) -> None:
    env = live(**report)
    env.reset(1)
    with pytest.raises(tt.InvalidMDPError, match=said):
        env.play(np.array([1]))


def test_nothing_wrong_reaches_the_parameters() -> None:
    env = live(reward=np.nan)
    members = tt.improve.SoftmaxClass((5, 2))
    learner = Learner(env, members, EmpiricalModel(20, 2), confident(members))
    with pytest.raises(tt.InvalidMDPError):
        learner.advance()
    assert np.isfinite(learner.theta).all()


def test_a_mask_that_agrees_is_kept() -> None:
    env = live(mask=[0, 1], allowed=[[0, 1]] * 5)
    rollouts = Stream(env, 2).play([[0.0, 1.0]] * 5, 12)
    assert (rollouts.actions[rollouts.within] == 1).all() and rollouts.ended.sum() == 6
    with pytest.raises(tt.InvalidMDPError, match=r"pi\[s=0, a=0\]"):
        Stream(env, 2).play([[0.5, 0.5]] * 5, 12)


@pytest.mark.parametrize(
    ("name", "space", "said"),
    [
        ("observation_space", SimpleNamespace(shape=(4,)), "observations are integers"),
        ("observation_space", SimpleNamespace(n=np.array([2, 3]), shape=(2,)), "observations"),
        ("observation_space", None, "observation_space = None"),
        ("action_space", SimpleNamespace(shape=(1,), low=-1, high=1), "actions are integers"),
    ],
)
def test_other_spaces_are_refused_with_a_cure(name: str, space: Any, said: str) -> None:
    def make() -> Walk:
        env = Walk()
        setattr(env, name, space)
        return env

    with pytest.raises(tt.InvalidMDPError, match=said):
        LiveEnvironment(make, 0.9, np.random.default_rng(0))


def test_wrong_arguments_are_refused() -> None:
    for arguments, said in (
        ({"gamma": 1.0}, "gamma"),
        ({"gamma": -0.5}, "gamma"),
        ({"n_states": 4}, "n_states"),
        ({"allowed": [[1, 1]]}, "allowed"),
        ({"allowed": [[1, 1]] * 4 + [[0, 0]]}, r"allowed\[s=4\] has no action"),
    ):
        with pytest.raises(tt.InvalidMDPError, match=said):
            live(**arguments)
    vector = SimpleNamespace(num_envs=3, observation_space=discrete(2), action_space=discrete(2))
    with pytest.raises(tt.InvalidMDPError, match=r"vector environment of 3.*makes one"):
        LiveEnvironment(lambda: vector, 0.9, np.random.default_rng(0))


def test_registered_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gymnasium")
    lake = Registered("FrozenLake-v1", (("map_name", "8x8"),)).make()
    assert lake.observation_space.n == 64 and time_limit(lake) == 100
    assert time_limit(Registered("FrozenLake8x8-v1").make()) == 200
    assert time_limit(object()) is None
    with pytest.raises(tt.InvalidMDPError, match="Nowhere-v0 cannot be made"):
        Registered("Nowhere-v0").make()
    with pytest.raises(tt.InvalidMDPError, match="cannot be made"):
        Registered("FrozenLake-v1", (("map_nam", "8x8"),)).make()
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(tt.MissingExtraError, match=r"tabular-trpo\[gym\]"):
        Registered("FrozenLake-v1").make()
