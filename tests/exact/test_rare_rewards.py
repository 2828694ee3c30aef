"""Optima of models with rare rewards, found in few evaluations."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import tabular_trpo as tt
from tests.exact.rare_rewards import corridor, grid, lock, plain_policy_iteration, small

F = Fraction
CASES = dict(small())


@pytest.mark.parametrize("name", CASES)
def test_optimum_is_that_of_plain_exact_policy_iteration(name: str) -> None:
    mdp = CASES[name]
    oracle, found = plain_policy_iteration(mdp), tt.optimal(mdp)
    exact = tt.optimal(mdp.to_rational())
    best = mdp.mask & np.asarray(oracle.A == 0, dtype=bool)
    assert exact.V_star.tolist() == oracle.V.tolist() and np.array_equal(exact.optimal, best)
    assert not exact.undecided.any()
    for x, y, bound in zip(found.V_star, oracle.V, found.radius.V_star, strict=True):
        assert abs(F(float(x)) - y) <= F(float(bound))
    assert np.all(found.optimal | ~best)  # no optimal action is missing
    decided = ~found.undecided.any(axis=1)
    assert np.array_equal(found.optimal[decided], best[decided])
    assert not np.any(found.undecided & ~found.optimal)
    assert np.all(best.sum(axis=1)[~decided] > 1)  # only ties are undecided here


@pytest.mark.parametrize("gamma", [0.9, 0.99, 0.999])
@pytest.mark.parametrize("slip", [0.0, 0.1])
def test_long_corridors_are_decided_in_all_states(gamma: float, slip: float) -> None:
    """At gamma = 0.9 the smallest values are about 1e-92, far below the radius."""
    o = tt.optimal(corridor(2000, gamma, slip), limit=2)
    assert not o.undecided.any()
    assert o.optimal.tolist() == [[False, True]] * 2000


def test_corridor_of_a_hundred_thousand_states() -> None:
    """The value of the first state is gamma^99999 / (1 - gamma), about 1e-435: not a double."""
    n = 100_000
    o = tt.optimal(corridor(n, 0.99), limit=2)
    assert np.all(o.optimal[:, 1]) and np.all(o.pi[:, 1] == 1) and not o.undecided.any()
    true = 0.99 ** np.arange(n - 1, -1, -1, dtype=float) / (1 - 0.99)
    assert np.all(np.abs(o.V_star - true) <= o.radius.V_star + 1e-11 * true)
    assert 0 < np.max(o.radius.V_star) < 1e-12


def test_actions_that_doubles_do_not_distinguish_are_undecided() -> None:
    """At gamma = 1/2 values underflow about two thousand states from the reward."""
    o = tt.optimal(corridor(3000, 0.5))
    open_ = o.undecided.any(axis=1)
    assert open_[0] and not open_[1500:].any() and np.all(np.diff(open_.astype(int)) <= 0)  # type: ignore[index]
    assert np.all(o.optimal[:, 1]) and np.array_equal(o.undecided[open_], o.optimal[open_])


def test_corridor_with_the_reward_at_the_far_end_in_rationals() -> None:
    exact = corridor(300, 0.5, csr=False).to_rational()
    o = tt.optimal(exact, limit=1)
    assert o.eta_star == F(1, 2) ** 299 * 2 and not o.optimal[:, 0].any()


def test_rationals_beyond_doubles_start_from_a_search() -> None:
    """Rewards of 10^-500 and 10^500, and a discount that rounds to 1: neither is a double."""
    n = 60
    base = corridor(n, 0.5, csr=False).to_rational()
    for r in (base.r * F(10) ** 500, base.r / F(10) ** 500):
        o = tt.optimal(tt.MDP(base.P, r, base.rho0, base.gamma), limit=1)
        assert o.optimal[:, 1].all() and not o.optimal[:, 0].any()
    patient = tt.MDP(base.P, base.r, base.rho0, 1 - F(1, 10**30))
    assert not tt.optimal(patient, limit=1).optimal[:, 0].any()
    # A second corridor with rewards 10^-700 times as large, not connected with the first.
    P = np.zeros((2 * n, 2, 2 * n), dtype=object)
    P[:n, :, :n] = P[n:, :, n:] = base.P
    r = np.concatenate([base.r, base.r / F(10) ** 700])
    both = tt.MDP(P, r, [1] + [0] * (2 * n - 1), base.gamma)
    assert not tt.optimal(both, limit=4).optimal[:, 0].any()


def test_batch_of_corridors() -> None:
    one = corridor(80, 0.9, csr=False)
    P = np.stack([one.P, one.P[:, ::-1]])
    r = np.stack([one.r, one.r[:, ::-1]])
    o = tt.optimal(tt.MDP(P, r, one.rho0, [0.9, 0.9]), limit=2)
    assert o.pi[0, :, 1].all() and o.pi[1, :, 0].all()


def test_values_are_those_of_a_linear_program() -> None:
    rng = np.random.default_rng(8)
    models = [
        corridor(200, 0.9, 0.2, decoy=1e-3), lock(150, 0.95, rng), grid(12, 0.95, 0.2, "cost", rng),
    ]  # fmt: skip
    for mdp in models:
        rows = mdp.P.toarray() if mdp.is_sparse else mdp.P.reshape(-1, mdp.n_states)
        A = mdp.gamma * rows - np.repeat(np.eye(mdp.n_states), mdp.n_actions, axis=0)
        weight = np.ones(mdp.n_states)
        lp: Any = linprog(weight, A_ub=A, b_ub=-mdp.r.ravel(), bounds=(None, None))
        assert lp.status == 0
        np.testing.assert_allclose(tt.optimal(mdp).V_star, lp.x, rtol=1e-6, atol=1e-6)


def test_equal_actions_are_proved_equal() -> None:
    """Actions with equal rows and rewards, and states that reach no reward, are decided."""
    rows = [[0, 1.0, 0], [0, 1.0, 0], [0, 0, 1.0]]
    mdp = tt.MDP([rows, [rows[1]] * 3, [rows[2]] * 3], [[1, 1, 0], [2, 2, 2], [0, 0, 0]],
                 [1.0, 0, 0], 0.9)  # fmt: skip
    o = tt.optimal(mdp)
    assert o.optimal.tolist() == [[True, True, False], [True] * 3, [True] * 3]
    assert not o.undecided.any()
