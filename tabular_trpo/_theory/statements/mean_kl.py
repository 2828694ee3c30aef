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
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

TERMS = 9  # where the tail of a series begins; a square
SERIES = range(1, TERMS)


@theorem("-", "own")
def visitation_kl(p: Symbols) -> Sides:
    """The divergence KL(d || d_new) of the normalised visitations is at most a multiple of mean_kl.

    The multiple is gamma / (1 - gamma).  d is the distribution of the state at a random stopping
    time, which is a function of the path, so its divergence is at most that of the stopped paths.
    """
    return p.kl_d, "<=", p.gamma / (1 - p.gamma) * p.mean_kl


def root(p: Symbols) -> Any:
    """Return gamma sqrt(mean_kl / (2 (1 - gamma))) / (1 - gamma), which bounds half the 1-norm.

    The norm is sum_s abs(rho_new - rho).
    """
    return p.gamma * p.sqrt(p.mean_kl / (2 * (1 - p.gamma))) / (1 - p.gamma)


@theorem("-", "own")
def visitation_mean_kl(p: Symbols) -> Sides:
    """The visitations differ in 1-norm by at most a multiple of sqrt(mean_kl / (1 - gamma)).

    The multiple is sqrt(2) gamma / (1 - gamma).  Pinsker's inequality is applied to the states
    after the first, whose distribution is the same for both policies.
    """
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * root(p)


@theorem("-", "own")
def mean_kl_root(p: Symbols) -> Sides:
    """The error of the surrogate is of order (1 - gamma)^(-3/2) in the root of the mean KL.

    abs(eta_new - L) <= 2 eps_cpi gamma sqrt(mean_kl / (2 (1 - gamma))) / (1 - gamma).  The bound by
    the mean total variation distance and Pinsker's inequality is of order (1 - gamma)^(-2).
    """
    return error(p), "<=", 2 * p.eps_cpi * root(p)


@theorem("-", "own", when=lambda p: (p.L, ">=", p.eta))
def mean_kl_worst_case(p: Symbols) -> Sides:
    """A step with L >= eta loses at most a multiple of sqrt(mean_kl) of the return.

    eta_new - eta >= -2 eps_cpi gamma sqrt(mean_kl / (2 (1 - gamma))) / (1 - gamma), which is of
    order (1 - gamma)^(-3/2).
    """
    return p.eta_new - p.eta, ">=", -2 * p.eps_cpi * root(p)


@theorem("-", "own")
def path_kl(p: Symbols) -> Sides:
    """The error of the surrogate is at most 2 eps_cpi sum_t gamma^t min(1, sqrt(t max_kl / 2)).

    The minimum bounds the total variation distance of the paths of t steps of the two policies.
    From t = 9 on it is replaced by 1.
    """
    head = reduce(add, (p.gamma**t * p.smaller(1, p.sqrt(t * p.max_kl / 2)) for t in SERIES))
    return error(p), "<=", 2 * p.eps_cpi * (head + p.gamma**TERMS / (1 - p.gamma))


@theorem("-", "own")
def path_kl_linear(p: Symbols) -> Sides:
    """The error of the surrogate is at most 2 eps max_kl sum_t sqrt(t) gamma^t.

    The sum is of order (1 - gamma)^(-3/2).  Its terms from t = 9 on are replaced by an upper bound.
    """
    head = reduce(add, (p.sqrt(t) * p.gamma**t for t in SERIES))
    u = 1 - p.gamma
    tail = p.gamma**TERMS * (TERMS / u + p.gamma / u**2) / p.sqrt(TERMS)
    return error(p), "<=", 2 * p.eps * p.max_kl * (head + tail)


def _hellinger(p: Symbols) -> Any:
    """Return the squared Hellinger distance sum_s (sqrt(d_new) - sqrt(d))^2 of the visitations."""
    return p.sum_s((p.sqrt(p.d_new) - p.sqrt(p.d)) ** 2)


@theorem("-", "own")
def hellinger(p: Symbols) -> Sides:
    """The error of the surrogate is at most H (2 sqrt(m) + eps_cpi H) / (1 - gamma).

    Here H^2 = sum_s (sqrt(d_new) - sqrt(d))^2 is the squared Hellinger distance of the normalised
    visitations, and m = sum_s d A_bar^2.  It follows from the Cauchy-Schwarz inequality.
    """
    H = p.sqrt(_hellinger(p))
    scale = 2 * p.sqrt(p.mean_d(p.A_bar**2)) + p.eps_cpi * H
    return (1 - p.gamma) * error(p), "<=", H * scale


@theorem("-", "own")
def hellinger_kl(p: Symbols) -> Sides:
    """The squared Hellinger distance of the normalised visitations is at most KL(d || d_new).

    The squared distance is sum_s (sqrt(d_new) - sqrt(d))^2.
    """
    return _hellinger(p), "<=", p.kl_d


@theorem("-", "own")
def mean_kl_linear(p: Symbols) -> Sides:
    """The error of the surrogate is at most a multiple of mean_kl, about C/4 for gamma near 1.

    The multiple is eps (gamma + 2 sqrt(2 (1 - gamma) gamma)) / (1 - gamma)^2; the penalty constant
    is C = 4 eps gamma / (1 - gamma)^2.
    """
    factor = p.gamma + 2 * p.sqrt(2 * (1 - p.gamma) * p.gamma)
    return error(p), "<=", p.eps / (1 - p.gamma) ** 2 * factor * p.mean_kl


@theorem(
    "TRPO (9) with mean KL", "own", center="L", when=lambda p: (p.gamma, ">=", Fraction(8, 17))
)
def trpo_mean_kl(p: Symbols) -> Sides:
    """For gamma >= 8/17, the new return is at least L - C mean_kl, with the mean KL under d.

    It is TRPO (9) with the mean of KL(pi || pi_new) in place of the largest one.  For small gamma
    the bound can fail.
    """
    return p.eta_new, ">=", p.L - p.C * p.mean_kl


@theorem("TRPO (9), other KL", "own", center="L")
def trpo_kl_reversed(p: Symbols) -> Sides:
    """The new return is at least L less C times the largest KL(pi_new || pi) of a state.

    It is TRPO (9), which has KL(pi || pi_new), with the arguments of the divergence exchanged.
    """
    return p.eta_new, ">=", p.L - p.C * p.max_s(p.kl_reversed)


@theorem("TRPO (9) by Bretagnolle-Huber", "own")
def trpo_bretagnolle_huber(p: Symbols) -> Sides:
    """The loss L - eta_new is at most C (1 - exp(-max_kl)).

    It is Theorem 1 of TRPO with tv^2 <= 1 - exp(-KL) in place of tv^2 <= KL.  The formula is solved
    for max_kl, which is then at least -log(1 - (L - eta_new) / C).
    """
    return -p.log(1 - p.ratio(p.L - p.eta_new, p.C)), "<=", p.max_kl
