"""The `repr` of records: one readable line, never an array, with numbers of any size."""

from fractions import Fraction

import numpy as np
import pytest

import tabular_trpo as tt

HUGE = Fraction(10**5000 + 1, 3**4000)


def one_line(record: object) -> str:
    text = repr(record)
    assert text.startswith(f"<{type(record).__name__}: ") and text.endswith(">")
    assert "\n" not in text and "array" not in text and len(text) < 100
    return text


@pytest.mark.parametrize("reward", [Fraction(2), HUGE, -HUGE])
def test_rational_records(reward: Fraction) -> None:
    mdp = tt.MDP([[["1"], ["1"]]], [[reward, 0]], ["1"], "1/2")
    ev = tt.evaluate(mdp, [["1/2", "1/2"]])
    for record in (ev, tt.surrogate(ev), tt.optimal(mdp), tt.structure(mdp)):
        one_line(record)
    if reward == 2:
        assert repr(ev) == "<Evaluation: S=1, A=2, eta 2, rational>"
        assert repr(tt.surrogate(ev)) == "<Surrogate: S=1, A=2, eta 2>"
        assert repr(tt.optimal(mdp)) == "<Optimum: S=1, A=2, eta* 4, 1 optimal pair, 0 undecided>"
        text = "<Structure: 1 of 1 states reachable, 1 recurrent class, period 1>"
        assert repr(tt.structure(mdp)) == text
        moments = tt.sampled.return_moments(mdp, [["1/2", "1/2"]])
        assert repr(moments) == "<Moments: mean 2, variance 4, steps 2, rewards on pairs>"
    one_line(tt.sampled.return_moments(mdp, [["1/2", "1/2"]]))


def test_batches_show_their_shape_and_the_range_of_eta() -> None:
    r = np.array([[[0.0, 1.0]], [[2.0, 3.0]], [[5.0, 5.0]]])
    mdp = tt.MDP(np.ones((3, 1, 2, 1)), r, np.ones((3, 1)), 0.5)
    ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
    assert repr(ev) == "<Evaluation: batch (3,), S=1, A=2, eta 1.0 to 10.0, float>"
    assert repr(tt.surrogate(ev)) == "<Surrogate: batch (3,), S=1, A=2, eta 1.0 to 10.0>"
    one_line(tt.optimal(mdp))


def test_sampled_records() -> None:
    mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    pi = tt.policies.uniform(mdp)
    sim = tt.sampled.Simulator(mdp, np.random.default_rng(0))
    paths = tt.sampled.single_path(sim, pi, 300, 7)
    assert one_line(paths) == "<Rollouts: N=300, 2100 steps, horizon 7, gamma 0.5>"
    vine = tt.sampled.vine(sim, pi, 50, 4)
    assert one_line(vine).startswith("<Vine: R=50 roots, K=4 branches of drawn actions, ")
    assert "stderr" in one_line(tt.sampled.estimate(paths, pi))
    one_line(tt.sampled.self_normalised(vine, pi))
