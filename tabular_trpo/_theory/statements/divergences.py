"""Divergences of rows: what the total variation and the two KL divergences say of each other."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides


def kept(p: Any) -> Sides:
    """Say that pi_new has all of the support of pi."""
    return p.sum_s(p.sum_a(p.pi * (1 - p.ratio(p.pi_new, p.pi_new)))), "<=", 0


def shared(p: Any) -> Sides:
    """Say that the policies have the same support."""
    apart = abs(p.ratio(p.pi, p.pi) - p.ratio(p.pi_new, p.pi_new))
    return p.sum_s(p.sum_a(apart)), "<=", 0


def second(p: Any) -> Any:
    """Return sum_a pi^2 / pi_new at each state: 1 and the chi-square divergence."""
    return p.sum_a(p.ratio(p.pi**2, p.pi_new))


@theorem("Pollard chapter 3", "Pollard 2000")
def tv_squared_kl(p: Any) -> Sides:
    """The square of the total variation distance is at most the KL divergence, at each state."""
    return p.max_s(p.tv**2 - p.kl), "<=", 0


@theorem("Pinsker", "Csiszar & Koerner 2011")
def pinsker(p: Any) -> Sides:
    """It is even at most half of it, and no smaller fraction will do."""
    return p.max_s(p.tv**2 - p.kl / 2), "<=", 0


@theorem("Bretagnolle (2.2)", "Bretagnolle & Huber 1979")
def bretagnolle_huber(p: Any) -> Sides:
    """Unlike Pinsker's, this bound stays below 1: tv^2 <= 1 - exp(-kl); no value at tv = 1."""
    return p.max_s(-p.log(1 - p.tv**2) - p.kl), "<=", 0


@theorem("Hoeffding (4.16)", "after Hoeffding 1963", when=shared)
def hoeffding_kl(p: Any) -> Sides:
    """Half of the square of the largest log ratio, over all actions with mass in either policy."""
    return p.max_s(p.kl - p.max_a(p.log_gap) ** 2 / 2), "<=", 0


@theorem("Renyi, order 2", "van Erven & Harremoes 2014", when=kept)
def renyi_kl(p: Any) -> Sides:
    """The Renyi divergence of order 2 is no smaller than the KL divergence, that of order 1."""
    return p.max_s(p.kl - p.log(second(p))), "<=", 0


@theorem("chi-square", "Gibbs & Su 2002", when=kept)
def chi_square_kl(p: Any) -> Sides:
    """Nor is the chi-square divergence, log x being at most x - 1."""
    return p.max_s(p.kl - (second(p) - 1)), "<=", 0


DIVERGENCES = (
    tv_squared_kl,
    pinsker,
    bretagnolle_huber,
    hoeffding_kl,
    renyi_kl,
    chi_square_kl,
)
