"""Bounds by the mean step and by spans: safe policy iteration and constrained optimization.

Step means the total variation distance tv of the rows of the policies; the mean step is its mean
under the normalised visits d of the old policy.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.statements.mixtures import promised
from tabular_trpo._theory.trace import Sides, Symbols

PIROTTA = "after Pirotta et al. 2013"
CPO = "Achiam et al. 2017"


def error(p: Symbols) -> Any:
    """Return the error of the surrogate, abs(eta_new - L)."""
    return abs(p.eta_new - p.L)


def per_horizon(p: Symbols, x: Any) -> Any:
    """Return gamma x / (1 - gamma)^2."""
    return p.gamma * x / (1 - p.gamma) ** 2


@theorem("Pirotta, safe step", PIROTTA)
def spi_bound(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of the largest step times span A_bar."""
    return error(p), "<=", per_horizon(p, p.max_tv * p.span_s(p.A_bar))


@theorem("Pirotta Corollary 3.6", PIROTTA)
def spi_bound_q(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of the squared step and the row spans of Q.

    These spans do not depend on the new policy.
    """
    return error(p), "<=", per_horizon(p, 2 * p.max_tv**2 * p.max_s(p.span_a(p.Q)))


def _safe(p: Symbols) -> Sides:
    risk = 2 * p.gamma * p.max_tv * p.span_s(p.A_bar_target)
    return risk, "<=", (1 - p.gamma) ** 2 * promised(p)


@theorem("Pirotta, safe weight", PIROTTA, when=_safe)
def spi_step(p: Symbols) -> Sides:
    """A weight up to the best one for the span bound keeps half of the surrogate's gain."""
    return p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2


@theorem("CPO Corollary 1", CPO, center="L")
def cpo_bound(p: Symbols) -> Sides:
    """The new return is at least the surrogate less a multiple of the mean step at visits of pi."""
    return p.eta_new, ">=", p.L - per_horizon(p, 2 * p.eps_cpi * p.mean_tv)


@theorem("CPO Theorem 1, f = V", CPO, center="L")
def cpo_bound_upper(p: Symbols) -> Sides:
    """The new return is at most the surrogate plus a multiple of the mean step at visits of pi."""
    return p.eta_new, "<=", p.L + per_horizon(p, 2 * p.eps_cpi * p.mean_tv)


def _from(p: Symbols, delta: Any) -> Sides:
    """State CPO Theorem 1 for the differences delta = r + gamma P f - f of some f."""
    promise = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))
    eps_f = p.max_s(abs(p.sum_a(p.pi_new * delta)))
    return abs(p.eta_new - p.eta - promise), "<=", per_horizon(p, 2 * eps_f * p.mean_tv)


@theorem("CPO Theorem 1, f = 0", CPO)
def cpo_general_zero(p: Symbols) -> Sides:
    """The bound by the mean step holds with r + gamma P f - f in place of A; here f = 0."""
    return _from(p, p.r)


@theorem("CPO Theorem 1, f = V_new/2", CPO)
def cpo_general_half(p: Symbols) -> Sides:
    """The bound by the mean step holds with r + gamma P f - f in place of A; here f = V_new / 2."""
    return _from(p, p.r + p.gamma * p.next(p.V_new / 2) - p.V_new / 2)


@theorem("CPO Theorem 1, f = V_new", CPO, same_as="reversed_performance_difference")
def cpo_general_exact(p: Symbols) -> Sides:
    """The surrogate with r + gamma P f - f in place of A has no error where f = V_new."""
    delta = p.r + p.gamma * p.next(p.V_new) - p.V_new
    gain = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))
    return p.eta_new - p.eta, "==", gain


@theorem("CPO Corollary 3", CPO)
def cpo_kl_reversed(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of the root of the mean KL(pi_new || pi).

    Pinsker's inequality and Jensen's, in the bound by the mean step.
    """
    mean = p.mean_d(p.kl_reversed)
    return error(p), "<=", per_horizon(p, 2 * p.eps_cpi * p.sqrt(mean / 2))


@theorem("CPO Corollary 3, other KL", "own")
def cpo_kl(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of the root of the mean KL(pi || pi_new).

    Pinsker's inequality and Jensen's, in the bound by the mean step.
    """
    return error(p), "<=", per_horizon(p, 2 * p.eps_cpi * p.sqrt(p.mean_kl / 2))


@theorem("CPO Proposition 1", CPO, when=lambda p: (p.L, ">=", p.eta))
def cpo_worst_case(p: Symbols) -> Sides:
    """A step that does not lower the surrogate loses at most a multiple of the root mean KL.

    The mean is that of KL(pi_new || pi) at the visits of pi.
    """
    mean = p.mean_d(p.kl_reversed)
    return p.eta_new - p.eta, ">=", -per_horizon(p, p.eps_cpi * p.sqrt(2 * mean))


@theorem("CPO Lemma 3", CPO)
def cpo_visitation(p: Symbols) -> Sides:
    """The visits change by at most a multiple of the mean step at visits of the old policy."""
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", per_horizon(p, 2 * p.mean_tv)


@theorem("CPO Lemma 3, new policy", "own")
def cpo_visitation_new(p: Symbols) -> Sides:
    """The visits change by at most a multiple of the mean step at visits of the new policy."""
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", per_horizon(p, 2 * p.sum_s(p.d_new * p.tv))


@theorem("CPO Corollary 1, centred", "own")
def cpo_centred(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of the mean step and the span of A_bar.

    Half of the span stands in the place of the largest absolute value.
    """
    return error(p), "<=", per_horizon(p, p.span_s(p.A_bar) * p.mean_tv)


@theorem("TRPO appendix B, residual", "own")
def residual_span(p: Symbols) -> Sides:
    """The error of the surrogate is at most the mass that moves times the span of V_new - V."""
    moved = p.gamma * p.sum_s(p.rho * p.tv)
    return error(p), "<=", moved * p.span_s(p.V_new - p.V)


@theorem("CPO Lemma 2, centred", "own")
def residual_visitation(p: Symbols) -> Sides:
    """The error of the surrogate is at most the change of the visits times half span A_bar."""
    return error(p), "<=", p.sum_s(abs(p.rho_new - p.rho)) * p.span_s(p.A_bar) / 2
