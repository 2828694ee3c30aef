"""Curves of methods on equal steps: what a run holds, who may change it, and means over seeds."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._sampled.comparison import Curve, band, run
from tabular_trpo._sampled.methods import METHODS, Method, Settings
from tabular_trpo._sampled.rollouts import single_path
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.learners import ARMS, model

SETTINGS = Settings(400)


def test_a_curve_is_a_step_function() -> None:
    """At 10 steps the policy is the one made of them; before that the old one still is."""
    curve = Curve(np.array([0, 10, 25]), np.array([1.0, 3.0, 2.0]), 1)
    at = curve.at(np.array([0, 9, 9.99, 10, 24, 25, 1000]))
    assert at.tolist() == [1, 1, 1, 3, 3, 2, 2] and curve.iterations == 2


def test_band_worked_example() -> None:
    """Three curves at 10 steps: 1, 3, 8; mean 4, variance 13."""
    curves = [Curve(np.array([0, 10]), np.array([0.0, x]), 0) for x in (1.0, 3.0, 8.0)]
    made = band(curves, np.array([5, 10, 99]))
    assert made.grid.tolist() == [5, 10, 99] and made.mean.tolist() == [0, 4, 4]
    half = 1.959964 * np.sqrt(13 / 3)
    assert made.half_width == pytest.approx(np.array([0, half, half]), rel=1e-6)
    alone = band(curves[:1], np.array([5, 10]))
    assert alone.mean.tolist() == [0, 1] and np.isnan(alone.half_width).all()


def scripted(monkeypatch: pytest.MonkeyPatch, rows: list[Any], sampled: bool = True) -> None:
    """Put a method in the table that takes 30 steps an iteration and says these policies."""

    def plays(
        mdp: tt.MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
    ) -> Iterator[Any]:
        for pi in rows:
            single_path(sim, tt.policies.uniform(mdp), 10, 3)
            yield np.array([pi])

    monkeypatch.setitem(METHODS, "scripted", Method("scripted", "as given", plays, sampled))


def test_a_run_scores_each_policy_exactly_and_counts_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the arms eta is twice the chance of the better one."""
    rows = [[0.25, 0.75], [0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [0.1, 0.9]]
    scripted(monkeypatch, rows)
    curve = run(ARMS, "scripted", 0, 10**6, SETTINGS)
    assert curve.steps.tolist() == [0, 30, 60, 90, 120, 150, 180]
    assert curve.eta == pytest.approx(np.array([1, 1.5, 1, 1, 0, 2, 1.8]), abs=1e-14)
    assert curve.fell == 3 and curve.iterations == 6


@pytest.mark.parametrize(("budget", "last"), [(1, 30), (30, 30), (31, 60), (89, 90), (90, 90)])
def test_the_iteration_that_reaches_the_budget_is_the_last(
    monkeypatch: pytest.MonkeyPatch, budget: int, last: int
) -> None:
    scripted(monkeypatch, [[0.5, 0.5]] * 9)
    assert run(ARMS, "scripted", 0, budget, SETTINGS).steps[-1] == last


def test_only_certain_falls_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies that differ by an ulp: falls are counted only if rationals show them."""
    rng = np.random.default_rng(1)
    P = rng.dirichlet(np.ones(6), (6, 2))
    mdp = tt.MDP(P, rng.standard_normal((6, 2)), rng.dirichlet(np.ones(6)), 0.97)
    tables = []
    for ulps in rng.integers(-(2**7), 2**7, 40):
        up = 0.5 + ulps * 2.0**-53
        tables.append(np.array([[up, 1 - up], *[[0.5, 0.5]] * 5]))

    def plays(mdp: Any, sim: Any, policy_class: Any, settings: Any) -> Iterator[Any]:
        yield from tables

    monkeypatch.setitem(METHODS, "scripted", Method("scripted", "as given", plays, False))
    curve = run(mdp, "scripted", 0, 40 * 400, SETTINGS)
    exact = mdp.to_rational()
    etas = [tt.evaluate(exact, tt.policies.to_rational(pi)).eta for pi in tables]
    falls = sum(b < a for a, b in pairwise(etas))
    assert 0 < curve.fell < falls


def test_curves_that_agree_have_no_spread() -> None:
    """The plain mean of six times 0.1 is not 0.1."""
    assert np.mean([0.1] * 6) != 0.1
    made = band([Curve(np.array([0]), np.array([0.1]), 0)] * 6, np.array([0, 5]))
    assert made.mean.tolist() == [0.1, 0.1] and made.half_width.tolist() == [0, 0]


def test_the_exact_limit_counts_a_batch_an_iteration() -> None:
    curve = run(model("queue"), "exact", 0, 1000, SETTINGS)
    assert curve.steps.tolist() == [0, 400, 800, 1200] and curve.fell == 0
    assert (np.diff(curve.eta) > 0).all()
    assert curve.eta[0] == tt.evaluate(model("queue"), tt.policies.uniform(model("queue"))).eta


def same(one: Curve, other: Curve) -> bool:
    return one.steps.tolist() == other.steps.tolist() and one.eta.tolist() == other.eta.tolist()


def test_a_run_depends_on_its_method_and_seed_alone() -> None:
    mdp = model("queue")
    alone = run(mdp, "single_path", 3, 1500, SETTINGS)
    for name in ("vine", "cem", "rwr"):
        run(mdp, name, 3, 1500, SETTINGS)
    assert same(run(mdp, "single_path", 3, 1500, SETTINGS), alone)
    assert not same(run(mdp, "single_path", 4, 1500, SETTINGS), alone)
    # A larger budget goes on where the smaller one ended.
    longer = run(mdp, "single_path", 3, 3000, SETTINGS)
    n = len(alone.steps)
    assert longer.steps[:n].tolist() == alone.steps.tolist() and len(longer.steps) > n
    # Methods of one seed use different random numbers.
    other = run(mdp, "natural_fixed", 3, 1500, SETTINGS)
    assert alone.steps[1] != other.steps[1]


def test_settings_reach_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def plays(mdp: Any, sim: Any, policy_class: Any, settings: Any) -> Iterator[Any]:
        given.append((policy_class.shape, policy_class.allowed, settings, sim.steps))
        yield tt.policies.uniform(mdp)

    monkeypatch.setitem(METHODS, "scripted", Method("scripted", "as given", plays))
    mdp, settings = model("rover"), Settings(7, 0.3, 11)
    run(mdp, "scripted", 0, 1, settings)
    ((shape, allowed, caught, steps),) = given
    assert shape == (2, 3) and (allowed == mdp.allowed).all()
    assert caught is settings and steps == 0


def test_what_cannot_run_is_refused() -> None:
    with pytest.raises(ExactnessError):
        run(model("queue").to_rational(), "single_path", 0, 10, SETTINGS)
    with pytest.raises(InvalidMDPError, match="Raise batch"):
        run(model("patient"), "vine", 0, 10, SETTINGS)
