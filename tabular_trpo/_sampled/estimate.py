"""Estimators of the local objective L from paths and from vines, in the arithmetic of the data.

Estimand: G = rho A and eta of L_pi(pi_new) = eta + <G, pi_new - pi>, TRPO (2015), equation (3).

Single path, equation (14): each step contributes w_t A_hat_t / pi(a_t|s_t) at (s_t, a_t), with
A_hat the return from t on.  Unbiased with w_t = gamma^t up to the horizon; the variance is that of
importance sampling, large where pi is small.  A baseline reduces variance and adds no bias if it is
independent of the path; generalized advantage estimation reduces it further and adds bias.

Vine, equation (15): each root contributes Q_hat(s_n, a) / (1 - gamma) for every action a, or
Q_hat / (K q(a|s_n)) / (1 - gamma) for K actions drawn from q.  Unbiased with geometric stopping
times; no importance weights where every action is tried.

Constraint of equation (14): the mean KL of a step is taken with the weights of these estimates.
Nothing is standardised unless asked for: advantages are neither centred nor scaled over a batch.
"""

from itertools import accumulate, repeat
from operator import mul

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import Array, Scalar, brief, is_rational, shown, zeros
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._sampled.advantages import RETURNS, Advantages
from tabular_trpo._sampled.contributions import Contributions
from tabular_trpo._sampled.rollouts import Rollouts
from tabular_trpo._sampled.vine import Vine

WEIGHTINGS = ("discounted", "undiscounted")
SAME = 1e-9  # largest difference of a policy's probability and the recorded one


@public
def estimate(
    rollouts: Rollouts,
    pi: object,
    *,
    weighting: str = "discounted",
    baseline: Scalar = None,
    lam: Scalar = None,
    n_step: int | None = None,
    standardise: bool = False,
) -> Surrogate:
    """Return L from paths of pi: G(s, a) = E sum_t w_t 1{s_t = s} (1{a_t = a} / pi - 1) A_hat_t.

    TRPO (2015), equation (14) with pi as the sampling policy.  A_hat is the return from t on, as in
    the paper.  Actions that pi never takes do not occur in the data, and are marked as not allowed.

    pi:        (S, A) the policy of the paths
    weighting: "discounted": w_t = gamma^t, unbiased for rho up to the horizon (1 with geometric
               stopping, unbiased for rho).  "undiscounted": the same w for all t, of the same sum,
               as common implementations do; biased for equation (3)
    baseline:  (S,) subtracted from each return; adds no bias if it does not depend on these paths
    lam:       in [0, 1]: A_hat of generalized advantage estimation (Schulman et al. 2016), with the
               baseline as its V: biased unless that is the V of pi
    n_step:    A_hat of n steps, completed by the baseline, in place of lam; biased likewise
    standardise: divide A_hat less its mean by its standard deviation over all steps, as common
               implementations do: the gains of L are then in units of that deviation.  In floats
    return:    a Surrogate with stderr of eta and G_stderr, both over paths; None in rationals
    raises:    InvalidMDPError; ExactnessError where pi or baseline is not in the arithmetic of the
               paths; LimitError where doubles overflow

    >>> from fractions import Fraction
    >>> one = np.array([[Fraction(1)]])
    >>> states, actions = np.array([[0, 0]]), np.array([[1]])
    >>> path = Rollouts(states, actions, one, one / 2, np.array([1]), False, Fraction(1, 2))
    >>> estimate(path, np.array([[Fraction(1, 2), Fraction(1, 2)]])).G
    array([[Fraction(-1, 1), Fraction(1, 1)]], dtype=object)
    """
    least = rollouts.states.max() + 1, rollouts.actions.max() + 1
    pi = read_policy(pi, least, is_rational(rollouts.rewards))
    rational = is_rational(rollouts.rewards)
    advantages = Advantages.read(baseline, lam, n_step, len(pi), rational, standardise)
    return path_contributions(rollouts, pi, weighting, advantages).surrogate(pi, pi > 0)


def path_contributions(
    rollouts: Rollouts,
    pi: Array,
    weighting: str = "discounted",
    advantages: Advantages = RETURNS,
) -> Contributions:
    """Return the contributions of each path; weighting and errors as in `estimate`."""
    weights = step_weights(weighting, rollouts.gamma, rollouts.horizon)
    within = rollouts.within
    check_same_policy(rollouts, pi, within)
    returns = rollouts.returns
    path, t = np.nonzero(within)
    state, action = rollouts.states[path, t], rollouts.actions[path, t]
    weight = (zeros(within.shape[1:], is_rational(rollouts.rewards)) + weights)[t]
    with np.errstate(over="ignore", invalid="ignore"):  # `Contributions` refuses what overflows
        value = weight * advantages.of(rollouts)[path, t] / rollouts.behaviour[path, t]
    return Contributions(path, state, action, value, path, state, weight, returns[:, 0])


@public
def estimate_vine(vine: Vine, pi: object) -> Surrogate:
    """Return L from a vine: G(s, a) = E 1{s_n = s} Q_hat(s, a) / (1 - gamma), centred under pi.

    TRPO (2015), equation (15) where every action is tried; drawn ones are weighted by 1 / (K q).
    Unbiased with geometric stopping times.  With a horizon T each Q_hat omits at most
    gamma^T max|V|.  For the self-normalised form (16) see `self_normalised`.

    vine:   from `vine`
    pi:     (S, A) the policy that the branches follow
    return: a Surrogate with stderr of eta and G_stderr, both over paths
    raises: InvalidMDPError, also for an action drawn where the behaviour has none; ExactnessError;
            LimitError where doubles overflow

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._sampled.simulator import Simulator
    >>> from tabular_trpo._sampled.vine import vine
    >>> sim = Simulator(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), np.random.default_rng(0))
    >>> estimate_vine(vine(sim, [[0.5, 0.5]], 3, horizon=2), [[0.5, 0.5]]).G
    array([[-1.,  1.]])
    """
    pi = vine_policy(vine, pi)
    return vine_contributions(vine, pi).surrogate(pi, vine.visible)


def vine_contributions(vine: Vine, pi: Array) -> Contributions:
    """Return the contributions of each path of a vine; raises as `estimate_vine`."""
    root, place = np.nonzero(vine.used)
    drawn = vine.behaviour[root, place]
    if not vine.every:
        _check_positive(drawn)
    R, n = len(vine.states), int(vine.path.max()) + 1
    each = R // n
    state, action = vine.states[root], vine.actions[root, place]
    weight = 1 / (1 - vine.gamma) / each
    importance = weight / drawn if vine.every else weight / drawn / vine.actions.shape[1]
    # The reward at the root itself, averaged over pi, completes the return of the stopped path.
    share = pi[state, action] * (importance / weight)
    last = zeros((R,), is_rational(vine.Q))
    with np.errstate(over="ignore", invalid="ignore"):
        value = importance * vine.Q[root, place]
        np.add.at(last, root, share * vine.first[root, place])
        returns = (vine.before + last).reshape(n, each).sum(axis=1) / each
    weights = zeros((R,), is_rational(vine.Q)) + weight
    return Contributions(
        vine.path[root], state, action, value, vine.path, vine.states, weights, returns
    )


def read_policy(pi: object, least: tuple[int, int], rational: bool, name: str = "pi") -> Array:
    """Return a policy in the arithmetic of the data, its rows checked and on the grid.

    least:  the smallest shape that the data permit
    raises: InvalidMDPError, ExactnessError
    """
    table = read_as(name, pi, rational, unsigned=True)
    if table.ndim != 2 or table.shape[0] < least[0] or table.shape[1] < least[1]:
        raise shape_error(name, table.shape, f"(S, A), at least ({least[0]}, {least[1]})")
    return check_rows(name, table)


def vine_policy(vine: Vine, pi: object) -> Array:
    """Return a checked policy in the arithmetic and shape of a vine; raises as `read_policy`."""
    table = read_policy(pi, vine.visible.shape, is_rational(vine.Q))
    if table.shape != vine.visible.shape:
        raise shape_error("pi", table.shape, f"(S, A) = {vine.visible.shape}")
    return table


def _check_positive(behaviour: Array) -> None:
    if (bad := np.flatnonzero(~(behaviour > 0))).size:
        where, got = f"behaviour[{bad[0]}]", f"= {shown(behaviour[bad[0]])}"
        expected = "a probability > 0 of an action that was taken"
        raise invalid("behaviour", where, got, expected, hidden=len(bad) - 1)


def check_support(behaviour: Array, pi: Array, name: str) -> None:
    """Raise InvalidMDPError where a policy takes an action that the policy of the paths does not.

    name: of the policy, for the error
    """
    if (bad := np.argwhere((behaviour == 0) & (pi > 0))).size:
        s, a = bad[0]
        got = f"= {brief(pi[s, a])} where the policy of the paths never takes the action"
        cure = "Sample with a policy that takes it"
        raise invalid("support", f"{name}[s={s}, a={a}]", got, "0", cure, hidden=len(bad) - 1)


def check_same_policy(rollouts: Rollouts, pi: Array, within: Array, name: str = "pi") -> None:
    """Raise InvalidMDPError where paths took an action with another probability than a policy."""
    _check_positive(rollouts.behaviour[within])
    taken = pi[rollouts.states[:, :-1], rollouts.actions]
    off = within & (abs(taken - rollouts.behaviour) > SAME)
    if off.any():
        i, t = np.argwhere(off)[0]
        got = f"= {shown(taken[i, t])}, where the paths took it with {rollouts.behaviour[i, t]}"
        s, a = rollouts.states[i, t], rollouts.actions[i, t]
        cure = "Estimate with the policy that was sampled"
        where, hidden = f"{name}[s={s}, a={a}]", int(off.sum()) - 1
        raise invalid("policy", where, got, "that probability", cure, hidden)


def step_weights(weighting: str, gamma: Scalar, horizon: int | None) -> list[Scalar]:
    """Return the weight of each step of a path; [1] for all steps with geometric stopping times.

    raises: InvalidMDPError for an unknown weighting, and for "undiscounted" without a horizon

    >>> step_weights("discounted", 0.5, 3), step_weights("undiscounted", 0.5, 2)
    ([1.0, 0.5, 0.25], [0.75, 0.75])
    """
    if weighting not in WEIGHTINGS:
        expected = f"one of {', '.join(WEIGHTINGS)}"
        raise invalid("choice", "weighting", f"= {weighting!r}", expected)
    if horizon is None:
        if weighting == "undiscounted":
            got, cure = "with geometric stopping times", "Sample with a horizon"
            raise invalid("choice", "weighting", got, "a horizon", cure)
        return [1]
    weights = list(accumulate(repeat(gamma, horizon - 1), mul, initial=gamma**0))
    return weights if weighting == "discounted" else [sum(weights) / horizon] * horizon
