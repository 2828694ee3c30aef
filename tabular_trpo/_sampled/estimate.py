"""Estimates of the surrogate from paths and from vines, in the arithmetic of the data.

What is estimated is G = rho A and eta, by sums over data that are unbiased, or biased by what is
said here and no more.  Nothing is standardised.
"""

from itertools import accumulate, repeat
from operator import mul
from typing import Any

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.numbers import Array, is_rational, shown, zeros
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._sampled.contributions import Contributions
from tabular_trpo._sampled.rollouts import Rollouts, rewards_to_go
from tabular_trpo._sampled.vine import Vine

WEIGHTINGS = ("discounted", "undiscounted")
SAME = 1e-9  # between a policy's probability and what the data say it was


@public
def estimate(
    rollouts: Rollouts,
    pi: Any,
    *,
    weighting: str = "discounted",
    baseline: Any = None,
    lam: Any = None,
) -> Surrogate:
    """Return L from paths of pi: G(s, a) = E sum_t w_t 1{s_t = s} (1{a_t = a} / pi - 1) A_hat_t.

    TRPO (2015), equation (14) with pi as the sampler.  A_hat is the return from t on, as in the
    paper.  Actions that pi never takes are invisible to it, and marked as not allowed.

    pi:        (S, A) the policy the paths are of
    weighting: "discounted": w_t = gamma^t, unbiased for rho up to the horizon (1 with geometric
               stopping, unbiased for rho).  "undiscounted": the same w for all t, of the same sum;
               what deep RL codes do, biased for (3)
    baseline:  (S,) taken off each return; unbiased if it does not depend on these paths
    lam:       in [0, 1]: A_hat of generalized advantage estimation (Schulman et al. 2016), with the
               baseline as its V: biased unless that is the V of pi
    return:    a Surrogate with stderr of eta and G_stderr, both over paths; None in rationals
    raises:    InvalidMDPError; ExactnessError where pi or baseline is not in the arithmetic of the paths

    >>> from fractions import Fraction
    >>> one = np.array([[Fraction(1)]])
    >>> states, actions = np.array([[0, 0]]), np.array([[1]])
    >>> path = Rollouts(states, actions, one, one / 2, np.array([1]), False, Fraction(1, 2))
    >>> estimate(path, np.array([[Fraction(1, 2), Fraction(1, 2)]])).G
    array([[Fraction(-1, 1), Fraction(1, 1)]], dtype=object)
    """
    least = rollouts.states.max() + 1, rollouts.actions.max() + 1
    pi = read_policy(pi, least, is_rational(rollouts.rewards))
    return path_contributions(rollouts, pi, weighting, baseline, lam).surrogate(pi, pi > 0)


def path_contributions(
    rollouts: Rollouts,
    pi: Array,
    weighting: str = "discounted",
    baseline: Any = None,
    lam: Any = None,
) -> Contributions:
    """Return what each path contributes; for what it takes and raises see `estimate`."""
    weights = step_weights(weighting, rollouts.gamma, rollouts.horizon)
    within = rollouts.within
    _same_policy(rollouts, pi, within)
    returns = rollouts.returns
    with np.errstate(over="ignore", invalid="ignore"):  # `Contributions` refuses what overflows
        gain = _advantages(rollouts, returns, len(pi), baseline, lam)
    path, t = np.nonzero(within)
    state, action = rollouts.states[path, t], rollouts.actions[path, t]
    weight = (zeros(within.shape[1:], is_rational(rollouts.rewards)) + weights)[t]
    with np.errstate(over="ignore", invalid="ignore"):
        value = weight * gain[path, t] / rollouts.behaviour[path, t]
    return Contributions(path, state, action, value, path, state, weight, returns[:, 0])


@public
def estimate_vine(vine: Vine, pi: Any) -> Surrogate:
    """Return L from a vine: G(s, a) = E 1{s_n = s} Q_hat(s, a) / (1 - gamma), centred under pi.

    TRPO (2015), equation (15) where every action is tried; drawn ones are weighed by 1 / (K q).
    Unbiased with geometric stopping times.  With a horizon T each Q_hat lacks at most
    gamma^T max|V|.  For the self-normalised form (16) see `self_normalised`.

    pi:     (S, A) the policy that the vine grew on
    return: a Surrogate with stderr of eta and G_stderr, both over paths
    raises: InvalidMDPError, also for an action drawn where the behaviour has none; ExactnessError
    """
    pi = vine_policy(vine, pi)
    return vine_contributions(vine, pi).surrogate(pi, vine.visible)


def vine_contributions(vine: Vine, pi: Array) -> Contributions:
    """Return what each path of a vine contributes; for what it raises see `estimate_vine`."""
    root, place = np.nonzero(vine.used)
    drawn = vine.behaviour[root, place]
    if not vine.every:
        _nonzero("behaviour", drawn)
    R, n = len(vine.states), int(vine.path.max()) + 1
    each = R // n
    state, action = vine.states[root], vine.actions[root, place]
    scale = 1 / (1 - vine.gamma) / each
    spread = scale / drawn if vine.every else scale / drawn / vine.actions.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        value = spread * vine.Q[root, place]
    # The reward at the root itself, averaged over pi, completes the return of the stopped path.
    chance = pi[state, action] * (spread / scale)
    last = zeros((R,), is_rational(vine.Q))
    with np.errstate(over="ignore", invalid="ignore"):
        np.add.at(last, root, chance * vine.first[root, place])
        returns = (vine.before + last).reshape(n, each).sum(axis=1) / each
    weight = zeros((R,), is_rational(vine.Q)) + scale
    return Contributions(
        vine.path[root], state, action, value, vine.path, vine.states, weight, returns
    )


def read_policy(pi: Any, least: tuple[int, int], rational: bool) -> Array:
    """Return a policy in the arithmetic of the data, its rows checked and on the grid.

    least:  what the data show of its shape
    raises: InvalidMDPError, ExactnessError
    """
    table = read_as("pi", pi, rational, unsigned=True)
    if table.ndim != 2 or table.shape[0] < least[0] or table.shape[1] < least[1]:
        raise shape_error("pi", table.shape, f"(S, A), at least ({least[0]}, {least[1]})")
    return check_rows("pi", table)


def vine_policy(vine: Vine, pi: Any) -> Array:
    """Return a policy in the arithmetic and of the shape of a vine, checked; raises as `read_policy`."""
    table = read_policy(pi, vine.visible.shape, is_rational(vine.Q))
    if table.shape != vine.visible.shape:
        raise shape_error("pi", table.shape, f"(S, A) = {vine.visible.shape}")
    return table


def read_baseline(baseline: Any, n_states: int, rational: bool) -> Array:
    """Return a baseline, (S,), in the arithmetic of the data.

    raises: InvalidMDPError, ExactnessError
    """
    b = read_as("baseline", baseline, rational)
    if b.shape != (n_states,):
        raise shape_error("baseline", b.shape, f"(S,) = ({n_states},)")
    if not rational and not np.isfinite(b).all():
        raise invalid("baseline", "baseline", "has NaN or infinities", "numbers")
    return b


def _nonzero(name: str, probability: Array) -> None:
    if (bad := np.flatnonzero(~(probability > 0))).size:
        where, got = f"{name}[{bad[0]}]", f"= {shown(probability[bad[0]])}"
        expected = "a probability > 0 of an action that was taken"
        raise InvalidMDPError(Problem("behaviour", where, got, expected), hidden=len(bad) - 1)


def _same_policy(rollouts: Rollouts, pi: Array, within: Array) -> None:
    _nonzero("behaviour", rollouts.behaviour[within])
    taken = pi[rollouts.states[:, :-1], rollouts.actions]
    off = within & (abs(taken - rollouts.behaviour) > SAME)
    if off.any():
        i, t = np.argwhere(off)[0]
        got = f"= {shown(taken[i, t])}, where the paths took it with {rollouts.behaviour[i, t]}"
        s, a = rollouts.states[i, t], rollouts.actions[i, t]
        cure = "Estimate with the policy that was sampled"
        problem = Problem("policy", f"pi[s={s}, a={a}]", got, "that probability", cure)
        raise InvalidMDPError(problem, hidden=int(off.sum()) - 1)


def step_weights(weighting: str, gamma: Any, horizon: int | None) -> list[Any]:
    """Return what each step of a path weighs; of all steps alike with geometric stopping times.

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


def _advantages(
    rollouts: Rollouts, returns: Array, n_states: int, baseline: Any, lam: Any
) -> Array:
    if baseline is None:
        if lam is not None:
            problem = Problem("baseline", "lam", f"= {shown(lam)}", "a baseline too, as V")
            raise InvalidMDPError(problem)
        return returns
    b = read_baseline(baseline, n_states, is_rational(rollouts.rewards))
    at = b[rollouts.states]
    if lam is None:
        return np.asarray(returns - at[:, :-1])
    lam = read_as("lam", lam, is_rational(rollouts.rewards))[()]
    if not 0 <= lam <= 1:
        raise invalid("range", "lam", f"= {shown(lam)}", "a number in [0, 1]")
    going = np.arange(1, at.shape[1]) < rollouts.length[:, None] if rollouts.geometric else 1
    factor = rollouts.factor
    errors = rollouts.rewards + factor * going * at[:, 1:] - at[:, :-1]
    return rewards_to_go(np.where(rollouts.within, errors, 0 * errors), factor * lam)
