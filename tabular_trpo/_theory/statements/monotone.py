"""Steps that lower the value of no state: greedy, reward-weighted, mirror; distance to V*."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides


def least_gain(p: Symbols) -> Any:
    """Return the smallest gain V_new - V over the states."""
    return -p.max_s(p.V - p.V_new)


def _greedy(p: Symbols) -> Sides:
    return p.max_s(p.max_a(p.A) - p.A_bar), "<=", 0


def _mirror(p: Symbols) -> Sides:
    return -p.max_s(p.kl_reversed - p.A_bar), ">=", 0


def _weighted(p: Symbols) -> Sides:
    return p.smaller(-p.max_sa(-p.r), -p.max_sa(abs(p.pi_new * p.V - p.pi * p.Q))), ">=", 0


@theorem(
    "TRPO, after (2)", "after Schulman et al. 2015", when=lambda p: (-p.max_s(-p.A_bar), ">=", 0)
)
def improvement_statewise(p: Symbols) -> Sides:
    """If the mean advantage A_bar of pi_new is >= 0 at each state, V_new >= V at each state."""
    return least_gain(p), ">=", 0


@theorem("Howard, policy iteration", "Howard 1960", when=_greedy)
def policy_iteration(p: Symbols) -> Sides:
    """If pi_new is greedy in the advantage A of pi, then V_new >= V at each state."""
    return least_gain(p), ">=", 0


@theorem("Puterman, policy iteration", "Puterman 1994", when=_greedy)
def policy_iteration_contraction(p: Symbols) -> Sides:
    """If pi_new is greedy in A, then max_s(V_star - V_new) <= gamma max_s(V_star - V)."""
    return p.max_s(p.V_star - p.V_new), "<=", p.gamma * p.max_s(p.V_star - p.V)


@theorem("Puterman, optimality gap", "Puterman 1994")
def optimality_gap(p: Symbols) -> Sides:
    """The distance max_s(V_star - V) to the optimal value is at most max A / (1 - gamma)."""
    return p.max_s(p.V_star - p.V), "<=", p.max_sa(p.A) / (1 - p.gamma)


@theorem("Strupl, reward-weighted", "after Strupl et al. 2022", when=_weighted)
def reward_weighted(p: Symbols) -> Sides:
    """If all rewards are >= 0, the step pi_new = pi Q / V has V_new >= V at each state."""
    return least_gain(p), ">=", 0


@theorem("Grudzien Lemma 3.3", "after Grudzien et al. 2022", when=_mirror)
def mirror_step(p: Symbols) -> Sides:
    """If A_bar >= KL(pi_new || pi) at each state, then V_new >= V at each state."""
    return least_gain(p), ">=", 0


@theorem("Agarwal Lemma 5.2 (arXiv)", "after Agarwal et al. 2021", when=_mirror)
def npg_progress(p: Symbols) -> Sides:
    """If A_bar >= KL(pi_new || pi) at each state, the gain is at least their difference under rho0.

    The gain is eta_new - eta.  For a natural gradient step with softmax logits, A_bar - KL is the
    log Z of the paper.
    """
    return p.eta_new - p.eta, ">=", p.sum_s(p.rho0 * (p.A_bar - p.kl_reversed))
