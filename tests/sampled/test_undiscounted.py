"""Scores of episodes equal the sum over all paths."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled.episodes import absorbing
from tabular_trpo._sampled.undiscounted import episode_score
from tests.sampled.models import exact, sink
from tests.strategies import rational_pairs


def by_enumeration(mdp: tt.MDP, pi: Any, limit: int) -> tuple[Any, Any]:
    """Return E of the sum of rewards before absorption, and the probability of absorption."""
    ends = absorbing(mdp)[0]
    total, ended = Fraction(0), Fraction(0)
    for chance, path in tt.sampled.all_paths(mdp, pi, limit):
        states = path.states[0].tolist()
        for t, reward in enumerate(path.rewards[0].tolist()):
            total += 0 if ends[states[t]] else chance * reward
        ended += chance * int(ends[states].any())
    return total, ended


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_scores_are_sums_over_paths(limit: int) -> None:
    mdp, pi, _ = sink()
    assert episode_score(mdp, pi, limit) == by_enumeration(mdp, pi, limit)
    assert episode_score(mdp, pi, limit).ended == (1 if limit > 1 else Fraction(37, 64))


def test_scores_of_drawn_models() -> None:
    for mdp, pi, _ in rational_pairs(3, 12):
        found = episode_score(mdp, pi, 3)
        assert found == by_enumeration(mdp, pi, 3)
        assert episode_score(mdp, pi, 2) == by_enumeration(mdp, pi, 2)


def test_absorbing_states_have_one_reward_and_never_leave() -> None:
    half = exact(["1/2", "1/2", "0"])
    P = np.array([[half, half], [exact(["0", "1", "0"])] * 2, [exact(["0", "0", "1"])] * 2])
    mdp = tt.MDP(P, exact([["1", "1"], ["3", "3"], ["1", "2"]]), exact(["1", "0", "0"]), "1/4")
    ends, tail = absorbing(mdp)
    assert ends.tolist() == [False, True, False]  # state 2 has two rewards: a choice is left
    assert tail.tolist() == [0, 4, 0]
    floats, sparse = (
        mdp.to_float(),
        tt.MDP.from_transitions(
            [(0, 0, 1, 1.0, 0.0), (1, 0, 1, 1.0, 3.0)], [1.0, 0.0], 0.25, layout="csr"
        ),
    )
    assert absorbing(floats)[1].tolist() == [0.0, 4.0, 0.0]
    assert absorbing(sparse)[0].tolist() == [False, True] and absorbing(sparse)[1][1] == 4.0
    allowed = np.array([[True, True], [True, True], [True, False]])
    masked = tt.MDP(mdp.P * allowed[..., None], mdp.r, mdp.rho0, mdp.gamma, allowed)
    assert absorbing(masked)[0].tolist() == [False, True, True]


def test_the_lake_under_its_optimal_policy() -> None:
    gymnasium = pytest.importorskip("gymnasium")
    env = gymnasium.make("FrozenLake-v1")
    mdp = tt.from_gym(env, 0.99)
    pi = tt.policies.greedy(mdp, tt.optimal(mdp).Q_star)
    score = episode_score(mdp, pi, 100)
    total, n = 0.0, 400
    for seed in range(n):
        state, over = env.reset(seed=seed)[0], False
        while not over:
            state, reward, ended, truncated, _ = env.step(int(pi[state].argmax()))
            total, over = total + float(reward), ended or truncated
    error = np.sqrt(score.undiscounted * (1 - score.undiscounted) / n)
    assert abs(total / n - score.undiscounted) < 4 * error
    assert episode_score(mdp, pi, 99).undiscounted < score.undiscounted
