"""One step of the moments of a path backward in time, and the fixed point of that step.

Problem: the recursion behind `moments`.  With the return R = r + f U', the credit
U = b + lam (R - b) and the contribution X = c (R - b) + k X', the means of R, X, R^2, X R and X^2
in a state are linear in those of U and X one step later, in this order.

Method: one backward step for a horizon; for geometric stopping times one policy evaluation for each
mean.  Guarantee: exact in rational arithmetic.  Source: Sobel (1982), for lam = 1 and X = 0.
"""

from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._exact.evaluate import evaluate_checked
from tabular_trpo._sampled.one_step import expect_next, expect_reward_times


@final
class Means(NamedTuple):
    """E R, E X, E R^2, E X R and E X^2, by state."""

    R: Array
    X: Array
    RR: Array
    XR: Array
    XX: Array


@final
class Carry(NamedTuple):
    """What a step credits of the next one: U = b + lam (R - b), with U = tail where a path ends.

    b: (S,) and lam of generalized advantage estimation; 0 and 1 for path returns, then U = R
    ends, tail: as from `absorbing`
    """

    b: Array
    lam: Scalar
    ends: Array
    tail: Array

    def square(self, R: Array) -> Array:
        """Return E U^2 - lam^2 E R^2 from E R."""
        b, lam = self.b, self.lam
        return np.asarray((1 - lam) * b * ((1 - lam) * b + 2 * lam * R))

    def means(self, of: Means) -> Means:
        """Return the means with U for R."""
        rest, lam = (1 - self.lam) * self.b, self.lam
        RR = self.square(of.R) + lam * lam * of.RR
        return Means(rest + lam * of.R, of.X, RR, rest * of.X + lam * of.XR, of.XX)


def one_step_back(
    mdp: MDP,
    pi: Array,
    c: Array,
    b: Array,
    k: Scalar,
    later: Means,
    carry: Carry,
    stationary: bool,
) -> Means:
    """Return the means one step earlier than `later`; the fixed point of that if `stationary`."""
    f, lam = mdp.gamma, carry.lam
    rest = (1 - lam) * carry.b
    # The means of f^2, f k and k^2; the indicator of continuing is its own square.
    ff, fk, kk = (f, f, f) if stationary else (f * f, f * k, k * k)
    zero, ends = 0 * carry.tail, carry.ends[:, None]

    def earlier(
        own: Array, factor: Scalar, x: Array, off: Array, scale: Scalar, fixed: Array
    ) -> tuple[Array, Array]:
        """Return x one step later, (S,), and own + factor E x(s'), (S, A).

        Stationary: x = off + scale sum_a pi (own + factor P x), and x = fixed at absorbing states.
        """
        if stationary:  # x is the V of a model with discount scale * factor
            g = scale * factor
            r = np.where(ends, (1 - g) * fixed[:, None], off[:, None] + scale * own) * mdp.mask
            x = evaluate_checked(MDP(mdp.P, r, mdp.rho0, g, mdp.allowed), pi).V
        return x, own + factor * expect_next(mdp, x)

    tail = carry.tail
    R, Q = earlier(mdp.r, f, later.R, rest, lam, tail)
    squared = expect_reward_times(mdp, None) + 2 * f * expect_reward_times(mdp, R)
    off = carry.square((pi * Q).sum(axis=1))
    _, RR = earlier(squared, ff, later.RR, off, lam * lam, tail * tail)
    X, XQ = earlier(c * (Q - b), k, later.X, zero, k**0, zero)
    r_X = k * expect_reward_times(mdp, X)
    XR, XRs = earlier(c * (RR - b * Q) + r_X, fk, later.XR, rest * X, lam, zero)
    cross = r_X + fk * expect_next(mdp, XR) - b * k * expect_next(mdp, X)
    own = c * c * (RR - 2 * b * Q + b * b) + 2 * c * cross
    _, XX = earlier(own, kk, later.XX, zero, k**0, zero)
    return Means(*((pi * x).sum(axis=1) for x in (Q, XQ, RR, XRs, XX)))


def end_paths(means: Means, ends: Array, tail: Array) -> Means:
    """Return means whose absorbing states have R = tail and X = 0, since a path ends there."""
    fixed = (tail, 0 * tail, tail * tail, 0 * tail, 0 * tail)
    return Means(*(np.where(ends, x, y) for x, y in zip(fixed, means, strict=True)))
