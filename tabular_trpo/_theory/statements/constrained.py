"""Bounds by the mean step and by spans: safe policy iteration and constrained optimization.

The step at a state is the total variation distance tv of the rows of the two policies; the mean
step is its mean under the normalised visitation d of the old policy.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.statements.mixtures import surrogate_slope
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

PIROTTA = "after Pirotta et al. 2013"
CPO = "Achiam et al. 2017"


def error(p: Symbols) -> Any:
    """Return the error of the surrogate L, abs(eta_new - L)."""
    return abs(p.eta_new - p.L)


def over_squared_horizon(p: Symbols, x: Any) -> Any:
    """Return gamma x / (1 - gamma)^2, the form that the bounds of this module share."""
    return p.gamma * x / (1 - p.gamma) ** 2


@theorem("Pirotta, safe step", PIROTTA)
def spi_bound(p: Symbols) -> Sides:
    """The error abs(eta_new - L) is at most gamma max_tv / (1 - gamma)^2 times the span of A_bar.

    The span is the maximum less the minimum over the states; max_tv is the largest total variation
    distance of the rows of pi and pi_new.
    """
    return error(p), "<=", over_squared_horizon(p, p.max_tv * p.span_s(p.A_bar))


@theorem("Pirotta Corollary 3.6", PIROTTA)
def spi_bound_q(p: Symbols) -> Sides:
    """The error abs(eta_new - L) is at most a multiple of max_tv^2 and the largest row span of Q.

    The multiple is 2 gamma / (1 - gamma)^2.  The span of a row is max_a Q(s, a) - min_a Q(s, a),
    which does not depend on the new policy.
    """
    return error(p), "<=", over_squared_horizon(p, 2 * p.max_tv**2 * p.max_s(p.span_a(p.Q)))


def _safe(p: Symbols) -> Sides:
    risk = 2 * p.gamma * p.max_tv * p.span_s(p.A_bar_target)
    return risk, "<=", (1 - p.gamma) ** 2 * surrogate_slope(p)


@theorem("Pirotta, safe weight", PIROTTA, when=_safe)
def spi_step(p: Symbols) -> Sides:
    """A mixture up to the best weight for the span bound has half of the surrogate's gain.

    The span bound is abs(eta_new - L) <= gamma max_tv span(A_bar) / (1 - gamma)^2.  The gain
    eta_new - eta is at least alpha / 2 times sum_s rho A_bar_target, alpha being the weight.
    """
    return p.eta_new - p.eta, ">=", p.alpha * surrogate_slope(p) / 2


@theorem("CPO Corollary 1", CPO, center="L")
def cpo_bound(p: Symbols) -> Sides:
    """The new return is at least L - 2 gamma eps_cpi mean_tv / (1 - gamma)^2.

    Here mean_tv is the mean under d of the total variation distance of the rows of pi and pi_new,
    and eps_cpi is the largest absolute mean advantage of pi_new.
    """
    return p.eta_new, ">=", p.L - over_squared_horizon(p, 2 * p.eps_cpi * p.mean_tv)


@theorem("CPO Theorem 1, f = V", CPO, center="L")
def cpo_bound_upper(p: Symbols) -> Sides:
    """The new return is at most L + 2 gamma eps_cpi mean_tv / (1 - gamma)^2.

    Here mean_tv is the mean under d of the total variation distance of the rows of pi and pi_new,
    and eps_cpi is the largest absolute mean advantage of pi_new.
    """
    return p.eta_new, "<=", p.L + over_squared_horizon(p, 2 * p.eps_cpi * p.mean_tv)


def _from(p: Symbols, delta: Any) -> Sides:
    """State CPO Theorem 1 for a function f of the state, with delta = r + gamma P f - f (S, A)."""
    gain = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))
    eps_f = p.max_s(abs(p.sum_a(p.pi_new * delta)))
    return abs(p.eta_new - p.eta - gain), "<=", over_squared_horizon(p, 2 * eps_f * p.mean_tv)


@theorem("CPO Theorem 1, f = 0", CPO)
def cpo_general_zero(p: Symbols) -> Sides:
    """CPO Theorem 1 with f = 0: rewards replace advantages in the surrogate and in its error bound.

    For delta = r + gamma P f - f, the error of eta + sum_s rho sum_a (pi_new - pi) delta is at most
    2 gamma mean_tv / (1 - gamma)^2 times max_s abs(sum_a pi_new delta).  With f = 0, delta = r.
    """
    return _from(p, p.r)


@theorem("CPO Theorem 1, f = V_new/2", CPO)
def cpo_general_half(p: Symbols) -> Sides:
    """CPO Theorem 1 with f = V_new / 2: delta replaces advantages in the surrogate and its bound.

    For delta = r + gamma P f - f, the error of eta + sum_s rho sum_a (pi_new - pi) delta is at most
    2 gamma mean_tv / (1 - gamma)^2 times max_s abs(sum_a pi_new delta).
    """
    return _from(p, p.r + p.gamma * p.expect_next(p.V_new / 2) - p.V_new / 2)


@theorem("CPO Theorem 1, f = V_new", CPO, same_as="reversed_performance_difference")
def cpo_general_exact(p: Symbols) -> Sides:
    """CPO Theorem 1 with f = V_new: the surrogate with delta in place of A is the new return.

    For delta = r + gamma P V_new - V_new, which is the advantage of pi_new, the gain eta_new - eta
    equals sum_s rho sum_a (pi_new - pi) delta.
    """
    delta = p.r + p.gamma * p.expect_next(p.V_new) - p.V_new
    gain = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))
    return p.eta_new - p.eta, "==", gain


@theorem("CPO Corollary 3", CPO)
def cpo_kl_reversed(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of the root of the mean KL(pi_new || pi).

    abs(eta_new - L) <= 2 gamma eps_cpi sqrt(m / 2) / (1 - gamma)^2, where m is the mean of the
    divergence under d.  It follows from the bound by the mean total variation distance and the
    inequalities of Pinsker and Jensen.
    """
    mean = p.mean_d(p.kl_reversed)
    return error(p), "<=", over_squared_horizon(p, 2 * p.eps_cpi * p.sqrt(mean / 2))


@theorem("CPO Corollary 3, other KL", "own")
def cpo_kl(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of the root of the mean KL(pi || pi_new).

    abs(eta_new - L) <= 2 gamma eps_cpi sqrt(mean_kl / 2) / (1 - gamma)^2.  It follows from the
    bound by the mean total variation distance and the inequalities of Pinsker and Jensen.
    """
    return error(p), "<=", over_squared_horizon(p, 2 * p.eps_cpi * p.sqrt(p.mean_kl / 2))


@theorem("CPO Proposition 1", CPO, when=lambda p: (p.L, ">=", p.eta))
def cpo_worst_case(p: Symbols) -> Sides:
    """A step with L >= eta loses at most gamma eps_cpi sqrt(2 m) / (1 - gamma)^2 of the return.

    Here m is the mean of KL(pi_new || pi) under the normalised visitation d of pi, and eps_cpi is
    the largest absolute mean advantage of pi_new.
    """
    mean = p.mean_d(p.kl_reversed)
    return p.eta_new - p.eta, ">=", -over_squared_horizon(p, p.eps_cpi * p.sqrt(2 * mean))


@theorem("CPO Lemma 3", CPO)
def cpo_visitation(p: Symbols) -> Sides:
    """The visitations rho and rho_new differ by at most 2 gamma mean_tv / (1 - gamma)^2 in 1-norm.

    Here mean_tv is the mean, under the normalised visitation d of the old policy, of the total
    variation distance of the rows of pi and pi_new.
    """
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", over_squared_horizon(p, 2 * p.mean_tv)


@theorem("CPO Lemma 3, new policy", "own")
def cpo_visitation_new(p: Symbols) -> Sides:
    """The visitations differ in 1-norm by at most a multiple of the mean step under d_new.

    sum_s abs(rho_new - rho) <= 2 gamma m / (1 - gamma)^2, where m is the mean, under the normalised
    visitation d_new of the new policy, of the total variation distance of the rows.
    """
    return (
        p.sum_s(abs(p.rho_new - p.rho)),
        "<=",
        over_squared_horizon(p, 2 * p.sum_s(p.d_new * p.tv)),
    )


@theorem("CPO Corollary 1, centred", "own")
def cpo_centred(p: Symbols) -> Sides:
    """The error abs(eta_new - L) is at most gamma mean_tv span(A_bar) / (1 - gamma)^2.

    Here span(A_bar) / 2, half of the maximum less the minimum over the states, replaces the largest
    absolute value eps_cpi of CPO Corollary 1.
    """
    return error(p), "<=", over_squared_horizon(p, p.span_s(p.A_bar) * p.mean_tv)


@theorem("TRPO appendix B, residual", "own")
def residual_span(p: Symbols) -> Sides:
    """The error abs(eta_new - L) is at most gamma sum_s rho tv times the span of V_new - V.

    Here tv is the total variation distance of the rows of the policies at a state, and the span is
    the maximum less the minimum over the states.
    """
    moved = p.gamma * p.sum_s(p.rho * p.tv)
    return error(p), "<=", moved * p.span_s(p.V_new - p.V)


@theorem("CPO Lemma 2, centred", "own")
def residual_visitation(p: Symbols) -> Sides:
    """The error abs(eta_new - L) is at most half the span of A_bar times norm_1(rho_new - rho).

    The span of the mean advantage A_bar is its maximum less its minimum over the states.
    """
    return error(p), "<=", p.sum_s(abs(p.rho_new - p.rho)) * p.span_s(p.A_bar) / 2
