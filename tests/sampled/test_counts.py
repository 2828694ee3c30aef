"""Transition counts: the empirical model is evaluated like any model, and its errors are right."""

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled.counts import EmpiricalEvaluation, TransitionCounts
from tabular_trpo._sampled.rollouts import Rollouts
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.stream import Stream
from tests.app.conftest import MDPS

GAMMA = 0.9


def corridor() -> tt.MDP:
    """Return four states in a row; state 3 ends with reward 0, and actions slip."""
    rows = {
        (s, a): {max(s - 1, 0): 0.75 - 0.5 * a, s + 1: 0.25 + 0.5 * a}
        for s in range(3)
        for a in range(2)
    }
    triples = [(s, a, t, p, float(t == 3)) for (s, a), row in rows.items() for t, p in row.items()]
    triples += [(3, a, 3, 1.0, 0.0) for a in range(2)]
    return tt.MDP.from_transitions(triples, [1.0, 0.0, 0.0, 0.0], GAMMA)


def one_path(states: list[int], rewards: list[float], gamma: float) -> Rollouts:
    """Return one path that takes action 0 in each of its steps, without an end."""
    n = len(rewards)
    s, a, r, chance = (np.array([x]) for x in (states, [0] * n, rewards, [1.0] * n))
    return Rollouts(s, a, r, chance, np.array([n]), False, gamma)


def counted(mdp: tt.MDP, seed: int, steps: int = 300, limit: int | None = 20) -> TransitionCounts:
    """Return the counts of a stream of the uniform policy."""
    stream = Stream(Simulator(mdp, np.random.default_rng(seed)), 4, limit)
    counts = TransitionCounts.empty((mdp.n_states, mdp.n_actions), float(mdp.gamma))
    return counts.added(stream.play(tt.policies.uniform(mdp), steps))


def empirical_model(counts: TransitionCounts) -> tt.MDP:
    """Return the model of some counts with one more state for the end of an episode."""
    (S, A) = counts.shape
    n: dict[tuple[int, int], dict[int, float]] = {}
    for triple, visits in zip(counts.triple.tolist(), counts.visits.tolist(), strict=True):
        pair, to = divmod(triple, S + 1)
        n.setdefault(divmod(pair, A), {})[to] = visits
    total = {key: sum(row.values()) for key, row in n.items()}
    sums = np.zeros((S, A))
    np.add.at(sums.reshape(-1), counts.triple // (S + 1), counts.total)
    P, r = np.zeros((S + 1, A, S + 1)), np.zeros((S + 1, A))
    P[:, :, S] = 1.0  # also the rows of pairs without data
    for (s, a), row in n.items():
        P[s, a] = 0.0
        for to, visits in row.items():
            P[s, a, to] = visits / total[s, a]
        r[s, a] = sums[s, a] / total[s, a]
    start = np.append(counts.starts / counts.starts.sum(), 0.0)
    return tt.MDP(P, r, start, counts.gamma)


@pytest.mark.parametrize("seed", range(8))
def test_estimates_are_the_evaluation_of_the_empirical_model(seed: int) -> None:
    mdp, rng = corridor(), np.random.default_rng(seed)
    counts = counted(mdp, seed)
    pi = tt.families.random.policy(rng, mdp)
    model = empirical_model(counts)
    exact = tt.evaluate(model, np.vstack([pi, pi[:1]]))
    found = counts.estimate(pi)
    assert found.visits[:3].min() > 0
    np.testing.assert_allclose(found.V[:3], exact.V[:3], rtol=1e-12)
    np.testing.assert_allclose(found.Q[:3], exact.Q[:3], rtol=1e-12)
    np.testing.assert_allclose(found.rho[:3], exact.rho[:3], rtol=1e-12)
    assert found.eta == pytest.approx(float(exact.eta), rel=1e-12)
    np.testing.assert_allclose(found.surrogate().G[:3], tt.surrogate(exact).G[:3], atol=1e-12)
    # The reward that ends an episode would be missed by a model without the end.
    assert float(exact.eta) > 0.1


def test_the_tail_of_an_absorbing_state_is_in_the_reward_that_enters_it() -> None:
    P, r = [[[0.0, 1.0]], [[0.0, 1.0]]], [[1.0], [2.0]]
    mdp = tt.MDP(P, r, [1.0, 0.0], 0.5)
    found = counted(mdp, 0, 10).estimate([[1.0], [1.0]])
    assert found.V[0] == 1 + 0.5 * 2 / 0.5 == float(tt.evaluate(mdp, [[1.0], [1.0]]).V[0])


@pytest.mark.parametrize("name", ["weather", "gridworld", "queue", "rover"])
def test_estimates_converge_to_the_model(name: str) -> None:
    mdp = tt.read(MDPS / f"{name}.mdp.json").to_float()
    pi = tt.policies.uniform(mdp)
    exact = tt.evaluate(mdp, pi)
    found = counted(mdp, 3, 20_000, 200).estimate(pi)
    running = found.visits.sum(axis=1) > 200
    scale = np.abs(exact.V).max()
    assert running.sum() >= 2
    assert np.abs(found.V - exact.V)[running].max() < 0.2 * scale


def test_added_in_any_order_gives_the_same_counts() -> None:
    mdp = corridor()
    stream = Stream(Simulator(mdp, np.random.default_rng(0)), 3, 9)
    one, two = (stream.play(tt.policies.uniform(mdp), 40) for _ in range(2))
    empty = TransitionCounts.empty((4, 2), GAMMA)
    first, second = empty.added(one).added(two), empty.added(two).added(one)
    for name in ("triple", "visits", "squares", "starts"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.visits.sum() == 240 == one.steps + two.steps
    begun = sum(int((np.asarray(x.first) == 0).sum()) for x in (one, two))
    assert first.starts.tolist() == [begun, 0, 0, 0] and begun < len(one.length) + len(two.length)
    assert empty.visits.size == 0  # counts are values: adding makes new ones


def test_an_untried_pair_has_no_advantage() -> None:
    path = one_path([0, 1, 0], [1.0, 0.0], 0.5)
    found = TransitionCounts.empty((2, 2), 0.5).added(path).estimate(np.full((2, 2), 0.5))
    assert found.visits.tolist() == [[1, 0], [1, 0]]
    np.testing.assert_array_equal(found.Q[:, 1], found.V)
    np.testing.assert_array_equal(found.tried, [[1.0, 0.0]] * 2)
    assert (found.surrogate().G == 0).all()


def gains(found: EmpiricalEvaluation, pi_new: np.ndarray) -> tuple[float, float]:
    """Return the estimated gain of L and its standard error."""
    return float(found.surrogate().gain(pi_new)), float(found.gain_stderr(pi_new))


def test_standard_errors_are_those_of_repeated_runs() -> None:
    mdp, n = corridor(), 400
    pi, pi_new = tt.policies.uniform(mdp), np.tile([0.2, 0.8], (4, 1))
    exact = tt.surrogate(tt.evaluate(mdp, pi))
    etas, found = [], []
    for seed in range(n):
        estimate = counted(mdp, seed, 400).estimate(pi)
        L = estimate.surrogate()
        etas.append((float(L.eta), float(L.stderr)))
        found.append(gains(estimate, pi_new))
    for values, truth in ((found, float(exact.gain(pi_new))), (etas, float(exact.eta))):
        mean, error = np.array(values).T
        assert abs(mean.mean() - truth) < 4 * mean.std() / np.sqrt(n) + 0.02 * truth
        covered = np.mean(np.abs(mean - truth) < 1.959964 * error)
        assert 0.91 < covered < 0.98
        # Errors half as large, as without the propagation through V, would cover far less.
        assert np.mean(np.abs(mean - truth) < 0.98 * error) < 0.85


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_a_gain_has_the_sensitivity_to_every_row(seed: int) -> None:
    """By dense algebra: <x, Q> = x' (I - gamma P Pi)^-1 r, so its gradient in r is m."""
    mdp = corridor()
    pi, pi_new = tt.policies.uniform(mdp), np.tile([0.2, 0.8], (4, 1))
    found = counted(mdp, seed).estimate(pi)
    P = found.P.toarray()
    follow = np.einsum("is,sa->isa", P, found.tried).reshape(8, 8)
    x = np.where(found.visits > 0, found.rho[:, None] * (pi_new - pi), 0.0).reshape(-1)
    m = np.linalg.solve((np.eye(8) - GAMMA * follow).T, x)
    rows = found.visits.reshape(-1) > 0
    variance = found.variance.reshape(-1)[rows] / found.visits.reshape(-1)[rows]
    expected = np.sqrt((m[rows] ** 2 * variance).sum())
    assert found.gain_stderr(pi_new) == pytest.approx(expected, rel=1e-12)
    local = np.sqrt((x[rows] ** 2 * variance).sum())
    assert abs(local - expected) > 1e-3 * expected


def test_a_deterministic_model_has_no_error() -> None:
    mdp = tt.families.named.chain(5, "0.9", slip="0").to_float()
    found = counted(mdp, 0, 2000, 30).estimate(tt.policies.uniform(mdp))
    pi_new = np.tile([0.1, 0.9], (mdp.n_states, 1))
    gain, error = gains(found, pi_new)
    assert abs(gain) > 0.01 and error < 1e-6 * abs(gain)


def test_what_does_not_fit_is_refused() -> None:
    mdp = corridor()
    rollouts = Stream(Simulator(mdp, np.random.default_rng(0)), 2).play([[0.5, 0.5]] * 4, 5)
    with pytest.raises(tt.InvalidMDPError, match=r"rollouts\.states"):
        TransitionCounts.empty((1, 2), GAMMA).added(rollouts)
    with pytest.raises(tt.InvalidMDPError, match=r"rollouts\.gamma = 0\.9, expected 0\.5"):
        TransitionCounts.empty((4, 2), 0.5).added(rollouts)
    counts = TransitionCounts.empty((4, 2), GAMMA).added(rollouts)
    with pytest.raises(tt.InvalidMDPError, match=r"\(S, A\) = \(4, 2\)"):
        counts.estimate([[0.5, 0.5]])
    with pytest.raises(tt.InvalidMDPError, match="pi"):
        counts.estimate([[0.5, 0.6]] * 4)
    _, path = next(tt.sampled.all_paths(tt.MDP([[["1"]]], [["1"]], ["1"], "1/2"), [["1"]], 2))
    with pytest.raises(tt.ExactnessError, match="rollouts are rational"):
        TransitionCounts.empty((1, 1), 0.5).added(path)
