"""Paths as they are really drawn: every combination of uniforms, then shapes, stops, refusals."""

from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, MemoryGuardError
from tabular_trpo._sampled.estimate import estimate, path_contributions
from tabular_trpo._sampled.moments import path_moments, return_moments
from tabular_trpo._sampled.rollouts import active_counts, single_path, stopping_times
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.models import (
    F,
    Scripted,
    dyadic,
    exact,
    exactly,
    gradient,
    in_floats,
    paths,
    sink,
    values,
    visits,
)


@pytest.mark.parametrize("next_rewards", [False, True])
def test_what_is_drawn_has_the_model_s_moments_exactly(next_rewards: bool) -> None:
    """The mean over all combinations of uniforms is an expectation; here no digit is lost."""
    mdp, _, pi_new = dyadic(next_rewards)
    pi = exact([["1/2", "1/2"]] * 2)  # 1 / (3/4) is no double
    rough, p, new = in_floats(mdp, pi, pi_new)
    T = 2
    script = Scripted(1 + 2 * T)
    rollouts = single_path(Simulator(rough, script), p, script.n, T)
    assert not script.columns and rollouts.steps == script.n * T
    L = estimate(rollouts, p)
    assert exactly(L.weight).tolist() == [
        sum(x[s] * w for x, w in zip(visits(mdp, pi, T), (F(1), F(1, 2)), strict=True))
        for s in (0, 1)
    ]
    assert F(float(L.eta)) == mdp.rho0 @ values(mdp, pi, T)[0][T]
    returns = exactly(path_contributions(rollouts, p).returns)
    mean = returns.sum() / script.n
    found = return_moments(mdp, pi, T)
    assert (mean, (returns**2).sum() / script.n - mean**2) == (found.mean, found.variance)
    assert exactly(L.G).tolist() == gradient(mdp, pi, T).tolist()
    gains = exactly(path_contributions(rollouts, p).gains(p, new))
    mean = gains.sum() / script.n
    moments = path_moments(mdp, pi, pi_new, T)
    assert (mean, (gains**2).sum() / script.n - mean**2) == (moments.mean, moments.variance)


def test_each_path_is_drawn_as_often_as_it_should_be() -> None:
    mdp, pi, _ = dyadic()
    rough, p = in_floats(mdp, pi)
    script = Scripted(5)
    rollouts = single_path(Simulator(rough, script), p, script.n, 2)
    drawn: dict[Any, int] = {}
    for i in range(script.n):
        s, a, r = (x[i].tolist() for x in (rollouts.states, rollouts.actions, rollouts.rewards))
        key = tuple((s[t], a[t], F(r[t]), s[t + 1]) for t in range(2))
        drawn[key] = drawn.get(key, 0) + 1
        assert rollouts.behaviour[i].tolist() == [p[s[t], a[t]] for t in range(2)]
    reference = {tuple(steps): chance * script.n for chance, steps in paths(mdp, pi, 2)}
    assert drawn == reference


def test_stops_leave_nothing_behind() -> None:
    """Entries beyond a path's length are 0, behaviour 1; before it they are a path of pi."""
    mdp, pi = in_floats(*dyadic(gamma=F(9, 10)))[:2]
    sim = Simulator(mdp, np.random.default_rng(3))
    rollouts = single_path(sim, pi, 400)
    assert rollouts.geometric and rollouts.steps == sim.steps == rollouts.length.sum()
    assert rollouts.states.shape == (400, rollouts.length.max() + 1)
    beyond = ~rollouts.within
    assert beyond.any() and not rollouts.rewards[beyond].any()
    assert not rollouts.actions[beyond].any() and np.all(rollouts.behaviour[beyond] == 1)
    after = np.arange(rollouts.states.shape[1]) > rollouts.length[:, None]
    assert not rollouts.states[after].any()
    i, t = np.nonzero(rollouts.within)
    s, a = rollouts.states[i, t], rollouts.actions[i, t]
    assert np.array_equal(rollouts.rewards[i, t], mdp.r[s, a])
    assert np.array_equal(rollouts.behaviour[i, t], pi[s, a])
    assert np.all(mdp.P[s, a, rollouts.states[i, t + 1]] > 0)
    for name in ("states", "actions", "rewards", "behaviour", "length"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(rollouts, name)[0] = 0


def test_stopping_times_go_on_with_chance_gamma() -> None:
    """P(length > t) = gamma^t, within 5 standard errors at a million of them."""
    for gamma in (0.3, 0.5, 0.9, 0.999):
        mdp = tt.MDP([[[1.0]]], [[1.0]], [1.0], gamma)
        n = 10**6
        lengths = stopping_times(Simulator(mdp, np.random.default_rng(8)), n)
        assert lengths.min() == 1 and np.all(np.diff(lengths) <= 0)
        for t in (1, 2, 5, 20):
            p = gamma**t
            assert abs(np.mean(lengths > t) - p) <= 5 * (p * (1 - p) / n) ** 0.5 + 1e-15
        assert active_counts(lengths)[:3] == [int((lengths > t).sum()) for t in range(3)]
    still = tt.MDP([[[1.0]]], [[1.0]], [1.0], 0.0)
    assert set(stopping_times(Simulator(still, np.random.default_rng(0)), 5)) == {1}


def test_all_paths_of_one_step() -> None:
    """Gamma 0, and horizon 1: states before and after one action."""
    mdp, pi = in_floats(*dyadic(gamma=F(0)))[:2]
    for horizon in (None, 1):
        rollouts = single_path(Simulator(mdp, np.random.default_rng(1)), pi, 300, horizon)
        assert rollouts.states.shape == (300, 2) and rollouts.actions.shape == (300, 1)
        L = estimate(rollouts, pi)
        assert L.weight.sum() == 1.0 and L.eta == rollouts.rewards.mean()


def test_a_policy_of_its_own_for_each_path() -> None:
    mdp, _, _ = in_floats(*sink())
    first = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    second = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    for horizon in (3, None):
        rows = np.array([first, second] * 50)
        rollouts = single_path(Simulator(mdp, np.random.default_rng(2)), rows, 100, horizon)
        i, t = np.nonzero(rollouts.within)
        reference = (i % 2) * (rollouts.states[i, t] < 2)
        assert np.array_equal(rollouts.actions[i, t], reference) and reference.any()
        assert np.all(rollouts.behaviour == 1)
    # One path: (1, S, A) and (S, A) are the same policy.
    both = [
        single_path(Simulator(mdp, np.random.default_rng(2)), x, 1, 3) for x in (first, first[None])
    ]
    assert np.array_equal(both[0].states, both[1].states)


def test_a_seed_says_every_byte() -> None:
    mdp, pi = in_floats(*dyadic())[:2]
    for horizon in (7, None):
        one, same, other = (
            single_path(Simulator(mdp, np.random.default_rng(seed)), pi, 50, horizon)
            for seed in (4, 4, 5)
        )
        for name in ("states", "actions", "rewards", "behaviour", "length"):
            assert getattr(one, name).tobytes() == getattr(same, name).tobytes()
        assert one.states.tobytes() != other.states.tobytes()


def test_bad_input() -> None:
    mdp, pi = in_floats(*sink())[:2]
    sim = Simulator(mdp, np.random.default_rng(0))
    for n in (0, -1, 1.5, True, None, "3"):
        with pytest.raises(InvalidMDPError, match=f"paths = {n!r}, expected a whole number"):
            single_path(sim, pi, n)  # type: ignore[arg-type]
        if n is not None:
            with pytest.raises(InvalidMDPError, match=f"horizon = {n!r}, expected a whole number"):
                single_path(sim, pi, 2, n)  # type: ignore[arg-type]
    bad: list[tuple[str, Any]] = [
        (r"pi has shape \(2, 2\), expected \(S, A\) = \(3, 2\)", pi[:2]),
        (r"pi has shape \(3, 3, 2\)", np.array([pi] * 3)),
        (r"pi\[s=1, a=0\] = nan", np.where(np.arange(3)[:, None] == 1, np.nan, pi)),
        (r"pi\[s=0\] sums to 2", pi * [[2], [1], [1]]),
        (r"pi\[s=2, a=1\] .*not allowed", np.full((3, 2), 0.5)),
        (r"pi\[s=0, a=0\] = -0.5", np.array([[-0.5, 1.5], [1, 0], [1, 0]])),
        (r"pi is ragged", [[0.5, 0.5], [1.0]]),
    ]
    for message, policy in bad:
        with pytest.raises(InvalidMDPError, match=message):
            single_path(sim, policy, 2, 3)
    for exact_rows in (sink()[1], [["1/2", "1/2"]] * 2 + [["1", "0"]]):
        with pytest.raises(ExactnessError, match=r"pi is in rational arithmetic.*to_float\(\)"):
            single_path(sim, exact_rows, 2, 3)
    for n, horizon in ((10**6, 10**8), (10**13, 1), (10**13, None)):
        with pytest.raises(MemoryGuardError, match=r"paths = .* needs .*Take fewer or"):
            single_path(sim, pi, n, horizon)
    assert sim.steps == 0
