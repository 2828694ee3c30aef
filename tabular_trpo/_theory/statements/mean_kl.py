"""Bounds by the KL divergence of the policies: its mean over visited states and its largest value.

Stop a path after each step with probability 1 - gamma: its last state has the law d.  By the chain
rule the KL divergence of the stopped paths, hence of d and d_new, is at most gamma / (1 - gamma)
times the mean KL.  The bounds follow by the inequalities of Pinsker and of Cauchy and Schwarz.
The first state is the same for both policies: d = (1 - gamma) rho0 + gamma d', where d' is the law
of later states, whose paths have a divergence of at most 1 / (1 - gamma) times the mean KL.  So in
Pinsker's inequality for d' gamma stands outside of the root.
"""

from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.statements.constrained import error
from tabular_trpo._theory.trace import Sides, Symbols

TERMS = 9  # where the tail of a series begins; a square
SERIES = range(1, TERMS)


@theorem("-", "own")
def visitation_kl(p: Symbols) -> Sides:
    """The KL divergence of the visits is at most gamma / (1 - gamma) times the mean KL.

    Visits are states at a stopping time, so they are no easier to distinguish than the paths.
    """
    return p.kl_d, "<=", p.gamma / (1 - p.gamma) * p.mean_kl


def root(p: Symbols) -> Any:
    """Return half of the bound of the 1-norm of rho_new - rho by the mean KL."""
    return p.gamma * p.sqrt(p.mean_kl / (2 * (1 - p.gamma))) / (1 - p.gamma)


@theorem("-", "own")
def visitation_mean_kl(p: Symbols) -> Sides:
    """The visits change by at most a multiple of the root of the mean KL over 1 - gamma.

    Pinsker's inequality for the visits after the first, which both policies share.
    """
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * root(p)


@theorem("-", "own")
def mean_kl_root(p: Symbols) -> Sides:
    """The error of the surrogate is of order (1 - gamma)^(-3/2) in the root of the mean KL.

    The bound by the mean step and Pinsker's inequality is of order (1 - gamma)^(-2).
    """
    return error(p), "<=", 2 * p.eps_cpi * root(p)


@theorem("-", "own", when=lambda p: (p.L, ">=", p.eta))
def mean_kl_worst_case(p: Symbols) -> Sides:
    """A step that does not lower the surrogate loses at most a multiple of the root mean KL.

    The multiple is of order (1 - gamma)^(-3/2).
    """
    return p.eta_new - p.eta, ">=", -2 * p.eps_cpi * root(p)


@theorem("-", "own")
def path_kl(p: Symbols) -> Sides:
    """Paths of t steps differ by at most min(1, sqrt(t max_kl / 2)), which bounds the error.

    From t = 9 on the difference is taken to be 1.
    """
    head = reduce(add, (p.gamma**t * p.smaller(1, p.sqrt(t * p.max_kl / 2)) for t in SERIES))
    return error(p), "<=", 2 * p.eps_cpi * (head + p.gamma**TERMS / (1 - p.gamma))


@theorem("-", "own")
def path_kl_linear(p: Symbols) -> Sides:
    """The error of the surrogate is at most 2 eps max_kl sum_t sqrt(t) gamma^t.

    The sum is of order (1 - gamma)^(-3/2); from t = 9 on an upper bound of it is taken.
    """
    head = reduce(add, (p.sqrt(t) * p.gamma**t for t in SERIES))
    u = 1 - p.gamma
    tail = p.gamma**TERMS * (TERMS / u + p.gamma / u**2) / p.sqrt(TERMS)
    return error(p), "<=", 2 * p.eps * p.max_kl * (head + tail)


def _hellinger(p: Symbols) -> Any:
    """Return the squared Hellinger distance of the normalised visits."""
    return p.sum_s((p.sqrt(p.d_new) - p.sqrt(p.d)) ** 2)


@theorem("-", "own")
def hellinger(p: Symbols) -> Sides:
    """The error of the surrogate is bounded by the Hellinger distance H of the visits.

    By the inequality of Cauchy and Schwarz.
    """
    H = p.sqrt(_hellinger(p))
    scale = 2 * p.sqrt(p.mean_d(p.A_bar**2)) + p.eps_cpi * H
    return (1 - p.gamma) * error(p), "<=", H * scale


@theorem("-", "own")
def hellinger_kl(p: Symbols) -> Sides:
    """The squared Hellinger distance of the visits is at most their KL divergence."""
    return _hellinger(p), "<=", p.kl_d


@theorem("-", "own")
def mean_kl_linear(p: Symbols) -> Sides:
    """The error of the surrogate is linear in the mean KL, by about C/4 for long horizons."""
    factor = p.gamma + 2 * p.sqrt(2 * (1 - p.gamma) * p.gamma)
    return error(p), "<=", p.eps / (1 - p.gamma) ** 2 * factor * p.mean_kl


@theorem(
    "TRPO (9) with mean KL", "own", center="L", when=lambda p: (p.gamma, ">=", Fraction(8, 17))
)
def trpo_mean_kl(p: Symbols) -> Sides:
    """The mean KL may replace the largest one in (9) for gamma >= 8/17, not for small gamma."""
    return p.eta_new, ">=", p.L - p.C * p.mean_kl


@theorem("TRPO (9), other KL", "own", center="L")
def trpo_kl_reversed(p: Symbols) -> Sides:
    """The largest KL(pi_new || pi) may replace the largest KL(pi || pi_new) in (9)."""
    return p.eta_new, ">=", p.L - p.C * p.max_s(p.kl_reversed)


@theorem("TRPO (9) by Bretagnolle-Huber", "own")
def trpo_bretagnolle_huber(p: Symbols) -> Sides:
    """The loss L - eta_new is at most C (1 - exp(-max_kl)), written as a bound of max_kl.

    Theorem 1 with tv^2 <= 1 - exp(-KL) in place of tv^2 <= KL.
    """
    return -p.log(1 - p.ratio(p.L - p.eta_new, p.C)), "<=", p.max_kl
