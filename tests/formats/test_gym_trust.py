"""Whose table is believed: wrappers and environments against what their steps really give."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import wrappers
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from gymnasium.envs.toy_text.taxi import TaxiEnv

import tabular_trpo as tt
from tests.formats.gym_cases import WANDER


class Twice(gymnasium.RewardWrapper[Any, Any]):
    """Doubles rewards."""

    def reward(self, reward: Any) -> Any:
        return 2 * reward


class Mirrored(gymnasium.ObservationWrapper[Any, Any, Any]):
    """Numbers the states from the end."""

    def observation(self, observation: Any) -> Any:
        return 15 - observation


class Turned(gymnasium.ActionWrapper[Any, Any, Any]):
    """Turns each action to the next."""

    def action(self, action: Any) -> Any:
        return (action + 1) % 4


class Named(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Adds an attribute and changes nothing."""

    title = "lake"


class Shaped(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Has its own step, which pays for each step."""

    def step(self, action: Any) -> Any:
        now, reward, *rest = self.env.step(action)
        return now, float(reward) - 0.01, *rest


class Elsewhere(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Has its own reset, which takes a step first."""

    def reset(self, **options: Any) -> Any:
        self.env.reset(**options)
        now, _, _, _, info = self.env.step(2)
        return now, info


class Halved(wrappers.TimeLimit):
    """A known wrapper with a step of its own."""

    def step(self, action: Any) -> Any:
        now, reward, *rest = super().step(action)
        return now, float(reward) / 2, *rest


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "TimeLimit": lambda env: wrappers.TimeLimit(env, 50),
    "Autoreset": wrappers.Autoreset,
    "OrderEnforcing": wrappers.OrderEnforcing,
    "PassiveEnvChecker": wrappers.PassiveEnvChecker,
    "RecordEpisodeStatistics": wrappers.RecordEpisodeStatistics,
    "Named": Named,
    "TransformReward": lambda env: wrappers.TransformReward(env, lambda r: 1 - float(r)),
    "ClipReward": lambda env: wrappers.ClipReward(env, 0, 0.5),
    "NormalizeReward": wrappers.NormalizeReward,
    "TransformObservation": lambda env: wrappers.TransformObservation(env, lambda s: 15 - s, None),
    "FlattenObservation": wrappers.FlattenObservation,
    "TimeAwareObservation": lambda env: wrappers.TimeAwareObservation(
        wrappers.TimeLimit(env, 50), flatten=False
    ),
    "DelayObservation": lambda env: wrappers.DelayObservation(env, 2),
    "FrameStackObservation": lambda env: wrappers.FrameStackObservation(env, 2),
    "TransformAction": lambda env: wrappers.TransformAction(env, lambda a: 3 - a, None),
    "StickyAction": lambda env: wrappers.StickyAction(env, 0.5),
    "RepeatAction": lambda env: wrappers.RepeatAction(env, 2),
    "Twice": Twice,
    "Mirrored": Mirrored,
    "Turned": Turned,
    "Shaped": Shaped,
    "Elsewhere": Elsewhere,
    "Halved": lambda env: Halved(env, 50),
}
HARMLESS = list(WRAPPERS)[:6]
LAKE: dict[str, Any] = {"reward_schedule": (1, -1, -0.25)}


def _trajectory(env: Any) -> list[Any]:
    """What 200 random steps give, up to the end of each episode."""
    rng = np.random.default_rng(3)
    given: list[Any] = [env.reset(seed=3)[0]]
    for _ in range(200):
        now, reward, terminated, _, _ = env.step(int(rng.integers(4)))
        given.append((now, reward, terminated))
        if terminated:
            given.append(env.reset()[0])
    return given


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_is_refused_by_name_where_it_changes_steps(name: str) -> None:
    wrapped = WRAPPERS[name](FrozenLakeEnv(**LAKE))
    unwrapped = tt.from_gym(FrozenLakeEnv(**LAKE), 0.9)
    try:
        same = bool(_trajectory(wrapped) == _trajectory(FrozenLakeEnv(**LAKE)))
    except ValueError:  # arrays of several numbers
        same = False
    assert same == (name in HARMLESS)
    outside = wrappers.OrderEnforcing(WRAPPERS[name](FrozenLakeEnv(**LAKE)))
    for env in (wrapped, outside):
        if same:
            assert np.array_equal(tt.from_gym(env, 0.9).P, unwrapped.P)
            continue
        with pytest.raises(tt.InvalidMDPError, match=rf"^{name} wraps .*from_gym\(env.unwrapped"):
            tt.from_gym(env, 0.9)
        assert np.array_equal(tt.from_gym(env.unwrapped, 0.9).P, unwrapped.P)


def test_each_wrapper_is_named() -> None:
    env = Twice(wrappers.TimeLimit(Turned(Shaped(gymnasium.make("FrozenLake-v1"))), 9))
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.from_gym(env, 0.9)
    assert [x.where for x in caught.value.problems] == ["Twice", "Turned", "Shaped"]


def test_a_method_set_on_a_wrapper_is_its_own() -> None:
    env = Named(FrozenLakeEnv())
    env.step = lambda action: (0, 0.0, False, False, {})  # type: ignore[method-assign]
    with pytest.raises(tt.InvalidMDPError, match=r"^Named wraps .* own step"):
        tt.from_gym(env, 0.9)


def test_the_cure_reads_the_table_that_was_found() -> None:
    class Other(gymnasium.Wrapper[Any, Any, Any, Any]):
        P: Any = None
        initial_state_distrib = np.array([1.0])

    inside = Other(FrozenLakeEnv())
    inside.P = {0: {0: [(1.0, 0, 1.0, False)]}}
    env = wrappers.TimeLimit(Twice(inside), 5)
    with pytest.raises(tt.InvalidMDPError, match=r"from_gym\(env.env.env, \.\.\.\)"):
        tt.from_gym(env, 0.9)
    with pytest.warns(UserWarning, match="table P of Other"):
        assert tt.from_gym(env.env.env, 0.9).n_states == 1  # type: ignore[attr-defined]


def test_a_passenger_who_changes_his_mind_is_not_in_the_table() -> None:
    message = r"^TaxiEnv has fickle_passenger=True.*fickle_passenger=False.*from_counts"
    fickle = TaxiEnv(fickle_passenger=True)
    for env in (fickle, gymnasium.make("Taxi-v4", fickle_passenger=True)):
        with pytest.raises(tt.InvalidMDPError, match=message):
            tt.from_gym(env, 0.9)
    fickle.fickle_passenger = False
    assert tt.from_gym(fickle, 0.9).n_states == 501
    assert tt.from_gym(TaxiEnv(fickle_passenger=True, fickle_probability=0), 0.9).n_states == 501


@pytest.mark.parametrize(
    "env",
    [
        FrozenLakeEnv(success_rate=0.75, reward_schedule=(5, -1, -0.5)),  # type: ignore[arg-type]
        CliffWalkingEnv(is_slippery=True),
        TaxiEnv(is_rainy=True, rainy_probability=0.5),
        tt.to_gym(WANDER),
    ],
    ids=lambda env: type(env).__name__,
)
def test_environments_that_play_their_table_are_believed(env: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tt.from_gym(env, 0.9).n_states > 3


class SteppedLake(FrozenLakeEnv):
    """Has its own step."""

    def step(self, a: Any) -> Any:
        now, reward, *rest = super().step(a)
        return now, reward - 0.5, *rest


class StartedLake(FrozenLakeEnv):
    """Has its own reset."""

    def reset(self, **options: Any) -> Any:
        answer = super().reset(**options)
        self.s = 4
        return 4, answer[1]


class BuiltLake(FrozenLakeEnv):
    """Has its own table only, which its steps follow."""

    def __init__(self) -> None:
        super().__init__()
        self.P[0][0] = [(1.0, 3, 2, False)]


def test_an_environment_of_ones_own_is_a_warning_by_name() -> None:
    for kind, method in ((SteppedLake, "step"), (StartedLake, "reset")):
        message = rf"the table P of {kind.__name__} is .* its own {method} may .*check_steps="
        with pytest.warns(UserWarning, match=message):
            tt.from_gym(kind(), 0.9)
    assert tt.from_gym(BuiltLake(), 0.9).P[0, 0, 3] == 1
    patched = FrozenLakeEnv()
    patched.step = lambda a: (0, 0.0, False, False, {})  # type: ignore[method-assign]
    with pytest.warns(UserWarning, match="table P of FrozenLakeEnv is .* its own step"):
        tt.from_gym(wrappers.TimeLimit(patched, 5), 0.9)


def test_the_play_that_a_message_offers_decides() -> None:
    with pytest.warns(UserWarning, match="SteppedLake") as caught:
        tt.from_gym(SteppedLake(), 0.9)
    call = re.search(r"from_gym\(.*\)\)", str(caught[0].message))
    assert call is not None
    names = {"from_gym": tt.from_gym, "env": SteppedLake(), "gamma": 0.9, "numpy": np}
    with pytest.raises(tt.InvalidMDPError, match=r"^env.step\(\d\) in the state 0 gives .*-0.5"):
        eval(call[0], names)
    assert eval(call[0], {**names, "env": FrozenLakeEnv()}).n_states == 17
