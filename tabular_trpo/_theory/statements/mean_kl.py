"""What the KL divergence bounds: by the mean over visited states, along paths, by both at once.

By the chain rule the divergence of the stopped paths, hence of the visitations, is at most
gamma / (1 - gamma) times the mean KL; Pinsker's inequality and Cauchy and Schwarz's do the rest.
The first state is the same for both policies: d = (1 - gamma) rho0 + gamma d', where d' is of the
states after a step, whose stopped paths are 1 / (1 - gamma) times the mean KL apart.  So Pinsker's
inequality for d' has gamma outside of the root.
"""

from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.statements.constrained import error
from tabular_trpo._theory.trace import Sides

TERMS = 9  # where the tail of a series begins; a square
SERIES = range(1, TERMS)


@theorem("-", "own")
def visitation_kl(p: Any) -> Sides:
    """Data processing through a stopping time: the visits are no easier to tell than the paths."""
    return p.kl_d, "<=", p.gamma / (1 - p.gamma) * p.mean_kl


def root(p: Any) -> Any:
    """Return half of what the mean KL leaves of the L1 distance of visits."""
    return p.gamma * p.sqrt(p.mean_kl / (2 * (1 - p.gamma))) / (1 - p.gamma)


@theorem("-", "own")
def visitation_mean_kl(p: Any) -> Sides:
    """By Pinsker's inequality for the visits after the first, which both policies share."""
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * root(p)


@theorem("-", "own")
def mean_kl_root(p: Any) -> Sides:
    """A horizon to the power 3/2: the bound by mean step and Pinsker has 2."""
    return error(p), "<=", 2 * p.eps_cpi * root(p)


@theorem("-", "own", when=lambda p: (p.L, ">=", p.eta))
def mean_kl_worst_case(p: Any) -> Sides:
    """A step that the surrogate does not lower loses at most this."""
    return p.eta_new - p.eta, ">=", -2 * p.eps_cpi * root(p)


@theorem("-", "own")
def path_kl(p: Any) -> Sides:
    """Paths of t steps part by at most min(1, sqrt(t max_kl / 2)); the tail counts in full."""
    head = reduce(add, (p.gamma**t * p.smaller(1, p.sqrt(t * p.max_kl / 2)) for t in SERIES))
    return error(p), "<=", 2 * p.eps_cpi * (head + p.gamma**TERMS / (1 - p.gamma))


@theorem("-", "own")
def path_kl_linear(p: Any) -> Sides:
    """Linear in max_kl with 2 eps sum_t sqrt(t) gamma^t, of order (1-gamma)^(-3/2)."""
    head = reduce(add, (p.sqrt(t) * p.gamma**t for t in SERIES))
    u = 1 - p.gamma
    tail = p.gamma**TERMS * (TERMS / u + p.gamma / u**2) / p.sqrt(TERMS)
    return error(p), "<=", 2 * p.eps * p.max_kl * (head + tail)


def _hellinger(p: Any) -> Any:
    """The squared Hellinger distance of the visitations."""
    return p.sum_s((p.sqrt(p.d_new) - p.sqrt(p.d)) ** 2)


@theorem("-", "own")
def hellinger(p: Any) -> Sides:
    """Cauchy and Schwarz on the Hellinger distance of the visits."""
    H = p.sqrt(_hellinger(p))
    scale = 2 * p.sqrt(p.mean_d(p.A_bar**2)) + p.eps_cpi * H
    return (1 - p.gamma) * error(p), "<=", H * scale


@theorem("-", "own")
def hellinger_kl(p: Any) -> Sides:
    """The squared Hellinger distance is at most the KL divergence."""
    return _hellinger(p), "<=", p.kl_d


@theorem("-", "own")
def mean_kl_linear(p: Any) -> Sides:
    """Linear in the mean KL, with a constant that is C / 4 for long horizons."""
    factor = p.gamma + 2 * p.sqrt(2 * (1 - p.gamma) * p.gamma)
    return error(p), "<=", p.eps / (1 - p.gamma) ** 2 * factor * p.mean_kl


@theorem(
    "TRPO (9) with mean KL", "own", center="L", when=lambda p: (p.gamma, ">=", Fraction(8, 17))
)
def trpo_mean_kl(p: Any) -> Sides:
    """For gamma >= 8/17 the mean KL may replace the largest one; for small gamma it may not."""
    return p.eta_new, ">=", p.L - p.C * p.mean_kl


@theorem("TRPO (9), other KL", "own", center="L")
def trpo_kl_reversed(p: Any) -> Sides:
    """At the largest state either direction of the KL will do."""
    return p.eta_new, ">=", p.L - p.C * p.max_s(p.kl_reversed)


@theorem("TRPO (9) by Bretagnolle-Huber", "own")
def trpo_bretagnolle_huber(p: Any) -> Sides:
    """Theorem 1 with 1 - exp(-max_kl) for the squared step: L - eta_new <= C (1 - exp(-max_kl))."""
    return -p.log(1 - p.ratio(p.L - p.eta_new, p.C)), "<=", p.max_kl


MEAN_KL = (
    visitation_kl,
    visitation_mean_kl,
    mean_kl_root,
    mean_kl_worst_case,
    path_kl,
    path_kl_linear,
    hellinger,
    hellinger_kl,
    mean_kl_linear,
    trpo_mean_kl,
    trpo_kl_reversed,
    trpo_bretagnolle_huber,
)
