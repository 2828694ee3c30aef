"""Sources that play episodes: advantages by their definition, exploration, and what is learned."""

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._improve.stopping import iterations
from tabular_trpo._sampled.advantages import generalized_advantages
from tabular_trpo._sampled.confidence import confident
from tabular_trpo._sampled.counts import TransitionCounts
from tabular_trpo._sampled.episodic import EmpiricalModel, Episodes
from tabular_trpo._sampled.exploration import exploring_policy
from tabular_trpo._sampled.rollouts import Rollouts
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.sources import Batch, Exact, Paths
from tabular_trpo._sampled.stream import Stream
from tests.sampled.test_absorbing import larger
from tests.sampled.test_counts import corridor, one_path


def played(seed: int, limit: int | None = 6) -> Rollouts:
    """Return pieces of episodes of the corridor under the uniform policy."""
    stream = Stream(Simulator(corridor(), np.random.default_rng(seed)), 3, limit)
    stream.play([[0.5, 0.5]] * 4, 7)
    return stream.play([[0.5, 0.5]] * 4, 25)


def by_definition(rollouts: Rollouts, V: Any, lam: float) -> list[list[float]]:
    """Return sum_k (gamma lam)^k delta_{t+k} of each step of each piece, term by term."""
    gamma, out = rollouts.gamma, []
    for i, length in enumerate(rollouts.length.tolist()):
        deltas = []
        for t in range(length):
            after = V[rollouts.states[i, t + 1]]
            if t == length - 1 and rollouts.ended[i]:
                after = rollouts.tail[i]
            deltas.append(rollouts.rewards[i, t] + gamma * after - V[rollouts.states[i, t]])
        out.append(
            [sum((gamma * lam) ** k * x for k, x in enumerate(deltas[t:])) for t in range(length)]
        )
    return out


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_advantages_are_those_of_the_definition(seed: int, lam: float) -> None:
    rollouts = played(seed)
    V = np.random.default_rng(seed).normal(size=4)
    found = generalized_advantages(rollouts, V, lam)
    for row, expected in zip(found, by_definition(rollouts, V, lam), strict=True):
        np.testing.assert_allclose(row[: len(expected)], expected, atol=1e-12)
        assert (row[len(expected) :] == 0).all()
    # A false neighbour: V of the absorbing state in place of the tail.
    assert rollouts.ended.any() and V[3] != 0
    unended = replace(rollouts, ended=np.zeros_like(rollouts.ended))
    wrong = generalized_advantages(unended, V, lam)
    assert np.abs(wrong - found).max() > 1e-3


def test_lambda_1_is_the_return_less_the_value() -> None:
    rollouts = played(1, None)
    whole = rollouts.ended
    V = np.array([1.0, -1.0, 2.0, 5.0])
    found = generalized_advantages(rollouts, V, 1.0)
    returns = rollouts.returns - V[rollouts.states[:, :-1]]
    np.testing.assert_allclose(found[whole], (returns * rollouts.within)[whole], atol=1e-12)
    assert whole.sum() > 3


@pytest.mark.parametrize("critic", ["least_squares", "td_lambda", "none"])
def test_estimates_of_episodes_point_where_the_exact_ones_do(critic: str) -> None:
    mdp, pi = corridor(), np.full((4, 2), 0.5)
    sim = Simulator(mdp, np.random.default_rng(0))
    source = Episodes(8000, 8, 50, lam=1.0 if critic == "none" else 0.95, critic=critic)
    batch = next(x for i, x in enumerate(iter(lambda: source(sim, pi), None)) if i == 2)
    A = tt.evaluate(mdp, pi).A
    w = batch.L.weight[:3, None]
    np.testing.assert_allclose((batch.L.G[:3] / w), A[:3], atol=0.06)
    assert batch.L.weight.sum() == pytest.approx(10.0) and batch.L.weight[3] == 0
    assert batch.gain_stderr is not None
    assert 0 < batch.gain_stderr(np.tile([0.4, 0.6], (4, 1))) < 0.2


def hard_chain(n: int) -> tt.MDP:
    """Return n states in a row; action 1 advances, action 0 returns to the first one."""
    rows = [(s, a, min(s + 1, n - 1) if a else 0, 1.0, 0.0) for s in range(n) for a in range(2)]
    return tt.MDP.from_transitions(rows, [1.0] + [0.0] * (n - 1), 0.99)


def tried(explore: float, steps: int) -> int:
    """Return how many of the 80 pairs of a hard chain a source has tried."""
    mdp = hard_chain(40)
    source = EmpiricalModel(steps // 20, 4, explore=explore)
    sim, pi = Simulator(mdp, np.random.default_rng(0)), tt.policies.uniform(mdp)
    for _ in range(20):
        source(sim, pi)
    return int((source.counts.estimate(pi).visits > 0).sum())


def test_exploration_reaches_what_random_actions_do_not() -> None:
    # Uniform actions reach state 39 with probability 2^-39 from each visit of state 0.
    assert tried(0.0, 8000) < 40
    assert tried(0.5, 8000) == 80


def test_exploring_policy_prefers_the_untried_and_shares_ties() -> None:
    path = one_path([0, 0, 0], [0.0, 0.0], 0.9)
    pi = np.full((1, 3), 1 / 3)
    found = TransitionCounts.empty((1, 3), 0.9).added(path).estimate(pi)
    allowed = np.ones((1, 3), dtype=bool)
    assert exploring_policy(found, allowed).tolist() == [[0.0, 0.5, 0.5]]
    allowed[0, 1] = False
    assert exploring_policy(found, allowed).tolist() == [[0.0, 0.0, 1.0]]


def test_a_source_begins_again_with_another_environment() -> None:
    source, pi = EmpiricalModel(40, 4), np.full((4, 2), 0.5)
    one, two = (Simulator(corridor(), np.random.default_rng(i)) for i in range(2))
    source(one, pi)
    source(one, pi)
    assert source.counts.visits.sum() == 80
    source(two, pi)
    assert source.counts.visits.sum() == 40 == two.steps


def test_the_confident_step_waits_where_the_plain_one_follows_noise() -> None:
    """Two actions of equal value: every step is noise."""
    P = [[[0.5, 0.5], [0.5, 0.5]], [[0.0, 1.0], [0.0, 1.0]]]
    r = np.array([[[0.0, 2.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]])
    mdp = tt.MDP(P, r, [1.0, 0.0], 0.5)

    def moves(level: float) -> int:
        taken = 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            step = confident(tt.improve.SoftmaxClass((2, 2)), 0.01, level)
            source = Paths(30, 5)
            run = tt.sampled.trpo(mdp, source, rng, step=step, until=[iterations(1)], bounds=())
            taken += next(run).record.step.status == "moved"
        return taken

    assert moves(0.5) >= 36
    assert moves(0.95) <= 10
    assert moves(0.999) <= 2


def test_without_standard_errors_the_rule_is_the_plain_one() -> None:
    mdp = corridor()
    members = tt.improve.SoftmaxClass((4, 2))
    batch = Exact(mdp)(Simulator(mdp, np.random.default_rng(0)), np.full((4, 2), 0.5))
    assert batch.gain_stderr is None
    theta = np.zeros((4, 2))
    one = confident(members, 0.01, 0.95)(batch, theta)
    plain = tt.improve.natural(batch.L, theta, 0.01, members)
    np.testing.assert_array_equal(one.pi_new, plain.pi_new)
    large = Batch(batch.L, None, lambda pi_new: np.inf)
    assert confident(members, 0.01, 0.95)(large, theta).status == "restored"


@pytest.mark.parametrize("seed", range(3))
def test_it_learns_a_slippery_corridor_and_never_falls(seed: int) -> None:
    mdp = corridor()
    best = float(tt.optimal(mdp).eta_star)
    step = confident(tt.improve.SoftmaxClass((4, 2)), 0.05)
    run = tt.sampled.trpo(
        mdp, EmpiricalModel(400, 8, 30), np.random.default_rng(seed), step=step, bounds=()
    )
    records = list(islice(run, 40))
    assert records[-1].record.eta_new > 0.99 * best
    assert records[-1].steps == 40 * 400
    assert sum(x.violated for x in records) <= 2


def test_wrong_settings_are_refused() -> None:
    for make, said in (
        (lambda: EmpiricalModel(0), "batch = 0"),
        (lambda: EmpiricalModel(10, 0), "episodes = 0"),
        (lambda: EmpiricalModel(limit=0), "limit = 0"),
        (lambda: EmpiricalModel(explore=1.5), "explore"),
        (lambda: Episodes(lam=2.0), "lam"),
        (lambda: Episodes(critic="oracle"), "critic = 'oracle', expected one of least_squares"),
        (lambda: confident(tt.improve.SoftmaxClass((1, 2)), 0.1, 1.0), "level"),
        (lambda: confident(tt.improve.SoftmaxClass((1, 2)), -0.1), "delta"),
    ):
        with pytest.raises(tt.InvalidMDPError, match=said):
            make()


def test_weights_of_discounted_episodes_are_those_of_rho() -> None:
    """From many short episodes: gamma^t weighs the steps as rho does; undiscounted ones do not."""
    P = np.zeros((4, 1, 4))
    P[0, 0, 1] = P[1, 0, 2] = P[2, 0, 3] = P[3, 0, 3] = 1.0
    mdp = tt.MDP(P, [[0.0], [0.0], [1.0], [0.0]], [1.0, 0.0, 0.0, 0.0], 0.5)
    pi = np.ones((4, 1))
    found = {
        name: Episodes(300, 3, weighting=name)(Simulator(mdp, np.random.default_rng(0)), pi).L
        for name in ("discounted", "undiscounted")
    }
    assert found["discounted"].weight == pytest.approx(np.array([8, 4, 2, 0]) / 7, rel=0.03)
    assert found["undiscounted"].weight == pytest.approx(np.array([2, 2, 2, 0]) / 3, rel=0.03)


def test_critics_fit_the_same_values() -> None:
    """On policy all tend to V; the exact one has it at once."""
    mdp, pi, _ = larger()
    V = tt.evaluate(mdp, pi).V
    seen = {}
    for critic in ("least_squares", "td_lambda", "monte_carlo", lambda pi: tt.evaluate(mdp, pi).V):
        source = Episodes(20_000, 8, critic=critic)
        sim = Simulator(mdp, np.random.default_rng(3))
        for _ in range(2):
            source(sim, pi)
        seen[str(critic)] = np.abs(source._V - V)[:2].max()
    assert all(off < 0.15 for off in seen.values()) and min(seen.values()) == 0
    with pytest.raises(InvalidMDPError, match="baseline"):
        Episodes(100, 2, critic=lambda pi: np.zeros(1))(
            Simulator(mdp, np.random.default_rng(0)), pi
        )


def test_n_steps_and_standardised_advantages_of_episodes() -> None:
    mdp, pi, new = larger()
    V = tt.evaluate(mdp, pi).V

    def gain(**options: Any) -> float:
        source = Episodes(2000, 8, critic=lambda pi: V, **options)
        return float(source(Simulator(mdp, np.random.default_rng(3)), pi).L.gain(new))

    assert gain(n_step=1) == pytest.approx(gain(lam=0.0), rel=1e-12)
    assert gain(n_step=10**6) == pytest.approx(gain(lam=1.0), rel=1e-9)
    assert gain(n_step=3) != gain(n_step=1)
    ratio = gain(standardise=True) / gain()
    assert ratio > 0 and abs(ratio - 1) > 0.01
