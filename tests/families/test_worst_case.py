"""The worst-case families attain what the theory says: constants are pinned by equalities."""

from fractions import Fraction as F
from itertools import product
from math import log, sqrt

import numpy as np
import pytest

from tabular_trpo.core.errors import InvalidMDPError
from tabular_trpo.families import worst_case
from tests.families.oracle import check_model, compare

GAMMAS = ["1/10", "9/10", "99/100"]
STEPS = ["1/1000", "1/10", "1/2"]


def coupling(a, gamma):
    return a * gamma / ((1 - gamma) * (1 - gamma * (1 - a)))


def kl(p, q):
    return sum(float(x) * log(x / y) for x, y in zip(p, q, strict=True) if x)


@pytest.mark.parametrize("case", list(worst_case.standard()), ids=lambda case: case.name)
def test_standard_case_has_advantages_for_rewards(case):
    check_model(case.mdp)
    found = compare(case.mdp, case.pi, case.pi_new)
    assert case.mdp.lane == "rational"
    assert not any(found.old.V)
    assert (found.old.A == case.mdp.r).all()
    assert all(row.sum() == 1 and (row >= 0).all() for row in (*case.pi, *case.pi_new))


@pytest.mark.parametrize(("gamma", "a"), list(product(GAMMAS, STEPS)))
def test_tight_thm1_attains_the_coupling_bound(gamma, a):
    case = worst_case.tight_thm1(a, gamma)
    found = compare(case.mdp, case.pi, case.pi_new)
    g, a = F(gamma), F(a)
    assert (found.eps, found.max_tv, found.L) == (1, a, 2 * a / (1 - g))
    assert found.gap == 4 * a * coupling(a, g)
    assert found.gap / (4 * g * a**2 / (1 - g) ** 2) == (1 - g) / (1 - g * (1 - a))


def test_tight_thm1_refutes_constants_below_four():
    case = worst_case.tight_thm1("1/1000", "1/2")
    found = compare(case.mdp, case.pi, case.pi_new)
    weak = found.eps * F(1, 2) * found.max_tv**2 / F(1, 2) ** 2
    assert F(39, 10) * weak < found.gap < 4 * weak


def test_tight_thm1_far_refutes_eps_over_visited_states():
    case = worst_case.tight_thm1("1/10", "9/10", far=100)
    found = compare(case.mdp, case.pi, case.pi_new)
    visited = max(abs(found.old.A[s]).max() for s in range(2) if found.old.rho[s])
    assert (visited, found.eps) == (1, 100)
    unit = 4 * F(9, 10) * F(1, 100) / F(1, 100)
    assert visited * unit < found.gap <= found.eps * unit


@pytest.mark.parametrize(("gamma", "alpha"), list(product(GAMMAS, [*STEPS, "1"])))
def test_tight_cpi_attains_kakade_langford(gamma, alpha):
    g, w = F(gamma), F(alpha)
    bound = 2 * w * coupling(w, g)  # eps_target = 1
    for sign, share in ((-1, F(1)), (0, F(1, 2))):
        case = worst_case.tight_cpi(gamma, sign, alpha)
        found = compare(case.mdp, case.pi, case.pi_new)
        target = compare(case.mdp, case.pi, case.target)
        assert max(abs(target.A_bar)) == 1 and case.target is not None
        assert (case.pi_new == (1 - w) * case.pi + w * case.target).all()
        assert found.gap == share * bound


@pytest.mark.parametrize(("gamma", "a"), list(product(["1/50", *GAMMAS], STEPS)))
def test_two_region_is_a_known_share_of_theorem_1(gamma, a):
    case = worst_case.two_region(gamma, a)
    found = compare(case.mdp, case.pi, case.pi_new)
    g, a = F(gamma), F(a)
    assert (found.eps, found.max_tv, found.L) == (1, a, 2 * a)
    assert found.gap == 4 * a**2 * g / (1 - g)
    assert found.gap == (1 - g) * 4 * g * a**2 / (1 - g) ** 2


@pytest.mark.parametrize(("gamma", "false"), [("1/50", True), ("1/10", True), ("9/10", False)])
def test_two_region_refutes_a_quarter_of_C_at_small_gamma_only(gamma, false):
    case = worst_case.two_region(gamma, "1/100")
    found = compare(case.mdp, case.pi, case.pi_new)
    g = float(F(gamma))
    max_kl = max(kl(p, q) for p, q in zip(case.pi, case.pi_new, strict=True))
    C = 4 * g / (1 - g) ** 2
    assert (found.gap > C / 4 * max_kl) is false
    assert found.gap <= C / 2 * max_kl
    assert float(found.gap) / (C / 2 * max_kl) == pytest.approx(1 - g, rel=1e-3)


def test_rare_region_refutes_the_mean_kl_exactly():
    p, x, a, g = F(1, 1000), F(1, 500), F(1, 100), F(1, 100)
    case = worst_case.rare_region(g, p, x, a)
    found = compare(case.mdp, case.pi, case.pi_new)
    at_Y = [1 / (1 - g) - 1 / (1 - g * (1 - q)) for q in (p, (1 + x) * p)]
    assert found.old.rho[1] == at_Y[0]
    assert found.gap == 2 * a * (at_Y[1] - at_Y[0])
    # KL <= chi-square = sum (p - q)^2 / q needs no logarithm, and already refutes.
    rows = zip(case.pi, case.pi_new, strict=True)
    chi2 = [sum((u - v) ** 2 / v for u, v in zip(*row, strict=True) if v) for row in rows]
    mean = sum((1 - g) * d * c for d, c in zip(found.old.rho, chi2, strict=True))
    assert found.gap > 4 * g / (1 - g) ** 2 * mean


@pytest.mark.parametrize(("gamma", "false"), [("1/200", True), ("1/18", True), ("1/16", False)])
def test_rare_region_reaches_its_limit(gamma, false):
    g = float(F(gamma))
    x = F(2 * sqrt(g) / 1000).limit_denominator(10**9)
    case = worst_case.rare_region(gamma, "1/100000", x, "1/1000")
    found = compare(case.mdp, case.pi, case.pi_new)
    rows = zip(case.pi, case.pi_new, strict=True)
    weights = [float((1 - F(gamma)) * d) for d in found.old.rho]
    mean_kl = sum(d * kl(*row) for d, row in zip(weights, rows, strict=True))
    measured = float(found.gap) / (4 * g / (1 - g) ** 2 * mean_kl)
    assert measured == pytest.approx(sqrt((1 - g) / g) / 4, rel=5e-3)
    assert (measured > 1) is false  # at these steps the limit changes sides at 1/17


def test_float_arguments_give_the_same_case_in_floats():
    for make in (
        lambda f: worst_case.tight_thm1(f("1/4"), f("1/2")),
        lambda f: worst_case.tight_cpi(f("1/2"), -1, f("1/4")),
        lambda f: worst_case.two_region(f("1/2"), f("1/8")),
        lambda f: worst_case.rare_region(f("1/2"), f("1/4"), f("1/2"), f("1/8")),
    ):
        exact, floats = make(F), make(lambda text: float(F(text)))
        assert (exact.mdp.lane, floats.mdp.lane) == ("rational", "float")
        assert (exact.mdp.P == floats.mdp.P).all() and (exact.mdp.r == floats.mdp.r).all()
        assert (exact.pi == floats.pi).all() and (exact.pi_new == floats.pi_new).all()


def test_standard_keeps_to_one_gamma_and_lane():
    cases = list(worst_case.standard(0.9))
    assert {case.mdp.lane for case in cases} == {"float"}
    assert {float(case.mdp.gamma) for case in cases} == {0.9}
    assert len({case.name for case in worst_case.standard()}) == len(list(worst_case.standard()))
    assert {case.target is None for case in cases} == {True, False}
    assert all(np.isfinite(case.pi_new).all() for case in cases)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: worst_case.tight_thm1(0, "1/2"), "a = 0, expected a number in (0, 1/2]"),
        (lambda: worst_case.tight_thm1("3/5", "1/2"), "a = 3/5, expected a number in (0, 1/2]"),
        (lambda: worst_case.tight_thm1("1/5", 1), "gamma = 1, expected a number in [0, 1)"),
        (lambda: worst_case.tight_cpi("1/2", -1, 2), "alpha = 2, expected a number in [0, 1]"),
        (lambda: worst_case.tight_cpi("1/2", 1), "sign = 1, expected a number in [-1, 0]"),
        (lambda: worst_case.rare_region("1/2", "1/2", 2, "1/4"), "x = 2, expected a number in"),
        (lambda: worst_case.two_region("half", "1/4"), "gamma = 'half' is not a number"),
        (lambda: worst_case.two_region(float("nan"), 0.1), "gamma = nan "),
        (lambda: worst_case.two_region(True, 0.1), "gamma = True is of type bool"),
    ],
)
def test_bad_arguments_are_named(make, line):
    with pytest.raises(InvalidMDPError) as caught:
        make()
    assert str(caught.value).startswith(line)
