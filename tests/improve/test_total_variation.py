"""Steps in total variation: worked examples, and comparisons with other solvers."""

import math
from fractions import Fraction as F

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import linprog

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.status import StepStatus
from tabular_trpo._improve.total_variation import mean_tv_constraint, tv_constraint, tv_penalty
from tests.improve.cases import floats, made, surrogates
from tests.test_mdps import NAMES, load

COUNT = 200
STEPS = [tv_penalty, tv_constraint, mean_tv_constraint]


def two_rows():
    """Return rows with slopes 3 up to 1/4, then 1 up to 1/2; and 2 up to 1/2."""
    return made([[0, 2, 3], [0, 2, 0]], [["1/4", "1/4", "1/2"], ["1/2", "1/2", 0]])


# Worked examples.


@pytest.mark.parametrize(
    ("c", "a", "m"),
    [
        (20, "1/8", [3, 2]),  # 5 = 2 c a before the first breakpoint
        (10, "1/4", [3, 2]),  # 2 c a = 5 = the slope on its left, at the breakpoint
        (8, "1/4", [2, 2]),  # 2 c a = 4, between 5 and 3
        (6, "1/4", [1, 2]),  # 2 c a = 3 = the slope on its right
        (5, "3/10", [1, 2]),
        (1, "1/2", [1, 0]),  # 2 c a = 1, between 3 and 0
        (0, "1/2", [0, 0]),
    ],
)
def test_worked_example_of_the_penalty(c, a, m):
    step = tv_penalty(two_rows(), c)
    assert step.multipliers["a"] == step.max_tv == F(a)
    assert sum(step.multipliers["m"]) == 2 * c * F(a) == sum(m)
    assert step.multipliers["m"].tolist() == m
    assert step.objective == step.gain - c * F(a) ** 2


def test_worked_example_of_new_rows():
    step = tv_penalty(two_rows(), 5)  # a = 3/10: 1/4 from the worst action, 1/20 from the next
    assert step.pi_new.tolist() == [[0, F(1, 5), F(4, 5)], [F(1, 5), F(4, 5), 0]]
    assert step.gain == 3 * F(1, 4) + F(1, 20) + 2 * F(3, 10)


def test_all_mass_may_move():
    step = tv_penalty(made([[0, 2]], [[1, 0]]), "1/2")
    assert step.multipliers["a"] == 1 and step.multipliers["m"].tolist() == [1]
    assert step.pi_new.tolist() == [[0, 1]]


def test_worked_example_of_the_largest_distance():
    step = tv_constraint(two_rows(), "3/10")
    assert step.pi_new.tolist() == [[0, F(1, 5), F(4, 5)], [F(1, 5), F(4, 5), 0]]
    assert step.multipliers["m"].tolist() == [1, 2]
    assert tv_constraint(two_rows(), 7).gain == 3 * F(1, 4) + F(1, 4) + 1


def test_worked_example_of_the_mean_distance():
    """Weights 3 and 1: gains per mean TV are 3/(3/4) = 4, 2/(1/4) = 8 and 1/(3/4)."""
    L = made(two_rows().G, two_rows().pi, [3, 1])
    step = mean_tv_constraint(L, "1/4")  # 1/8 for the second row, 1/8 = 3/4 * 1/6 for the first
    assert step.pi_new.tolist() == [[F(1, 12), F(1, 4), F(2, 3)], [0, 1, 0]]
    assert step.multipliers["price"] == 4 and step.gain == 1 + 3 * F(1, 6)
    assert mean_tv_constraint(L, 1).multipliers["price"] == 0


# Against other solvers.


def linear_program(L, delta, mean):
    """Return max G (q - pi) with |q - pi| <= t and bounds of sums of t / 2, by rows or mean."""
    S, A = L.pi.shape
    n, eye, visited = S * A, np.eye(S * A), L.weight > 0
    lengths = np.kron(np.eye(S), np.ones(A)) / 2
    lengths = lengths[visited] if not mean else (L.weight / L.weight.sum()) @ lengths
    lengths = np.atleast_2d(lengths)
    pi = L.pi.ravel()
    A_ub = np.block([[eye, -eye], [-eye, -eye], [np.zeros((len(lengths), n)), lengths]])
    b_ub = np.concatenate([pi, -pi, np.full(len(lengths), delta)])
    sums = np.hstack([np.kron(np.eye(S), np.ones(A)), np.zeros((S, n))])
    allowed = np.ones_like(L.pi, dtype=bool) if L.allowed is None else L.allowed
    bounds = [(0, 1 if ok else 0) for ok in allowed.ravel()] + [(0, None)] * n
    cost = np.concatenate([-L.G.ravel(), np.zeros(n)])
    found = linprog(cost, A_ub, b_ub, sums, np.ones(S), bounds)
    assert found.status == 0
    return -float(found.fun or 0) - L.G.ravel() @ pi


@pytest.mark.parametrize("mean", [False, True])
def test_constraints_against_linear_programs(mean):
    rng = np.random.default_rng(5)
    for exact in surrogates(1 + mean, COUNT):
        L = floats(exact)
        if not L.weight.any():
            continue
        delta = float(rng.choice([0, 0.01, 0.1, 0.3, 0.5, 0.9, 1, 2]))
        step = (mean_tv_constraint if mean else tv_constraint)(L, delta)
        expected = linear_program(L, delta, mean)
        assert abs(step.gain - expected) <= 1e-6 * (1 + abs(expected))
        length = L.weight @ (abs(step.pi_new - L.pi).sum(axis=1) / 2) / L.weight.sum()
        assert (length if mean else step.max_tv) <= delta + 1e-12


def test_penalty_against_a_conic_solver():
    rng = np.random.default_rng(6)
    for exact in surrogates(3, COUNT):
        L = floats(exact)
        c = float(rng.choice([0.5, 2, 10, 30, 300]))
        q, a = cp.Variable(L.pi.shape, nonneg=True), cp.Variable()
        rules = [cp.sum(q, axis=1) == 1, cp.sum(cp.abs(q - L.pi), axis=1) / 2 <= a]
        if L.allowed is not None:
            rules.append(cp.multiply(q, ~L.allowed) == 0)
        gain = cp.sum(cp.multiply(L.G, q - L.pi))
        expected = cp.Problem(cp.Maximize(gain - c * cp.square(a)), rules).solve(cp.CLARABEL)
        assert abs(tv_penalty(L, c).objective - expected) <= 1e-6 * (1 + abs(expected))


# Properties of every step.


@pytest.mark.parametrize("solve", STEPS)
def test_unvisited_rows_stay_and_disallowed_actions_get_nothing(solve):
    for L in surrogates(4, COUNT):
        new = solve(L, F(2, 7)).pi_new
        assert (new[L.weight == 0] == L.pi[L.weight == 0]).all()
        assert L.allowed is None or not new[~L.allowed].any()


@pytest.mark.parametrize("solve", STEPS)
def test_floats_agree_with_rationals(solve):
    for L in surrogates(5, COUNT):
        step, near = solve(L, F(1, 8)), solve(floats(L), 0.125)
        assert abs(float(step.objective) - near.objective) <= 1e-12 * (1 + abs(near.objective))


def test_no_penalty_and_a_wide_region_are_greedy():
    for L in surrogates(6, COUNT):
        gain = greedy(L).gain
        assert tv_penalty(L, 0).gain == tv_constraint(L, 1).gain == gain
        assert mean_tv_constraint(L, 1).gain == gain


@pytest.mark.parametrize("solve", [tv_constraint, mean_tv_constraint])
def test_radius_0_is_stuck_unless_optimal(solve):
    assert solve(two_rows(), 0).status == StepStatus.STUCK
    assert solve(made([[0, 1]], [[0, 1]]), 0).status == StepStatus.OPTIMAL


@pytest.mark.parametrize("solve", STEPS)
def test_steps_without_a_gain(solve):
    for L in (made([[0, 0]], [["1/2", "1/2"]]), made([[1, 2]], [["1/2", "1/2"]], [0])):
        for surrogate in (L, floats(L)):
            step = solve(surrogate, 1)
            assert step.status == StepStatus.OPTIMAL or not surrogate.weight.any()
            assert (step.pi_new == surrogate.pi).all() and step.max_tv == 0


@pytest.mark.parametrize("solve", STEPS)
@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, "nan", [1, 2]])
def test_bad_numbers_are_refused(solve, wrong):
    for L in (two_rows(), floats(two_rows())):
        with pytest.raises((InvalidMDPError, ExactnessError)):
            solve(L, wrong)
    with pytest.raises(ExactnessError):
        solve(two_rows(), 0.5)
    with pytest.raises(ExactnessError):
        solve(floats(two_rows()), "1/2")


@pytest.mark.parametrize("solve", STEPS)
def test_extreme_floats(solve):
    huge = floats(made([[0, 1], [0, 1]], [["1/2", "1/2"]] * 2))
    top = np.finfo(float).max
    for size in (1e-320, 1e-200, 1e200):
        L = tt.Surrogate(huge.G * size, huge.weight * size, huge.pi, 0.0)
        step = solve(L, 0.125)
        assert np.isfinite(step.gain) and step.gain >= 0
    wide = tt.Surrogate(np.array([[-top, top], [0, top]]), huge.weight, huge.pi, 0.0)
    with pytest.raises(LimitError, match="overflows"):
        solve(wide, 0.125)


@pytest.mark.parametrize("name", NAMES)
def test_algorithm_1_never_lowers_the_return(name):
    """Three exact steps from the uniform policy; the digits grow up to tenfold in each."""
    mdp = load(name).mdp
    pi = tt.policies.uniform(mdp)
    for _ in range(3):
        ev = tt.evaluate(mdp, pi)
        L = tt.surrogate(ev)
        step = tv_penalty(L, tt.penalty(ev))
        new = tt.evaluate(mdp, step.pi_new)
        assert new.eta >= ev.eta + step.objective >= ev.eta and (new.V >= ev.V).all()
        if step.status == StepStatus.OPTIMAL:
            break
        pi = step.pi_new
