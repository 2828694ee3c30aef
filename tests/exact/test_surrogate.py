"""The surrogate L: value, gradient and radius, in both arithmetics."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._exact.surrogate import Surrogate
from tests.exact.cases import HORIZONS, batch
from tests.strategies import Case, alphas, cases, rational_pairs

F = Fraction


def test_value_worked_example() -> None:
    """One state, gamma 1/2, rewards 0 and 1, uniform policy: V = 1, A = (-1/2, 1/2), rho = 2."""
    mdp = tt.MDP([[[1], [1]]], [[0, 1]], [1], "1/2")
    L = tt.surrogate(tt.evaluate(mdp, [["1/2", "1/2"]]))
    assert L.G.tolist() == [[-1, 1]] and L.weight.tolist() == [2]
    assert L.value([[0, 1]]) == 2 and L.value([[1, 0]]) == 0
    assert L.value([["1/2", "1/2"]]) == L.eta == 1
    assert L.radius([[0, 1]]) == 0


@given(cases())
def test_value_is_equation_3(case: Case) -> None:
    mdp, pi, pi_new = case.triple
    e = tt.evaluate(mdp, pi)
    L = tt.surrogate(e)
    assert L.value(pi_new) == e.eta + (e.rho[:, None] * pi_new * e.A).sum()
    assert L.value(pi) == e.eta


@given(cases(), alphas())
def test_value_is_linear_with_its_gradient(case: Case, alpha: Fraction) -> None:
    mdp, pi, pi_new = case.triple
    L = tt.surrogate(tt.evaluate(mdp, pi))
    mixed = tt.policies.mixture(pi, pi_new, alpha)
    assert L.value(mixed) == (1 - alpha) * L.value(pi) + alpha * L.value(pi_new)
    assert L.value(pi_new) - L.value(pi) == (L.gradient(mixed) * (pi_new - pi)).sum()


@given(cases())
def test_gradient_is_that_of_the_return(case: Case) -> None:
    """Equation (4): L and eta have the same derivative at pi, by a difference with step 1e-20."""
    mdp, pi, pi_new = case.triple
    h = F(1, 10**20)
    eta = tt.evaluate(mdp, pi).eta
    slope = (tt.evaluate(mdp, tt.policies.mixture(pi, pi_new, h)).eta - eta) / h
    L = tt.surrogate(tt.evaluate(mdp, pi))
    assert abs(slope - (L.value(pi_new) - eta)) < F(1, 10**9)


def test_value_is_eta_at_pi_for_every_gradient() -> None:
    """G of an exact surrogate has mean 0 under pi; this one has not."""
    G, pi = np.array([[F(1), F(3)]]), np.array([[F(1, 2), F(1, 2)]])
    L = Surrogate(G, np.array([F(1)]), pi, F(5))
    assert L.value(pi) == 5 and L.value([["1/4", "3/4"]]) == F(11, 2)
    rough = Surrogate(G.astype(float), np.ones(1), pi.astype(float), 5.0)
    assert rough.value([[0.5, 0.5]]) == 5 and rough.value([[0.25, 0.75]]) == 5.5
    big = 2.0**950  # so large that it is scaled
    huge = Surrogate(np.array([[big, -big]]), np.ones(1), pi.astype(float), big)
    assert huge.value([[0.5, 0.5]]) == big and huge.value([[0.75, 0.25]]) == 1.5 * big


@given(cases())
def test_float_value_is_within_its_radius(case: Case) -> None:
    mdp, pi, pi_new = case.triple
    rough = mdp.to_float()
    p, p_new = tt.policies.to_float(pi), tt.policies.to_float(pi_new)
    L = tt.surrogate(tt.evaluate(rough, p))
    exact = tt.surrogate(tt.evaluate(rough.to_rational(), tt.policies.to_rational(p)))
    truth = exact.value(tt.policies.to_rational(p_new))
    assert abs(F(float(L.value(p_new))) - truth) <= F(float(L.radius(p_new)))
    errors = np.abs(np.array([F(float(x)) for x in L.G.flat]) - exact.G.ravel())
    assert L.G_radius is not None
    assert all(e <= F(float(b)) for e, b in zip(errors, L.G_radius.flat, strict=True))


def test_radius_of_G_is_the_sum_of_its_error_bounds(rng: np.random.Generator) -> None:
    """The bounds of the errors of rho and A and of the rounding of their product, 2^-30 more."""
    mdp = tt.MDP(rng.dirichlet(np.ones(3), (3, 2)), rng.normal(size=(3, 2)), np.ones(3) / 3, 0.9)
    ev = tt.evaluate(mdp, rng.dirichlet(np.ones(2), 3))
    L, rad = tt.surrogate(ev), ev.radius
    assert L.G_radius is not None
    for s, a in np.ndindex(3, 2):
        rho, A, rho_radius, A_radius, G, radius = (
            F(float(x))
            for x in (ev.rho[s], ev.A[s, a], rad.rho[s], rad.A[s, a], L.G[s, a], L.G_radius[s, a])
        )
        least = rho * A_radius + rho_radius * (abs(A) + A_radius) + abs(G) / 2**52
        assert least <= radius <= least * (1 + F(1, 2**30))


def test_radius_of_the_value_worked_example() -> None:
    """Three states, two actions, each probability moved by 1/4, unless a row is off the grid.

    The radius is the sum of the errors of G and eta, one rounding of L, 2^-90 of the terms and the
    mass below the grid times the largest G, all times 1 + 2^-30, plus 8 least doubles an entry.
    """
    even, moved = np.full((3, 2), 0.5), np.array([[0.75, 0.25]] * 3)
    G = np.array([[4.0, -4.0]] * 3)

    def radius(G: Any, eta: float, G_radius: float, eta_radius: float, *rows: Any) -> Any:
        pi, pi_new = rows or (even, moved)
        width = np.full((3, 2), G_radius)
        L = Surrogate(G, np.ones(3), pi, eta, G_radius=width, eta_radius=eta_radius)
        return L.radius(pi_new)

    more, u = 1 + F(1, 2**30), F(1, 2**53)
    assert radius(0 * G, 0.0, 0.0, 0.0) == 8 * 3 * 2 * 2.0**-1074
    assert radius(0 * G, 1.0, 0.0, 0.0) == float((2 * u + F(1, 2**90)) * more)
    assert radius(G, -6.0, 0.0, 0.0) == float(12 * F(1, 2**90) * more)  # L = 0 = -6 + 6
    assert radius(0 * G, 0.0, 1.0, 0.5) == float(2 * more)
    assert radius(0 * G, 0.0, 1.0, 0.5, even, even) == float(F(1, 2) * more)
    tiny, less = (np.array([[1.0, 2.0**-k]] * 3) for k in (60, 61))
    below = 3 * 4 * (F(1, 2**60) + F(1, 2**61))
    value, size = 3 * 4 * F(1, 2**61), 3 * 4 * F(1, 2**61)
    expected = (2 * u * value + size / 2**90 + below) * more
    assert radius(G, 0.0, 0.0, 0.0, less, tiny) == pytest.approx(
        float(expected), rel=1e-15, abs=0.0
    )


def test_radius_shrinks_with_the_step() -> None:
    """Near pi the radius is about that of eta, for any error of G."""
    case = batch("dense", 30, 8, 5, HORIZONS[:3])
    L = tt.surrogate(tt.evaluate(case.mdp, case.pi))
    near = tt.policies.mixture(case.pi, case.pi_new, 1e-9)
    assert np.all(L.radius(near) <= L.radius(case.pi_new))
    assert L.eta_radius is not None
    assert np.all(L.radius(near) <= 2 * L.eta_radius + 2.0**-52 * np.abs(L.eta))


def test_radius_at_the_old_policy_is_that_of_its_return() -> None:
    case = batch("dense", 32, 8, 5, HORIZONS[:3])
    L = tt.surrogate(tt.evaluate(case.mdp, case.pi))
    assert np.array_equal(L.value(case.pi), L.eta)
    assert np.all(L.radius(case.pi) >= L.eta_radius)


def test_new_policy_below_the_grid() -> None:
    """The largest entry represents 1 - 23 * 1.1e-16; the values of the two states nearly cancel."""
    n = 24
    r = np.zeros((2, n))
    r[0, 0], r[1] = 1.0, -0.9
    mdp = tt.MDP(np.eye(2)[:, None].repeat(n, axis=1), r, [0.5, 0.5], 0.0)
    pi = np.full((2, n), 0.1 / (n - 1))
    pi[:, 0] = 0.9
    pi_new = np.full((2, n), 1.1e-16)
    pi_new[:, 0] = 1.0
    old, new = (tt.policies.check_policy(mdp, x) for x in (pi, pi_new))
    L = tt.surrogate(tt.evaluate(mdp, old))
    exact = tt.surrogate(tt.evaluate(mdp.to_rational(), tt.policies.to_rational(old)))
    error = abs(F(float(L.value(new))) - exact.value(tt.policies.to_rational(new)))
    assert error > F(1, 2**53)
    assert error <= F(float(L.radius(new)))


def test_batch_equals_singles() -> None:
    case = batch("dense", 31, 8, 5, HORIZONS[:3])
    L = tt.surrogate(tt.evaluate(case.mdp, case.pi))
    value, radius = L.value(case.pi_new), L.radius(case.pi_new)
    assert value.shape == radius.shape == (8,)
    for i in range(8):
        one = tt.surrogate(tt.evaluate(case.mdp[i], case.pi[i]))
        bound = radius[i] + one.radius(case.pi_new[i])
        assert abs(value[i] - one.value(case.pi_new[i])) <= bound


def test_many_policies_at_once() -> None:
    mdp = tt.MDP([[[1], [1]]], [[0.0, 1.0]], [1], 0.5)
    L = tt.surrogate(tt.evaluate(mdp, [[0.5, 0.5]]))
    assert L.value([[[0.0, 1.0]], [[1.0, 0.0]]]).tolist() == [2.0, 0.0]


@pytest.mark.parametrize("pi_new", [[[1.0, 0.0], [1.0, 0.0]], [1.0, 0.0], [[1.0]]])
def test_other_shapes_are_refused(pi_new: Any) -> None:
    mdp = tt.MDP([[[1], [1]]], [[0.0, 1.0]], [1], 0.5)
    L = tt.surrogate(tt.evaluate(mdp, [[0.5, 0.5]]))
    for ask in (L.value, L.gradient, L.radius):
        with pytest.raises(tt.InvalidMDPError, match="pi_new has shape"):
            ask(pi_new)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([np.nan, 1.0], r"pi_new\[s=0, a=0\] = nan, expected a finite number"),
        ([-0.5, 1.5], r"pi_new\[s=0, a=0\] = -0.5, expected a probability"),
        ([0.5, 0.6], r"pi_new\[s=0\] sums to 1.1, expected 1 \(off by \+0.1; tolerance 1e-09\)"),
    ],
)
def test_rows_off_the_simplex_are_refused(row: list[float], message: str) -> None:
    mdp = tt.MDP([[[1], [1]]], [[0.0, 1.0]], [1], 0.5)
    L = tt.surrogate(tt.evaluate(mdp, [[0.5, 0.5]]))
    for ask in (L.value, L.gradient, L.radius):
        with pytest.raises(tt.InvalidMDPError, match=message):
            ask([row])
    exact = tt.surrogate(tt.evaluate(mdp.to_rational(), [["1/2", "1/2"]]))
    with pytest.raises(tt.InvalidMDPError, match=r"pi_new\[s=0\] sums to 5/6, .*exactly"):
        exact.value([["1/2", "1/3"]])
    with pytest.raises(tt.InvalidMDPError, match=r"pi_new\[0, 1\] = '-0', .*without a minus sign"):
        exact.value([["1", "-0"]])


def test_a_new_policy_is_rounded_as_by_check_policy() -> None:
    mdp = tt.MDP([[[1], [1]]], [[0.0, 1.0]], [1], 0.5)
    L = tt.surrogate(tt.evaluate(mdp, [[0.5, 0.5]]))
    rough = [[1 / 3, 2 / 3 + 1e-10]]
    assert L.value(rough) == L.value(tt.policies.check_policy(mdp, rough))


def test_batches_of_other_shapes_are_refused() -> None:
    case = batch("dense", 31, 8, 5, HORIZONS[:3])
    L = tt.surrogate(tt.evaluate(case.mdp, case.pi))
    assert L.value(case.pi_new[0]).shape == (8,)
    with pytest.raises(tt.InvalidMDPError, match="pi_new has shape"):
        L.value(case.pi_new[:3])


def test_arithmetics_do_not_mix() -> None:
    mdp = tt.MDP([[[1], [1]]], [[0, 1]], [1], "1/2")
    L = tt.surrogate(tt.evaluate(mdp, [["1/2", "1/2"]]))
    with pytest.raises(tt.ExactnessError, match="pi_new is in float arithmetic"):
        L.value([[0.5, 0.5]])


def test_estimates_have_no_radius() -> None:
    pi = np.array([[0.5, 0.5]])
    L = tt.Surrogate(np.array([[-1.0, 1.0]]), np.array([2.0]), pi, 1.0, stderr=0.1)
    assert L.value([[0.0, 1.0]]) == 2.0
    assert L.radius([[0.0, 1.0]]) is None


@pytest.mark.parametrize("reward", [1e300, 4e304])
def test_overflow_is_an_error(reward: float) -> None:
    """At gamma = 1 - 1e-5, rho * A is above 1.8e308 for the larger reward only."""
    mdp = tt.MDP([[[1], [1]]], [[reward, -reward]], [1], 0.9)
    e = tt.evaluate(mdp, [[0.5, 0.5]])
    assert tt.surrogate(e).value([[1.0, 0.0]]) == pytest.approx(10 * reward)
    far = tt.evaluate(tt.MDP([[[1], [1]]], [[reward, -reward]], [1], 1 - 1e-5), [[0.5, 0.5]])
    if reward > 1e304:
        with pytest.raises(tt.LimitError, match=r"rho \* A overflows float64"):
            tt.surrogate(far)
    else:
        assert np.all(np.isfinite(tt.surrogate(far).G))


def test_overflow_of_the_value_is_an_error() -> None:
    """Entries of rho * A are 1e308, which are doubles; the sum of two states overflows."""
    P = np.eye(2)[:, None].repeat(2, axis=1)
    mdp = tt.MDP(P, [[8e307, -8e307]] * 2, [0.5, 0.5], 0.6)
    L = tt.surrogate(tt.evaluate(mdp, [[0.5, 0.5]] * 2))
    assert L.value([[1.0, 0.0], [0.5, 0.5]]) == pytest.approx(1e308)
    with pytest.raises(tt.LimitError, match="L overflows float64"):
        L.value([[1.0, 0.0], [1.0, 0.0]])


def test_scales_of_a_batch_are_independent() -> None:
    P, rho0 = np.ones((2, 1, 2, 1)), np.ones((2, 1))
    r = np.array([[[1e300, -1e300]], [[1e-270, 0.0]]])
    mdp, new = tt.MDP(P, r, rho0, [0.5, 0.5]), [[0.25, 0.75]]
    both = tt.surrogate(tt.evaluate(mdp, [[0.5, 0.5]])).value(new)
    assert both[1] == tt.surrogate(tt.evaluate(mdp[1], [[0.5, 0.5]])).value(new) != 0.0


def test_gain_is_the_value_less_eta_in_every_arithmetic() -> None:
    """The gain by plain sums, for rational models and for batches of float models."""
    for mdp, pi, pi_new in rational_pairs(0, 12):
        L = tt.surrogate(tt.evaluate(mdp, pi))
        assert L.gain(pi_new) == L.value(pi_new) - L.eta
    rng = np.random.default_rng(3)
    P, r = rng.dirichlet(np.ones(3), (2, 5, 3, 4)), rng.normal(size=(2, 5, 3, 4))
    pi, new = rng.dirichlet(np.ones(4), (2, 2, 5, 3))
    batch = tt.surrogate(tt.evaluate(tt.MDP(P, r, np.ones(3) / 3, 0.9), pi))
    assert batch.gain(new) == pytest.approx(batch.value(new) - batch.eta, abs=1e-12)
    off_centre = tt.Surrogate(np.array([[1.0, 2.0]]), np.ones(1), np.array([[0.5, 0.5]]), 7.0)
    assert off_centre.gain(np.array([[1.0, 0.0]])) == -0.5  # of G = rho A, sum_a pi G is 0


def test_value_of_a_rational_batch_is_one_number_for_each_policy() -> None:
    half = np.full((2, 1, 2), F(1, 2))
    G = np.array([[[F(-1), F(1)]], [[F(-2), F(2)]]])
    L = Surrogate(G, np.full((2, 1), F(1)), half, np.array([F(0), F(1)]))
    assert L.value([[["0", "1"]], [["0", "1"]]]).tolist() == [1, 3]


def test_repr_shows_eta_and_its_standard_error() -> None:
    L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 1.5, 0.25)
    assert repr(L) == "<Surrogate: S=1, A=2, eta 1.5, stderr 0.25>"
