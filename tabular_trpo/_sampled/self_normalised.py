"""The self-normalised estimator of a vine, TRPO (2015), equation (16): a ratio of sums.

Estimand: L(pi_new) - eta at roots s_n ~ d.  Estimator: the importance-weighted mean of the returns
of K drawn branches, normalised by the sum of the weights; not linear in pi_new.  Bias and variance:
invariant to a shift of all Q of a root, so it needs no baseline; the variance is lower than that of
equation (15) with drawn actions; the bias is of order 1/K, (K - 1)/K of the gradient at pi on
average.
"""

from typing import final

import numpy as np

from tabular_trpo._core.errors import LimitError, invalid
from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar, brief, is_rational
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.surrogate import read_table
from tabular_trpo._sampled.contributions import sum_by_index
from tabular_trpo._sampled.estimate import vine_contributions, vine_policy
from tabular_trpo._sampled.vine import Vine


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class SelfNormalised:
    """L(pi_new) = eta + sum_n w (L_n(pi_new) - L_n(pi)), L_n = sum_k u_k Q_k / sum_k u_k.

    u_k = pi_new(a_k|s_n) / q(a_k|s_n) over the K branches of root n.  TRPO (2015), equation (16).
    A shift of all Q of a root changes nothing, so it needs no baseline.  It is biased: at pi its
    gradient is (K - 1)/K of the true one on average, and with K = 1 it is constant.

    The parametric steps of `improve` (`natural`, `vanilla`) take it in place of a `Surrogate`,
    since they use gains and gradients only.

    weight: (S,)   weight of each state
    pi, eta, stderr, allowed: as in `Surrogate`
    states, actions, drawn, Q, scale: (R,), (R, K), (R, K), (R, K) and a number: the roots, their
            branches, the probability of each, its return, and w

    >>> one = np.ones(1)
    >>> L = SelfNormalised(one, [[0.5, 0.5]], 1.0, None, None, [0], [[0, 1]], [[0.5, 0.5]],
    ...                    [[0.0, 1.0]], 2.0)
    >>> L, L.gain([[0.25, 0.75]])
    (<SelfNormalised: S=1, A=2, eta 1.0, R=1 roots, K=2 branches>, np.float64(0.5))
    """

    weight: Array
    pi: Array
    eta: Scalar
    stderr: OptionalScalar
    allowed: Array | None
    states: Array
    actions: Array
    drawn: Array
    Q: Array
    scale: Scalar

    def __repr__(self) -> str:
        """Return the sizes on one line."""
        (S, A), (R, K) = self.pi.shape, self.Q.shape
        roots = f"R={R} roots, K={K} branches"
        return f"<SelfNormalised: S={S}, A={A}, eta {brief(self.eta)}, {roots}>"

    @property
    def G(self) -> Array:
        """The gradient at pi, (S, A)."""
        return self.gradient(self.pi)

    def gain(self, pi_new: object) -> Scalar:
        """Return L(pi_new) - eta; the sums of the rows are not checked.

        pi_new: (S, A)
        raises: InvalidMDPError for another shape and for numbers that are not finite;
                ExactnessError for the other arithmetic; LimitError where pi_new has no mass on any
                branch of a root, and where doubles overflow
        """
        with np.errstate(over="ignore", invalid="ignore"):
            change = self._averages(self._read(pi_new))[0] - self._averages(self.pi)[0]
            return finite("gain", self.scale * change.sum())

    def value(self, pi_new: object) -> Scalar:
        """Return L(pi_new); raises as `gain`."""
        return self.eta + self.gain(pi_new)

    def gradient(self, pi_new: object) -> Array:
        """Return dL/dpi_new, (S, A), the entries of pi_new taken as free; raises as `gain`."""
        average, total = self._averages(self._read(pi_new))
        slope = (self.Q - average[:, None]) / self.drawn / total[:, None]
        S, A = self.pi.shape
        pair = self.states[:, None] * A + self.actions
        flat = sum_by_index(pair.reshape(-1), slope.reshape(-1), S * A, is_rational(self.Q))
        return np.asarray(self.scale * flat.reshape(S, A))

    def _read(self, pi_new: object) -> Array:
        new = read_table("pi_new", pi_new, self.pi)
        if new.ndim != 2:
            raise shape_error("pi_new", new.shape, f"(S, A) = {self.pi.shape}")
        return new

    def _averages(self, pi: Array) -> tuple[Array, Array]:
        """Return L_n and the sum of the u_k, (R,) each."""
        u = pi[self.states[:, None], self.actions] / self.drawn
        total = u.sum(axis=1)
        if (none := np.flatnonzero(~(total > 0))).size:
            name = "pi" if pi is self.pi else "pi_new"
            got = f"has no mass on the actions tried at root {none[0]}"
            expected = "some on one of them at least"
            raise LimitError.of("support", name, got, expected, hidden=len(none) - 1)
        return (u * self.Q).sum(axis=1) / total, total


@public
def self_normalised(vine: Vine, pi: object) -> SelfNormalised:
    """Return the surrogate (16) of a vine whose actions were drawn.

    L_n(pi_new) = sum_k u_k Q_k / sum_k u_k, u_k = pi_new(a_k|s_n) / q(a_k|s_n).  TRPO (2015).

    vine:   from `vine` with branches=K
    pi:     (S, A) the policy that the branches follow
    raises: InvalidMDPError for a vine that tried every action, where (15) is exact, and for an
            action drawn where the behaviour has none; ExactnessError

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._sampled.simulator import Simulator
    >>> from tabular_trpo._sampled.vine import vine
    >>> sim = Simulator(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), np.random.default_rng(0))
    >>> self_normalised(vine(sim, [[0.5, 0.5]], 3, branches=4, horizon=2), [[0.5, 0.5]])
    <SelfNormalised: S=1, A=2, eta 0.8333333333333334, R=3 roots, K=4 branches>
    """
    if vine.every:
        cure = "Use estimate_vine, or call vine with branches=K"
        got = "tried every action"
        raise invalid("choice", "vine", got, "drawn actions", cure)
    pi = vine_policy(vine, pi)
    contributions = vine_contributions(vine, pi)
    linear = contributions.surrogate(pi, vine.visible)
    return SelfNormalised(
        weight=linear.weight,
        pi=pi,
        eta=linear.eta,
        stderr=linear.stderr,
        allowed=linear.allowed,
        states=vine.states,
        actions=vine.actions,
        drawn=vine.behaviour,
        Q=vine.Q,
        scale=contributions.weight[0] / contributions.n,
    )
