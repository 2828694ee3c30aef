"""Sources of a surrogate: what each is made of, by loops over the same paths, and what it costs."""

from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._sampled.advantages import Advantages
from tabular_trpo._sampled.estimate import estimate, estimate_vine, path_contributions
from tabular_trpo._sampled.moments import path_moments
from tabular_trpo._sampled.rollouts import Rollouts, single_path
from tabular_trpo._sampled.self_normalised import SelfNormalised, self_normalised
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.sources import Exact, Paths, Vines, fitted_values
from tabular_trpo._sampled.vine import vine
from tests.sampled.learners import ARMS, Unshuffled, model, raised


def simulator(mdp: tt.MDP, seed: int) -> Simulator:
    return Simulator(mdp, np.random.default_rng(seed))


def greedier(mdp: tt.MDP, pi: Any) -> Any:
    """Half way from a policy to its greedy one."""
    return tt.policies.mixture(pi, tt.policies.greedy(mdp, tt.evaluate(mdp, pi).Q), 0.5)


def same(one: Any, other: Any) -> None:
    """Assert that two surrogates are equal, bit by bit."""
    for name in ("G", "weight", "pi"):
        assert (getattr(one, name) == getattr(other, name)).all()
    assert (one.eta, one.stderr) == (other.eta, other.stderr)


# By hand: paths (state, reward) of lengths 2 and 1, gamma 1/2.
FEW: dict[str, Any] = {
    "states": np.array([[0, 1, 0], [1, 0, 0]]),
    "actions": np.zeros((2, 2), dtype=int),
    "rewards": np.array([[1.0, 4.0], [2.0, 0.0]]),
    "behaviour": np.ones((2, 2)),
    "length": np.array([2, 1]),
    "gamma": 0.5,
}


def test_fitted_values_worked_example() -> None:
    """Returns from state 0: 1 + 4; from state 1: 4 and 2; state 2 is not visited."""
    assert fitted_values(Rollouts(**FEW, geometric=True), 3).tolist() == [5.0, 3.0, 0.0]
    whole = {**FEW, "length": np.array([2, 2]), "rewards": np.array([[1.0, 4.0], [2.0, 6.0]])}
    # With a horizon: from 0 they are 1 + 4/2 and 6, from 1 they are 4 and 2 + 6/2.
    fitted = fitted_values(Rollouts(**whole, geometric=False), 3)
    assert fitted.tolist() == [4.5, 4.5, 0.0]


def crossed_by_loops(
    rollouts: Rollouts, halves: list[Any], pi: Any, lam: float | None
) -> tuple[Any, Any]:
    """(each path's own G centred under pi, weight), V of each half fitted on the other."""
    f = 1.0 if rollouts.geometric else rollouts.gamma
    discount = 1.0 if rollouts.geometric else rollouts.gamma
    S, A = pi.shape
    fits = []
    for half in halves:
        returns: list[list[float]] = [[] for _ in range(S)]
        for i in half:
            T = int(rollouts.length[i])
            for t in range(T):
                returns[rollouts.states[i, t]].append(
                    sum(f ** (k - t) * rollouts.rewards[i, k] for k in range(t, T))
                )
        fits.append([float(np.mean(values)) if values else 0.0 for values in returns])
    n = len(rollouts.length)
    G, weight = np.zeros((n, S, A)), np.zeros(S)
    for half, V in zip(halves, fits[::-1], strict=True):
        for i in half:
            T = int(rollouts.length[i])
            s, r = rollouts.states[i], rollouts.rewards[i]
            # Beyond the horizon V goes on; beyond a stopping time there is nothing.
            after = [V[s[k + 1]] if k + 1 < T or not rollouts.geometric else 0.0 for k in range(T)]
            for t in range(T):
                if lam is None:
                    gain = sum(f ** (k - t) * r[k] for k in range(t, T)) - V[s[t]]
                elif lam == 1:  # returns less V, and V where the path is cut
                    gain = sum(f ** (k - t) * r[k] for k in range(t, T)) - V[s[t]]
                    gain += f ** (T - t) * after[T - 1]
                else:
                    errors = [r[k] + f * after[k] - V[s[k]] for k in range(T)]
                    gain = sum((f * lam) ** (k - t) * errors[k] for k in range(t, T))
                a, w = rollouts.actions[i, t], discount**t
                G[i, s[t], a] += w * gain / pi[s[t], a]
                weight[s[t]] += w / n
    return G - (pi * G).sum(axis=2, keepdims=True), weight


@pytest.mark.parametrize("horizon", [None, 6])
@pytest.mark.parametrize("lam", [None, 0.0, 0.7, 1.0])
def test_each_half_takes_the_baseline_of_the_other(horizon: int | None, lam: float | None) -> None:
    mdp = model("weather")
    pi = greedier(mdp, tt.policies.uniform(mdp))
    for paths in (2, 7, 30):
        batch = Paths(paths, horizon, baseline=True, lam=lam)(simulator(mdp, paths), pi)
        again = simulator(mdp, paths)
        rollouts = single_path(again, pi, paths, horizon)
        assert batch.rollouts is not None
        assert (batch.rollouts.rewards == rollouts.rewards).all()
        order = again.rng.permutation(paths)
        halves = [order[: -(-paths // 2)], order[-(-paths // 2) :]]
        each, weight = crossed_by_loops(rollouts, halves, pi, lam)
        L, G = batch.L, each.mean(axis=0)
        assert isinstance(L, Surrogate)
        assert L.G == pytest.approx(G, abs=1e-11 * paths)
        assert L.weight == pytest.approx(weight, rel=1e-12)
        assert L.G_stderr == pytest.approx(each.std(axis=0, ddof=1) / np.sqrt(paths), abs=1e-9)
        plain = estimate(rollouts, pi)
        assert (L.eta, L.stderr) == pytest.approx((plain.eta, plain.stderr), rel=1e-12)
        if paths == 30:  # fitted on all paths it is another surrogate
            own = fitted_values(rollouts, 2)
            units = path_contributions(rollouts, pi, "discounted", Advantages(own, lam))
            other = units.surrogate(pi, pi > 0)
            assert np.abs(other.G - G).max() > 1e-3


@pytest.mark.parametrize(("horizon", "share"), [(None, 0.6), (12, 0.25)])
@pytest.mark.parametrize("name", ["weather", "rover"])
def test_crossed_baseline_keeps_the_mean_and_lowers_the_variance(
    name: str, horizon: int | None, share: float
) -> None:
    """Against the exact moments of the estimate without it."""
    mdp = raised(model(name), 2.0)  # high returns, whose scatter V takes off
    pi = tt.policies.uniform(mdp)
    new = greedier(mdp, pi)
    exact = path_moments(mdp, pi, new, horizon)
    if horizon is None:
        assert exact.mean == pytest.approx(tt.surrogate(tt.evaluate(mdp, pi)).gain(new))
    sim = simulator(mdp, 3)
    made = Paths(60, horizon, baseline=True)
    gains = np.array([made(sim, pi).L.gain(new) for _ in range(250)])
    assert abs(gains.mean() - exact.mean) < 4 * gains.std(ddof=1) / np.sqrt(250)
    assert 60 * gains.var(ddof=1) < share * exact.variance


def test_a_baseline_fitted_on_the_same_paths_would_shrink_the_gain() -> None:
    """Of n paths of one step each the mean return takes 1 / n of every gain; crossed, nothing."""
    mdp = raised(ARMS, 1.0)
    pi, new = np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])  # the gain of one step is 1/4
    sim = simulator(mdp, 3)
    crossed, own = [], []
    for _ in range(1500):
        batch = Paths(4, 1, baseline=True)(sim, pi)
        crossed.append(batch.L.gain(new))
        assert batch.rollouts is not None
        V = fitted_values(batch.rollouts, 1)
        terms = path_contributions(batch.rollouts, pi, advantages=Advantages(V))
        own.append(terms.surrogate(pi, pi > 0).gain(new))
    error = np.std(crossed) / np.sqrt(1500)
    assert abs(np.mean(crossed) - 0.25) < 4 * error
    assert abs(np.mean(own) - 0.25 * 3 / 4) < 4 * error < 0.25 / 8


def test_halves_are_independent_of_the_lengths_of_paths() -> None:
    """Geometric times come the longest first: unshuffled, each half's V is of other lengths."""
    mdp = raised(model("weather"), 2.0)
    pi = tt.policies.uniform(mdp)
    new = greedier(mdp, pi)
    gain = tt.surrogate(tt.evaluate(mdp, pi)).gain(new)
    off = {}
    for kind, rng in (("drawn", np.random.default_rng(4)), ("sorted", Unshuffled(4))):
        sim = Simulator(mdp, rng)
        found = [Paths(20, baseline=True)(sim, pi).L.gain(new) for _ in range(300)]
        off[kind] = abs(np.mean(found) - gain) / (np.std(found) / np.sqrt(300)), np.std(found)
    assert off["drawn"][0] < 4 and off["drawn"][1] < off["sorted"][1] / 1.2


@pytest.mark.parametrize(
    ("source", "horizon", "weighting"),
    [
        (Paths(9), None, "discounted"),
        (Paths(9, 5), 5, "discounted"),
        (Paths(9, 5, "undiscounted"), 5, "undiscounted"),
    ],
)
def test_paths_are_estimated_as_they_are(source: Paths, horizon: Any, weighting: str) -> None:
    mdp = model("queue")
    pi = tt.policies.uniform(mdp)
    sim = simulator(mdp, 5)
    batch = source(sim, pi)
    rollouts = single_path(simulator(mdp, 5), pi, 9, horizon)
    assert batch.rollouts is not None and batch.rollouts.steps == sim.steps == rollouts.steps
    assert isinstance(batch.L, Surrogate)
    same(batch.L, estimate(rollouts, pi, weighting=weighting))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"roots": 3, "horizon": 4, "common": False},
        {"branches": 2, "roots": 2},
        {"branches": 4, "horizon": 3},
    ],
)
def test_vines_are_grown_as_they_are_asked_for(settings: dict[str, Any]) -> None:
    mdp = model("rover")
    pi = tt.policies.uniform(mdp)
    grown = vine(simulator(mdp, 6), pi, 11, **settings)
    sim = simulator(mdp, 6)
    batch = Vines(11, **settings)(sim, pi)
    assert sim.steps == grown.steps and batch.rollouts is None
    same(batch.L, estimate_vine(grown, pi))
    if "branches" in settings:
        L = Vines(11, **settings, normalised=True)(simulator(mdp, 6), pi).L
        assert isinstance(L, SelfNormalised)
        same(L, self_normalised(grown, pi))


def test_exact_source_is_the_exact_surrogate_and_takes_no_steps() -> None:
    mdp = model("rover")
    pi = greedier(mdp, tt.policies.uniform(mdp))
    sim = simulator(mdp, 7)
    before = sim.rng.bit_generator.state
    batch = Exact(mdp)(sim, pi)
    assert isinstance(batch.L, Surrogate) and batch.rollouts is None
    same(batch.L, tt.surrogate(tt.evaluate(mdp, pi)))
    assert batch.L.stderr is None and batch.L.G_radius is not None
    assert sim.steps == 0 and sim.rng.bit_generator.state == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Paths(1, baseline=True), "paths = 1, expected at least 2"),
        (lambda: Paths(4, lam=0.5), "lam = 0.5, expected baseline=True"),
        (lambda: Paths(0), "paths"),
        (lambda: Paths(4, 0), "horizon"),
        (lambda: Paths(4, weighting="flat"), "weighting = 'flat'"),
        (lambda: Paths(4, weighting="undiscounted"), "Sample with a horizon"),
        (lambda: Paths(4, 3, baseline=True, lam=1.5), "lam = 1.5"),
        (lambda: Vines(4, normalised=True), "branches=K"),
        (lambda: Vines(4, branches=0), "branches"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, said: str) -> None:
    mdp = model("weather")
    with pytest.raises(InvalidMDPError, match=said):
        make()(simulator(mdp, 0), tt.policies.uniform(mdp))
