"""Optimal values: the optimality equation in rationals, a linear program, all optimal actions."""

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from scipy.optimize import linprog

import tabular_trpo as tt
from tests.exact.cases import HORIZONS, batch, float_cases
from tests.strategies import mdps

F = Fraction


def best(Q: Any, mask: Any) -> list[Any]:
    return [max(row[ok]) for row, ok in zip(Q, mask, strict=True)]


@given(mdps())
def test_optimality_equation_has_residual_zero(mdp: tt.MDP) -> None:
    o = tt.optimal(mdp)
    Q = (mdp.r + mdp.gamma * mdp.P.dot(o.V_star)) * mdp.mask
    assert np.array_equal(o.Q_star, Q)
    assert o.V_star.tolist() == best(Q, mdp.mask)
    assert o.eta_star == (mdp.rho0 * o.V_star).sum()
    assert not np.any(o.radius.V_star) and not np.any(o.radius.Q_star) and o.radius.eta_star == 0


@given(mdps(max_states=3, max_actions=2))
def test_no_deterministic_policy_is_better(mdp: tt.MDP) -> None:
    """Enumeration of all policies also attains V* and finds every optimal action."""
    o = tt.optimal(mdp)
    values = {
        actions: tt.evaluate(mdp, tt.policies.deterministic(mdp, actions)).V
        for actions in product(*[np.flatnonzero(row).tolist() for row in mdp.mask])
    }
    assert all(np.all(V <= o.V_star) for V in values.values())
    attained = [actions for actions, V in values.items() if np.array_equal(V, o.V_star)]
    shown = [{actions[s] for actions in attained} for s in range(mdp.n_states)]
    assert [set(np.flatnonzero(row).tolist()) for row in o.optimal] == shown
    assert np.array_equal(tt.evaluate(mdp, o.pi).V, o.V_star)


def test_value_is_that_of_the_linear_program() -> None:
    """min rho0 . V subject to V(s) >= r(s, a) + gamma P V; Puterman (1994), section 6.9."""
    for case in [*float_cases("dense", seed=20, n=18), *float_cases("sparse", seed=21, n=18)]:
        mdp = case.mdp
        if mdp.gamma > 0.9999:
            continue  # the tolerance of the linear program is too large
        rows = mdp.P.toarray() if mdp.is_sparse else mdp.P.reshape(-1, mdp.n_states)
        live = mdp.mask.ravel()
        A = mdp.gamma * rows[live] - np.repeat(np.eye(mdp.n_states), mdp.n_actions, axis=0)[live]
        scale = np.max(np.abs(mdp.r))
        weight = mdp.rho0 + 0.1  # positive in every state
        lp: Any = linprog(weight, A_ub=A, b_ub=-mdp.r.ravel()[live] / scale, bounds=(None, None))
        assert lp.status == 0
        o = tt.optimal(mdp)
        size = 1e-6 / (1 - mdp.gamma)
        np.testing.assert_allclose(o.V_star / scale, lp.x, rtol=1e-6, atol=size)


def test_ties_are_all_optimal_and_the_first_is_taken() -> None:
    stay, go = [1, 0], [0, 1]
    mdp = tt.MDP([[stay, stay, go], [go, go, stay]], [[1, 1, 0], [1, 0, 1]], [1, 0], "1/2")
    o = tt.optimal(mdp)
    assert o.V_star.tolist() == [2, 2]
    assert o.optimal.tolist() == [[True, True, False], [True, False, True]]
    assert o.pi.tolist() == [[1, 0, 0], [1, 0, 0]]
    rough = tt.optimal(mdp.to_float())
    assert rough.optimal.tolist() == o.optimal.tolist()


def test_tiny_difference_is_exact_in_rationals_and_undecided_in_floats() -> None:
    tiny = F(1, 10**30)
    mdp = tt.MDP([[[1], [1]]], [[1, 1 + tiny]], [1], "1/2")
    o = tt.optimal(mdp)
    assert o.V_star.tolist() == [2 + 2 * tiny] and o.optimal.tolist() == [[False, True]]
    rough = tt.optimal(mdp.to_float())
    assert rough.optimal.tolist() == [[True, True]]
    assert abs(F(float(rough.eta_star)) - o.eta_star) <= F(float(rough.radius.eta_star)) + tiny * 4


@given(mdps(masked=True))
def test_masked_actions_are_never_optimal(mdp: tt.MDP) -> None:
    for model in (mdp, mdp.to_float()):
        o = tt.optimal(model)
        assert not np.any(o.optimal & ~mdp.mask)
        assert np.all(o.optimal.any(axis=1))
        assert not np.any(o.Q_star[~mdp.mask]) and not np.any(o.pi[~mdp.mask])


def test_float_optimum_is_within_its_radius() -> None:
    for kind in ("dense", "sparse", "chain"):
        for case in float_cases(kind, seed=22, n=18):
            o, exact = tt.optimal(case.mdp), tt.optimal(case.mdp.to_rational())
            for name in ("V_star", "Q_star", "eta_star"):
                got, radius, true = (np.ravel(getattr(x, name)) for x in (o, o.radius, exact))
                for x, bound, y in zip(got, radius, true, strict=True):
                    assert abs(F(float(x)) - y) <= F(float(bound)), name
            assert np.all(o.optimal | ~exact.optimal)  # none of the optimal actions is missing
            gap = np.max(np.abs(o.V_star)) * 2.0**-44
            assert np.max(o.radius.V_star) <= gap


def test_batch_equals_singles() -> None:
    case = batch("dense", 23, 10, 5, HORIZONS[:4])
    o = tt.optimal(case.mdp)
    assert o.V_star.shape == (10, 5) and o.eta_star.shape == (10,)
    for i in range(10):
        one = tt.optimal(case.mdp[i])
        for name in ("V_star", "Q_star", "eta_star"):
            bound = getattr(o.radius, name)[i] + getattr(one.radius, name)
            assert np.all(np.abs(getattr(o, name)[i] - getattr(one, name)) <= bound)
        assert np.array_equal(o.optimal[i], one.optimal)
        assert np.array_equal(o.pi[i], one.pi)


def test_csr_equals_dense() -> None:
    for case in float_cases("dense", seed=24, n=9):
        mdp = case.mdp
        csr = tt.MDP(
            sp.csr_array(mdp.P.reshape(-1, mdp.n_states)), mdp.r, mdp.rho0, mdp.gamma, mdp.allowed
        )
        one, two = tt.optimal(mdp), tt.optimal(csr)
        bound = one.radius.V_star + two.radius.V_star
        assert np.all(np.abs(one.V_star - two.V_star) <= bound)
        assert np.array_equal(one.optimal, two.optimal)


@pytest.mark.parametrize(
    ("reward", "gamma"),
    [(10**400, F(1, 2)), (10**308, F(999, 1000)), (1, 1 - F(1, 10**30))],
    ids=["reward", "value", "gamma"],
)
def test_exact_optimum_of_numbers_beyond_float64(reward: int, gamma: F) -> None:
    mdp = tt.MDP([[[1], [1]]], [[0, reward]], ["1"], gamma)
    assert tt.optimal(mdp).eta_star == reward / (1 - gamma)


def test_too_many_evaluations_are_an_error() -> None:
    """Rewards of two sizes: the first search in doubles finds the large ones only."""
    small = F(1, 10**400)
    rows: Any = [[[1, 0, 0], [0, 1, 0]], [[0, 1, 0], [0, 1, 0]], [[0, 0, 1], [0, 0, 1]]]
    mdp = tt.MDP(rows, [[0, 0], [small, small], [0, 1]], ["1/2", "0", "1/2"], "1/2")
    with pytest.raises(tt.LimitError, match=r"still improved after 1 evaluations.*larger limit"):
        tt.optimal(mdp, limit=1)
    assert tt.optimal(mdp, limit=3).V_star.tolist() == [small, 2 * small, 2]


@pytest.mark.parametrize("limit", [0, -1, True, 1.0, "9", None])
def test_limit_is_a_positive_integer(limit: Any) -> None:
    with pytest.raises((tt.TabularError, TypeError), match="limit"):
        tt.optimal(tt.MDP([[[1.0]]], [[1.0]], [1.0], 0.5), limit=limit)
