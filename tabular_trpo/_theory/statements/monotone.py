"""Steps that lower no state: greedy, reward-weighted, mirror ascent; and how near V* is."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides


def least_gain(p: Any) -> Any:
    """Return the smallest gain V_new - V of a state."""
    return -p.max_s(p.V - p.V_new)


def _greedy(p: Any) -> Sides:
    return p.max_s(p.max_a(p.A) - p.A_bar), "<=", 0


def _mirror(p: Any) -> Sides:
    return -p.max_s(p.kl_reversed - p.A_bar), ">=", 0


def _weighted(p: Any) -> Sides:
    return p.smaller(-p.max_sa(-p.r), -p.max_sa(abs(p.pi_new * p.V - p.pi * p.Q))), ">=", 0


@theorem(
    "TRPO, after (2)", "after Schulman et al. 2015", when=lambda p: (-p.max_s(-p.A_bar), ">=", 0)
)
def improvement_statewise(p: Any) -> Sides:
    """Where no mean advantage is negative no state loses."""
    return least_gain(p), ">=", 0


@theorem("Howard, policy iteration", "Howard 1960", when=_greedy)
def policy_iteration(p: Any) -> Sides:
    """A greedy policy loses at no state."""
    return least_gain(p), ">=", 0


@theorem("Puterman, policy iteration", "Puterman 1994", when=_greedy)
def policy_iteration_contraction(p: Any) -> Sides:
    """And comes nearer to the optimum by the factor gamma."""
    return p.max_s(p.V_star - p.V_new), "<=", p.gamma * p.max_s(p.V_star - p.V)


@theorem("Puterman, optimality gap", "Puterman 1994")
def optimality_gap(p: Any) -> Sides:
    """The largest advantage over a horizon bounds what any policy can gain."""
    return p.max_s(p.V_star - p.V), "<=", p.max_sa(p.A) / (1 - p.gamma)


@theorem("Strupl, reward-weighted", "after Strupl et al. 2022", when=_weighted)
def reward_weighted(p: Any) -> Sides:
    """With rewards >= 0 the step pi_new = pi Q / V loses at no state."""
    return least_gain(p), ">=", 0


@theorem("Grudzien Lemma 3.3", "after Grudzien et al. 2022", when=_mirror)
def mirror_step(p: Any) -> Sides:
    """A step that pays for its drift, KL(pi_new || pi), at each state loses at none."""
    return least_gain(p), ">=", 0


@theorem("Agarwal Lemma 5.2 (arXiv)", "after Agarwal et al. 2021", when=_mirror)
def npg_progress(p: Any) -> Sides:
    """And gains at least what is left over at the start; a natural gradient step leaves log Z."""
    return p.eta_new - p.eta, ">=", p.sum_s(p.rho0 * (p.A_bar - p.kl_reversed))


MONOTONE = (
    improvement_statewise,
    policy_iteration,
    policy_iteration_contraction,
    optimality_gap,
    reward_weighted,
    mirror_step,
    npg_progress,
)
