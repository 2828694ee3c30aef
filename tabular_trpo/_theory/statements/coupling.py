"""Theorem 1 of TRPO, the steps of its proof by coupling, and the minorant of Algorithm 1.

The proof (TRPO 2015, appendix A) follows the two policies on coupled paths, which differ at t with
probability 1 - (1 - max_tv)^t at most.  The sum over t of that, discounted, is the coupling
constant c; each step from the span of A_bar times c to Theorem 1 is a statement here.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.trace import Sides, Symbols

TRPO = "Schulman et al. 2015"
AFTER = f"after {TRPO}"


@theorem("TRPO (8), Theorem 1", TRPO, center="L")
def trpo_bound(p: Symbols) -> Sides:
    """The new return is at least the surrogate less a multiple of the squared largest step."""
    return p.eta_new, ">=", p.L - 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("TRPO (8), other side", TRPO, center="L")
def trpo_bound_upper(p: Symbols) -> Sides:
    """The new return is at most the surrogate plus a multiple of the squared largest step."""
    return p.eta_new, "<=", p.L + 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("TRPO (9)", TRPO, center="L")
def trpo_kl_bound(p: Symbols) -> Sides:
    """The new return is at least the surrogate less C times the largest KL divergence."""
    return p.eta_new, ">=", p.L - p.C * p.max_kl


@theorem("TRPO (9) with C/2", AFTER, center="L")
def trpo_kl_bound_half(p: Symbols) -> Sides:
    """The new return is at least the surrogate less C/2 times the largest KL divergence.

    Theorem 1 with Pinsker's inequality in place of tv^2 <= KL.
    """
    return p.eta_new, ">=", p.L - p.C / 2 * p.max_kl


@theorem("TRPO Lemma 2, rows", AFTER)
def advantage_lemma(p: Symbols) -> Sides:
    """The mean advantage at a state is at most the step times the span of advantages there."""
    return p.max_s(abs(p.A_bar) - p.tv * p.span_a(p.A)), "<=", 0


@theorem("TRPO Lemma 2", TRPO)
def mean_advantage_lemma(p: Symbols) -> Sides:
    """The largest mean advantage eps_cpi is at most twice the largest step times eps."""
    return p.eps_cpi, "<=", 2 * p.max_tv * p.eps


@theorem("TRPO Lemma 2, capped", AFTER)
def advantage_lemma_eps(p: Symbols) -> Sides:
    """The largest mean advantage eps_cpi is at most 2 max_tv eps, and at most eps."""
    return p.eps_cpi, "<=", p.smaller(1, 2 * p.max_tv) * p.eps


def law(p: Symbols, pi: Any, t: int) -> Any:
    """Return the law of the state after t steps under a policy."""
    found = p.rho0
    for _ in range(t):
        found = p.push(found * pi)
    return found


def drift(p: Symbols, t: int) -> Sides:
    """State that the expected A_bar after t steps differs by at most a multiple of eps_cpi."""
    moved = p.sum_s((law(p, p.pi_new, t) - law(p, p.pi, t)) * p.A_bar)
    return abs(moved), "<=", 2 * (1 - (1 - p.max_tv) ** t) * p.eps_cpi


@theorem("TRPO Lemma 3, t=1", TRPO)
def drift_lemma_1(p: Symbols) -> Sides:
    """After one step the expected A_bar of the two policies differs by at most 2 max_tv eps_cpi.

    Coupled paths of the two policies differ by then with probability max_tv at most.
    """
    return drift(p, 1)


@theorem("TRPO Lemma 3, t=2", TRPO)
def drift_lemma_2(p: Symbols) -> Sides:
    """After two steps the expected A_bar differs by at most 2 (1 - (1 - max_tv)^2) eps_cpi.

    The middle term printed in Lemma 3, 2 max_tv max A_bar, is too small here.
    """
    return drift(p, 2)


@theorem("TRPO Lemma 3, t=3", TRPO)
def drift_lemma_3(p: Symbols) -> Sides:
    """After three steps the expected A_bar differs by at most 2 (1 - (1 - max_tv)^3) eps_cpi.

    The middle term printed in Lemma 3, 2 max_tv max A_bar, is too small here.
    """
    return drift(p, 3)


@theorem("TRPO Lemma 3, laws, t=3", AFTER)
def coupling_lemma(p: Symbols) -> Sides:
    """After three steps the laws of the state differ by at most 1 - (1 - max_tv)^3.

    Coupled paths of the two policies agree until then with probability (1 - max_tv)^3.
    """
    return p.step_tv(3), "<=", 1 - (1 - p.max_tv) ** 3


@theorem("TRPO appendix A, span", AFTER)
def coupling_span(p: Symbols) -> Sides:
    """The error of the surrogate is at most the span of the mean advantage times c.

    Here c = sum_t gamma^t (1 - (1 - max_tv)^t), the discounted chance that coupled paths differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return abs(p.eta_new - p.L), "<=", p.span_s(p.A_bar) * c


@theorem("TRPO appendix A, span to eps", AFTER)
def coupling_eps_cpi(p: Symbols) -> Sides:
    """The span of the mean advantage is at most twice its largest absolute value."""
    c = coupling_constant(p.max_tv, p.gamma)
    return p.span_s(p.A_bar) * c, "<=", 2 * p.eps_cpi * c


@theorem("TRPO appendix A, cap", AFTER)
def coupling_capped(p: Symbols) -> Sides:
    """The largest mean advantage is at most the smaller of eps and 2 max_tv eps.

    Both sides are multiplied by 2 c.  The cap at eps improves Theorem 1 for steps above one half.
    Here c = sum_t gamma^t (1 - (1 - max_tv)^t), the discounted chance that coupled paths differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c


@theorem("TRPO appendix A, rows", AFTER)
def coupling_rows(p: Symbols) -> Sides:
    """The largest mean advantage is at most the largest step times the largest row span of A.

    Both sides are multiplied by 2 c.  For steps above one half this bound or the one that is
    capped at eps is sharper.  Here c = sum_t gamma^t (1 - (1 - max_tv)^t), the discounted chance
    that coupled paths differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.max_tv * p.max_s(p.span_a(p.A)) * c


@theorem("TRPO appendix A, no cap", AFTER, algebra=True)
def coupling_bound(p: Symbols) -> Sides:
    """The penalty without the cap, 4 max_tv eps c, is no smaller than the penalty with it.

    It is attained for all gamma at steps up to one half.  Here c = sum_t gamma^t (1 - (1 -
    max_tv)^t), the discounted chance that coupled paths differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c, "<=", 4 * p.max_tv * p.eps * c


@theorem("TRPO appendix A, last step", TRPO, algebra=True)
def coupling_to_theorem(p: Symbols) -> Sides:
    """The penalty 4 max_tv eps c is at most that of Theorem 1.

    Theorem 1 has 1 - gamma in the place of 1 - gamma (1 - max_tv).  Here c = sum_t gamma^t (1 - (1
    - max_tv)^t), the discounted chance that coupled paths differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    penalty = 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2
    return 4 * p.max_tv * p.eps * c, "<=", penalty


@theorem("from TRPO Lemma 3", "own")
def visitation_coupling(p: Symbols) -> Sides:
    """The visitation frequencies differ by at most 2 c in the 1-norm.

    Here c = sum_t gamma^t (1 - (1 - max_tv)^t), the discounted chance that coupled paths differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * c


@theorem("TRPO (10)", TRPO, same_as="trpo_kl_bound")
def minorant_gain(p: Symbols) -> Sides:
    """The return gains at least what the minorant M = L - C max_kl gains."""
    return p.eta_new - p.eta, ">=", p.M - p.M_pi


@theorem("TRPO (10)", TRPO, when=lambda p: (p.M, ">=", p.M_pi))
def monotone_improvement(p: Symbols) -> Sides:
    """A step that does not lower the minorant does not lower the return."""
    return p.eta_new, ">=", p.eta
