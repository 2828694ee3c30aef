"""The roots t of rows against bisection; starts of Newton's steps, and their order."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq

from tabular_trpo._core.numbers import Array
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve import kl_curves
from tabular_trpo._improve.kl_curves import (
    CURVES,
    MULTIPLIER,
    RADIUS,
    newton_step,
    parts,
    solve_radius,
    start_at_multiplier,
    start_at_radius,
    t_at_multiplier,
)
from tabular_trpo._improve.kl_multiplier import solve_multiplier
from tabular_trpo._improve.kl_rows import KLRows, policy_at_radius, prepare_rows
from tabular_trpo._improve.trust_region import max_kl, mean_kl


def error(rows: KLRows, start: Array, t: Array) -> float:
    """Return the largest error of the starts, relative to t + mean."""
    return float(np.max(np.abs(start - t) / (t + rows.mean)))


def within_radius(rows: KLRows, d: float) -> float:
    return error(rows, start_at_radius(rows, d), solve_radius(rows, d)[2])


def solve_at_multiplier(rows: KLRows, lam: float) -> float:
    return error(rows, start_at_multiplier(rows, lam), t_at_multiplier(rows, lam))


@pytest.mark.parametrize(
    ("off", "far", "near", "order"),
    [(within_radius, 1e-3, 1e-5, 3 / 2), (solve_at_multiplier, 30.0, 300.0, -4.0)],
)
def test_error_of_starts_has_its_order(
    off: Callable[[KLRows, float], float], far: float, near: float, order: float
) -> None:
    """With one term less the order would be less by 1/2 in d, or by 1 in the multiplier."""
    rng = np.random.default_rng(3)
    rows = prepare_rows(rng.dirichlet(np.full(4, 5.0), 30), rng.normal(size=(30, 4)))
    power = math.log(off(rows, near) / off(rows, far)) / math.log(near / far)
    assert power == pytest.approx(order, abs=0.2)


def log_divergence(p: Array, g: Array, log_t: float) -> float:
    r = np.exp(log_t) / (np.exp(log_t) + g)
    return math.log(max(math.log(p @ r) - p @ np.log(r), 1e-300))  # 0 for large t


def log_multiplier(p: Array, g: Array, log_t: float) -> float:
    return log_t - math.log(p @ (np.exp(log_t) / (np.exp(log_t) + g)))


def bisected(rows: KLRows, curve: Callable[[Array, Array, float], float], x: float) -> Array:
    """Return the roots t of all rows, one by one; e^-90 where t is below that."""

    def root(p: Array, g: Array) -> float:
        if curve is log_divergence and log_divergence(p, g, -90) < x:
            return -90.0
        return float(brentq(lambda v: curve(p, g, v) - x, -90, 9, xtol=1e-14))

    return np.exp(list(map(root, rows.p, rows.g)))


@pytest.mark.parametrize("x", [1e-3, 1e-2, 0.1, 1.0])
def test_roots_are_those_of_bisection(x: float) -> None:
    rng = np.random.default_rng(7)
    for spread in (0.7, 1.0, 5.0):
        rows = prepare_rows(rng.dirichlet(np.full(5, spread), 40), rng.normal(size=(40, 5)))
        truth = bisected(rows, log_divergence, math.log(x))
        assert solve_radius(rows, x)[2] == pytest.approx(truth, rel=1e-10)
        assert t_at_multiplier(rows, x) == pytest.approx(
            bisected(rows, log_multiplier, math.log(x)), rel=1e-10
        )


@pytest.mark.parametrize("x", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("kind", [RADIUS, MULTIPLIER])
def test_the_shared_number_is_that_of_bisection(kind: int, x: float) -> None:
    rng = np.random.default_rng(8)
    rows = prepare_rows(rng.dirichlet(np.ones(5), 20), rng.normal(size=(20, 5)))
    weight = rng.dirichlet(np.ones(20))
    curve, other = (
        (log_divergence, log_multiplier) if kind == RADIUS else (log_multiplier, log_divergence)
    )
    total = math.log(3 / math.sqrt(x) if kind == RADIUS else x)

    def over(own: float) -> float:
        logs = np.log(bisected(rows, curve, own))
        each = [other(*row) for row in zip(rows.p, rows.g, logs, strict=True)]
        return math.log(weight @ np.exp(each)) - total

    found, t = solve_multiplier(rows, kind, weight, total)
    truth = brentq(over, found - 0.1, found + 0.1, xtol=1e-13)
    assert found == pytest.approx(truth, abs=1e-9)
    assert t == pytest.approx(bisected(rows, curve, truth), rel=1e-8)


@pytest.mark.parametrize("kind", [RADIUS, MULTIPLIER])
def test_a_step_is_of_the_third_order(kind: int) -> None:
    """Newton's step for a fixed power of h would be of second order."""
    rng = np.random.default_rng(9)
    rows = prepare_rows(rng.dirichlet(np.ones(5), 30), rng.normal(size=(30, 5)))
    curve, x = (log_divergence, math.log(0.3)) if kind == RADIUS else (log_multiplier, 0.0)
    truth, left = bisected(rows, curve, x), []
    for off in (0.1, 0.01):
        at = parts(rows, truth * (1 + off))
        own, slope = CURVES[kind](rows, at)
        after = truth * (1 + off) * (1 + newton_step(kind, at, x - own, slope))
        left.append(np.abs(after / truth - 1).max())
    assert math.log10(left[0] / left[1]) == pytest.approx(3, abs=0.2)
    assert left[1] < 1e-6


@pytest.mark.parametrize("d", [1e-6, 1e-2, 1.0])
def test_rows_with_rare_best_actions_are_solved_with_others(d: float, monkeypatch) -> None:
    """If the second best action is nearly certain, h has a plateau; Newton's steps diverge."""
    p = np.array([[1e-9, 0.01, 0.99], [1e-30, 1e-3, 0.999], [0.2, 0.3, 0.5]])
    rows = prepare_rows(p / p.sum(axis=1, keepdims=True), np.array([[1.0, 0.0, 0.5]] * 3))
    truth, calls, parts = bisected(rows, log_divergence, math.log(d)), [], kl_curves.parts

    def counted(rows: KLRows, t: Array) -> kl_curves.Parts:
        calls.append(len(t))
        return parts(rows, t)

    monkeypatch.setattr(kl_curves, "parts", counted)
    assert solve_radius(rows, d)[2] == pytest.approx(truth, rel=1e-8)
    assert len(calls) <= 12, "bisection was used"


@pytest.mark.parametrize("delta", [1e-4, 0.1, 3.0])
def test_gain_of_nearly_deterministic_policies_is_optimal(delta: float) -> None:
    """Scaling back a step to rows near the grid 2^-53 would lose up to 6 % of the gain."""
    for seed in range(25):
        rng = np.random.default_rng(seed)
        weight = 10.0 ** (-10 * rng.random((8, 3)))
        pi = check_rows("pi", weight / weight.sum(axis=1, keepdims=True))
        L = Surrogate(rng.normal(size=(8, 3)), np.ones(8), pi, 0.0)
        step, rows = max_kl(L, delta), prepare_rows(pi, L.G)
        assert step.max_kl <= delta
        for share, sign in ((0.999, 1), (1 + 1e-9, -1)):
            t = bisected(rows, log_divergence, math.log(share * delta))
            gain = (L.G * (policy_at_radius(rows, share * delta, t)[0] - pi)).sum()
            assert sign * (step.gain - gain) >= 0


def surrogate(pi: list[list[float]], G: list[list[float]]) -> Surrogate:
    return Surrogate(np.array(G), np.ones(len(pi)), np.array(pi), 0.0)


@pytest.mark.parametrize("rare", [1e-20, 1e-40, 1e-124, 1e-300])
def test_nearly_deterministic_rows_keep_their_support(rare: float) -> None:
    """The first row cannot gain; the second gains as without the first."""
    L = surrogate([[rare, 1.0], [0.5, 0.5]], [[0.0, 1.0], [0.0, 1.0]])
    alone = max_kl(surrogate([[0.5, 0.5]], [[0.0, 1.0]]), 0.3)
    step = max_kl(L, 0.3)
    assert (step.pi_new > 0).all()
    assert step.gain == pytest.approx(alone.gain, rel=1e-9) and step.max_kl <= 0.3


@pytest.mark.parametrize("rare", [1e-150, 1e-200, 1e-250])
def test_products_of_rare_probabilities_do_not_underflow(rare: float) -> None:
    """With p = 1e-200 for the best action, p t / (t + g) of the rare one is about 1e-350."""
    step = max_kl(surrogate([[1e-200, rare, 1.0]], [[1.0, 0.0, 0.5]]), 1.0)
    assert step.pi_new[0, 1] > 0 and step.gain == pytest.approx(-math.expm1(-1) / 2, rel=1e-9)


def test_smallest_probabilities_with_a_better_action_outside_the_support() -> None:
    L = surrogate([[1e-310, 1.0, 0.0], [0.5, 0.5, 0.0]], [[1.0, 0.0, 0.5], [0.0, 1.0, 2.0]])
    step = mean_kl(L, 0.3)
    assert step.mean_kl <= 0.3 and step.gain > 0.5
