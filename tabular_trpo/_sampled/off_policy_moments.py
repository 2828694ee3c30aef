"""Exact mean and variance of one path's off-policy estimate: the cost of another policy's data.

Problem: paths of mu, the estimates of `off_policy` without the weighted form, for eta of pi and for
the gain L(pi_new) - eta in a direction c = pi_new - pi.  With w = pi/mu, Z = r + f X' - Q_hat and
primes one step later, a path has

    per_decision, doubly_robust    X = V_hat + w Z        Y = sum_a c Q_hat + (c/mu) Z + w f Y'
    importance_sampling            X = W R                Y = D R
                                   W = w W'    D = (c/mu) W' + w D'    R = r + f R'

Method: the means of X and Y, and those of their products, are affine in those one step later, the
products by the matrix of E_mu w^2 f P = gamma sum_a pi^2/mu P (`chain`).  With geometric stopping
times the variance is finite where the spectral radius of that matrix is below 1, and an error is
raised elsewhere.  Guarantee: exact in rational arithmetic; in floats to rounding.
Source: Jiang and Li (2016), theorem 1, for the variance of doubly robust values.
"""

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, is_rational
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._sampled.chain import Chain
from tabular_trpo._sampled.estimate import check_support
from tabular_trpo._sampled.moments import Moments, moments_of, path_steps, read_path_policy
from tabular_trpo._sampled.off_policy import read_q


@public
@np.errstate(over="ignore", invalid="ignore")  # the variance is tested
def off_policy_moments(
    mdp: MDP,
    behaviour: object,
    pi: object,
    pi_new: object = None,
    horizon: int | None = None,
    method: str = "per_decision",
    Q: object = None,
) -> Moments:
    """Return the moments of one path's off-policy estimate of eta, or of L(pi_new) - eta, of pi.

    The mean less the true value is the bias of the estimate, exactly: 0 with geometric stopping.

    behaviour, pi: (S, A) in the arithmetic of the model, the policy of the path and the evaluated
    pi_new:  (S, A); None for the estimate of eta
    horizon, method, Q: as in `single_path` and `off_policy`
    raises:  InvalidMDPError, ExactnessError; LimitError where doubles overflow, and where the
             variance is not finite: with geometric stopping times, and policies that differ much

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> mu, pi = [["1/2", "1/2"]], [["1/4", "3/4"]]
    >>> moments = off_policy_moments(mdp, mu, pi, horizon=2)
    >>> moments.mean, moments.variance
    (Fraction(9, 8), Fraction(135, 128))
    >>> Q = [["9/16", "25/16"]]
    >>> off_policy_moments(mdp, mu, pi, horizon=2, method="doubly_robust", Q=Q).variance
    Fraction(549, 16384)
    """
    mu = read_path_policy(mdp, behaviour, horizon, "behaviour")
    pi = check_policy(mdp, pi)
    check_support(mu, pi, "pi")
    new = None if pi_new is None else check_policy(mdp, pi_new, "pi_new")
    if new is not None:
        check_support(mu, new, "pi_new")
    Q = read_q(Q, method, mu.shape, is_rational(mu))
    c, positive = 0 * pi if new is None else new - pi, np.where(mu > 0, mu, 1)
    chain = Chain(mdp, mu, pi / positive, horizon)
    whole = method == "importance_sampling"
    found = _whole(chain, c / positive) if whole else _per_step(chain, pi, c, c / positive, Q)
    mean, second = found[:2] if new is None else found[2:]
    steps = path_steps(mdp, mu, horizon)
    return moments_of(mdp, mdp.rho0 @ mean, mdp.rho0 @ second, steps)


def _per_step(chain: Chain, pi: Array, c: Array, c_mu: Array, Q: Array) -> tuple[Array, ...]:
    """Return E X, E X^2, E Y and E Y^2 of the per-decision and the doubly robust estimate."""
    V, u = (pi * Q).sum(axis=1), (c * Q).sum(axis=1)
    g, gg, w, after, mean = chain.g, chain.gg, chain.w, chain.after, chain.drawn
    reward, square = (after(0 * V + 1, power) for power in (1, 2))

    def step(x: Array) -> Array:
        X, XX, Y, XY, YY = x
        R = reward + g * after(X)
        Z, ZZ = R - Q, square + 2 * g * after(X, 1) + gg * after(XX) - 2 * Q * R + Q * Q
        later = g * after(Y)
        cross = g * after(Y, 1) + gg * after(XY) - Q * later
        own = mean(c_mu * Z + w * later)
        return np.stack(
            [
                V + mean(w * Z),
                V * V + 2 * V * mean(w * Z) + mean(w * w * ZZ),
                u + own,
                V * u + V * own + u * mean(w * Z) + mean(w * c_mu * ZZ + w * w * cross),
                u * u + 2 * u * own
                + mean(c_mu * c_mu * ZZ + 2 * c_mu * w * cross + w * w * gg * after(YY)),
            ]
        )  # fmt: skip

    tail = chain.tail
    last = np.stack([tail, tail * tail, 0 * V, 0 * V, 0 * V])
    X, XX, Y, _, YY = chain.solved(step, last, (1, 2, 1, 2, 2))
    return X, XX, Y, YY


def _whole(chain: Chain, c_mu: Array) -> tuple[Array, ...]:
    """Return E X, E X^2, E Y and E Y^2 of importance sampling by the ratio of a whole path.

    Its functions are E Z R^p, p = 0, 1 for Z = W, D and p = 0, 1, 2 for Z = W^2, W D, D^2.
    """
    g, gg, k, w = chain.g, chain.gg, chain.k, chain.w
    after, mean = chain.after, chain.drawn
    one = 0 * chain.tail + 1
    powers = [after(one, p) for p in range(3)]

    def back(z: Array, stop: int) -> list[Array]:
        """Return E (r + f R')^p Z' for p = 0, 1, ..., (S, A) each; `stop` is Z after a stop."""
        rest = (1 - k) * stop
        out = [rest * powers[0] + k * after(z[0])]
        out.append(rest * powers[1] + k * after(z[0], 1) + g * after(z[1]))
        if len(z) > 2:
            cross = 2 * g * after(z[1], 1)
            out.append(rest * powers[2] + k * after(z[0], 2) + cross + gg * after(z[2]))
        return out

    def step(x: Array) -> Array:
        W, D = back(x[:2], 1), back(x[2:4], 0)
        WW, WD, DD = back(x[4:7], 1), back(x[7:10], 0), back(x[10:], 0)
        now = [mean(w * a) for a in W]
        now += [mean(c_mu * a + w * b) for a, b in zip(W, D, strict=True)]
        now += [mean(w * w * a) for a in WW]
        now += [mean(w * c_mu * a + w * w * b) for a, b in zip(WW, WD, strict=True)]
        for a, b, d in zip(WW, WD, DD, strict=True):
            now.append(mean(c_mu * c_mu * a + 2 * w * c_mu * b + w * w * d))
        return np.stack(now)

    tail = chain.tail
    last = np.stack([one, tail, 0 * one, 0 * one, one, tail, tail * tail, *[0 * one] * 6])
    x = chain.solved(step, last, (1,) * 4 + (2,) * 9)
    return x[1], x[6], x[3], x[12]
