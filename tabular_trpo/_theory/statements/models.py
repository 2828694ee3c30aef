"""Errors of models and advantages, and the soft (entropy-regularised) identities.

Two policies on one model give two chains with arbitrary rewards, so a statement about a model and
its estimate is a statement about the chains of pi and pi_new.  The soft values have temperature 1.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

MEI = "Mei et al. 2020"


@theorem("K&S, simulation lemma", "after Kearns & Singh 2002")
def simulation_lemma(p: Symbols) -> Sides:
    """The values differ by at most the changes of rewards and transitions, divided by 1 - gamma.

    max_s abs(V_new - V) <= (R + gamma T span(V)) / (1 - gamma), where R is the largest change of
    the mean reward of a state, and T the largest total variation distance of its transitions.
    """
    step = p.pi_new - p.pi
    rewards = p.max_s(abs(p.sum_a(step * p.r)))
    transitions = p.max_s(p.transition_l1(step)) / 2
    bound = (rewards + p.gamma * transitions * p.span_s(p.V)) / (1 - p.gamma)
    return p.max_s(abs(p.V_new - p.V)), "<=", bound


@theorem("-", "own")
def approximate_advantage(p: Symbols) -> Sides:
    """A surrogate with r in place of A has an error of at most the bound for L plus a second term.

    The bound for L is 4 max_tv eps c, with c = sum_t gamma^t (1 - (1 - max_tv)^t).  The second term
    is 2 max_tv max abs(r - A) / (1 - gamma).
    """
    step = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.r))
    c = coupling_constant(p.max_tv, p.gamma)
    wrong = 2 * p.max_tv * p.max_sa(abs(p.r - p.A)) / (1 - p.gamma)
    return abs(p.eta_new - p.eta - step), "<=", 4 * p.max_tv * p.eps * c + wrong


def _soft_gain(p: Symbols) -> Any:
    return p.eta_new + p.sum_s(p.rho_new * p.entropy_new) - (p.eta + p.sum_s(p.rho * p.entropy))


@theorem("Mei Lemma 25", f"after {MEI}")
def soft_performance_difference(p: Symbols) -> Sides:
    """The gain of the soft return is the soft advantage of pi_new plus its entropy under rho_new.

    The soft return is eta plus the discounted entropies of the rows, at temperature 1.  The soft
    advantage is that of the soft value V + K of pi.
    """
    further = p.gamma * p.sum_a(p.pi_new * p.expect_next(p.K)) - p.K
    return _soft_gain(p), "==", p.sum_s(p.rho_new * (p.A_bar + further + p.entropy_new))


@theorem("Mei Lemma 26", f"after {MEI}", same_as="soft_performance_difference")
def soft_suboptimality(p: Symbols) -> Sides:
    """The gain of the soft return is sum_s rho (KL(pi || pi_new) - sum_a pi delta).

    Here delta = r + gamma P V' - V' - log pi_new, with the soft value V' of pi_new at temperature
    1; it is 0 if pi_new is soft optimal.  There is no value where pi_new is 0.
    """
    soft = p.V_new + p.K_new
    delta = p.r + p.gamma * p.expect_next(soft) - soft - p.log(p.pi_new)
    return _soft_gain(p), "==", p.sum_s(p.rho * (p.kl - p.sum_a(p.pi * delta)))
