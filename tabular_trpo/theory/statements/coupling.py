"""Theorem 1 of TRPO, the ladder of its proof by coupling, and the minorant of Algorithm 1."""

from typing import Any

from tabular_trpo.theory.claim import theorem
from tabular_trpo.theory.constants import coupling_constant
from tabular_trpo.theory.trace import Sides

TRPO = "Schulman et al. 2015"
TRPO_A = "Schulman et al. 2015, appendix A"


@theorem("(8), Theorem 1", TRPO, around="L")
def trpo_bound(p: Any) -> Sides:
    """Any new policy returns at least its surrogate less the squared largest step."""
    return p.eta_new, ">=", p.L - 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("(8), other side", TRPO, around="L")
def trpo_bound_upper(p: Any) -> Sides:
    """The proof of Theorem 1 bounds the error of the surrogate on both sides."""
    return p.eta_new, "<=", p.L + 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@theorem("(9)", TRPO, around="L")
def trpo_kl_bound(p: Any) -> Sides:
    """Theorem 1 with the KL divergence in place of the squared distance."""
    return p.eta_new, ">=", p.L - p.C * p.max_kl


@theorem("(9) with C/2", TRPO, around="L")
def trpo_kl_bound_half(p: Any) -> Sides:
    """By Pinsker's inequality half of the constant is enough."""
    return p.eta_new, ">=", p.L - p.C / 2 * p.max_kl


@theorem("Lemma A", TRPO_A)
def advantage_lemma(p: Any) -> Sides:
    """A row that moves by tv changes the mean advantage, which was 0, by at most tv spans."""
    return p.max_s(abs(p.A_bar) - p.tv * p.span_a(p.A)), "<=", 0


@theorem("Lemma A", TRPO_A)
def advantage_lemma_eps(p: Any) -> Sides:
    """The same with eps: the mean advantage is at most 2 max_tv eps, and at most eps."""
    return p.eps_cpi, "<=", p.smaller(1, 2 * p.max_tv) * p.eps


@theorem("Lemma B, t=3", TRPO_A)
def coupling_lemma(p: Any) -> Sides:
    """Coupled paths are still together after three steps with probability (1 - max_tv)^3."""
    return p.step_tv(3), "<=", 1 - (1 - p.max_tv) ** 3


@theorem("ladder 1", TRPO_A)
def coupling_span(p: Any) -> Sides:
    """The error of the surrogate is at most the span of the mean advantage times c."""
    c = coupling_constant(p.max_tv, p.gamma)
    return abs(p.eta_new - p.L), "<=", p.span_s(p.A_bar) * c


@theorem("ladder 2", TRPO_A)
def coupling_eps_cpi(p: Any) -> Sides:
    """A span is at most twice the largest absolute value."""
    c = coupling_constant(p.max_tv, p.gamma)
    return p.span_s(p.A_bar) * c, "<=", 2 * p.eps_cpi * c


@theorem("ladder 3", TRPO_A)
def coupling_capped(p: Any) -> Sides:
    """Lemma A; the cap improves Theorem 1 for steps above one half."""
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c


@theorem("ladder 3'", TRPO_A)
def coupling_rows(p: Any) -> Sides:
    """Lemma A with the spans of the rows; above one half rung 3 may be sharper, or this."""
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.eps_cpi * c, "<=", 2 * p.max_tv * p.max_s(p.span_a(p.A)) * c


@theorem("ladder 4", TRPO_A)
def coupling_bound(p: Any) -> Sides:
    """Without the cap: the coupling bound, attained for all gamma at steps up to one half."""
    c = coupling_constant(p.max_tv, p.gamma)
    return 2 * p.smaller(1, 2 * p.max_tv) * p.eps * c, "<=", 4 * p.max_tv * p.eps * c


@theorem("ladder 5", TRPO_A)
def coupling_to_theorem(p: Any) -> Sides:
    """Rounding 1 - gamma (1 - max_tv) down to 1 - gamma ends at the penalty of Theorem 1."""
    c = coupling_constant(p.max_tv, p.gamma)
    penalty = 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2
    return 4 * p.max_tv * p.eps * c, "<=", penalty


@theorem("from Lemma B", "own")
def visitation_coupling(p: Any) -> Sides:
    """Coupled paths bound how far the visitation frequencies move apart."""
    c = coupling_constant(p.max_tv, p.gamma)
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * c


@theorem("(10)", TRPO)
def minorant_gain(p: Any) -> Sides:
    """The return gains at least what the minorant M = L - C max_kl gains."""
    return p.eta_new - p.eta, ">=", p.M - p.M_pi


@theorem("(10)", TRPO, when=lambda p: (p.M, ">=", p.M_pi))
def monotone_improvement(p: Any) -> Sides:
    """A step that does not lower the minorant does not lower the return."""
    return p.eta_new, ">=", p.eta


COUPLING = (
    trpo_bound,
    trpo_bound_upper,
    trpo_kl_bound,
    trpo_kl_bound_half,
    advantage_lemma,
    advantage_lemma_eps,
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
