"""Sources that play episodes: L in the empirical model of all data, and L from advantages.

`EmpiricalModel` estimates V, A and rho by the model of all transitions so far (`counts`), so that
data of earlier policies and of an exploring policy are used.  `Episodes` is the on-policy estimate
of common codes: generalized advantage estimation with a fitted V, averaged over the visits of each
pair, with the states weighted as they were visited.  Both continue their episodes from batch to
batch (`stream`), so an object of either class serves one run.
"""

from collections.abc import Callable
from typing import final

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, shown
from tabular_trpo._core.public import public
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._families.arguments import between, common_numbers, optional_size, size
from tabular_trpo._sampled.advantages import Advantages, generalized_advantages, read_baseline
from tabular_trpo._sampled.counts import TransitionCounts
from tabular_trpo._sampled.episodes import Environment
from tabular_trpo._sampled.estimate import WEIGHTINGS
from tabular_trpo._sampled.exploration import exploring_policy
from tabular_trpo._sampled.rollouts import Rollouts
from tabular_trpo._sampled.sources import Batch
from tabular_trpo._sampled.stream import Stream

CRITICS = ("least_squares", "td_lambda", "monte_carlo", "none")


@final
class _Data:
    """Parallel episodes of one environment and the counts of all their transitions.

    batch, episodes, limit: as in `EmpiricalModel`
    """

    def __init__(self, batch: int, episodes: int, limit: int | None) -> None:
        """Check the numbers; the episodes begin with the first batch."""
        self.batch, self.episodes = size("batch", batch, 1), size("episodes", episodes, 1)
        optional_size("limit", limit)
        self.limit = limit
        self.stream: Stream | None = None
        self.counts = TransitionCounts.empty((1, 1), 0.0)

    def play(
        self, env: Environment, pi: Array, other: Array | None = None, share: int = 0
    ) -> Rollouts:
        """Return a batch of the episodes, and add it to the counts; arguments as in `Stream`."""
        if self.stream is None or self.stream.env is not env:
            self.stream = Stream(env, self.episodes, self.limit)
            self.counts = TransitionCounts.empty((env.n_states, env.n_actions), env.gamma)
            other = None
        steps = max(1, round(self.batch / self.episodes))
        rollouts = self.stream.play(pi, steps, other, share)
        self.counts = self.counts.added(rollouts)
        return rollouts


@public
@final
class EmpiricalModel:
    """L in the empirical model of all transitions so far, some of them by an exploring policy.

    L(pi_new) = eta + <rho A, pi_new - pi>, equation (3), with rho and A of the empirical model.

    batch:    steps of a batch, over all episodes
    episodes: number of parallel episodes
    limit:    steps after which an episode is truncated; None for no limit
    explore:  share of the episodes that follow the exploring policy (`exploration`), in [0, 1]
    raises:   InvalidMDPError for a number that is out of range

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._sampled.simulator import Simulator
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> source = EmpiricalModel(batch=40, episodes=4)
    >>> source(Simulator(mdp, np.random.default_rng(0)), np.array([[0.5, 0.5]])).L.G
    array([[-1.,  1.]])
    """

    @public
    def __init__(
        self, batch: int = 2000, episodes: int = 16, limit: int | None = None, explore: float = 0.2
    ) -> None:
        """Check the numbers; there is no data yet."""
        self._data = _Data(batch, episodes, limit)
        (share,) = common_numbers(explore=explore)
        between("explore", share, 0, 1)
        self._explorers = round(share * episodes)
        self._exploring: Array | None = None

    @property
    def counts(self) -> TransitionCounts:
        """The counts of all transitions so far."""
        return self._data.counts

    @public
    def __call__(self, sim: Environment, pi: Array) -> Batch:
        """Play a batch, and return L with the standard errors of its gains; raises as `Stream`."""
        rollouts = self._data.play(sim, pi, self._exploring, self._explorers)
        found = self.counts.estimate(pi)
        if self._explorers:
            self._exploring = exploring_policy(found, sim.allowed)
        return Batch(found.surrogate(), rollouts, found.gain_stderr)


@public
@final
class Episodes:
    """L from the advantages of one batch of episodes under the current policy.

    A_hat is generalized advantage estimation (Schulman et al. 2016), bootstrapped where an episode
    is cut; A(s, a) is its mean over the visits of a pair, and a state has the weight of its share
    of all steps, over 1 - gamma.

    batch, episodes, limit: as in `EmpiricalModel`
    lam:    in [0, 1]; 1 for returns, 0 for temporal differences
    critic: V, from "least_squares" (LSTD on all transitions so far), "td_lambda" (the mean of the
            lambda-returns of this batch, after the advantages are taken), "monte_carlo" (the same
            with returns), or "none" for 0; or a function from pi, (S, A), to V, (S,), such as the
            exact evaluation
    n_step: number of steps of A_hat in place of lam; None for lam
    standardise: as in `estimate`, over the batch
    weighting: "undiscounted", as in common codes, or "discounted": a step at time t of its episode
            has the weight gamma^t, as in equation (3)
    grow:   whether a batch is joined with those before it that have the same policy
    raises: InvalidMDPError for a number or a name that is out of range

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._sampled.simulator import Simulator
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> source = Episodes(batch=400, episodes=4, lam=0.0)
    >>> L = source(Simulator(mdp, np.random.default_rng(0)), np.array([[0.5, 0.5]])).L
    >>> L.G.round(1)
    array([[-1.,  1.]])
    """

    @public
    def __init__(
        self,
        batch: int = 2000,
        episodes: int = 16,
        limit: int | None = None,
        lam: float = 0.95,
        critic: str | Callable[[Array], Array] = "least_squares",
        n_step: int | None = None,
        standardise: bool = False,
        weighting: str = "undiscounted",
        grow: bool = False,
    ) -> None:
        """Check the numbers and the names."""
        self._data = _Data(batch, episodes, limit)
        (value,) = common_numbers(lam=lam)
        between("lam", value, 0, 1)
        self.lam = nearest(value)
        if not callable(critic) and critic not in CRITICS:
            expected = f"one of {', '.join(CRITICS)}, or a function"
            raise invalid("choice", "critic", f"= {shown(critic)}", expected)
        self.critic = critic
        optional_size("n_step", n_step)
        self.n_step = n_step
        self.standardise = bool(standardise)
        if weighting not in WEIGHTINGS:
            expected = f"one of {', '.join(WEIGHTINGS)}"
            raise invalid("choice", "weighting", f"= {shown(weighting)}", expected)
        self.weighting = weighting
        self.grow = bool(grow)
        self._batches: list[Rollouts] = []
        self._pi = np.zeros(0)
        self._V = np.zeros(0)

    @public
    def __call__(self, sim: Environment, pi: Array) -> Batch:
        """Play a batch, and return L with the standard errors of its gains; raises as `Stream`."""
        rollouts = self._data.play(sim, pi)
        if callable(self.critic):
            self._V = read_baseline(self.critic(pi), sim.n_states, rational=False)
        elif self.critic == "least_squares":
            self._V = self._data.counts.estimate(pi).V
        elif self._V.shape != (sim.n_states,):
            self._V = np.zeros(sim.n_states)
        lam: Scalar = self.lam if self.n_step is None else None
        chosen = Advantages(self._V, lam, self.n_step, self.standardise)
        if not (self.grow and np.array_equal(pi, self._pi)):
            self._batches = []
        self._batches, self._pi = [*self._batches, rollouts], pi
        batch = _averaged(self._batches, chosen, pi, self._V, self.weighting)
        if self.critic in ("td_lambda", "monte_carlo"):
            lam_V = self.lam if self.critic == "td_lambda" else 1.0
            self._V = _fitted(rollouts, generalized_advantages(rollouts, self._V, lam_V), self._V)
        return batch


def _fitted(rollouts: Rollouts, advantage: Array, V: Array) -> Array:
    """Return the mean lambda-return V + A_hat of each visited state, (S,); V for the others."""
    path, t = np.nonzero(rollouts.within)
    state = rollouts.states[path, t]
    n = np.bincount(state, minlength=len(V))
    total = np.bincount(state, advantage[path, t] + V[state], len(V))
    return np.where(n > 0, total / np.maximum(n, 1), V)


def _averaged(
    batches: list[Rollouts], advantages: Advantages, pi: Array, V: Array, weighting: str
) -> Batch:
    """Return L from the mean advantage of each visited pair; it is 0 for the others.

    The variance of a mean is the sample variance over its visits; of a single visit it is the
    variance over all visits.
    """
    S, A = pi.shape
    gamma, parts = batches[0].gamma, []
    for x in batches:
        path, t = np.nonzero(x.within)
        time = t if x.first is None else t + x.first[path]
        parts.append((x.states[path, t], x.actions[path, t], advantages.of(x)[path, t], time))
    state, action, value, time = map(np.concatenate, zip(*parts, strict=True))
    begun = state[time == 0]
    eta = V[begun].mean() if len(begun) else 0.0
    pair = state * A + action
    n = np.bincount(pair, minlength=S * A)
    per = np.maximum(n, 1)
    mean = np.bincount(pair, value, S * A) / per
    squares = np.bincount(pair, (value - mean[pair]) ** 2, S * A)
    variance = np.where(n > 1, squares / np.maximum(n - 1, 1), value.var()) / per
    variance = np.where(n > 0, variance, 0.0).reshape(S, A)
    share = gamma ** (time - time.min()) if weighting == "discounted" else np.ones(len(state))
    weight = np.bincount(state, share, S) / share.sum() / (1 - gamma)
    w, table = weight[:, None], mean.reshape(S, A)
    G = w * (table - (pi * table).sum(axis=1, keepdims=True))

    def gain_stderr(pi_new: Array) -> Scalar:
        return np.sqrt(((w * (pi_new - pi)) ** 2 * variance).sum())

    L = Surrogate(G, weight, pi, eta, np.inf, G_stderr=w * np.sqrt(variance))
    return Batch(L, batches[-1], gain_stderr)
