"""Errors of models and advantages, and the soft (entropy-regularised) identities.

Two policies on one model are two chains with any rewards, so a statement about a model and its
estimate is one about the chains of pi and pi_new.  The temperature of the soft values is 1.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.trace import Sides, Symbols

MEI = "Mei et al. 2020"


@theorem("K&S, simulation lemma", "after Kearns & Singh 2002")
def simulation_lemma(p: Symbols) -> Sides:
    """The values differ by at most the changes of rewards and transitions, divided by 1 - gamma."""
    step = p.pi_new - p.pi
    rewards = p.max_s(abs(p.sum_a(step * p.r)))
    transitions = p.max_s(p.move(step)) / 2
    bound = (rewards + p.gamma * transitions * p.span_s(p.V)) / (1 - p.gamma)
    return p.max_s(abs(p.V_new - p.V)), "<=", bound


@theorem("-", "own")
def approximate_advantage(p: Symbols) -> Sides:
    """A surrogate with r in place of A errs by a multiple of max_tv max abs(r - A) more."""
    step = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.r))
    c = coupling_constant(p.max_tv, p.gamma)
    wrong = 2 * p.max_tv * p.max_sa(abs(p.r - p.A)) / (1 - p.gamma)
    return abs(p.eta_new - p.eta - step), "<=", 4 * p.max_tv * p.eps * c + wrong


def _soft_gain(p: Symbols) -> Any:
    return p.eta_new + p.sum_s(p.rho_new * p.entropy_new) - (p.eta + p.sum_s(p.rho * p.entropy))


@theorem("Mei Lemma 25", f"after {MEI}")
def soft_performance_difference(p: Symbols) -> Sides:
    """The soft return gains the soft advantages and the entropy of pi_new at visits of pi_new."""
    further = p.gamma * p.sum_a(p.pi_new * p.next(p.K)) - p.K
    return _soft_gain(p), "==", p.sum_s(p.rho_new * (p.A_bar + further + p.entropy_new))


@theorem("Mei Lemma 26", f"after {MEI}", same_as="soft_performance_difference")
def soft_suboptimality(p: Symbols) -> Sides:
    """The soft return gains KL(pi || pi_new) less delta at the visits of pi.

    delta = r + gamma P V' - V' - log pi_new, with V' the soft value of pi_new, is 0 where pi_new
    is soft optimal.  No value where pi_new is 0.
    """
    soft = p.V_new + p.K_new
    delta = p.r + p.gamma * p.next(soft) - soft - p.log(p.pi_new)
    return _soft_gain(p), "==", p.sum_s(p.rho * (p.kl - p.sum_a(p.pi * delta)))
