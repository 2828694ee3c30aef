"""Optimal values and all optimal actions, by policy iteration with steps proved to improve."""

from dataclasses import dataclass
from typing import final

import numpy as np

from tabular_trpo.core import policy
from tabular_trpo.core.errors import LimitError, Problem, TabularError
from tabular_trpo.core.mdp import MDP
from tabular_trpo.core.numbers import Array, Scalar, frozen
from tabular_trpo.core.readable import readable
from tabular_trpo.exact.evaluate import Evaluation, evaluate

MOST_ITERATIONS = 1000


@final
@readable
@dataclass(frozen=True, slots=True)
class OptimumRadius:
    """Proved error bounds of the values of an `Optimum`; zeros in the rational lane."""

    V_star: Array
    Q_star: Array
    eta_star: Scalar


@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The optimal value and every optimal action.

    V_star:   (..., S), Q_star: (..., S, A), eta_star: (...)
    optimal:  (..., S, A) bool: all optimal actions; in the float lane, all not proved suboptimal
    pi:       (..., S, A) a deterministic policy attaining V_star within `radius`
    """

    V_star: Array
    Q_star: Array
    eta_star: Scalar
    optimal: Array
    pi: Array
    radius: OptimumRadius
    iterations: int


def optimal(mdp: MDP) -> Optimum:
    """Return V*, Q*, eta* and all optimal actions.

    Policy iteration (Howard 1960): act greedily with respect to Q, keeping an action unless another
    is better by more than its proved error, so that each step improves and the loop ends.  At the
    last policy V <= V* <= V + max(A)+ / (1 - gamma), which is the radius; exact in the rational
    lane, where A <= 0.

    raises: LimitError after MOST_ITERATIONS sweeps

    >>> optimal(MDP([[["1"], ["1"]]], [["1", "2"]], ["1"], "1/2")).V_star
    array([Fraction(4, 1)], dtype=object)
    """
    pi = _start(mdp)
    for iteration in range(1, MOST_ITERATIONS + 1):
        e = evaluate(mdp, pi)
        better = _improvement(mdp, e)
        if better is None:
            return _optimum(mdp, e, iteration)
        pi = policy.deterministic(mdp, better)
    got = f"still improved after {MOST_ITERATIONS} iterations"
    raise LimitError(Problem("iterations", "policy iteration", got, "an optimal policy"))


def _start(mdp: MDP) -> Array:
    """Return a first policy: greedy in r, or in the rational lane the float lane's optimum."""
    if mdp.lane == "rational":
        try:
            return policy.to_rational(optimal(mdp.to_float()).pi)
        except TabularError:
            pass  # numbers beyond float64: start from nothing
    return policy.greedy(mdp, mdp.r)


def _improvement(mdp: MDP, e: Evaluation) -> Array | None:
    """Return the improved actions, (..., S), or None where no improvement is proved."""
    now = policy.best_actions(mdp, e.pi)
    best = policy.best_actions(mdp, e.A)
    gain = np.take_along_axis(e.A - e.radius.A, best[..., None], axis=-1)[..., 0]
    better = np.asarray(gain > 0, dtype=bool)
    return np.where(better, best, now) if better.any() else None


def _optimum(mdp: MDP, e: Evaluation, iterations: int) -> Optimum:
    if mdp.lane == "rational":
        best = mdp.mask & np.asarray(e.A == 0, dtype=bool)
        radius = OptimumRadius(e.radius.V, e.radius.Q, e.radius.eta)
        return Optimum(e.V, e.Q, e.eta, frozen(best), e.pi, radius, iterations)
    # The advantage of the action taken is exactly 0, so only the others can be missing.
    others = mdp.mask & (e.pi == 0)
    top = np.where(others, e.A + e.radius.A, 0.0).max(axis=(-2, -1))
    missing = np.asarray(np.maximum(top, 0.0) / (1 - mdp.gamma) * (1 + 2.0**-40))
    spread = missing[..., None]
    # With V <= V* <= V + missing, an optimal action has A >= -missing.
    best = mdp.mask & (e.A + e.radius.A + spread[..., None] >= 0)
    Q_radius = np.where(mdp.mask, e.radius.Q + spread[..., None], 0.0)
    radius = OptimumRadius(frozen(e.radius.V + spread), frozen(Q_radius), e.radius.eta + missing)
    return Optimum(e.V, e.Q, e.eta, frozen(best), e.pi, radius, iterations)
