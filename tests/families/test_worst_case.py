"""The worst-case families have L - eta_new of their docstrings, exactly in rationals."""

from fractions import Fraction as F
from itertools import product
from math import log, sqrt

import numpy as np
import pytest

from tabular_trpo._core.errors import InvalidMDPError
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
    assert case.mdp.arithmetic == "rational"
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


@pytest.mark.parametrize(("gamma", "a"), list(product(GAMMAS, STEPS)))
def test_fork_has_the_visits_and_the_gap_of_its_docstring(gamma, a):
    g, a = F(gamma), F(a)
    b = a / 3
    case = worst_case.fork(g, a, b)
    check_model(case.mdp)
    found = compare(case.mdp, case.pi, case.pi_new)
    moved = sum(abs(x - y) for x, y in zip(found.new.rho, found.old.rho, strict=True))
    assert moved == 2 * a * g / (1 - g)
    assert (found.L, found.old.eta, found.eps) == (0, 0, 1)
    assert max(abs(found.A_bar)) == 2 * b and found.gap == 2 * b * moved
    if a < F(1, 2):
        rows = zip(found.old.rho, case.pi, case.pi_new, strict=True)
        mean = sum((1 - g) * d * kl(*row) for d, *row in rows)
        k = [-log(1 - 4 * x * x) / 2 for x in (a, b)]
        assert mean == pytest.approx(float(1 - g) * k[0] + float(g) * k[1])


@pytest.mark.parametrize("gamma", ["1/100", "1/2", "9/10", "99/100"])
def test_fork_nearly_attains_what_the_mean_kl_bounds(gamma):
    """The bound -log(1 - t) <= t / (1 - t) suffices to prove 999/1000 of the square."""
    g, a = F(gamma), F(1, 100)
    case = worst_case.fork(g, a, a**3)
    found = compare(case.mdp, case.pi, case.pi_new)
    moved = sum(abs(x - y) for x, y in zip(found.new.rho, found.old.rho, strict=True))
    k = [2 * x * x / (1 - 4 * x * x) for x in (a, a**3)]
    square = 2 * (g / (1 - g)) ** 2 * ((1 - g) * k[0] + g * k[1]) / (1 - g)  # of the bound
    assert F(999, 1000) * square < moved**2 < square
    assert found.gap == max(abs(found.A_bar)) * moved


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


def rails(case, number=F):
    """Return the gap of a ladder and a bound of its mean KL, from sums over its two chains.

    T and E, the sum and the difference of the new visits of the rails, obey two equations a level.
    KL = -log(1 - t) / 2 with t = 4 x^2, and -log(1 - t) <= t (2 - t) / (2 (1 - t)).
    """
    g, steps = number(case.mdp.gamma), [number(row[0] - F(1, 2)) for row in case.pi_new[::2]]
    T = E = old = y = gap = mean_kl = number(0)
    for i, x in enumerate(steps):
        into = int(i == 0) + g * (T / 2 + y * E)
        across, stay = 1 - g / 2, g / 2 if i == len(steps) - 1 else 0
        # T = into + g (T/2 - x E) + stay T + stay 2 x E, E likewise; at the top, up leads back
        up = g * x if stay else F(0)
        a, b = across - stay, g * x - up
        c, d = -(g * x + up), 1 + g / 2 - stay
        behind = g * (E / 2 + y * T)
        det = a * d - b * c
        T, E = (into * d - b * behind) / det, (a * behind - c * into) / det
        old = (int(i == 0) + g * old / 2) / (across - stay)
        gap += 2 * x * E
        t = 4 * x**2
        mean_kl += (1 - g) * old * t * (2 - t) / (4 * (1 - t))
        y = x
    return gap, mean_kl


def share(case, number=F):
    """Return a lower bound of gap / (C mean_kl)."""
    gap, mean_kl = rails(case, number)
    return gap / (4 * case.mdp.gamma / (1 - case.mdp.gamma) ** 2 * mean_kl)


@pytest.mark.parametrize(
    ("levels", "gamma", "a"), [(1, "1/2", "1/3"), (2, "1/5", "1/10"), (5, "19/20", "1/2")]
)
def test_ladder_agrees_with_sums_over_its_two_chains(levels, gamma, a):
    case = worst_case.ladder(levels, gamma, a)
    check_model(case.mdp)
    found = compare(case.mdp, case.pi, case.pi_new)
    assert (found.L, found.old.eta, found.eps, found.max_tv) == (0, 0, 1, F(a))
    if a != "1/2":
        assert found.gap == rails(case)[0]
    assert len(case.mdp.state_names) == 2 * levels


def test_ladder_of_two_levels_worked_out():
    """rho = (5/9, 5/9, 5/72, 5/72): 1 = 9/10 rho_0 twice; 4/5 rho_1 = 1/10 rho_0."""
    case = worst_case.ladder(2, "1/5", "1/10")
    found = compare(case.mdp, case.pi, case.pi_new)
    assert found.old.rho == [F(5, 9), F(5, 9), F(5, 72), F(5, 72)]
    assert found.A_bar.tolist() == [F(-1, 20), F(1, 20), F(-1, 5), F(1, 5)]


@pytest.mark.parametrize(
    ("levels", "gamma"), [(2, "1/20"), (3, "1/10"), (10, "9/50"), (20, "19/100"), (60, "199/1000")]
)
def test_ladder_refutes_the_mean_kl_without_a_logarithm(levels, gamma):
    assert share(worst_case.ladder(levels, gamma, "1/10000")) > 1


@pytest.mark.parametrize("gamma", ["1/100", "1/10", "19/100", "1/5", "21/100", "1/2"])
def test_ladder_reaches_its_limit(gamma):
    """The limit is above 1 exactly below 1/5; at 80 levels the ratio is within 1/200 of it."""
    s = sqrt((2 - F(gamma)) / F(gamma))
    limit = (s - 1) * (s + 1) ** 2 / (4 * (s * s - s + 2))
    assert (limit > 1 + 1e-12) is (F(gamma) < F(1, 5))
    measured = share(worst_case.ladder(80, gamma, "1/10000"), float)
    assert measured == pytest.approx(limit, rel=5e-3) and measured < limit


def test_float_arguments_give_the_same_case_in_floats():
    for make in (
        lambda f: worst_case.tight_thm1(f("1/4"), f("1/2")),
        lambda f: worst_case.tight_cpi(f("1/2"), -1, f("1/4")),
        lambda f: worst_case.two_region(f("1/2"), f("1/8")),
        lambda f: worst_case.fork(f("1/2"), f("1/4"), f("1/8")),
        lambda f: worst_case.rare_region(f("1/2"), f("1/4"), f("1/2"), f("1/8")),
        lambda f: worst_case.ladder(1, f("1/2"), f("1/8")),
    ):
        exact, floats = make(F), make(lambda text: float(F(text)))
        assert (exact.mdp.arithmetic, floats.mdp.arithmetic) == ("rational", "float")
        assert (exact.mdp.P == floats.mdp.P).all() and (exact.mdp.r == floats.mdp.r).all()
        assert (exact.pi == floats.pi).all() and (exact.pi_new == floats.pi_new).all()


def test_standard_keeps_to_one_gamma_and_arithmetic():
    cases = list(worst_case.standard(0.9))
    assert {case.mdp.arithmetic for case in cases} == {"float"}
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
        (lambda: worst_case.fork("1/2", 0, 0), "a = 0, expected a number in (0, 1/2]"),
        (lambda: worst_case.fork("1/2", "1/4", "3/4"), "b = 3/4, expected a number in [0, 1/2]"),
        (lambda: worst_case.ladder(0, "1/2", "1/4"), "levels = 0, expected a whole number"),
        (lambda: worst_case.ladder(2, 0, "1/4"), "gamma = 0, expected a number in (0, 1]"),
        (lambda: worst_case.ladder(2, "1/2", "3/4"), "a = 3/4, expected a number in (0, 1/2]"),
        (lambda: worst_case.two_region("half", "1/4"), "gamma = 'half' is not a number"),
        (lambda: worst_case.two_region(float("nan"), 0.1), "gamma = nan "),
        (lambda: worst_case.two_region(True, 0.1), "gamma = True is of type bool"),
    ],
)
def test_bad_arguments_are_named(make, line):
    with pytest.raises(InvalidMDPError) as caught:
        make()
    assert str(caught.value).startswith(line)
