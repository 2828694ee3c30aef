"""Conservative policy iteration: both closed forms, and the best mixture."""

import math
from fractions import Fraction as F

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._improve.best_alpha import best_alpha, rational_function
from tabular_trpo._improve.conservative import conservative, paper_weight, tight_weight
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.polynomials import value
from tests.improve.cases import floats, made
from tests.strategies import Case, rational_cases
from tests.test_mdps import NAMES, load


def setting(mdp, pi):
    ev = tt.evaluate(mdp, pi)
    return tt.surrogate(ev), ev


def one_state(gamma="1/2"):
    """Return a model and a uniform policy with gain 1/(1-gamma)/2 and eps 1/2."""
    return tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], gamma), [["1/2", "1/2"]]


def bound(gain, eps, g, alpha, tight):
    loss = 2 * alpha**2 * eps * g / (1 - g)
    return alpha * gain - loss / (1 - g * (1 - alpha) if tight else 1 - g)


# The closed forms.


def test_worked_example():
    L, ev = setting(*one_state())
    step = conservative(L, "paper", ev)
    assert step.multipliers["alpha"] == F(1, 4) and step.multipliers["eps"] == F(1, 2)
    assert step.pi_new.tolist() == [[F(3, 8), F(5, 8)]]
    assert step.gain == F(1, 4) and step.objective == F(1, 4) - 2 * F(1, 16) * F(1, 2) * F(1, 2) * 4
    x = F(1, 2) * 1 / (2 * F(1, 2))  # 1/2: alpha = sqrt(2) - 1, rounded down
    alpha = conservative(L, "tight", ev).multipliers["alpha"]
    assert x == F(1, 2) and alpha < math.sqrt(2) - 1 + 1e-12
    assert (1 + alpha) ** 2 <= 2 < (1 + alpha + F(1, 2**62)) ** 2


@pytest.mark.parametrize("rule", ["paper", "tight"])
def test_the_weight_maximises_its_bound(rule):
    """At other weights the bound is no larger, up to the rounding to 64 binary places."""
    inside = 0
    for case in rational_cases(41, 60):
        L, ev = setting(case.mdp, case.pi)
        step = conservative(L, rule, ev, case.target)
        alpha, eps, g = step.multipliers["alpha"], step.multipliers["eps"], case.mdp.gamma
        gain = (L.G * (case.target - L.pi)).sum()
        assert step.objective == bound(gain, eps, g, alpha, rule == "tight") >= 0
        inside += 0 < alpha < 1
        for other in (F(0), F(1), alpha / 2, alpha * F(999, 1000), (99 * alpha + 1) / 100):
            assert bound(gain, eps, g, other, rule == "tight") <= step.objective + F(1, 2**60)
        assert tt.evaluate(case.mdp, step.pi_new).eta >= ev.eta + step.objective
    assert inside > 5


def test_tight_bound_is_at_least_that_of_the_paper():
    better = 0
    for case in rational_cases(42, 60):
        L, ev = setting(case.mdp, case.pi)
        paper, tight = (conservative(L, rule, ev, case.target) for rule in ("paper", "tight"))
        assert tight.objective >= paper.objective - F(1, 2**60)
        better += tight.objective > paper.objective
    assert better > 5


def test_eps_is_the_maximum_over_all_states():
    """The target loses 100 in state 1, which pi does not visit, so eps = 100, not 1."""
    P = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    mdp = tt.MDP(P, [["0", "1"], ["0", "-100"]], ["1", "0"], "1/2")
    L, ev = setting(mdp, [[1, 0], [1, 0]])
    step = conservative(L, "paper", ev, [[0, 1], [0, 1]])
    assert step.multipliers["eps"] == 100 and step.multipliers["alpha"] == F(1, 400)
    assert tt.evaluate(mdp, step.pi_new).eta >= step.objective > 0


def test_weights_without_a_division_by_zero():
    for zero in (F(0), 0.0):
        assert paper_weight(zero, zero, zero) == tight_weight(zero, zero, zero) == 0
        assert paper_weight(zero + 1, zero + 1, zero) == tight_weight(zero + 1, zero + 1, zero) == 1
        assert paper_weight(zero - 1, zero + 1, zero) == tight_weight(zero - 1, zero + 1, zero) == 0
    assert paper_weight(1e-320, 1e-320, 1e-10) == 1
    assert tight_weight(1e-320, 1e-320, 0.5) == pytest.approx(2 / math.sqrt(3) - 1)


def test_weight_is_0_without_a_gain():
    mdp, _ = one_state()
    L, ev = setting(mdp, [["0", "1"]])
    for rule in ("paper", "tight", "best"):
        step = conservative(L, rule, ev)
        assert (step.multipliers["alpha"], step.gain, step.status) == (0, 0, "optimal")


def test_floats_agree():
    for case in rational_cases(43, 40):
        L, ev = setting(case.mdp, case.pi)
        near_L, near = setting(case.mdp.to_float(), tt.policies.to_float(case.pi))
        for rule in ("paper", "tight"):
            alpha = conservative(L, rule, ev).multipliers["alpha"]
            got = conservative(near_L, rule, near).multipliers["alpha"]
            # A gain of 0 may be a little more in floats, and so may eps.
            assert got == pytest.approx(float(alpha), rel=1e-9, abs=1e-9) or greedy(L).gain == 0


def test_a_number_and_a_target():
    mdp, pi = one_state()
    L, ev = setting(mdp, pi)
    step = conservative(L, "1/3", target=[["1", "0"]])
    assert step.pi_new.tolist() == [[F(2, 3), F(1, 3)]] and step.gain < 0
    assert conservative(L, 1).pi_new.tolist() == greedy(L).pi_new.tolist()
    assert (conservative(L, 0).pi_new == L.pi).all()
    assert conservative(floats(L), 0.25).pi_new.tolist() == [[0.375, 0.625]]
    assert conservative(L, "best", ev).multipliers["alpha"] == 1


@pytest.mark.parametrize("wrong", [-1, 2, math.nan, math.inf, "nan", "papier", None, [1, 1], "3/2"])
def test_bad_weights_are_refused(wrong):
    L, ev = setting(*one_state())
    for surrogate in (L, floats(L)):
        with pytest.raises((InvalidMDPError, ExactnessError)):
            conservative(surrogate, wrong, ev)
    with pytest.raises(ExactnessError):
        conservative(L, 0.5)


def test_bad_targets_and_evaluations_are_refused():
    mdp, pi = one_state()
    L, ev = setting(mdp, pi)
    for rule in ("paper", "tight", "best"):
        with pytest.raises(InvalidMDPError, match="no evaluation"):
            conservative(L, rule)
        with pytest.raises(InvalidMDPError, match="another policy"):
            conservative(L, rule, tt.evaluate(mdp, [["1", "0"]]))
    for target in ([["1/2", "1/3"]], [["1", "0"]] * 2, [["2", "-1"]]):
        with pytest.raises(InvalidMDPError):
            conservative(L, "paper", ev, target)
    with pytest.raises(ExactnessError):
        conservative(L, "paper", ev, [[0.5, 0.5]])
    masked = made([[1, 0]], [[1, 0]], allowed=[[True, False]])
    with pytest.raises(InvalidMDPError):
        conservative(masked, 1, target=[["0", "1"]])


# The best mixture.


def returns(case, alpha):
    return tt.evaluate(case.mdp, tt.policies.mixture(case.pi, case.target, alpha)).eta


def slope(case, alpha):
    ev = tt.evaluate(case.mdp, tt.policies.mixture(case.pi, case.target, alpha))
    return (ev.rho * ((case.target - case.pi) * ev.Q).sum(axis=-1)).sum()


def early_gains(count):
    """Yield cases in which a small weight is best: the target gains in state 0 and loses later."""
    rng = np.random.default_rng(47)
    for _ in range(count):
        S = int(rng.integers(2, 5))
        P, r = np.full((S, 2, S), F(0)), np.full((S, 2), F(0))
        for s in range(S):
            P[s, 0, max(s - 1, 0)] = F(1)
            onward = F(int(rng.integers(1, 7)), 7)
            P[s, 1, min(s + 1, S - 1)] += onward
            P[s, 1, s] += 1 - onward
            r[s, 1] = F(int(rng.integers(1, 4))) if s == 0 else F(-int(rng.integers(3, 9)))
        mdp = tt.MDP(P, r, np.eye(S, dtype=int)[0], F(int(rng.integers(5, 10)), 10))
        pi, target = (np.array([row] * S, dtype=object) for row in ([F(1), F(0)], [F(0), F(1)]))
        yield Case(mdp, pi, target, F(1))


def test_the_return_is_the_rational_function():
    for case in rational_cases(44, 40):
        p, q = rational_function(case.mdp, case.pi, case.target)
        for x in (F(0), F(1, 7), F(5, 9), F(1)):
            values = [value(f, x) for f in (p, q)]
            assert values[1] > 0 and values[0] / values[1] == returns(case, x)


def test_best_against_a_dense_grid_and_the_sign_of_the_slope():
    inside = stationary = 0
    for case in (*rational_cases(45, 40), *early_gains(20)):
        best = best_alpha(case.mdp, case.pi, case.target)
        assert best.eta == returns(case, best.alpha) <= best.eta_most
        assert best.eta_most - best.eta <= F(1, 2**80)
        for k in range(33):
            assert returns(case, F(k, 32)) <= best.eta_most
        inside += 0 < best.alpha < 1
        stationary += len(best.stationary)
        for lo, hi in best.stationary:
            assert hi - lo <= F(1, 2**64)
            if 0 < best.alpha < 1 and best.alpha in (lo, hi):
                assert slope(case, lo) >= 0 >= slope(case, hi)
    assert inside >= 10 and stationary >= 10


def test_worked_example_of_a_best_weight_inside():
    """In state X the target earns 1 and moves to Y, where it loses 4; gamma = 1/2.

    V(Y) = -8 alpha and eta = alpha (1 + V(Y) / 2) + (1 - alpha) eta / 2, so that
    eta = (2 alpha - 8 alpha^2) / (1 + alpha): the slope is 0 where 4 alpha^2 + 8 alpha = 1.
    """
    P = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    mdp = tt.MDP(P, [["0", "1"], ["0", "-4"]], ["1", "0"], "1/2")
    best = best_alpha(mdp, [[1, 0], [1, 0]], [[0, 1], [0, 1]])
    root = math.sqrt(5) / 2 - 1
    assert float(best.alpha) == pytest.approx(root, abs=1e-15)
    ((lo, hi),) = best.stationary
    assert 4 * lo**2 + 8 * lo < 1 < 4 * hi**2 + 8 * hi
    assert best.eta < 18 - 8 * math.sqrt(5) + 1e-12 and best.eta < best.eta_most
    assert best.eta == (2 * best.alpha - 8 * best.alpha**2) / (1 + best.alpha)
    near = best_alpha(mdp.to_float(), np.eye(2)[[0, 0]], np.eye(2)[[1, 1]])
    assert near.alpha == pytest.approx(root, abs=1e-9) and near.eta == pytest.approx(
        float(best.eta)
    )
    L, ev = setting(mdp, [[1, 0], [1, 0]])
    step = conservative(L, "best", ev, [[0, 1], [0, 1]])
    assert step.multipliers["alpha"] == best.alpha


def test_a_constant_return_has_no_stationary_points():
    """X earns alpha once, Y loses alpha in every later step: eta = alpha - (1/2) 2 alpha = 0."""
    P = [[[0, 1], [0, 1]], [[0, 1], [0, 1]]]
    mdp = tt.MDP(P, [["0", "1"], ["0", "-1"]], ["1", "0"], "1/2")
    best = best_alpha(mdp, [[1, 0], [1, 0]], [[0, 1], [0, 1]])
    assert (best.alpha, best.eta, best.eta_most, best.stationary) == (0, 0, 0, ())


@pytest.mark.parametrize("name", NAMES)
def test_greedy_target_in_every_model(name):
    mdp = load(name).mdp
    L, ev = setting(mdp, tt.policies.uniform(mdp))
    pi_target = greedy(L).pi_new
    best = best_alpha(mdp, L.pi, pi_target)
    assert best.eta >= max(ev.eta, tt.evaluate(mdp, pi_target).eta)
    for rule in ("paper", "tight"):
        step = conservative(L, rule, ev)
        assert tt.evaluate(mdp, step.pi_new).eta <= best.eta_most


def test_floats_find_the_same_return():
    for case in (*rational_cases(46, 8), *early_gains(6)):
        best = best_alpha(case.mdp, case.pi, case.target)
        to_float = tt.policies.to_float
        near = best_alpha(case.mdp.to_float(), to_float(case.pi), to_float(case.target))
        assert near.eta == pytest.approx(float(best.eta), rel=1e-9, abs=1e-9)
        assert near.eta_most is None


def test_bad_targets_of_best_alpha_are_refused():
    mdp, pi = one_state()
    with pytest.raises(InvalidMDPError):
        best_alpha(mdp, pi, [["1/2", "1/3"]])
    with pytest.raises(ExactnessError):
        best_alpha(mdp, pi, [[0.5, 0.5]])
