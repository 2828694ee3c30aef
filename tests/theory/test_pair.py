"""The quantities of a pair against their definitions, in plain loops over rationals."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._core import real
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.vocabulary import QUANTITIES
from tabular_trpo.families import worst_case
from tests.strategies import pairs

OF_MIXTURES = {name for name, entry in QUANTITIES.items() if entry.mixture}
OF_AVERAGES = {name for name, entry in QUANTITIES.items() if entry.average}


def near(x: Any, y: Any) -> bool:
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return bool(np.allclose(x, y, rtol=1e-9, atol=1e-9))


def states(pair: Pair) -> range:
    return range(pair.mdp.n_states)


def actions(pair: Pair, s: int) -> list[int]:
    return [a for a in range(pair.mdp.n_actions) if pair.mdp.mask[s, a]]


def moved(pair: Pair, pi: Any, f: Any, s: int) -> Any:
    """Return sum_a pi(a|s) sum_t P(t|s, a) f(t)."""
    P = pair.mdp.P
    return sum(pi[s, a] * P[s, a, t] * f[t] for a in actions(pair, s) for t in states(pair))


@given(pairs())
def test_quantities_are_as_defined(pair: Pair) -> None:
    gamma, A, pi, pi_new = pair.gamma, pair.A, pair.pi, pair.pi_new
    A_bar = [sum(pi_new[s, a] * A[s, a] for a in actions(pair, s)) for s in states(pair)]
    tv = [sum(abs(pi[s, a] - pi_new[s, a]) for a in actions(pair, s)) / 2 for s in states(pair)]
    largest = max(abs(A[s, a]) for s in states(pair) for a in actions(pair, s))
    assert list(pair.A_bar) == A_bar and list(pair.tv) == tv
    assert pair.L == pair.eta + sum(pair.rho[s] * A_bar[s] for s in states(pair))
    assert (pair.max_tv, pair.eps, pair.eps_cpi) == (max(tv), largest, max(map(abs, A_bar)))
    assert pair.mean_tv == sum((1 - gamma) * pair.rho[s] * tv[s] for s in states(pair))
    assert pair.C == 4 * largest * gamma / (1 - gamma) ** 2
    spans = [
        max(A[s, a] - A[s, b] for a in actions(pair, s) for b in actions(pair, s))
        for s in states(pair)
    ]
    assert list(pair.span_a(A)) == spans
    assert list(pair.max_a(pair.r)) == [max(pair.r[s, actions(pair, s)]) for s in states(pair)]
    assert pair.span_s(pair.A_bar) == max(A_bar) - min(A_bar)


@given(pairs(max_states=3))
def test_action_values_of_the_new_policy_are_one_step_ahead_of_its_values(pair: Pair) -> None:
    P, V_new = pair.mdp.P, pair.V_new
    for s in states(pair):
        assert V_new[s] == sum(pair.pi_new[s, a] * pair.Q_new[s, a] for a in actions(pair, s))
        for a in actions(pair, s):
            ahead = sum(P[s, a, t] * V_new[t] for t in states(pair))
            assert pair.Q_new[s, a] == pair.r[s, a] + pair.gamma * ahead
            assert pair.A_new[s, a] == pair.Q_new[s, a] - V_new[s]


@given(pairs())
def test_values_of_rewards_solve_their_equations(pair: Pair) -> None:
    gamma, V, W = pair.gamma, pair.V, pair.W
    for s in states(pair):
        assert W[s] == pair.A_bar[s] + gamma * moved(pair, pair.pi_new, W, s)
        change = sum((pair.pi_new - pair.pi)[s, a] * pair.r[s, a] for a in actions(pair, s))
        shift = moved(pair, pair.pi_new, V, s) - moved(pair, pair.pi, V, s)
        assert pair.shift(V)[s] == shift
        slope = change + gamma * shift + gamma * moved(pair, pair.pi, pair.V_dot, s)
        assert pair.V_dot[s] == slope


@given(pairs(max_states=3))
def test_eta_dot_is_the_limit_of_difference_quotients(pair: Pair) -> None:
    w = Fraction(1, 10**15)
    near_pi = tt.evaluate(pair.mdp, (1 - w) * pair.pi + w * pair.pi_new)
    bound = Fraction(1, 10**3)  # at gamma = 999/1000 the second derivative is of order 10^10
    assert abs((near_pi.eta - pair.eta) / w - pair.eta_dot) < bound


@given(pairs(max_states=3))
def test_step_tv_is_that_of_the_laws_of_the_state(pair: Pair) -> None:
    def law(pi: Any, t: int) -> list[Any]:
        now = list(pair.rho0)
        for _ in range(t):
            now = [
                sum(now[s] * pi[s, a] * pair.mdp.P[s, a, u] for s in states(pair)
                    for a in actions(pair, s))
                for u in states(pair)
            ]  # fmt: skip
        return now

    for t in (0, 1, 3):
        old, new = law(pair.pi, t), law(pair.pi_new, t)
        assert pair.step_tv(t) == sum(abs(x - y) for x, y in zip(old, new, strict=True)) / 2


def three_kinds() -> Pair:
    """X moves to Y; Z is never visited.  X is unchanged, Y halves a support, Z loses one."""
    half, one, none = Fraction(1, 2), Fraction(1), Fraction(0)
    P = [[[0, 1, 0]] * 2, [[0, 1, 0]] * 2, [[0, 0, 1]] * 2]
    mdp = tt.MDP(P, [["1", "0"]] * 3, ["1", "0", "0"], "1/2")
    pi = np.array([[half, half], [one, none], [half, half]], dtype=object)
    pi_new = np.array([[half, half], [half, half], [one, none]], dtype=object)
    return Pair(mdp, pi, pi_new)


def test_zero_probabilities_and_unvisited_states() -> None:
    pair = three_kinds()
    log2 = real.log(Fraction(2))
    assert pair.kl[0] == 0 and type(pair.kl[0]) is Fraction
    assert pair.kl[1] == log2  # 1 log 2 + 0 log 0
    assert pair.kl[2] == pair.max_kl == real.INFINITY
    assert list(pair.d) == [Fraction(1, 2), Fraction(1, 2), 0]
    assert pair.mean_kl == log2 / 2  # d = 0 leaves the infinity out
    assert pair.M == -real.INFINITY
    floats = pair.to_float()
    assert near(floats.mean_kl, np.log(2) / 2)
    assert np.isinf(floats.max_kl)


def test_no_penalty_is_left_where_the_constant_is_zero() -> None:
    """0 times an infinite divergence is 0: at gamma = 0 the surrogate is the return."""
    pair = three_kinds()
    mdp = pair.mdp
    pair = Pair(tt.MDP(mdp.P, mdp.r, mdp.rho0, "0"), pair.pi, pair.pi_new)
    assert pair.C == 0 and pair.max_kl == real.INFINITY
    assert pair.M == pair.L == pair.eta_new
    assert pair.to_float().M == pair.to_float().L


def test_mixtures_know_their_target() -> None:
    pair = fixtures.cpi()()
    assert pair.is_mixture and pair.alpha == Fraction(1, 10)
    assert np.all(pair.pi_new == (1 - pair.alpha) * pair.pi + pair.alpha * pair.target)
    assert np.all(pair.A_bar == pair.alpha * pair.A_bar_target)
    exact = pair.to_float().exact
    assert exact.is_mixture
    assert np.all(exact.pi_new == (1 - exact.alpha) * exact.pi + exact.alpha * exact.target)
    plain = Pair(pair.mdp, pair.pi, pair.pi_new)
    assert not plain.is_mixture
    with pytest.raises(InvalidMDPError, match="a mixture pair"):
        next(theorem for theorem in THEOREMS if theorem.mixture)(plain)


def test_arithmetics_are_not_mixed() -> None:
    case = worst_case.tight_cpi("9/10")
    with pytest.raises(ExactnessError):
        Pair(case.mdp, np.array([[0.5, 0.5]] * 2), case.pi)
    with pytest.raises(ExactnessError):
        Pair.mixture(case.mdp, case.pi, case.target, 0.5)
    with pytest.raises(InvalidMDPError):
        Pair.mixture(case.mdp, case.pi, case.target, "3/2")
    assert Pair.mixture(case.mdp, case.pi, case.target, 1).alpha == 1


@given(pairs())
def test_no_quantity_of_a_rational_pair_is_a_float(pair: Pair) -> None:
    for name in set(QUANTITIES) - OF_MIXTURES - OF_AVERAGES:
        for x in np.ravel(np.asarray(getattr(pair, name), dtype=object)):
            assert type(x) in (Fraction, real.Real), name


def test_repr_is_one_line() -> None:
    assert repr(fixtures.cpi()()) == "<Pair: mixture, alpha=1/10, S=2, A=2, rational arithmetic>"
