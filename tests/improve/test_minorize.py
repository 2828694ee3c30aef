"""Algorithm 1: worked examples, small steps, stuck policies, certified gains."""

import math

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.kl_curves import solve_at_multiplier, solve_radius
from tabular_trpo._improve.kl_rows import divergence, prepare_rows
from tabular_trpo._improve.minorize import minorize
from tests.test_mdps import NAMES, load


def one_row(G, pi, weight=1.0) -> Surrogate:
    return Surrogate(np.array([G], float), np.array([weight]), np.array([pi], float), 0.0)


def test_worked_example_of_two_actions():
    """q = 1/2 + y maximises 2 y - C (-log(1 - 4 y^2)/2): y = (sqrt(C^2 + 4) - C)/4 at G = +-1."""
    for C in (0.01, 1.0, 4.0, 1e3):
        step = minorize(one_row([-1, 1], [0.5, 0.5]), C)
        y = 1 / (math.hypot(C, 2) + C)
        assert step.pi_new[0, 1] == pytest.approx(0.5 + y, abs=1e-9)
        assert step.max_kl == pytest.approx(-math.log1p(-4 * y * y) / 2, rel=1e-6)
        assert step.objective == pytest.approx(2 * y + C * math.log1p(-4 * y * y) / 2, rel=1e-12)
        assert step.multipliers["lam"].sum() == pytest.approx(C, rel=1e-6)


def test_a_deterministic_row_moves_for_small_penalties_only():
    """max (1 - e^-d) x - C d, with x the excess of the other action: q = 1 - C / x if C < x."""
    L = one_row([0, 2], [1, 0])
    assert minorize(L, 0.5).pi_new[0, 0] == pytest.approx(0.25, rel=1e-9)
    for C in (2.0, 5.0):
        step = minorize(L, C)
        assert step.status == "stuck" and step.pi_new.tolist() == [[1, 0]]
    assert minorize(one_row([2, 0], [1, 0]), 1.0).status == "optimal"
    assert minorize(L, 0).pi_new.tolist() == [[0, 1]]


def test_a_stochastic_row_moves_the_deterministic_one():
    """All rows share d > 0, so a row moves that would be stuck in a model without the other."""
    G, pi = np.array([[0.0, 1.0], [-1.0, 1.0]]), np.array([[1.0, 0.0], [0.5, 0.5]])
    both = minorize(Surrogate(G, np.ones(2), pi, 0.0), 3.0)
    alone = minorize(Surrogate(G[:1], np.ones(1), pi[:1], 0.0), 3.0)
    assert alone.status == "stuck" and both.pi_new[0, 1] > 1e-3


@pytest.mark.parametrize(("gamma", "status"), [(0.19, "moved"), (0.21, "stuck")])
def test_deterministic_policies_are_stuck_for_gamma_above_one_fifth(
    gamma: float, status: str
) -> None:
    """The advantage of the other action is eps, so the bound gamma = 1/5 is attained."""
    mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], gamma)
    ev = tt.evaluate(mdp, [[1.0, 0.0]])
    assert minorize(tt.surrogate(ev), tt.penalty(ev)).status == status


@pytest.mark.parametrize("name", NAMES)
def test_small_step_law_and_certified_gain(name: str) -> None:
    mdp = load(name).mdp.to_float()
    ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
    L, C, eps = tt.surrogate(ev), float(tt.penalty(ev)), float(abs(ev.A).max())
    if eps < 1e-9 or mdp.gamma == 0:
        return
    step = minorize(L, C)
    assert step.status == "moved" and 0 < step.objective <= eps / (8 * float(mdp.gamma)) + 1e-12
    assert step.max_kl <= (1 - mdp.gamma) ** 2 / (8 * mdp.gamma**2) * (1 + 1e-9)
    assert tt.evaluate(mdp, step.pi_new).eta >= ev.eta
    sigma = np.sqrt((ev.pi * L.G**2).sum(axis=1)).sum()
    law = sigma**2 / (2 * C * C)
    if law < 1e-4:
        assert step.max_kl == pytest.approx(law, rel=0.1)


@pytest.mark.parametrize("d", [1e-16, 1e-12, 1e-6, 0.1, 3.0, 50.0])
@pytest.mark.parametrize("span", [1e-9, 1.0, 1e9])
def test_rows_have_the_given_divergence(d: float, span: float) -> None:
    rows = prepare_rows(np.array([[0.2, 0.3, 0.5]]), span * np.array([[1.0, -1.0, 0.25]]))
    q, lam, t = solve_radius(rows, d)
    assert divergence(rows, t)[0] == pytest.approx(d, rel=1e-9)
    back, kl = solve_at_multiplier(rows, float(lam[0]))
    assert back == pytest.approx(q, rel=1e-6) and kl[0] == pytest.approx(d, rel=1e-6)
    if d < 1e-5:  # f ~ sqrt(2 d Var A)
        gain = float(((q - rows.p) * -rows.g).sum())
        variance = float((rows.p * (rows.g - rows.mean) ** 2).sum())
        assert gain == pytest.approx(math.sqrt(2 * d * variance), rel=1e-2)


def test_refusals():
    L = one_row([0, 1], [0.5, 0.5])
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(InvalidMDPError, match="finite number >= 0"):
            minorize(L, bad)
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    with pytest.raises(ExactnessError, match="total variation"):
        minorize(tt.surrogate(tt.evaluate(mdp, [["1/2", "1/2"]])), 1)
