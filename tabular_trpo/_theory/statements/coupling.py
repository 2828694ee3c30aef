"""Theorem 1 of TRPO, the ladder of its proof by coupling, and the minorant of Algorithm 1."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.trace import Sides

TRPO = "Schulman et al. 2015"
AFTER = f"after {TRPO}"


@theorem("TRPO (8), Theorem 1", TRPO, center="L")
def trpo_bound(p: Any) -> Sides:
    """Any new policy returns at least its surrogate less the squared largest step."""
    return p.eta_new, ">=", p.L - 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("TRPO (8), other side", TRPO, center="L")
def trpo_bound_upper(p: Any) -> Sides:
    """The proof of Theorem 1 bounds the error of the surrogate on both sides."""
    return p.eta_new, "<=", p.L + 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("TRPO (9)", TRPO, center="L")
def trpo_kl_bound(p: Any) -> Sides:
    """Theorem 1 with the KL divergence in place of the squared distance."""
    return p.eta_new, ">=", p.L - p.C * p.max_kl


@theorem("TRPO (9) with C/2", AFTER, center="L")
def trpo_kl_bound_half(p: Any) -> Sides:
    """By Pinsker's inequality half of the constant is enough."""
    return p.eta_new, ">=", p.L - p.C / 2 * p.max_kl


@theorem("TRPO Lemma 2, rows", AFTER)
def advantage_lemma(p: Any) -> Sides:
    """A row that moves by tv changes the mean advantage, which was 0, by at most tv spans."""
    return p.max_s(abs(p.A_bar) - p.tv * p.span_a(p.A)), "<=", 0


@theorem("TRPO Lemma 2", TRPO)
def mean_advantage_lemma(p: Any) -> Sides:
    """The mean advantage of a policy that moves by at most max_tv is at most 2 max_tv eps."""
    return p.eps_cpi, "<=", 2 * p.max_tv * p.eps


@theorem("TRPO Lemma 2, capped", AFTER)
def advantage_lemma_eps(p: Any) -> Sides:
    """The same with eps: the mean advantage is at most 2 max_tv eps, and at most eps."""
    return p.eps_cpi, "<=", p.smaller(1, 2 * p.max_tv) * p.eps


def law(p: Any, pi: Any, t: int) -> Any:
    """Return the law of the state after t steps under a policy."""
    found = p.rho0
    for _ in range(t):
        found = p.push(found * pi)
    return found


def drift(p: Any, t: int) -> Sides:
    """Say that the mean advantage after t steps differs by what coupled paths allow."""
    moved = p.sum_s((law(p, p.pi_new, t) - law(p, p.pi, t)) * p.A_bar)
    return abs(moved), "<=", 2 * (1 - (1 - p.max_tv) ** t) * p.eps_cpi


@theorem("TRPO Lemma 3, t=1", TRPO)
def drift_lemma_1(p: Any) -> Sides:
    """The mean advantage met after one step, under either policy."""
    return drift(p, 1)


@theorem("TRPO Lemma 3, t=2", TRPO)
def drift_lemma_2(p: Any) -> Sides:
    """And after two, where the middle term printed in Lemma 3, 2 max_tv max A_bar, is too small."""
    return drift(p, 2)


@theorem("TRPO Lemma 3, t=3", TRPO)
def drift_lemma_3(p: Any) -> Sides:
    """And after three."""
    return drift(p, 3)


@theorem("TRPO Lemma 3, laws, t=3", AFTER)
def coupling_lemma(p: Any) -> Sides:
    """Coupled paths are still together after three steps with probability (1 - max_tv)^3."""
    return p.step_tv(3), "<=", 1 - (1 - p.max_tv) ** 3


@theorem("TRPO appendix A, span", AFTER)
def coupling_span(p: Any) -> Sides:
    """The error of the surrogate is at most the span of the mean advantage times c."""
    c = coupling_constant(p.max_tv, p.gamma)
    return abs(p.eta_new - p.L), "<=", p.span_s(p.A_bar) * c


@theorem("TRPO appendix A, span to eps", AFTER)
def coupling_eps_cpi(p: Any) -> Sides:
    """A span is at most twice the largest absolute value."""
    c = coupling_constant(p.max_tv, p.gamma)
    return p.span_s(p.A_bar) * c, "<=", 2 * p.eps_cpi * c


@theorem("TRPO appendix A, cap", AFTER)
def coupling_capped(p: Any) -> Sides:
    """Lemma 2; the cap improves Theorem 1 for steps above one half."""
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c


@theorem("TRPO appendix A, rows", AFTER)
def coupling_rows(p: Any) -> Sides:
    """Lemma 2 with the spans of the rows; above one half rung 3 may be sharper, or this."""
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.max_tv * p.max_s(p.span_a(p.A)) * c


@theorem("TRPO appendix A, no cap", AFTER, algebra=True)
def coupling_bound(p: Any) -> Sides:
    """Without the cap: the coupling bound, attained for all gamma at steps up to one half."""
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c, "<=", 4 * p.max_tv * p.eps * c


@theorem("TRPO appendix A, last step", TRPO, algebra=True)
def coupling_to_theorem(p: Any) -> Sides:
    """Rounding 1 - gamma (1 - max_tv) down to 1 - gamma ends at the penalty of Theorem 1."""
    c = coupling_constant(p.max_tv, p.gamma)
    penalty = 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2
    return 4 * p.max_tv * p.eps * c, "<=", penalty


@theorem("from TRPO Lemma 3", "own")
def visitation_coupling(p: Any) -> Sides:
    """Coupled paths bound how far the visitation frequencies move apart."""
    c = coupling_constant(p.max_tv, p.gamma)
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * c


@theorem("TRPO (10)", TRPO, same_as="trpo_kl_bound")
def minorant_gain(p: Any) -> Sides:
    """The return gains at least what the minorant M = L - C max_kl gains."""
    return p.eta_new - p.eta, ">=", p.M - p.M_pi


@theorem("TRPO (10)", TRPO, when=lambda p: (p.M, ">=", p.M_pi))
def monotone_improvement(p: Any) -> Sides:
    """A step that does not lower the minorant does not lower the return."""
    return p.eta_new, ">=", p.eta


COUPLING = (
    trpo_bound,
    trpo_bound_upper,
    trpo_kl_bound,
    trpo_kl_bound_half,
    advantage_lemma,
    mean_advantage_lemma,
    advantage_lemma_eps,
    drift_lemma_1,
    drift_lemma_2,
    drift_lemma_3,
    coupling_lemma,
    coupling_span,
    coupling_eps_cpi,
    coupling_capped,
    coupling_rows,
    coupling_bound,
    coupling_to_theorem,
    visitation_coupling,
    minorant_gain,
    monotone_improvement,
)
