"""Inequalities between the divergences of the rows of two policies, at each state."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides, Symbols


def kept(p: Symbols) -> Sides:
    """State that pi_new is positive wherever pi is."""
    return p.sum_s(p.sum_a(p.pi * (1 - p.ratio(p.pi_new, p.pi_new)))), "<=", 0


def shared(p: Symbols) -> Sides:
    """State that the policies have the same support."""
    difference = abs(p.ratio(p.pi, p.pi) - p.ratio(p.pi_new, p.pi_new))
    return p.sum_s(p.sum_a(difference)), "<=", 0


def second(p: Symbols) -> Any:
    """Return sum_a pi^2 / pi_new at each state: 1 and the chi-square divergence."""
    return p.sum_a(p.ratio(p.pi**2, p.pi_new))


@theorem("Pollard chapter 3", "Pollard 2000")
def tv_squared_kl(p: Symbols) -> Sides:
    """The square of the total variation distance is at most the KL divergence.

    Both are those of the rows at a state.
    """
    return p.max_s(p.tv**2 - p.kl), "<=", 0


@theorem("Pinsker", "Csiszar & Koerner 2011")
def pinsker(p: Symbols) -> Sides:
    """The square of the total variation distance is at most half the KL divergence.

    Both are those of the rows at a state.  No smaller fraction than one half is enough.
    """
    return p.max_s(p.tv**2 - p.kl / 2), "<=", 0


@theorem("Bretagnolle (2.2)", "Bretagnolle & Huber 1979")
def bretagnolle_huber(p: Symbols) -> Sides:
    """The square of the total variation distance is at most 1 - exp(-KL), at each state.

    Unlike Pinsker's bound this one stays below 1; no value where the distance is 1.
    """
    return p.max_s(-p.log(1 - p.tv**2) - p.kl), "<=", 0


@theorem("Hoeffding (4.16)", "after Hoeffding 1963", when=shared)
def hoeffding_kl(p: Symbols) -> Sides:
    """The KL divergence is at most half the square of the largest absolute log ratio.

    Both are those of the rows at a state.  The largest ratio is over all actions with mass in
    either policy.
    """
    return p.max_s(p.kl - p.max_a(p.log_gap) ** 2 / 2), "<=", 0


@theorem("Renyi, order 2", "van Erven & Harremoes 2014", when=kept)
def renyi_kl(p: Symbols) -> Sides:
    """The Renyi divergence of order 2 is no smaller than that of order 1, the KL divergence."""
    return p.max_s(p.kl - p.log(second(p))), "<=", 0


@theorem("chi-square", "Gibbs & Su 2002", when=kept)
def chi_square_kl(p: Symbols) -> Sides:
    """The KL divergence is at most the chi-square divergence, because log x is at most x - 1."""
    return p.max_s(p.kl - (second(p) - 1)), "<=", 0
