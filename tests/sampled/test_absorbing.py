"""Paths and branches that end in absorbing states: exact moments against sums and samples."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._sampled.advantages import Advantages
from tabular_trpo._sampled.enumeration import all_paths, expectation
from tabular_trpo._sampled.episodes import absorbing
from tabular_trpo._sampled.estimate import estimate, path_contributions, vine_contributions
from tabular_trpo._sampled.moments import path_moments, return_moments, vine_moments
from tabular_trpo._sampled.rollouts import Rollouts, single_path
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import vine
from tests.sampled.models import F, exact, in_floats, pairs_with_support, with_next_rewards

Triple = tuple[tt.MDP, Any, Any]


def ending(seed: int, n: int, **sizes: Any) -> Iterator[Triple]:
    """Yield drawn models whose last state is absorbing, with reward 0, 1 or -2."""
    for i, (mdp, pi, new) in enumerate(pairs_with_support(seed, n, **sizes)):
        P, r = mdp.P.copy(), mdp.r.copy()
        last = mdp.n_states - 1
        P[last] = F(0)
        P[last, mdp.mask[last], last] = F(1)
        r[last] = mdp.mask[last].astype(int).astype(object) * F((0, 1, -2)[i % 3])
        yield tt.MDP(P, r, mdp.rho0, mdp.gamma, mdp.allowed), pi, new


DRAWN = [
    *ending(61, 10, max_states=3, max_actions=2),
    *ending(62, 6, max_states=3, max_actions=2, masked=True),
]


def larger() -> Triple:
    """Return a chain of two live states, and two absorbing ones of which one pays."""
    P = np.zeros((4, 2, 4))
    P[0], P[1] = [[0.2, 0.5, 0.2, 0.1], [0.1, 0.4, 0.0, 0.5]], [[0.5, 0.1, 0.3, 0.1]] * 2
    P[1, 1] = [0.1, 0.1, 0.2, 0.6]
    P[2, :, 2] = P[3, :, 3] = 1.0
    r = np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 0.0], [-0.5, -0.5]])
    mdp = tt.MDP(P, r, [0.5, 0.3, 0.1, 0.1], 0.8)
    pi = np.array([[0.5, 0.5], [0.3, 0.7], [0.5, 0.5], [0.25, 0.75]])
    return mdp, pi, np.array([[0.7, 0.3], [0.6, 0.4], [0.5, 0.5], [0.5, 0.5]])


def moments_of(mdp: tt.MDP, pi: Any, T: int, f: Any) -> tuple[Any, Any]:
    """Return the mean and the variance of f(path), from all paths."""
    mean = expectation(mdp, pi, T, f)
    return mean, expectation(mdp, pi, T, lambda path: f(path) ** 2) - mean**2


@pytest.mark.parametrize("T", [1, 2, 3])
def test_returns_and_steps_are_sums_over_all_paths(T: int) -> None:
    varied = shorter = 0
    for mdp, pi, _ in DRAWN:
        got = return_moments(mdp, pi, T)
        reference = moments_of(mdp, pi, T, lambda path: path.returns[0, 0])
        assert (got.mean, got.variance) == reference
        assert got.steps == expectation(mdp, pi, T, lambda path: F(path.steps))
        assert sum(chance for chance, _ in all_paths(mdp, pi, T)) == 1
        varied, shorter = varied + (got.variance > 0), shorter + (got.steps < T)
    assert varied >= 5 and (T == 1 or shorter >= 8)


@pytest.mark.parametrize("lam", [None, F(0), F(1, 3), F(1)])
@pytest.mark.parametrize("weighting", ["discounted", "undiscounted"])
def test_gains_are_sums_over_all_paths(weighting: str, lam: Any) -> None:
    varied = 0
    chosen = [triple for triple in DRAWN if triple[0].n_states > 1][:9]
    models = [*chosen, *((with_next_rewards(m), p, n) for m, p, n in chosen[:2])]
    for mdp, pi, new in models:
        b = exact(["5/3", "-2", "1/2"])[: len(pi)]
        for T in (1, 2, 3):

            def gain(path: Rollouts, pi: Any = pi, new: Any = new, b: Any = b) -> Any:
                return estimate(path, pi, weighting=weighting, baseline=b, lam=lam).gain(new)

            got = path_moments(mdp, pi, new, T, weighting, b, lam)
            assert (got.mean, got.variance) == moments_of(mdp, pi, T, gain)
            varied += got.variance > 0
    assert varied >= 8


def test_lam_one_is_the_baseline_and_the_values_leave_no_bias() -> None:
    """With geometric stops the errors telescope; with b = V no lam has a bias."""
    for mdp, pi, new in DRAWN:
        b = exact(["5/3", "-2", "1/2"])[: len(pi)]
        plain = path_moments(mdp, pi, new, baseline=b)
        assert path_moments(mdp, pi, new, baseline=b, lam=F(1)) == plain
        found = tt.evaluate(mdp, pi)
        for lam in (F(0), F(1, 2)):
            got = path_moments(mdp, pi, new, baseline=found.V, lam=lam)
            assert got.mean == tt.surrogate(found).gain(new) == plain.mean
        assert return_moments(mdp, pi).mean == found.eta
        for common in (False, True):
            assert vine_moments(mdp, pi, new, common=common).mean == plain.mean


def test_an_ended_path_has_its_infinite_return() -> None:
    """The second state pays 3 for ever: every horizon gives 1 + gamma 3 / (1 - gamma)."""
    mdp = tt.MDP([[["0", "1"]], [["0", "1"]]], [["1"], ["3"]], ["1", "0"], "1/2")
    pi = exact([["1"], ["1"]])
    for T in (1, 2, 7):
        got = return_moments(mdp, pi, T)
        assert (got.mean, got.variance, got.steps) == (4, 0, 1)
    stops = return_moments(mdp, pi)
    assert (stops.mean, stops.variance, stops.steps) == (4, 9, 1)
    sampled = single_path(Simulator(mdp.to_float(), np.random.default_rng(0)), [[1.0], [1.0]], 5, 3)
    assert sampled.steps == 5 and sampled.horizon == 3 and sampled.ended.all()
    assert sampled.returns[:, 0].tolist() == [4.0] * 5


def scores(values: Any, mean: float, variance: float) -> float:
    """Return the distance of the sample's mean from a mean, in standard errors."""
    return float(abs(np.mean(values) - mean) / np.sqrt(variance / len(values)))


@pytest.mark.parametrize("horizon", [None, 1, 4])
def test_samples_have_the_exact_moments(horizon: int | None) -> None:
    mdp, pi, new = larger()
    n, b = 60_000, np.array([1.0, 2.0, 0.0, -1.0])
    sim = Simulator(mdp, np.random.default_rng(11))
    data = single_path(sim, pi, n, horizon)
    assert data.steps == sim.steps
    of_return = return_moments(mdp, pi, horizon)
    first = data.returns[:, 0]
    assert scores(first, of_return.mean, of_return.variance) < 4
    assert np.var(first) == pytest.approx(of_return.variance, rel=0.05)
    assert data.steps / n == pytest.approx(of_return.steps, rel=0.02)
    for lam in (None, 0.0, 0.6, 1.0):
        gains = path_contributions(data, pi, "discounted", Advantages(b, lam)).gains(pi, new)
        exact_one = path_moments(mdp, pi, new, horizon, baseline=b, lam=lam)
        assert scores(gains, exact_one.mean, exact_one.variance) < 4
        assert np.var(gains) == pytest.approx(exact_one.variance, rel=0.06)
    # Two false neighbours: a tail without 1 / (1 - gamma), and one credited to stopped paths.
    wrong = replace(data, tail=data.tail * (1 - mdp.gamma)).returns[:, 0]
    assert scores(wrong, of_return.mean, of_return.variance) > 4
    if horizon is None:
        at = data.states[np.arange(n), data.length]
        wrong = replace(data, tail=sim.tail[at], ended=sim.ends[at]).returns[:, 0]
        assert scores(wrong, of_return.mean, of_return.variance) > 4


@pytest.mark.parametrize("horizon", [None, 1, 4])
@pytest.mark.parametrize("common", [False, True])
def test_vines_have_the_exact_moments(horizon: int | None, common: bool) -> None:
    mdp, pi, new = larger()
    n = 40_000
    sim = Simulator(mdp, np.random.default_rng(12))
    data = vine(sim, pi, n, horizon=horizon, common=common)
    assert data.steps == sim.steps
    found = vine_contributions(data, pi)
    gains, exact_one = found.gains(pi, new), vine_moments(mdp, pi, new, horizon, common)
    assert scores(gains, exact_one.mean, exact_one.variance) < 4
    assert np.var(gains) == pytest.approx(exact_one.variance, rel=0.06)
    assert data.steps / n == pytest.approx(exact_one.steps, rel=0.02)
    assert scores(found.returns, tt.evaluate(mdp, pi).eta, float(np.var(found.returns))) < 4
    drawn = vine_contributions(vine(sim, pi, n, 2, horizon=horizon, common=common), pi)
    gains = drawn.gains(pi, new)
    assert scores(gains, exact_one.mean, float(np.var(gains))) < 4


def test_a_model_of_absorbing_states_only() -> None:
    mdp = tt.MDP([[[1.0], [1.0]]], [[2.0, 2.0]], [1.0], 0.5)
    assert absorbing(mdp)[0].all()
    sim = Simulator(mdp, np.random.default_rng(0))
    data = vine(sim, [[0.5, 0.5]], 3)
    assert sim.steps == 0 and data.before.tolist() == [4.0] * 3
    assert single_path(sim, [[0.5, 0.5]], 3, 6).returns[:, 0].tolist() == [4.0] * 3


def test_bad_lam() -> None:
    mdp, pi, new = in_floats(*DRAWN[0])
    b = np.zeros(len(pi))
    with pytest.raises(InvalidMDPError, match=r"lam = 2.0, expected a number in \[0, 1\]"):
        path_moments(mdp, pi, new, baseline=b, lam=2.0)
    with pytest.raises(InvalidMDPError, match=r"lam = 0.5, expected a baseline"):
        path_moments(mdp, pi, new, lam=0.5)
