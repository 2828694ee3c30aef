"""Off-policy estimates of eta and of L: paths of a behaviour policy, values of another policy.

Problem: paths of the policy mu, and the return eta of pi, with its gradient G = rho A.  With the
ratios w_k = pi/mu of a path, W_t = w_0 ... w_t, and the discount f per step, an estimate is a mean
over paths of

    importance_sampling   W_T R_0, R_0 the return of the path
    per_decision          sum_t f^t W_t r_t
    doubly_robust         V_hat(s_0) + sum_t f^t W_t (r_t + f V_hat(s_{t+1}) - Q_hat(s_t, a_t))

with V_hat = sum_a pi Q_hat.  A weighted (self-normalised) form divides W_t by its mean over the
paths in place of its expectation 1: bounded variance, and a bias of order 1/n.

Method: G is the derivative of the estimate with respect to pi(a|s), centred under pi.  In the last
two forms a visit of s_k contributes f^k W_{k-1} (Q_hat(s_k, a) + 1{a = a_k} D_k / mu), with D_k the
error of Q_hat(s_k, a_k) on the rest of the path, so that G is an estimate of rho A whose weights
are those of pi.  No step divides by pi.

Guarantee: the plain forms are unbiased, in the same sense as `estimate`; their exact mean and
variance are those of `off_policy_moments`.  Paths in rationals give exact estimates.

Sources: Precup, Sutton and Singh (2000) for per-decision and weighted importance sampling; Jiang
and Li (2016) for doubly robust values; Thomas and Brunskill (2016) for their weighted form; Huang
and Jiang (2020) for gradients as derivatives of these estimates.
"""

from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import LimitError, invalid
from tabular_trpo._core.numbers import Array, Scalar, is_rational, shown, zeros
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._sampled.contributions import Contributions
from tabular_trpo._sampled.estimate import check_same_policy, check_support, read_policy
from tabular_trpo._sampled.rollouts import Rollouts

OFF_POLICY = ("importance_sampling", "per_decision", "doubly_robust")


@public
def off_policy(
    rollouts: Rollouts,
    behaviour: object,
    pi: object,
    *,
    method: str = "per_decision",
    weighted: bool = False,
    Q: object = None,
) -> Surrogate:
    """Return L of the policy pi, with its eta, from paths of another policy.

    eta = mean over paths of V_hat(s_0) + sum_t f^t W_t (r_t + f V_hat(s_{t+1}) - Q_hat(s_t, a_t)),
    Jiang and Li (2016), equation (10); per-decision importance sampling (Precup, Sutton and Singh
    2000) has Q_hat = 0.  G is the derivative of that estimate with respect to pi, centred.

    rollouts:  whole paths, of `single_path` or `all_paths`
    behaviour: (S, A) the policy of the paths
    pi:        (S, A), positive only where the behaviour is
    method:    "importance_sampling", "per_decision" or "doubly_robust"
    weighted:  divide the weights of each step by their mean over the paths; biased
    Q:         (S, A) Q_hat of "doubly_robust", independent of these paths: any error in it costs
               variance and adds no bias
    return:    a Surrogate at pi with stderr of eta over paths, by the delta method if weighted, and
               G_stderr unless weighted; None in rationals.  Its weight estimates rho of pi
    raises:    InvalidMDPError, also for pieces of episodes; ExactnessError; LimitError where
               doubles overflow, and where every weight is 0 in the weighted form

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._sampled.rollouts import single_path
    >>> from tabular_trpo._sampled.simulator import Simulator
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> mu, pi = [[0.5, 0.5]], [[0.25, 0.75]]
    >>> data = single_path(Simulator(mdp, np.random.default_rng(0)), mu, 100_000, 5)
    >>> L = off_policy(data, mu, pi)  # the paths of 5 steps miss 1/32 of eta = 1.5
    >>> bool(abs(L.eta - 1.5 * 31 / 32) < 4 * L.stderr)
    True
    """
    if rollouts.first is not None:
        got = "are pieces of episodes, whose earlier weights are unknown"
        raise invalid("type", "rollouts", got, "whole paths, as of single_path")
    rational = is_rational(rollouts.rewards)
    least = rollouts.states.max() + 1, rollouts.actions.max() + 1
    mu, target = (
        read_policy(x, least, rational, name) for name, x in (("behaviour", behaviour), ("pi", pi))
    )
    if mu.shape != target.shape:
        raise shape_error("pi", target.shape, f"(S, A) = {mu.shape}")
    check_support(mu, target, "pi")
    check_same_policy(rollouts, mu, rollouts.within, "behaviour")
    Q = read_q(Q, method, mu.shape, rational)
    with np.errstate(over="ignore", invalid="ignore"):  # `Contributions` refuses what overflows
        paths = _Paths.of(rollouts, mu, target, Q)
        if method == "importance_sampling":
            units = _whole(rollouts, paths, mu, weighted)
        else:
            units = _per_step(rollouts, paths, mu, Q, weighted)
    L = units.surrogate(target, mu > 0)
    if not weighted:
        return L
    return Surrogate(L.G, L.weight, L.pi, L.eta, L.stderr, allowed=L.allowed)


def read_q(Q: object, method: str, shape: tuple[int, int], rational: bool) -> Array:
    """Return Q_hat, (S, A), of a method, zeros for those without; raises InvalidMDPError."""
    if method not in OFF_POLICY:
        expected = f"one of {', '.join(OFF_POLICY)}"
        raise invalid("choice", "method", f"= {shown(method)}", expected)
    if (Q is not None) != (method == "doubly_robust"):
        got = "is missing" if Q is None else "is given, which this method does not use"
        raise invalid("choice", "Q", got, "a table (S, A) with method='doubly_robust' only")
    if Q is None:
        return zeros(shape, rational)
    table = read_as("Q", Q, rational)
    if table.shape != shape:
        raise shape_error("Q", table.shape, f"(S, A) = {shape}")
    if not rational and not np.isfinite(table).all():
        raise invalid("baseline", "Q", "has NaN or infinities", "numbers")
    return table


@final
class _Paths(NamedTuple):
    """Ratios and terms of n paths, (n, T) each; beyond its length a path has ratio 1 and term 0.

    ratio: w_t
    before: W_{t-1}, 1 at t = 0
    term:  r_t + f V_hat(s_{t+1}) - Q_hat(s_t, a_t)
    first: (n,) V_hat(s_0), the tail of a path of no steps
    power: (T,) f^t
    """

    ratio: Array
    before: Array
    term: Array
    first: Array
    power: Array

    @classmethod
    def of(cls, rollouts: Rollouts, mu: Array, pi: Array, Q: Array) -> "_Paths":
        """Return the ratios and terms of checked paths."""
        within, f = rollouts.within, rollouts.factor
        at, action = rollouts.states[:, :-1], rollouts.actions
        positive = np.where(mu > 0, mu, 1)
        ratio = np.where(within, (pi / positive)[at, action], positive[0, 0] ** 0)
        before = np.cumprod(np.concatenate([0 * ratio[:, :1] + 1, ratio[:, :-1]], axis=1), axis=1)
        V = (pi * Q).sum(axis=1)
        after = V[rollouts.states[:, 1:]]
        # Where a path stops or is cut nothing follows; where it ends, the tail follows.
        n, last = np.arange(len(at)), rollouts.length - 1
        some = last >= 0
        after[n[some], last[some]] = rollouts.tail[some]
        term = np.where(within, rollouts.rewards + f * after - Q[at, action], 0 * rollouts.rewards)
        first = np.where(some, V[at[:, 0]], rollouts.tail)
        power = zeros((within.shape[1],), is_rational(term)) + 1
        power = np.cumprod(np.concatenate([power[:1], power[1:] * f]))
        return cls(ratio, before, term, first, power)


def _per_step(rollouts: Rollouts, x: _Paths, mu: Array, Q: Array, weighted: bool) -> Contributions:
    """Return the contributions of the per-decision and the doubly robust estimate."""
    term, scale = x.term, x.term**0
    if weighted:
        W = x.before * x.ratio
        total = _positive(W.sum(axis=0))
        term = term - (W * term).sum(axis=0) / total
        scale = scale * (len(W) / total)
    # D_k = c_k y_k + f w_{k+1} D_{k+1}, the derivative of the rest with respect to w_k.
    D = scale * term
    for k in range(D.shape[1] - 2, -1, -1):
        D[:, k] = D[:, k] + rollouts.factor * x.ratio[:, k + 1] * D[:, k + 1]
    returns = x.first + x.ratio[:, 0] * D[:, 0]
    if weighted:  # the terms are centred: their weighted means are added
        returns = returns + (x.power * ((x.before * x.ratio) * x.term).sum(axis=0) / total).sum()
    path, t = np.nonzero(rollouts.within)
    state, action = rollouts.states[path, t], rollouts.actions[path, t]
    weight = x.power[t] * x.before[path, t]
    value = weight * D[path, t] / mu[state, action]
    # dV_hat(s_t)/dpi has the weight of the step before, whose W the weighted form rescales.
    entered = weight * np.where(t > 0, scale[path, t - 1], scale[path, t] ** 0)
    if Q.any():
        A = Q.shape[1]
        direct = (entered[:, None] * Q[state]).reshape(-1)
        value = np.concatenate([value, direct])
        path, state, action = (
            np.concatenate([path, np.repeat(path, A)]),
            np.concatenate([state, np.repeat(state, A)]),
            np.concatenate([action, np.tile(np.arange(A), len(action))]),
        )
    visits = np.nonzero(rollouts.within)
    seen = rollouts.states[visits]
    return Contributions(path, state, action, value, visits[0], seen, entered, returns)


def _whole(rollouts: Rollouts, x: _Paths, mu: Array, weighted: bool) -> Contributions:
    """Return the contributions of importance sampling by the ratio of a whole path."""
    after = np.cumprod(np.concatenate([x.before[:, :1], x.ratio[:, :0:-1]], axis=1), axis=1)
    others = x.before * after[:, ::-1]  # the product of all ratios but that of the step
    R = rollouts.returns[:, 0]
    scale, mean = R**0, 0 * R[0]
    W = x.before[:, -1] * x.ratio[:, -1]
    if weighted:
        total = _positive(W.sum())
        scale, mean = scale * (len(W) / total), (W * R).sum() / total
    path, t = np.nonzero(rollouts.within)
    state, action = rollouts.states[path, t], rollouts.actions[path, t]
    error = scale * (R - mean)
    value = others[path, t] * error[path] / mu[state, action]
    weight = x.power[t] * x.before[path, t]
    return Contributions(path, state, action, value, path, state, weight, mean + W * error)


def _positive(total: Scalar) -> Scalar:
    """Return sums of weights; raises LimitError where one is 0."""
    finite("a sum of weights", total)
    if not np.all(total > 0):
        got, cure = "are 0 on every path", "Sample more paths, or a policy that is closer to pi"
        raise LimitError.of("size", "weights", got, "positive on one at least", cure)
    return total
