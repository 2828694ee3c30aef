"""The empirical model of all transitions so far, and the estimates of a policy that it gives.

Problem: estimate V, A, rho and L of the current policy from every transition that was observed,
also those of earlier policies and of exploring actions.

Method: with n(s, a, s') observed transitions, P_hat = n(s, a, s') / n(s, a) and r_hat the mean
reward.  V solves V = r_pi + gamma P_pi V in this model; Q = r_hat + gamma P_hat V, A = Q - V, and
rho solves the transposed equations from the observed start states.  In a table this V is the least
squares temporal difference estimate LSTDQ of all data (Lagoudakis and Parr 2003).  A pair that was
never tried has A = 0, and the policy is renormalised on the pairs that were tried.

Standard errors: a change dr, dP of the rows changes <x, Q> by sum m(s, a) (dr + gamma dP V)(s, a),
where m = x + (visits that follow x under P_hat and pi).  The rows are means of n(s, a) independent
transitions, so that

    Var <x, Q> = sum_{s,a} m(s, a)^2 Var(r + gamma V(s')) / n(s, a)

to first order (the delta method; Mannor et al. 2007).  Variances of rows with few transitions are
shrunk towards the mean variance over all rows.  Guarantee: consistent where every pair that the
policy takes is tried without end; the bias is of order 1 / n.
"""

from typing import Self, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import ExactnessError, invalid
from tabular_trpo._core.indices import read_indices
from tabular_trpo._core.linalg.sparse import SparseResolvent
from tabular_trpo._core.numbers import Array, Scalar, is_rational, shown
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.surrogate import Surrogate, read_table
from tabular_trpo._sampled.rollouts import Rollouts

PRIOR = 2.0  # number of transitions that the mean variance over all rows counts for


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class TransitionCounts:
    """Counts of observed transitions, the sufficient statistics of an empirical model.

    shape:   (S, A)
    gamma:   the discount
    triple:  (M,) index (s A + a) (S + 1) + s' of each observed transition, ascending; s' = S stands
             for the end of an episode, and its reward includes the discounted tail
    visits:  (M,) how often it was observed
    total:   (M,) the sum of its rewards
    squares: (M,) the sum of their squares
    starts:  (S,) how many episodes began in each state

    >>> path = Rollouts([[0, 1, 0]], [[0, 0]], [[1.0, 0.0]], [[1.0, 1.0]], [2], False, 0.5)
    >>> counts = TransitionCounts.empty((2, 1), 0.5).added(path)
    >>> counts, counts.estimate(np.ones((2, 1))).V.round(3)
    (<TransitionCounts: S=2, A=1, 2 transitions, 1 episodes>, array([1.333, 0.667]))
    """

    shape: tuple[int, int]
    gamma: float
    triple: Array
    visits: Array
    total: Array
    squares: Array
    starts: Array

    @classmethod
    @public
    def empty(cls, shape: tuple[int, int], gamma: float) -> Self:
        """Return counts of no transition, of models with S states and A actions."""
        none = np.zeros(0)
        return cls(shape, gamma, none.astype(np.intp), none, none, none, np.zeros(shape[0]))

    def __repr__(self) -> str:
        """Return the sizes and the number of transitions on one line."""
        (S, A), n = self.shape, int(self.visits.sum())
        return (
            f"<TransitionCounts: S={S}, A={A}, {n} transitions, {int(self.starts.sum())} episodes>"
        )

    @public
    def added(self, rollouts: Rollouts) -> Self:
        """Return the counts with the transitions of some paths added.

        rollouts: paths of floats, of a model of this shape and gamma
        raises:   InvalidMDPError for states or actions out of range and for another gamma,
                  ExactnessError for rational paths
        """
        (S, A), within = self.shape, rollouts.within
        path, t = np.nonzero(within)
        states, rewards = rollouts.states, rollouts.rewards[path, t]
        self._check(rollouts, rewards)
        to = states[path, t + 1]
        last = rollouts.ended[path] & (t + 1 == rollouts.length[path])
        rewards = rewards + np.where(last, self.gamma * rollouts.tail[path], 0.0)
        triple = (states[path, t] * A + rollouts.actions[path, t]) * (S + 1)
        triple = np.concatenate([self.triple, triple + np.where(last, S, to)])
        key, inverse = np.unique(triple, return_inverse=True)

        def summed(old: Array, new: Array) -> Array:
            return np.bincount(inverse, np.concatenate([old, new]), len(key))

        begun = np.ones(len(states), dtype=bool) if rollouts.first is None else rollouts.first == 0
        return type(self)(
            self.shape,
            self.gamma,
            key,
            summed(self.visits, np.ones(len(rewards))),
            summed(self.total, rewards),
            summed(self.squares, rewards * rewards),
            self.starts + np.bincount(states[begun, 0], minlength=S),
        )

    def _check(self, rollouts: Rollouts, rewards: Array) -> None:
        """Raise unless paths are of floats, and of a model of this shape and gamma."""
        if is_rational(rewards):
            cure = "Sample a float model"
            raise ExactnessError.of("lane", "rollouts", "are rational", "floats", cure)
        if rollouts.gamma != self.gamma:
            got, expected = f"= {shown(rollouts.gamma)}", f"{shown(self.gamma)}, that of the counts"
            raise invalid("range", "rollouts.gamma", got, expected)
        for name, values, n in zip(
            ("states", "actions"), (rollouts.states, rollouts.actions), self.shape, strict=True
        ):
            read_indices(f"rollouts.{name}", values.reshape(-1), n, "integers")

    @public
    def estimate(self, pi: object) -> "EmpiricalEvaluation":
        """Return the evaluation of a policy in the empirical model.

        V = r_pi + gamma P_pi V and rho = start + gamma rho P_pi with the estimated rows.

        pi:     (S, A) in floats
        raises: InvalidMDPError for another shape and for rows off the simplex, ExactnessError
        """
        (S, A), gamma = self.shape, self.gamma
        pi = read_as("pi", pi, rational=False, unsigned=True)
        if pi.shape != self.shape:
            raise shape_error("pi", pi.shape, f"(S, A) = {self.shape}")
        pi = check_rows("pi", pi)
        pair, to = np.divmod(self.triple, S + 1)
        n = np.bincount(pair, self.visits, S * A)
        tried = np.where(n > 0, pi.reshape(-1), 0.0).reshape(S, A)
        mass = tried.sum(axis=1, keepdims=True)
        tried = tried / np.where(mass > 0, mass, 1.0)
        per = np.maximum(n, 1.0)
        P = sp.csr_array((self.visits / per[pair], (pair, to)), shape=(S * A, S + 1))[:, :S]
        r = np.bincount(pair, self.total, S * A) / per
        state = pair // A
        chain = tried.reshape(-1)[pair] * self.visits / per[pair]
        inside = to < S
        P_pi = sp.csr_array((chain[inside], (state[inside], to[inside])), shape=(S, S))
        solver = SparseResolvent(P_pi, gamma)
        V = solver.forward((tried * r.reshape(S, A)).sum(axis=1))
        Q = np.where(n > 0, r + gamma * (P @ V), np.repeat(V, A))
        start = self.starts / max(self.starts.sum(), 1.0)
        rho = np.maximum(solver.backward(start), 0.0)
        variance = self._variance(np.append(V, 0.0), Q, pair, to, n)
        return EmpiricalEvaluation(
            pi, V, Q.reshape(S, A), rho, start, tried, n.reshape(S, A), variance.reshape(S, A),
            self.starts.sum(), gamma, P, solver,
        )  # fmt: skip

    def _variance(self, V: Array, Q: Array, pair: Array, to: Array, n: Array) -> Array:
        """Return Var(r + gamma V(s')) of each pair, shrunk towards its mean over pairs."""
        # Around Q, as sum (r + gamma V(s') - Q)^2; less cancels than around 0.
        off = self.gamma * V[to] - Q[pair]
        squares = self.squares + 2 * off * self.total + self.visits * off * off
        spread = np.maximum(np.bincount(pair, squares, len(n)), 0.0)
        mean = spread.sum() / max(n.sum(), 1.0)
        return np.asarray((spread + PRIOR * mean) / np.maximum(n - 1 + PRIOR, 1.0))


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class EmpiricalEvaluation:
    """The evaluation of a policy in an empirical model, with standard errors.

    pi:       (S, A) the policy
    V, Q:     (S,), (S, A) values in the empirical model; Q = V where a pair was never tried
    rho:      (S,) unnormalised discounted visitation, sum_t gamma^t P(s_t = s, episode runs)
    start:    (S,) the observed frequencies of start states
    tried:    (S, A) the policy renormalised on the pairs that were tried
    visits:   (S, A) number of transitions of each pair
    variance: (S, A) estimate of Var(r + gamma V(s'))
    episodes: number of episodes that began

    >>> path = Rollouts([[0, 1, 0]], [[0, 0]], [[1.0, 0.0]], [[1.0, 1.0]], [2], False, 0.5)
    >>> TransitionCounts.empty((2, 1), 0.5).added(path).estimate(np.ones((2, 1)))
    <EmpiricalEvaluation: S=2, A=1, eta 1.33333>
    """

    pi: Array
    V: Array
    Q: Array
    rho: Array
    start: Array
    tried: Array
    visits: Array
    variance: Array
    episodes: float
    gamma: float
    P: sp.csr_array
    solver: SparseResolvent

    def __repr__(self) -> str:
        """Return the sizes and eta on one line."""
        S, A = self.Q.shape
        return f"<EmpiricalEvaluation: S={S}, A={A}, eta {self.eta:.6g}>"

    @property
    def eta(self) -> Scalar:
        """The return of the policy from the observed start states."""
        return self.start @ self.V

    @public
    def surrogate(self) -> Surrogate:
        """Return L of the empirical model, G = rho A, with standard errors of eta and G.

        The error of G(s, a) counts that of the row (s, a) only, with rho and V as given.
        """
        A = self.Q - self.V[:, None]
        n = np.maximum(self.visits, 1.0)
        G_stderr = self.rho[:, None] * np.sqrt(self.variance / n)
        spread = self.start @ (self.V - self.eta) ** 2 / max(self.episodes, 1.0)
        stderr = np.sqrt(spread + self._rows(self.rho[:, None] * self.tried))
        return Surrogate(
            self.rho[:, None] * A, self.rho, self.pi, self.eta, stderr, G_stderr=G_stderr
        )

    @public
    def gain_stderr(self, pi_new: object) -> Scalar:
        """Return the standard error of L(pi_new) - eta, by the delta method with rho as given.

        pi_new: (S, A)
        raises: InvalidMDPError for another shape, ExactnessError
        """
        pi_new = read_table("pi_new", pi_new, self.pi)
        if pi_new.shape != self.pi.shape:  # a batch of policies
            raise shape_error("pi_new", pi_new.shape, f"(S, A) = {self.pi.shape}")
        x = np.where(self.visits > 0, self.rho[:, None] * (pi_new - self.pi), 0.0)
        after = self.solver.backward(self.gamma * (self.P.T @ x.reshape(-1)))
        return np.sqrt(self._rows(x + after[:, None] * self.tried))

    def _rows(self, m: Array) -> Scalar:
        """Return the variance of a sum whose sensitivity to the row of each pair is m, (S, A)."""
        return (m * m * self.variance / np.maximum(self.visits, 1.0))[self.visits > 0].sum()
