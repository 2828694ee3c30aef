"""Exact mean and variance of what one path or one root estimates: what sampling costs, as a number.

Along a path let R be the return from here on and X what the path adds to L(pi_new) - eta from here
on.  With c = (pi_new - pi) / pi at the state and action, rho the reward, and primes one step later,

    R = rho + f R'        X = w c (R - b) + k X'

so the means and second moments of R and X solve linear equations in I - gamma P_pi, or are found by
as many steps back as the horizon has.  With a geometric stopping time f = k is the indicator of
going on, whose mean and square's mean are gamma; with a horizon f = k = gamma.  All of it works in
either arithmetic, and in rationals it is exact.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from tabular_trpo._core.arguments import one_model
from tabular_trpo._core.budget import spend
from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, brief, is_rational, zeros
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.work import moments_seconds, recursion_seconds
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.common_random_numbers import coupled_second_moments, expected, paid
from tabular_trpo._sampled.estimate import read_baseline, step_weights


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Moments:
    """Of an unbiased or biased estimate made of one unit of data, a path or a root.

    mean:     its expectation
    variance: of one unit; of the mean of n units it is variance / n.  In floats it is a difference
              of second moments, and no better than their rounding
    steps:    transitions that a unit takes, on average
    rewards_on: "transitions" where the spread of r(s, a, s') is in the variance; "pairs" where the
              model knows r(s, a) alone, taken as the reward whatever s' is (`mdp.rewards_on`)
    """

    mean: Scalar
    variance: Scalar
    steps: Scalar
    rewards_on: str


@final
class _Factors(NamedTuple):
    """Means of f, k, f^2, f k and k^2."""

    f: Any
    k: Any
    ff: Any
    fk: Any
    kk: Any


@final
class _State(NamedTuple):
    """E R, E X, E R^2, E X R and E X^2, by state."""

    V: Any
    m: Any
    RR: Any
    XR: Any
    XX: Any


@public
@np.errstate(over="ignore", invalid="ignore")  # the variance is tested
def return_moments(mdp: MDP, pi: Any, horizon: int | None = None) -> Moments:
    """Return the moments of the return of one path, the estimate of eta.

    horizon: as in `single_path`
    raises:  InvalidMDPError, ExactnessError; LimitError where doubles overflow

    >>> mdp = MDP([[["1"]]], [["1"]], ["1"], "1/2")
    >>> return_moments(mdp, [["1"]])
    Moments(mean=Fraction(2, 1), variance=Fraction(2, 1), steps=Fraction(2, 1), rewards_on='pairs')
    """
    _one_horizon(mdp, horizon)
    pi = check_policy(mdp, pi)
    found = _solved(mdp, pi, zeros(pi.shape, is_rational(pi)), horizon, "discounted", None)
    mean = mdp.rho0 @ found.V
    return _moments(mdp, mean, mdp.rho0 @ found.RR, _steps(mdp, horizon))


@public
@np.errstate(over="ignore", invalid="ignore")  # the variance is tested
def path_moments(
    mdp: MDP,
    pi: Any,
    pi_new: Any,
    horizon: int | None = None,
    weighting: str = "discounted",
    baseline: Any = None,
) -> Moments:
    """Return the moments of L(pi_new) - eta as one path of `single_path` estimates it.

    The mean less the true L(pi_new) - eta is the estimate's bias, exactly.

    pi_new:    (S, A), with mass only where pi has some: the rest is invisible to pi's paths
    horizon, weighting, baseline: as in `single_path` and `estimate`
    raises:    InvalidMDPError, ExactnessError

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> path_moments(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]]).mean
    Fraction(1, 2)
    """
    _one_horizon(mdp, horizon)
    pi, pi_new = check_policy(mdp, pi), check_policy(mdp, pi_new, "pi_new")
    if (bad := np.argwhere((pi == 0) & (pi_new > 0))).size:
        s, a = bad[0]
        got = f"= {brief(pi_new[s, a])} where pi never takes the action"
        problem = Problem("support", f"pi_new[s={s}, a={a}]", got, "0")
        raise InvalidMDPError(problem, hidden=len(bad) - 1)
    safe = np.where(pi > 0, pi, 1)
    found = _solved(mdp, pi, (pi_new - pi) / safe, horizon, weighting, baseline)
    mean = mdp.rho0 @ found.m
    return _moments(mdp, mean, mdp.rho0 @ found.XX, _steps(mdp, horizon))


@public
@np.errstate(over="ignore", invalid="ignore")  # the variance is tested
def vine_moments(
    mdp: MDP, pi: Any, pi_new: Any, horizon: int | None = None, common: bool = True
) -> Moments:
    """Return the moments of L(pi_new) - eta as one root of `vine` estimates it, all actions tried.

    With common random numbers the branches of a root are coupled as `vine` couples them: the same
    uniforms choose actions and successors, and a geometric stopping time is shared.

    raises: InvalidMDPError, ExactnessError; LimitError for common random numbers above 24 states

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> old, new = [["1/2", "1/2"]], [["1/4", "3/4"]]
    >>> [vine_moments(mdp, old, new, common=c).variance for c in (False, True)]
    [Fraction(3, 8), Fraction(0, 1)]
    """
    _one_horizon(mdp, horizon)
    pi, pi_new = check_policy(mdp, pi), check_policy(mdp, pi_new, "pi_new")
    step = (pi_new - pi) / (1 - mdp.gamma)
    Q, squares = _branch(mdp, pi, horizon)
    if common:
        products = coupled_second_moments(mdp, pi, horizon)
        crossed = (step[:, :, None] * step[:, None, :] * products).sum(axis=(1, 2))
    else:
        own = (step * step * (squares - Q * Q)).sum(axis=1)
        crossed = own + (step * Q).sum(axis=1) ** 2
    d = evaluate(mdp, pi).d
    mean = d @ (step * Q).sum(axis=1)
    long = 1 / (1 - mdp.gamma)
    used = mdp.gamma * long + _steps(mdp, horizon) * (d @ mdp.mask.sum(axis=1))
    return _moments(mdp, mean, d @ crossed, used)


def _moments(mdp: MDP, mean: Any, second: Any, steps: Any) -> Moments:
    variance = finite("variance", second - mean * mean)
    variance = max(variance, abs(0 * mean))  # a difference of floats may be < 0
    return Moments(mean, variance, steps, mdp.rewards_on)


def _one_horizon(mdp: MDP, horizon: int | None) -> None:
    """Raise for a batch of models, and for a horizon that is no whole number >= 1."""
    one_model(mdp)
    if horizon is not None:
        size("horizon", horizon, 1)


def _branch(mdp: MDP, pi: Array, horizon: int | None) -> tuple[Array, Array]:
    """Return means of a branch's return and of its square, (S, A) each."""
    none = zeros(pi.shape, is_rational(pi))
    g = mdp.gamma
    left = None if horizon is None else horizon - 1
    at = _solved(mdp, pi, none, left, "discounted", None)
    Q = mdp.r + g * expected(mdp, at.V)
    again = g if horizon is None else g * g
    return Q, paid(mdp, None) + 2 * g * paid(mdp, at.V) + again * expected(mdp, at.RR)


def _steps(mdp: MDP, horizon: int | None) -> Any:
    return 1 / (1 - mdp.gamma) if horizon is None else horizon


def _solved(
    mdp: MDP, pi: Array, c: Array, horizon: int | None, weighting: str, baseline: Any
) -> _State:
    none = zeros(pi.shape[:1], is_rational(pi))
    b = none if baseline is None else read_baseline(baseline, len(pi), is_rational(pi))
    c = step_weights(weighting, mdp.gamma, horizon)[0] * c
    at = _State(none, none, none, none, none)
    g = mdp.gamma
    if horizon is None:
        if is_rational(pi):
            spend(moments_seconds(mdp, pi, c), "moments of paths in rationals")
        return _back(mdp, pi, c, b[:, None], _Factors(g, g, g, g, g), at, fixed=True)
    k = g if weighting == "discounted" else g**0
    factors = _Factors(g, k, g * g, g * k, k * k)
    if is_rational(pi):
        what = f"moments of {horizon} steps in rationals"
        spend(recursion_seconds(mdp, pi, horizon), what)
    for _ in range(horizon):
        at = _back(mdp, pi, c, b[:, None], factors, at, fixed=False)
    return at


def _back(
    mdp: MDP, pi: Array, c: Array, b: Array, by: _Factors, later: _State, fixed: bool
) -> _State:
    """Return the means one step earlier than `later`; or those that do not change, if fixed."""

    def mean(x: Array) -> Array:
        return expected(mdp, x)

    def earlier(own: Array, factor: Any, x: Array) -> tuple[Array, Array]:
        """Return what x is one step later, and own + factor E x by state and action."""
        if fixed:  # x = sum_a pi (own + gamma P x) is the V of a model with these rewards
            x = evaluate(MDP(mdp.P, own, mdp.rho0, mdp.gamma, mdp.allowed), pi).V
        return x, own + factor * mean(x)

    V, Q = earlier(mdp.r, by.f, later.V)
    _, RR = earlier(paid(mdp, None) + 2 * by.f * paid(mdp, V), by.ff, later.RR)
    m, M = earlier(c * (Q - b), by.k, later.m)
    met = by.k * paid(mdp, m)
    XR, XRs = earlier(c * (RR - b * Q) + met, by.fk, later.XR)
    crossed = met + by.fk * mean(XR) - b * by.k * mean(m)
    _, XX = earlier(c * c * (RR - 2 * b * Q + b * b) + 2 * c * crossed, by.kk, later.XX)
    return _State(*((pi * x).sum(axis=1) for x in (Q, M, RR, XRs, XX)))
