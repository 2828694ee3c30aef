"""Theorem 1 of TRPO, the steps of its proof by coupling, and the minorant of Algorithm 1.

The proof (TRPO 2015, appendix A) follows the two policies on coupled paths, which differ at t with
probability 1 - (1 - max_tv)^t at most.  The sum over t of that, discounted, is the coupling
constant c; each step from the span of A_bar times c to Theorem 1 is a statement here.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

TRPO = "Schulman et al. 2015"
AFTER = f"after {TRPO}"


@theorem("TRPO (8), Theorem 1", TRPO, center="L")
def trpo_bound(p: Symbols) -> Sides:
    """The new return is at least L - 4 eps gamma max_tv^2 / (1 - gamma)^2.

    Here max_tv is the largest total variation distance of the rows of the policies, and eps is the
    largest absolute advantage.
    """
    return p.eta_new, ">=", p.L - 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("TRPO (8), other side", TRPO, center="L")
def trpo_bound_upper(p: Symbols) -> Sides:
    """The new return is at most L + 4 eps gamma max_tv^2 / (1 - gamma)^2.

    Here max_tv is the largest total variation distance of the rows of the policies, and eps is the
    largest absolute advantage.
    """
    return p.eta_new, "<=", p.L + 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("TRPO (9)", TRPO, center="L")
def trpo_kl_bound(p: Symbols) -> Sides:
    """The new return is at least L - C max_kl, where C = 4 eps gamma / (1 - gamma)^2.

    Here max_kl is the largest KL(pi || pi_new) of a state.
    """
    return p.eta_new, ">=", p.L - p.C * p.max_kl


@theorem("TRPO (9) with C/2", AFTER, center="L")
def trpo_kl_bound_half(p: Symbols) -> Sides:
    """The new return is at least L - (C / 2) max_kl, where C = 4 eps gamma / (1 - gamma)^2.

    It is Theorem 1 of TRPO with Pinsker's inequality tv^2 <= KL / 2 in place of tv^2 <= KL.
    """
    return p.eta_new, ">=", p.L - p.C / 2 * p.max_kl


@theorem("TRPO Lemma 2, rows", AFTER)
def advantage_lemma(p: Symbols) -> Sides:
    """The mean advantage abs(A_bar) at a state is at most tv times the span of A at that state.

    Here tv is the total variation distance of the rows of the policies, and the span is the maximum
    less the minimum over the allowed actions.
    """
    return p.max_s(abs(p.A_bar) - p.tv * p.span_a(p.A)), "<=", 0


@theorem("TRPO Lemma 2", TRPO)
def mean_advantage_lemma(p: Symbols) -> Sides:
    """The largest absolute mean advantage eps_cpi is at most 2 max_tv eps.

    Here max_tv is the largest total variation distance of the rows of the policies, and eps is the
    largest absolute advantage.
    """
    return p.eps_cpi, "<=", 2 * p.max_tv * p.eps


@theorem("TRPO Lemma 2, capped", AFTER)
def advantage_lemma_eps(p: Symbols) -> Sides:
    """The largest absolute mean advantage eps_cpi is at most 2 max_tv eps, and at most eps.

    Here max_tv is the largest total variation distance of the rows of the policies, and eps is the
    largest absolute advantage.
    """
    return p.eps_cpi, "<=", p.smaller(1, 2 * p.max_tv) * p.eps


def law(p: Symbols, pi: Any, t: int) -> Any:
    """Return the distribution (S,) of the state after t steps of a policy from rho0."""
    found = p.rho0
    for _ in range(t):
        found = p.push_forward(found * pi)
    return found


def drift(p: Symbols, t: int) -> Sides:
    """State Lemma 3 of TRPO at step t: expected A_bar under pi_new and pi at t are close.

    The difference is at most 2 (1 - (1 - max_tv)^t) eps_cpi.
    """
    moved = p.sum_s((law(p, p.pi_new, t) - law(p, p.pi, t)) * p.A_bar)
    return abs(moved), "<=", 2 * (1 - (1 - p.max_tv) ** t) * p.eps_cpi


@theorem("TRPO Lemma 3, t=1", TRPO)
def drift_lemma_1(p: Symbols) -> Sides:
    """After one step the expected A_bar of the two policies differs by at most 2 max_tv eps_cpi.

    Coupled paths of the two policies differ after one step with probability at most max_tv.  Here
    eps_cpi is the largest absolute mean advantage A_bar.
    """
    return drift(p, 1)


@theorem("TRPO Lemma 3, t=2", TRPO)
def drift_lemma_2(p: Symbols) -> Sides:
    """After two steps the expected A_bar differs by at most 2 (1 - (1 - max_tv)^2) eps_cpi.

    The difference is between paths of pi and of pi_new.  The middle term printed in Lemma 3 of
    TRPO, 2 max_tv max A_bar, is too small for two steps.
    """
    return drift(p, 2)


@theorem("TRPO Lemma 3, t=3", TRPO)
def drift_lemma_3(p: Symbols) -> Sides:
    """After three steps the expected A_bar differs by at most 2 (1 - (1 - max_tv)^3) eps_cpi.

    The difference is between paths of pi and of pi_new.  The middle term printed in Lemma 3 of
    TRPO, 2 max_tv max A_bar, is too small for three steps.
    """
    return drift(p, 3)


@theorem("TRPO Lemma 3, laws, t=3", AFTER)
def coupling_lemma(p: Symbols) -> Sides:
    """After three steps the distributions of the state differ by at most 1 - (1 - max_tv)^3.

    The difference is the total variation distance.  Coupled paths of pi and pi_new agree for three
    steps with probability at least (1 - max_tv)^3.
    """
    return p.step_tv(3), "<=", 1 - (1 - p.max_tv) ** 3


@theorem("TRPO appendix A, span", AFTER)
def coupling_span(p: Symbols) -> Sides:
    """The error abs(eta_new - L) of the surrogate is at most c times the span of A_bar.

    Here c = sum_t gamma^t (1 - (1 - max_tv)^t) bounds the discounted probability that coupled paths
    of the two policies differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return abs(p.eta_new - p.L), "<=", p.span_s(p.A_bar) * c


@theorem("TRPO appendix A, span to eps", AFTER)
def coupling_eps_cpi(p: Symbols) -> Sides:
    """The span of the mean advantage A_bar is at most twice its largest absolute value eps_cpi.

    Both sides of the formula are multiplied by c.  Here c = sum_t gamma^t (1 - (1 - max_tv)^t)
    bounds the discounted probability that coupled paths of the two policies differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return p.span_s(p.A_bar) * c, "<=", 2 * p.eps_cpi * c


@theorem("TRPO appendix A, cap", AFTER)
def coupling_capped(p: Symbols) -> Sides:
    """The largest absolute mean advantage eps_cpi is at most the smaller of eps and 2 max_tv eps.

    Both sides of the formula are multiplied by 2 c.  The bound by eps improves Theorem 1 of TRPO
    where max_tv > 1/2.  Here c = sum_t gamma^t (1 - (1 - max_tv)^t) bounds the discounted
    probability that coupled paths of the two policies differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c


@theorem("TRPO appendix A, rows", AFTER)
def coupling_rows(p: Symbols) -> Sides:
    """The largest mean advantage eps_cpi is at most max_tv times the largest row span of A.

    The span of a row is max_a A(s, a) - min_a A(s, a).  Both sides of the formula are multiplied by
    2 c.  For max_tv > 1/2, either this bound or eps_cpi <= eps is sharper.  Here c = sum_t gamma^t
    (1 - (1 - max_tv)^t) bounds the discounted probability that coupled paths of the two policies
    differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.max_tv * p.max_s(p.span_a(p.A)) * c


@theorem("TRPO appendix A, no cap", AFTER, algebra=True)
def coupling_bound(p: Symbols) -> Sides:
    """The penalty 4 max_tv eps c is at least 2 min(1, 2 max_tv) eps c, the penalty capped at eps.

    The penalty is attained for all gamma where max_tv <= 1/2.  Here c = sum_t gamma^t (1 - (1 -
    max_tv)^t) bounds the discounted probability that coupled paths of the two policies differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c, "<=", 4 * p.max_tv * p.eps * c


@theorem("TRPO appendix A, last step", TRPO, algebra=True)
def coupling_to_theorem(p: Symbols) -> Sides:
    """The penalty 4 max_tv eps c is at most that of Theorem 1 of TRPO.

    Theorem 1 has the penalty 4 eps gamma max_tv^2 / (1 - gamma)^2: it replaces the factor 1 - gamma
    (1 - max_tv) in the denominator of c by 1 - gamma.  Here c = sum_t gamma^t (1 - (1 - max_tv)^t)
    bounds the discounted probability that coupled paths of the two policies differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    penalty = 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2
    return 4 * p.max_tv * p.eps * c, "<=", penalty


@theorem("from TRPO Lemma 3", "own")
def visitation_coupling(p: Symbols) -> Sides:
    """The visitations rho and rho_new differ by at most 2 c in the 1-norm.

    Here c = sum_t gamma^t (1 - (1 - max_tv)^t) bounds the discounted probability that coupled paths
    of the two policies differ.
    """
    c = coupling_constant(p.max_tv, p.gamma)
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * c


@theorem("TRPO (10)", TRPO, same_as="trpo_kl_bound")
def minorant_gain(p: Symbols) -> Sides:
    """The gain eta_new - eta is at least the gain of the minorant M = L - C max_kl."""
    return p.eta_new - p.eta, ">=", p.M - p.M_pi


@theorem("TRPO (10)", TRPO, when=lambda p: (p.M, ">=", p.M_pi))
def monotone_improvement(p: Symbols) -> Sides:
    """A step that does not lower the minorant M = L - C max_kl does not lower the return."""
    return p.eta_new, ">=", p.eta
