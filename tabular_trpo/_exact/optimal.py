"""Optimal values and all optimal actions, by policy iteration with steps proved to improve.

Problem: solve V* = max_a (r + gamma P V*) and find the set of all optimal actions, with proof.

Method: policy iteration (Howard 1960) from a policy that is nearly optimal in plain doubles
(`warm_start`).  A step takes a greedy action only where its advantage exceeds its proved error, so
every step improves, no policy repeats, and the loop ends.  Where a gain remains, the next search in
doubles has the advantages as its rewards (`_search_again`).

Guarantee: at the last policy V <= V* <= V + max(A)+ / (1 - gamma) (performance difference); in
rationals A <= 0, so V = V*.  In floats an action is optimal, suboptimal, or undecided; `entrywise`
decides actions at states whose values are smaller than the radius.
"""

from numbers import Integral
from typing import final

import numpy as np

from tabular_trpo._core import policy
from tabular_trpo._core.budget import work_limit
from tabular_trpo._core.errors import LimitError, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact import entrywise, warm_start
from tabular_trpo._exact.evaluate import Evaluation, etas, evaluate_checked, sizes

MOST_ITERATIONS = 1000


@final
@locked_dataclass(frozen=True)
class OptimumRadius:
    """Proved error bounds of the values of an `Optimum`; zeros in rational arithmetic.

    V_star: (..., S); Q_star: (..., S, A); eta_star: (...)
    """

    V_star: Array
    Q_star: Array
    eta_star: Scalar


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Optimum:
    """The optimal values and all optimal actions of a model.

    V_star:   (..., S), Q_star: (..., S, A), eta_star: (...)
    optimal:  (..., S, A) bool: the optimal actions; in floats, those not proved suboptimal
    undecided: (..., S, A) bool: the actions of `optimal` that are not proved optimal; none in
              rational arithmetic
    pi:       (..., S, A) a deterministic policy attaining V_star within `radius`
    radius:   proved bounds of the errors of V_star, Q_star and eta_star
    iterations: number of policies evaluated

    >>> optimal(MDP([[["1"], ["1"]]], [["1", "2"]], ["1"], "1/2"))
    <Optimum: S=1, A=2, eta* 4, 1 optimal pair, 0 undecided>
    """

    V_star: Array
    Q_star: Array
    eta_star: Scalar
    optimal: Array
    undecided: Array
    pi: Array
    radius: OptimumRadius
    iterations: int

    def __repr__(self) -> str:
        """Return the sizes, eta* and the number of optimal pairs on one line."""
        n, undecided = int(self.optimal.sum()), int(self.undecided.sum())
        pairs = f"{n} optimal pair{'s' if n > 1 else ''}, {undecided} undecided"
        return f"<Optimum: {sizes(self.pi)}, {etas(self.eta_star, 'eta*')}, {pairs}>"


@public
def optimal(mdp: MDP, limit: int = MOST_ITERATIONS, work: float | None = None) -> Optimum:
    """Return V*, Q*, eta* and all optimal actions.

    V* = max_a (r + gamma P V*), by policy iteration (Howard 1960): act greedily with respect to Q,
    keeping an action unless another is better by more than its proved error.  At the last policy
    V <= V* <= V + max(A)+ / (1 - gamma), which is the radius; exact in rational arithmetic, where
    A <= 0.

    limit:  largest number of evaluations
    work:   limit of exact arithmetic, in seconds of the estimate `exact_work`; see `work_limit`
    return: `Optimum`, with the batch axes of the model
    raises: LimitError after `limit` evaluations or beyond the limit of exact work,
            InvalidMDPError for a limit below 1

    >>> optimal(MDP([[["1"], ["1"]]], [["1", "2"]], ["1"], "1/2")).V_star
    array([Fraction(4, 1)], dtype=object)
    """
    if isinstance(limit, bool) or not isinstance(limit, Integral) or limit < 1:
        raise invalid("limit", "limit", f"= {limit!r}", "an integer >= 1")
    with work_limit(work):
        return _iterated(mdp, int(limit))


def _iterated(mdp: MDP, limit: int) -> Optimum:
    """Return the optimum by policy iteration.

    raises: LimitError where the policy still improves after `limit` evaluations
    """
    actions = warm_start.start(mdp)
    # The evaluation before the last search in doubles, and the actions proved better than it.
    last: tuple[Evaluation, Array] | None = None
    for iteration in range(1, limit + 1):
        e = evaluate_checked(mdp, policy.deterministic(mdp, actions))
        if last is not None and not e.V.sum() > last[0].V.sum():
            actions, last = last[1], None
            continue
        better = _improvement(mdp, e)
        if better is None:
            return _optimum(mdp, e, iteration)
        actions = better if mdp.batch_shape else _search_again(mdp, e, better)
        last = None if np.array_equal(actions, better) else (e, better)
    got, expected = f"still improved after {limit} evaluations", "an optimal policy"
    cure = "Give a larger limit"
    raise LimitError.of("iterations", "policy iteration", got, expected, cure)


def _search_again(mdp: MDP, e: Evaluation, better: Array) -> Array:
    """Return actions (S,) that are optimal in doubles for the rewards A, usually above `better`.

    The advantages are the rewards of a model with the same optimal policies (potential shaping by
    V, Ng, Harada and Russell 1999) in which the value of the policy is 0, so that a remaining gain
    is resolved in doubles however small it is beside V.  Gains are reduced by their radii.

    better: (S,) actions that are proved to improve on the policy of `e`
    """
    gains = np.where(e.A > 0, np.maximum(e.A - e.radius.A, 0 * e.A), e.A)
    model = warm_start.scaled_model(mdp, gains, shifted=False)
    return warm_start.improve(model, better)[0]


def _improvement(mdp: MDP, e: Evaluation) -> Array | None:
    """Return the greedy actions (..., S) where proved better; None without a proved improvement."""
    now = policy.best_actions(mdp, e.pi)
    best = policy.best_actions(mdp, e.A)
    gain = np.take_along_axis(e.A - e.radius.A, best[..., None], axis=-1)[..., 0]
    better = np.asarray(gain > 0, dtype=bool)
    return np.where(better, best, now) if better.any() else None


def _optimum(mdp: MDP, e: Evaluation, iterations: int) -> Optimum:
    """Return the record of the optimum from the evaluation of the last policy."""
    if mdp.arithmetic == "rational":
        best = mdp.mask & np.asarray(e.A == 0, dtype=bool)
        radius = OptimumRadius(e.radius.V, e.radius.Q, e.radius.eta)
        return Optimum(e.V, e.Q, e.eta, best, np.zeros_like(best), e.pi, radius, iterations)
    # The advantage of the action taken is exactly 0, so only the others bound V* - V.
    others = mdp.mask & (e.pi == 0)
    top = np.where(others, e.A + e.radius.A, 0.0).max(axis=(-2, -1))
    missing = np.asarray(np.maximum(top, 0.0) / (1 - mdp.gamma) * (1 + 2.0**-40))
    spread = missing[..., None]
    # With V <= V* <= V + missing, an optimal action has A >= -missing.
    best = mdp.mask & (e.A + e.radius.A + spread[..., None] >= 0)
    same = _equal(mdp, policy.best_actions(mdp, e.pi))
    if not mdp.batch_shape and np.any(best.sum(axis=-1) > 1):
        best &= ~entrywise.suboptimal(mdp, policy.best_actions(mdp, e.pi))
        same |= entrywise.least_reward_only(mdp)[:, None]
    undecided = best & ~np.all(same | ~best, axis=-1)[..., None]
    Q_radius = np.where(mdp.mask, e.radius.Q + spread[..., None], 0.0)
    radius = OptimumRadius(e.radius.V + spread, Q_radius, e.radius.eta + missing)
    return Optimum(e.V, e.Q, e.eta, best, undecided, e.pi, radius, iterations)


def _equal(mdp: MDP, actions: Array) -> Array:
    """Return the pairs, (..., S, A) bool, whose row of P and reward equal those of actions[s]."""
    at = actions[..., None]
    same = np.asarray(mdp.r == np.take_along_axis(mdp.r, at, axis=-1))
    if not mdp.is_sparse:
        taken = np.take_along_axis(mdp.P, at[..., None], axis=-2)
        return np.asarray(same & np.all(mdp.P == taken, axis=-1))
    rows = np.arange(mdp.n_states) * mdp.n_actions + actions
    difference = mdp.P - mdp.P[np.repeat(rows, mdp.n_actions)]
    return np.asarray(same & (abs(difference).sum(axis=1).reshape(same.shape) == 0))
