"""Bounds by the mean step and by spans: safe policy iteration and constrained optimization."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.statements.mixtures import promised
from tabular_trpo._theory.trace import Sides

PIROTTA = "after Pirotta et al. 2013"
CPO = "Achiam et al. 2017"


def error(p: Any) -> Any:
    """Return what the surrogate misses, abs(eta_new - L)."""
    return abs(p.eta_new - p.L)


def per_horizon(p: Any, x: Any) -> Any:
    """Return gamma x / (1 - gamma)^2."""
    return p.gamma * x / (1 - p.gamma) ** 2


@theorem("Pirotta, safe step", PIROTTA)
def spi_bound(p: Any) -> Sides:
    """The largest step times the span of the mean advantage."""
    return error(p), "<=", per_horizon(p, p.max_tv * p.span_s(p.A_bar))


@theorem("Pirotta Corollary 3.6", PIROTTA)
def spi_bound_q(p: Any) -> Sides:
    """The same with the spans of the rows of Q, which do not know the new policy."""
    return error(p), "<=", per_horizon(p, 2 * p.max_tv**2 * p.max_s(p.span_a(p.Q)))


def _safe(p: Any) -> Sides:
    risk = 2 * p.gamma * p.max_tv * p.span_s(p.A_bar_target)
    return risk, "<=", (1 - p.gamma) ** 2 * promised(p)


@theorem("Pirotta, safe weight", PIROTTA, when=_safe)
def spi_step(p: Any) -> Sides:
    """A mixture up to the best weight for the span bound keeps half of what is promised."""
    return p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2


@theorem("CPO Corollary 1", CPO, center="L")
def cpo_bound(p: Any) -> Sides:
    """The mean step under the old policy, in place of the largest one."""
    return p.eta_new, ">=", p.L - per_horizon(p, 2 * p.eps_cpi * p.mean_tv)


@theorem("CPO Theorem 1, f = V", CPO, center="L")
def cpo_bound_upper(p: Any) -> Sides:
    """The other side."""
    return p.eta_new, "<=", p.L + per_horizon(p, 2 * p.eps_cpi * p.mean_tv)


def _from(p: Any, delta: Any) -> Sides:
    """Theorem 1 for the temporal differences delta(s, a) of some f."""
    promise = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))
    eps_f = p.max_s(abs(p.sum_a(p.pi_new * delta)))
    return abs(p.eta_new - p.eta - promise), "<=", per_horizon(p, 2 * eps_f * p.mean_tv)


@theorem("CPO Theorem 1, f = 0", CPO)
def cpo_general_zero(p: Any) -> Sides:
    """The theorem holds for the differences r + gamma P f - f of any f; here f = 0."""
    return _from(p, p.r)


@theorem("CPO Theorem 1, f = V_new/2", CPO)
def cpo_general_half(p: Any) -> Sides:
    """And here f is half of the new value."""
    return _from(p, p.r + p.gamma * p.next(p.V_new / 2) - p.V_new / 2)


@theorem("CPO Theorem 1, f = V_new", CPO, same_as="reversed_performance_difference")
def cpo_general_exact(p: Any) -> Sides:
    """With the new value itself nothing is missed."""
    delta = p.r + p.gamma * p.next(p.V_new) - p.V_new
    gain = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))
    return p.eta_new - p.eta, "==", gain


@theorem("CPO Corollary 3", CPO)
def cpo_kl_reversed(p: Any) -> Sides:
    """Pinsker's inequality and Jensen's: the mean KL(pi_new || pi)."""
    mean = p.mean_d(p.kl_reversed)
    return error(p), "<=", per_horizon(p, 2 * p.eps_cpi * p.sqrt(mean / 2))


@theorem("CPO Corollary 3, other KL", "own")
def cpo_kl(p: Any) -> Sides:
    """The mean KL(pi || pi_new) will do as well."""
    return error(p), "<=", per_horizon(p, 2 * p.eps_cpi * p.sqrt(p.mean_kl / 2))


@theorem("CPO Proposition 1", CPO, when=lambda p: (p.L, ">=", p.eta))
def cpo_worst_case(p: Any) -> Sides:
    """A step that the surrogate does not lower loses at most this."""
    mean = p.mean_d(p.kl_reversed)
    return p.eta_new - p.eta, ">=", -per_horizon(p, p.eps_cpi * p.sqrt(2 * mean))


@theorem("CPO Lemma 3", CPO)
def cpo_visitation(p: Any) -> Sides:
    """How far the visits move, by the mean step under the old policy."""
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", per_horizon(p, 2 * p.mean_tv)


@theorem("CPO Lemma 3, new policy", "own")
def cpo_visitation_new(p: Any) -> Sides:
    """And by the mean step under the new one."""
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", per_horizon(p, 2 * p.sum_s(p.d_new * p.tv))


@theorem("CPO Corollary 1, centred", "own")
def cpo_centred(p: Any) -> Sides:
    """Half of the span in place of the largest absolute value."""
    return error(p), "<=", per_horizon(p, p.span_s(p.A_bar) * p.mean_tv)


@theorem("TRPO appendix B, residual", "own")
def residual_span(p: Any) -> Sides:
    """The residual identity, with the mass that moves and the span of the gain."""
    moved = p.gamma * p.sum_s(p.rho * p.tv)
    return error(p), "<=", moved * p.span_s(p.V_new - p.V)


@theorem("CPO Lemma 2, centred", "own")
def residual_visitation(p: Any) -> Sides:
    """What is missed is where the visits differ, times half of the span of the mean advantage."""
    return error(p), "<=", p.sum_s(abs(p.rho_new - p.rho)) * p.span_s(p.A_bar) / 2


CONSTRAINED = (
    spi_bound,
    spi_bound_q,
    spi_step,
    cpo_bound,
    cpo_bound_upper,
    cpo_general_zero,
    cpo_general_half,
    cpo_general_exact,
    cpo_kl_reversed,
    cpo_kl,
    cpo_worst_case,
    cpo_visitation,
    cpo_visitation_new,
    cpo_centred,
    residual_span,
    residual_visitation,
)
