"""Optimal values and all optimal actions, by policy iteration with steps proved to improve."""

from dataclasses import dataclass
from numbers import Integral
from typing import final

import numpy as np

from tabular_trpo._core import policy
from tabular_trpo._core.budget import work_limit
from tabular_trpo._core.errors import LimitError, Problem, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, frozen
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact import entrywise as relative
from tabular_trpo._exact import warm_start as warm
from tabular_trpo._exact.evaluate import Evaluation, evaluate

MOST_ITERATIONS = 1000


@final
@locked
@dataclass(frozen=True, slots=True)
class OptimumRadius:
    """Proved error bounds of the values of an `Optimum`; zeros in rational arithmetic."""

    V_star: Array
    Q_star: Array
    eta_star: Scalar


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The optimal value and every optimal action.

    V_star:   (..., S), Q_star: (..., S, A), eta_star: (...)
    optimal:  (..., S, A) bool: all optimal actions; in float arithmetic, all not proved suboptimal
    undecided: (..., S, A) bool: those of `optimal` not proved optimal; none in rational arithmetic
    pi:       (..., S, A) a deterministic policy attaining V_star within `radius`
    """

    V_star: Array
    Q_star: Array
    eta_star: Scalar
    optimal: Array
    undecided: Array
    pi: Array
    radius: OptimumRadius
    iterations: int


@public
def optimal(mdp: MDP, limit: int = MOST_ITERATIONS, work: float | None = None) -> Optimum:
    """Return V*, Q*, eta* and all optimal actions.

    Policy iteration (Howard 1960) from a policy that is nearly optimal in plain doubles
    (`exact.warm`): act greedily with respect to Q, keeping an action unless another is better by
    more than its proved error, so that each step improves and the loop ends.  At the last policy
    V <= V* <= V + max(A)+ / (1 - gamma), which is the radius; exact in rational arithmetic, where
    A <= 0.  In float arithmetic of a single model, actions are also compared entry by entry
    (`exact.relative`): far from all rewards, where the radius is larger than the values.

    limit:  the most evaluations
    work:   the most exact arithmetic, in seconds of the estimate `exact_work`; see `work_limit`
    raises: LimitError after `limit` evaluations or beyond the budget of exact work,
            InvalidMDPError for a limit below 1

    >>> optimal(MDP([[["1"], ["1"]]], [["1", "2"]], ["1"], "1/2")).V_star
    array([Fraction(4, 1)], dtype=object)
    """
    if isinstance(limit, bool) or not isinstance(limit, Integral) or limit < 1:
        raise invalid("limit", "limit", f"= {limit!r}", "an integer >= 1")
    with work_limit(work):
        return _iterated(mdp, int(limit))


def _iterated(mdp: MDP, limit: int) -> Optimum:
    actions = warm.start(mdp)
    last: tuple[Evaluation, Array] | None = None  # evaluation and proved step before a leap
    for iteration in range(1, limit + 1):
        e = evaluate(mdp, policy.deterministic(mdp, actions))
        if last is not None and not e.V.sum() > last[0].V.sum():
            actions, last = last[1], None
            continue
        better = _improvement(mdp, e)
        if better is None:
            return _optimum(mdp, e, iteration)
        actions = better if mdp.batch_shape else _leap(mdp, e, better)
        last = None if np.array_equal(actions, better) else (e, better)
    got = f"still improved after {limit} evaluations"
    cure = "Give a larger limit"
    raise LimitError(Problem("iterations", "policy iteration", got, "an optimal policy", cure))


def _leap(mdp: MDP, e: Evaluation, better: Array) -> Array:
    """Return actions that are probably better still: optimal in doubles for the rewards A.

    The advantages are the rewards of a model with the same optimal policies (potential shaping by
    V, Ng, Harada and Russell 1999) in which the policy is worth 0: what is left to gain fills the
    range of doubles, however small beside V.  Of gains only what is proved is kept.
    """
    gains = np.where(e.A > 0, np.maximum(e.A - e.radius.A, 0 * e.A), e.A)
    return warm.improve(warm.plain(mdp, gains, shifted=False), better)[0]


def _improvement(mdp: MDP, e: Evaluation) -> Array | None:
    """Return the improved actions, (..., S), or None where no improvement is proved."""
    now = policy.best_actions(mdp, e.pi)
    best = policy.best_actions(mdp, e.A)
    gain = np.take_along_axis(e.A - e.radius.A, best[..., None], axis=-1)[..., 0]
    better = np.asarray(gain > 0, dtype=bool)
    return np.where(better, best, now) if better.any() else None


def _optimum(mdp: MDP, e: Evaluation, iterations: int) -> Optimum:
    if mdp.arithmetic == "rational":
        best = mdp.mask & np.asarray(e.A == 0, dtype=bool)
        radius = OptimumRadius(e.radius.V, e.radius.Q, e.radius.eta)
        open_ = frozen(np.zeros_like(best))
        return Optimum(e.V, e.Q, e.eta, frozen(best), open_, e.pi, radius, iterations)
    # The advantage of the action taken is exactly 0, so only the others can be missing.
    others = mdp.mask & (e.pi == 0)
    top = np.where(others, e.A + e.radius.A, 0.0).max(axis=(-2, -1))
    missing = np.asarray(np.maximum(top, 0.0) / (1 - mdp.gamma) * (1 + 2.0**-40))
    spread = missing[..., None]
    # With V <= V* <= V + missing, an optimal action has A >= -missing.
    best = mdp.mask & (e.A + e.radius.A + spread[..., None] >= 0)
    same = _equal(mdp, policy.best_actions(mdp, e.pi))
    if not mdp.batch_shape and np.any(best.sum(axis=-1) > 1):
        best &= ~relative.suboptimal(mdp, policy.best_actions(mdp, e.pi))
        same |= relative.barren(mdp)[:, None]
    open_ = best & ~np.all(same | ~best, axis=-1)[..., None]
    Q_radius = np.where(mdp.mask, e.radius.Q + spread[..., None], 0.0)
    radius = OptimumRadius(frozen(e.radius.V + spread), frozen(Q_radius), e.radius.eta + missing)
    frozen(best), frozen(open_)
    return Optimum(e.V, e.Q, e.eta, best, open_, e.pi, radius, iterations)


def _equal(mdp: MDP, actions: Array) -> Array:
    """Return the pairs, (..., S, A) bool, with the row and the reward of the action taken."""
    at = actions[..., None]
    same = np.asarray(mdp.r == np.take_along_axis(mdp.r, at, axis=-1))
    if not mdp.is_sparse:
        taken = np.take_along_axis(mdp.P, at[..., None], axis=-2)
        return np.asarray(same & np.all(mdp.P == taken, axis=-1))
    rows = np.arange(mdp.n_states) * mdp.n_actions + actions
    apart = mdp.P - mdp.P[np.repeat(rows, mdp.n_actions)]
    return np.asarray(same & (abs(apart).sum(axis=1).reshape(same.shape) == 0))
