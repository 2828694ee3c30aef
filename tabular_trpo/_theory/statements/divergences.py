"""Inequalities between the divergences of the rows of two policies, at each state."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides


def absolutely_continuous(p: Symbols) -> Sides:
    """State that pi_new is positive for each state and action where pi is positive."""
    return p.sum_s(p.sum_a(p.pi * (1 - p.ratio(p.pi_new, p.pi_new)))), "<=", 0


def same_support(p: Symbols) -> Sides:
    """State that pi and pi_new have the same support at each state."""
    difference = abs(p.ratio(p.pi, p.pi) - p.ratio(p.pi_new, p.pi_new))
    return p.sum_s(p.sum_a(difference)), "<=", 0


def second_moment(p: Symbols) -> Any:
    """Return sum_a pi^2 / pi_new at each state, which is 1 plus the chi-square divergence."""
    return p.sum_a(p.ratio(p.pi**2, p.pi_new))


@theorem("Pollard chapter 3", "Pollard 2000")
def tv_squared_kl(p: Symbols) -> Sides:
    """The squared total variation distance is at most KL(pi || pi_new), at each state.

    Both compare the rows of pi and pi_new at the state.
    """
    return p.max_s(p.tv**2 - p.kl), "<=", 0


@theorem("Pinsker", "Csiszar & Koerner 2011")
def pinsker(p: Symbols) -> Sides:
    """The squared total variation distance is at most KL(pi || pi_new) / 2, at each state.

    The distance is that of the rows of pi and pi_new.  The constant 1/2 is the smallest possible.
    """
    return p.max_s(p.tv**2 - p.kl / 2), "<=", 0


@theorem("Bretagnolle (2.2)", "Bretagnolle & Huber 1979")
def bretagnolle_huber(p: Symbols) -> Sides:
    """The squared total variation distance is at most 1 - exp(-KL(pi || pi_new)), at each state.

    Unlike Pinsker's bound, this bound is always below 1.  The formula, solved for KL, has no value
    where the distance is 1.
    """
    return p.max_s(-p.log(1 - p.tv**2) - p.kl), "<=", 0


@theorem("Hoeffding (4.16)", "after Hoeffding 1963", when=same_support)
def hoeffding_kl(p: Symbols) -> Sides:
    """KL(pi || pi_new) at a state is at most half the squared largest abs(log(pi_new / pi)) there.

    The maximum is over all actions with positive probability under either policy.
    """
    return p.max_s(p.kl - p.max_a(p.log_gap) ** 2 / 2), "<=", 0


@theorem("Renyi, order 2", "van Erven & Harremoes 2014", when=absolutely_continuous)
def renyi_kl(p: Symbols) -> Sides:
    """The Renyi divergence of order 2, log sum_a pi^2 / pi_new, is at least KL(pi || pi_new).

    Both are divergences of the rows of the two policies at a state; KL is that of order 1.
    """
    return p.max_s(p.kl - p.log(second_moment(p))), "<=", 0


@theorem("chi-square", "Gibbs & Su 2002", when=absolutely_continuous)
def chi_square_kl(p: Symbols) -> Sides:
    """KL(pi || pi_new) at a state is at most the chi-square divergence, sum_a pi^2 / pi_new - 1.

    It follows from log x <= x - 1.
    """
    return p.max_s(p.kl - (second_moment(p) - 1)), "<=", 0
