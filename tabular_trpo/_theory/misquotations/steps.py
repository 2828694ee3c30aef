"""Misquotations about monotone steps, models, soft values and finite horizons."""

from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements import horizon
from tabular_trpo._theory.statements.monotone import least_gain


def _apart(p: Any, share: int) -> Any:
    step = p.pi_new - p.pi
    transitions = p.max_s(p.move(step)) / share
    rewards = p.max_s(abs(p.sum_a(step * p.r)))
    return (rewards + p.gamma * transitions * p.span_s(p.V)) / (1 - p.gamma)


def _promise(p: Any, delta: Any) -> Any:
    return p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))


def _soft_gain(p: Any) -> Any:
    return p.eta_new + p.sum_s(p.rho_new * p.entropy_new) - (p.eta + p.sum_s(p.rho * p.entropy))


def _further(p: Any) -> Any:
    return p.gamma * p.sum_a(p.pi_new * p.next(p.K)) - p.K


def _delta(p: Any) -> Any:
    soft = p.V_new + p.K_new
    return p.r + p.gamma * p.next(soft) - soft - p.log(p.pi_new)


def _missed(p: Any) -> Any:
    gain = horizon.eta(p, p.pi_new) - horizon.eta(p, p.pi)
    return abs(gain - horizon.promised(p, p.pi))


STEPS: Rows = {
    "visitation_coupling": [
        (
            "2 missing",
            lambda p: (p.sum_s(abs(p.rho_new - p.rho)), "<=", coupling_constant(p.max_tv, p.gamma)),
            fixtures.tight(),
        ),
    ],
    "improvement_statewise": [
        (
            "on the mean",
            lambda p: (least_gain(p), ">=", 0),
            fixtures.tight(),
            lambda p: (p.L, ">=", p.eta),
        ),
    ],
    "policy_iteration": [
        (
            "greedy in r",
            lambda p: (least_gain(p), ">=", 0),
            fixtures.sunk,
            lambda p: (p.max_s(p.max_a(p.r) - p.sum_a(p.pi_new * p.r)), "<=", 0),
        ),
    ],
    "policy_iteration_contraction": [
        (
            "gamma squared",
            lambda p: (p.max_s(p.V_star - p.V_new), "<=", p.gamma**2 * p.max_s(p.V_star - p.V)),
            fixtures.one_step,
            lambda p: (p.max_s(p.max_a(p.A) - p.A_bar), "<=", 0),
        ),
    ],
    "optimality_gap": [
        (
            "horizon missing",
            lambda p: (p.max_s(p.V_star - p.V), "<=", p.max_sa(p.A)),
            fixtures.tight(),
        ),
    ],
    "reward_weighted": [
        (
            "rewards of any sign",
            lambda p: (least_gain(p), ">=", 0),
            fixtures.arm("-1", "0", "1", "0"),
            lambda p: (p.max_sa(abs(p.pi_new * p.V - p.pi * p.Q)), "<=", 0),
        ),
    ],
    "mirror_step": [
        (
            "on the mean",
            lambda p: (least_gain(p), ">=", 0),
            fixtures.two_region(),
            lambda p: (p.mean_d(p.A_bar - p.kl_reversed), ">=", 0),
        ),
    ],
    "npg_progress": [
        (
            "over a horizon",
            lambda p: (
                p.eta_new - p.eta,
                ">=",
                p.sum_s(p.rho0 * (p.A_bar - p.kl_reversed)) / (1 - p.gamma),
            ),
            fixtures.once,
            lambda p: (-p.max_s(p.kl_reversed - p.A_bar), ">=", 0),
        ),
    ],
    "simulation_lemma": [
        (
            "half of the transitions",
            lambda p: (p.max_s(abs(p.V_new - p.V)), "<=", _apart(p, 4)),
            fixtures.trap,
        ),
    ],
    "approximate_advantage": [
        (
            "error left out",
            lambda p: (
                abs(p.eta_new - p.eta - _promise(p, p.r)),
                "<=",
                4 * p.max_tv * p.eps * coupling_constant(p.max_tv, p.gamma),
            ),
            fixtures.myopic,
        ),
    ],
    "soft_performance_difference": [
        (
            "old entropy",
            lambda p: (
                _soft_gain(p),
                "==",
                p.sum_s(p.rho_new * (p.A_bar + _further(p) + p.entropy)),
            ),
            fixtures.arm(),
        ),
    ],
    "soft_suboptimality": [
        (
            "new visits",
            lambda p: (
                _soft_gain(p),
                "==",
                p.sum_s(p.rho_new * (p.kl - p.sum_a(p.pi * _delta(p)))),
            ),
            fixtures.cpi("9/10", "23/500"),
        ),
    ],
    "horizon_performance_difference": [
        (
            "old paths",
            lambda p: (
                horizon.eta(p, p.pi_new),
                "==",
                horizon.eta(p, p.pi) + horizon.promised(p, p.pi),
            ),
            fixtures.tight(),
        ),
    ],
    "horizon_bound": [
        (
            "one step less",
            lambda p: (_missed(p), "<=", 4 * horizon.eps(p) * p.max_tv**2),
            fixtures.tight(),
        ),
    ],
    "horizon_bound_square": [
        (
            "H in place of H (H - 1)",
            lambda p: (2 * p.max_tv * horizon.parted(p), "<=", p.max_tv**2 * horizon.STEPS),
            fixtures.tight(),
        ),
    ],
}
