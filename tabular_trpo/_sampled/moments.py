"""Exact mean and variance of the estimators: the cost of sampling as a number, without sampling.

Problem: the bias and variance of one unit of data, a path or a root of a vine.  Along a path let R
be the return from here on and X the contribution to L(pi_new) - eta from here on.  With
c = w (pi_new - pi) / pi at the state and action, r the reward, b the baseline, and primes one step
later,

    R = r + f R'        X = c (R - b) + k X'

With generalized advantage estimation R' is replaced by U' = b' + lam (R' - b').

Method: the means and second moments of R and X solve linear equations in I - gamma P_pi, or are
computed by T steps of backward recursion for a horizon T.  With a geometric stopping time f = k is
the indicator of continuing, and f and f^2 have mean gamma; with a horizon f = gamma, and k is gamma
where weights are discounted.  A path ends in an absorbing state, so R is there the tail
r / (1 - gamma), X is 0, and neither is random.

Guarantee: exact in rational arithmetic; in floats to rounding.
Source: Sobel (1982) for the variance of a return; the estimators are TRPO (2015), section 5.
"""

from typing import final

import numpy as np

from tabular_trpo._core.budget import spend
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.numbers import Array, Scalar, brief, is_rational, zeros
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import evaluate_checked
from tabular_trpo._exact.work import moments_seconds, recursion_seconds
from tabular_trpo._families.arguments import optional_size
from tabular_trpo._sampled.advantages import RETURNS, Advantages
from tabular_trpo._sampled.chain import Chain
from tabular_trpo._sampled.common_random_numbers import coupled_second_moments
from tabular_trpo._sampled.episodes import absorbing
from tabular_trpo._sampled.estimate import check_support, step_weights
from tabular_trpo._sampled.n_step import n_step_moments
from tabular_trpo._sampled.one_step import expect_next, expect_reward_times
from tabular_trpo._sampled.recursion import Carry, Means, end_paths, one_step_back


@public
@final
@locked_dataclass(frozen=True, repr=False)
class Moments:
    """Mean and variance of an estimate made of one unit of data, a path or a root.

    mean:     its expectation
    variance: of one unit; of the mean of n units it is variance / n.  In floats it is a difference
              of second moments, and no better than their rounding
    steps:    expected number of transitions of a unit
    rewards_on: "transitions" where the variance includes the spread of r(s, a, s'); "pairs" where
              the model stores r(s, a) only, taken as the reward for every s' (`mdp.rewards_on`)

    >>> Moments(1.5, 0.25, 10.0, "pairs")
    <Moments: mean 1.5, variance 0.25, steps 10.0, rewards on pairs>
    """

    mean: Scalar
    variance: Scalar
    steps: Scalar
    rewards_on: str

    def __repr__(self) -> str:
        """Return the numbers on one line."""
        mean, variance, steps = map(brief, (self.mean, self.variance, self.steps))
        numbers = f"mean {mean}, variance {variance}, steps {steps}"
        return f"<Moments: {numbers}, rewards on {self.rewards_on}>"


@public
@np.errstate(over="ignore", invalid="ignore")  # the variance is tested
def return_moments(mdp: MDP, pi: object, horizon: int | None = None) -> Moments:
    """Return the moments of the return of one path, the estimate of eta.

    E R = rho0 . V and Var R = rho0 . E R^2 - (E R)^2 (Sobel 1982).

    pi:      (S, A) in the arithmetic of the model
    horizon: as in `single_path`
    raises:  InvalidMDPError, ExactnessError; LimitError where doubles overflow

    >>> mdp = MDP([[["0", "1"]], [["1", "0"]]], ["1", "1"], ["1", "0"], "1/2")
    >>> return_moments(mdp, [["1"], ["1"]])
    <Moments: mean 2, variance 2, steps 2, rewards on pairs>
    """
    pi = read_path_policy(mdp, pi, horizon)
    found = _means(mdp, pi, zeros(pi.shape, is_rational(pi)), horizon)
    return moments_of(
        mdp, mdp.rho0 @ found.R, mdp.rho0 @ found.RR, mdp.rho0 @ _steps(mdp, pi, horizon)
    )


@public
@np.errstate(over="ignore", invalid="ignore")  # the variance is tested
def path_moments(
    mdp: MDP,
    pi: object,
    pi_new: object,
    horizon: int | None = None,
    weighting: str = "discounted",
    baseline: Scalar = None,
    lam: Scalar = None,
    n_step: int | None = None,
) -> Moments:
    """Return the moments of L(pi_new) - eta as one path of `single_path` estimates it.

    The mean less the true L(pi_new) - eta is the bias of the estimate, exactly.

    pi:        (S, A) in the arithmetic of the model
    pi_new:    (S, A), positive only where pi is: paths of pi show no other actions
    horizon, weighting, baseline, lam, n_step: as in `single_path` and `estimate`
    raises:    InvalidMDPError, ExactnessError; LimitError where doubles overflow

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> path_moments(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]]).mean
    Fraction(1, 2)
    """
    pi, pi_new = read_path_policy(mdp, pi, horizon), check_policy(mdp, pi_new, "pi_new")
    check_support(pi, pi_new, "pi_new")
    c = (pi_new - pi) / np.where(pi > 0, pi, 1)
    advantages = Advantages.read(baseline, lam, n_step, len(pi), is_rational(pi))
    if (b := advantages.b) is None or advantages.n_step is None:
        found = _means(mdp, pi, c, horizon, weighting, advantages)
        X, XX = found.X, found.XX
    else:
        c = step_weights(weighting, mdp.gamma, horizon)[0] * c
        k = mdp.gamma if horizon is None or weighting == "discounted" else mdp.gamma**0
        n = min(advantages.n_step, horizon or advantages.n_step)
        X, XX = n_step_moments(Chain(mdp, pi, 0 * pi + 1, horizon), c, b, n, k)
    return moments_of(mdp, mdp.rho0 @ X, mdp.rho0 @ XX, mdp.rho0 @ _steps(mdp, pi, horizon))


@public
@np.errstate(over="ignore", invalid="ignore")  # the variance is tested
def vine_moments(
    mdp: MDP, pi: object, pi_new: object, horizon: int | None = None, common: bool = True
) -> Moments:
    """Return the moments of L(pi_new) - eta as one root of `vine` estimates it, all actions tried.

    The estimate is sum_a (pi_new - pi)(a|s) Q_hat(s, a) / (1 - gamma) at a root s ~ d.  With common
    random numbers the branches of a root are coupled as `vine` couples them: the same uniforms
    choose actions and successors, and a geometric stopping time is shared.

    pi, pi_new: (S, A) in the arithmetic of the model
    horizon, common: as in `vine`
    raises: InvalidMDPError, ExactnessError; LimitError for common random numbers above 24 states

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> old, new = [["1/2", "1/2"]], [["1/4", "3/4"]]
    >>> [vine_moments(mdp, old, new, common=c).variance for c in (False, True)]
    [Fraction(3, 8), Fraction(0, 1)]
    """
    pi, pi_new = read_path_policy(mdp, pi, horizon), check_policy(mdp, pi_new, "pi_new")
    step = (pi_new - pi) / (1 - mdp.gamma)
    Q, Q_squared = _branch_moments(mdp, pi, horizon)
    if common:
        products = coupled_second_moments(mdp, pi, horizon)
        second = (step[:, :, None] * step[:, None, :] * products).sum(axis=(1, 2))
    else:
        variance = (step * step * (Q_squared - Q * Q)).sum(axis=1)
        second = variance + (step * Q).sum(axis=1) ** 2
    d = evaluate_checked(mdp, pi).d
    mean = d @ (step * Q).sum(axis=1)
    return moments_of(mdp, mean, d @ second, vine_steps(mdp, pi, horizon))


def path_steps(mdp: MDP, pi: Array, horizon: int | None) -> Scalar:
    """Return the expected number of steps of a path of `single_path`."""
    return mdp.rho0 @ _steps(mdp, pi, horizon)


def vine_steps(mdp: MDP, pi: Array, horizon: int | None) -> Scalar:
    """Return the expected number of steps to one root and of its branches, all actions tried."""
    ev, (ends, _) = evaluate_checked(mdp, pi), absorbing(mdp)
    # A root that is absorbing has no branches: nothing is to choose, and its Q_hat is its tail.
    tried = mdp.mask & ~ends[:, None]
    rest = None if horizon is None else horizon - 1
    later = _steps(mdp, pi, rest) * (mdp.gamma if horizon is None else 1)
    branches = (tried * (1 + expect_next(mdp, later))).sum(axis=1)
    return mdp.gamma * ev.rho[~ends].sum() + ev.d @ branches


def read_path_policy(mdp: MDP, pi: object, horizon: int | None, name: str = "pi") -> Array:
    """Return the policy, checked; raises for a batch of models and for a horizon below 1."""
    one_model(mdp)
    optional_size("horizon", horizon)
    return check_policy(mdp, pi, name)


def moments_of(mdp: MDP, mean: Scalar, second: Scalar, steps: Scalar) -> Moments:
    """Return the moments of a unit from its mean and second moment; LimitError on overflow."""
    variance = finite("variance", second - mean * mean)
    variance = max(variance, abs(0 * mean))  # a difference of floats may be < 0
    return Moments(mean, variance, steps, mdp.rewards_on)


def _steps(mdp: MDP, pi: Array, horizon: int | None) -> Array:
    """Return the expected number of steps of a path from each state, (S,)."""
    ends, _ = absorbing(mdp)
    one = zeros(pi.shape[:1], is_rational(pi)) + np.where(ends, 0, 1)
    if horizon is None:
        return evaluate_checked(_rewarded(mdp, one[:, None] + 0 * mdp.r), pi).V
    steps = 0 * one
    for _ in range(horizon):
        steps = one * (1 + (pi * expect_next(mdp, steps)).sum(axis=1))
    return steps


def _rewarded(mdp: MDP, r: Array) -> MDP:
    """Return the model with other rewards r(s, a)."""
    return MDP(mdp.P, r, mdp.rho0, mdp.gamma, mdp.allowed)


def _branch_moments(mdp: MDP, pi: Array, horizon: int | None) -> tuple[Array, Array]:
    """Return E Q_hat and E Q_hat^2 of a branch, (S, A) each."""
    gamma = mdp.gamma
    ends, tail = absorbing(mdp)
    rest = None if horizon is None else horizon - 1
    later = _means(mdp, pi, zeros(pi.shape, is_rational(pi)), rest)
    Q = mdp.r + gamma * expect_next(mdp, later.R)
    ff = gamma if horizon is None else gamma * gamma
    squared = expect_reward_times(mdp, None) + 2 * gamma * expect_reward_times(mdp, later.R)
    squared = squared + ff * expect_next(mdp, later.RR)
    end, value = ends[:, None], tail[:, None]
    return np.where(end, value, Q), np.where(end, value * value, squared)


def _means(
    mdp: MDP,
    pi: Array,
    c: Array,
    horizon: int | None,
    weighting: str = "discounted",
    advantages: Advantages = RETURNS,
) -> Means:
    """Return the moments of R and X of a path from each state.

    c: (S, A) (pi_new - pi) / pi, which is multiplied by the weight of the first step here
    advantages: returns, or generalized ones; then R is r + f (b(s') + lam A_hat')
    """
    rational, gamma, ends = is_rational(pi), mdp.gamma, absorbing(mdp)
    nothing = zeros(pi.shape[:1], rational)
    b = nothing if advantages.b is None else advantages.b
    if advantages.lam is None:
        carry = Carry(nothing, gamma**0, *ends)
    else:
        carry = Carry(b, advantages.lam, *ends)
    c = step_weights(weighting, gamma, horizon)[0] * c
    # After the last step of a horizon the return is the b of the last state, 0 without lam.
    means = end_paths(Means(carry.b, nothing, carry.b * carry.b, nothing, nothing), *ends)
    if horizon is None:
        if rational:
            spend(moments_seconds(mdp, pi, c), "moments of paths in rationals")
        means = one_step_back(mdp, pi, c, b[:, None], gamma, means, carry, stationary=True)
        return end_paths(means, *ends)
    k = gamma if weighting == "discounted" else gamma**0
    if rational:
        what = f"moments of {horizon} steps in rationals"
        spend(recursion_seconds(mdp, pi, horizon), what)
    for t in range(horizon):
        later = end_paths(carry.means(means) if t else means, *ends)
        means = one_step_back(mdp, pi, c, b[:, None], k, later, carry, stationary=False)
        means = end_paths(means, *ends)
    return means
