"""Environments that are played: true tables pass, and each kind of wrong table is found."""

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
from tabular_trpo._formats.gym_check import check_table, outcomes
from tabular_trpo._formats.gym_table import read_rows
from tests.formats.gym_cases import WANDER, fake, masked, two


class Player:
    """Plays one table and shows another."""

    def __init__(self, played: Any, shown: Any, start: Any, shown_start: Any) -> None:
        self.played, self.P = played, shown
        self.start, self.initial_state_distrib = start, np.array(shown_start)
        self.rng = np.random.default_rng(0)
        self.s = 0

    def reset(self, seed: Any = None) -> Any:
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.s = int(self.rng.choice(len(self.start), p=self.start))
        return self.s, {}

    def step(self, a: int) -> Any:
        row = self.played[self.s][a]
        _, self.s, reward, over = row[self.rng.choice(len(row), p=[x[0] for x in row])]
        return self.s, reward, over, False, {}


def _table(row: Any) -> Any:
    """Two states, two actions; `row` is P[1][0]."""
    return two(row).P


TRUE = [(0.5, 0, 1.0, False), (0.25, 1, 3.0, False), (0.25, 1, 5.0, True)]
START = [0.25, 0.75]
WRONG: dict[str, tuple[Any, str]] = {
    "a next state": (
        [(0.5, 0, 1.0, False), (0.5, 0, 3.0, False)],
        r"^env.step\(0\) in the state 1 gives next state 1, reward \d, terminated (True|False), "
        r"expected an outcome of P\[s=1, a=0\]: next state 0, reward 1, terminated False; .*3",
    ),
    "a reward": (
        [(0.5, 0, 1.5, False), *TRUE[1:]],
        r"gives next state 0, reward 1, terminated False, expected .* reward 1.5",
    ),
    "the end": (
        [*TRUE[:2], (0.25, 1, 5.0, False)],
        r"reward 5, terminated True, expected .* reward 5, terminated False",
    ),
    "a probability 0": (
        [(0.75, 0, 1.0, False), (0.0, 1, 3.0, False), (0.25, 1, 5.0, True)],
        r"gives next state 1, reward 3, terminated False, expected an outcome",
    ),
    "the probabilities": (
        [(0.4, 0, 1.0, False), (0.35, 1, 3.0, False), (0.25, 1, 5.0, True)],
        r"^P\[s=1, a=0\] gives next state \d, .* the probability 0.\d+, and it came [\d,]+ of "
        r"[\d,]+ times, expected about \d+.*false alarm has a chance below 1e-06.*from_counts",
    ),
    "which reward comes": (
        [TRUE[0], (0.35, 1, 3.0, False), (0.15, 1, 5.0, True)],
        r"^P\[s=1, a=0\] gives next state 1, .* probability",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_each_kind_of_wrong_table_is_found(kind: str) -> None:
    row, message = WRONG[kind]
    env = Player(_table(TRUE), _table(row), START, START)
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.from_gym(env, 0.9, check_steps=6000, rng=np.random.default_rng(1))


def test_the_true_table_passes_and_is_the_one_that_comes_back() -> None:
    env = Player(_table(TRUE), _table(TRUE), START, START)
    mdp = tt.from_gym(env, 0.9, check_steps=6000, rng=np.random.default_rng(1))
    assert mdp.P[1, 0].tolist() == [0.5, 0.25, 0.25]


def test_the_start_is_tested_unless_it_is_given() -> None:
    env = Player(_table(TRUE), _table(TRUE), START, [1.0, 0.0])
    with pytest.raises(tt.InvalidMDPError, match=r"^env.reset\(\) gives 1, expected .*\[0\]"):
        tt.from_gym(env, 0.9, check_steps=2000, rng=np.random.default_rng(1))
    env = Player(_table(TRUE), _table(TRUE), START, [0.5, 0.5])
    with pytest.raises(tt.InvalidMDPError, match=r"^initial_state_distrib gives state \d the"):
        tt.from_gym(env, 0.9, check_steps=4000, rng=np.random.default_rng(1))
    mdp = tt.from_gym(env, 0.9, [0.5, 0.5], check_steps=4000, rng=np.random.default_rng(1))
    assert mdp.rho0.tolist() == [0.5, 0.5, 0]


MAKERS: list[Callable[[], Any]] = [
    lambda: gymnasium.make("FrozenLake-v1"),
    lambda: FrozenLakeEnv(success_rate=0.6, reward_schedule=(3, -1, 0.1)),  # type: ignore[arg-type]
    lambda: gymnasium.make("CliffWalking-v1", is_slippery=True),
    lambda: gymnasium.make("Taxi-v4", is_rainy=True),
    lambda: TaxiEnv(),
    lambda: tt.to_gym(WANDER),
    lambda: tt.to_gym(masked()),
]


@pytest.mark.parametrize("make", MAKERS)
def test_environments_that_play_their_table_pass(make: Callable[[], Any]) -> None:
    env = make()
    mdp = tt.from_gym(env, 0.9, check_steps=3000, rng=np.random.default_rng(2))
    plain = tt.from_gym(make(), 0.9)
    assert np.array_equal(mdp.r, plain.r) and np.array_equal(mdp.mask, plain.mask)


class FickleTaxi(TaxiEnv):
    """Shows Taxi's table under another name, and moves the destination."""

    def step(self, a: Any) -> Any:
        now, reward, *rest = super().step(a)
        if self.np_random.random() < 0.05:
            row, col, passenger, _ = self.decode(now)
            now = self.s = int(self.encode(row, col, passenger, 0))
        return now, reward, *rest


class DriftingLake(FrozenLakeEnv):
    """Slips less than its table says."""

    def __init__(self) -> None:
        super().__init__(success_rate=0.5)
        self.played, self.P = self.P, FrozenLakeEnv().P

    def step(self, a: Any) -> Any:
        self.P, self.played = self.played, self.P
        answer = super().step(a)
        self.P, self.played = self.played, self.P
        return answer


class Shifted(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Pays for each step, in a class nobody knows."""

    def step(self, action: Any) -> Any:
        now, reward, *rest = self.env.step(action)
        return now, float(reward) - 0.125, *rest


class Logged(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Counts steps, and changes nothing."""

    steps = 0

    def step(self, action: Any) -> Any:
        self.steps += 1
        return self.env.step(action)


@pytest.mark.parametrize("env", [FickleTaxi(), DriftingLake(), Shifted(FrozenLakeEnv())])
def test_steps_of_ones_own_are_found_out(env: Any) -> None:
    with pytest.raises(tt.InvalidMDPError):
        tt.from_gym(env, 0.9, check_steps=5000, rng=np.random.default_rng(3))


def test_a_wrapper_of_ones_own_that_changes_nothing_passes_its_test() -> None:
    env = Logged(wrappers.TimeLimit(FrozenLakeEnv(), 30))
    assert tt.from_gym(env, 0.9, check_steps=500, rng=np.random.default_rng(3)).n_states == 17
    assert env.steps == 500


def test_true_tables_are_hardly_ever_refused() -> None:
    refused = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        p = rng.dirichlet(np.full(4, 0.4))
        row = [(float(x), i % 2, float(i), False) for i, x in enumerate(p)]
        env = Player(_table(row), _table(row), START, START)
        try:
            check_table(env, outcomes(read_rows(env.P)), np.array(START), 120, rng)
        except tt.InvalidMDPError:
            refused += 1
    assert refused == 0  # the chance of one is below 100 * 1e-6


def test_what_is_found_is_named_to_a_limit_and_the_rest_is_counted() -> None:
    shown = {s: {a: [(1.0, s, 7.0, False)] for a in range(4)} for s in range(16)}
    lake = CliffWalkingEnv()
    rows = {s: shown[s % 16] for s in range(48)}
    env = Player(lake.P, rows, lake.initial_state_distrib, lake.initial_state_distrib)
    with pytest.raises(tt.InvalidMDPError, match="more problems of this kind") as caught:
        check_table(env, outcomes(read_rows(rows)), None, 3000, np.random.default_rng(4))
    assert len(caught.value.problems) == 20 and caught.value.hidden > 20


class Broken(Player):
    """Answers with something that is no state, or no step."""

    answer: Any = None

    def step(self, a: int) -> Any:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((2, 0.0, False, False, {}), r"gives 2, expected the index of a state of P, 0 to 1"),
        ((np.zeros(2), 0.0, False, False, {}), "expected the index of a state"),
        ((0.0, 0.0, False, False, {}), "expected the index of a state"),
        ((0, 0.0, False, {}), r"expected \(state, reward, terminated, truncated, info\)"),
        (None, r"expected \(state, reward, terminated, truncated, info\)"),
    ],
)
def test_steps_that_are_no_steps(answer: Any, message: str) -> None:
    env = Broken(_table(TRUE), _table(TRUE), START, START)
    env.answer = answer
    with pytest.raises(tt.InvalidMDPError, match=rf"^env.step\(\d\) in the state \d .*{message}"):
        tt.from_gym(env, 0.9, check_steps=10, rng=np.random.default_rng(0))


def test_rewards_of_single_precision_are_the_same_rewards() -> None:
    row = [(0.5, 0, 0.1, False), (0.5, 1, 0.7, False)]
    single = [(p, t, np.float32(r), over) for p, t, r, over in row]
    assert float(single[0][2]) != row[0][2]
    env = Player(_table(single), _table(row), START, START)
    mdp = tt.from_gym(env, 0.9, check_steps=500, rng=np.random.default_rng(0))
    assert mdp.r_next[1, 0].tolist() == [0.1, 0.7]


@pytest.mark.parametrize("steps", [-1, 2.5, "ten", True, None])
def test_the_number_of_steps(steps: Any) -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"^check_steps = "):
        tt.from_gym(FrozenLakeEnv(), 0.9, check_steps=steps, rng=np.random.default_rng(0))


def test_randomness_is_handed_in_and_repeats() -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"^rng is of type NoneType.*default_rng"):
        tt.from_gym(fake(_table(TRUE)), 0.9, check_steps=10)
    texts = []
    for _ in range(2):
        env = Player(_table(TRUE), _table(WRONG["the probabilities"][0]), START, START)
        with pytest.raises(tt.InvalidMDPError) as caught:
            tt.from_gym(env, 0.9, check_steps=6000, rng=np.random.default_rng(5))
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
