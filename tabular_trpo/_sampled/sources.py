"""Sources of a step's surrogate: paths, vines, or the exact evaluation.

A source is called with a simulator and a policy and returns a `Batch`: the estimated (or exact)
local objective, and the paths it came from.  `Exact` uses no steps; with it the same loop computes
the exact limit of a sampled run.
"""

from collections.abc import Callable
from typing import Any, Protocol, final

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.surrogate import LocalObjective, surrogate
from tabular_trpo._families.arguments import optional_size, size
from tabular_trpo._sampled.advantages import Advantages
from tabular_trpo._sampled.contributions import Contributions, standard_error, sum_by_index
from tabular_trpo._sampled.estimate import (
    estimate_vine,
    path_contributions,
    step_weights,
)
from tabular_trpo._sampled.rollouts import Rollouts, single_path, subset
from tabular_trpo._sampled.self_normalised import self_normalised
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import vine


@public
@final
@locked_dataclass(frozen=True, eq=False)
class Batch:
    """One surrogate L, and the data behind it.

    rollouts:    the paths that it is estimated from; None where it is not from paths
    gain_stderr: pi_new -> standard error of L(pi_new) - eta; None where it is exact or unknown

    >>> from tabular_trpo._core.mdp import MDP
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> batch = Paths(20)(Simulator(mdp, np.random.default_rng(0)), np.array([[0.5, 0.5]]))
    >>> batch.rollouts
    <Rollouts: N=20, 40 steps, geometric stopping times, gamma 0.5>
    """

    L: LocalObjective
    rollouts: Rollouts | None = None
    gain_stderr: Callable[[Array], Scalar] | None = None


class Source(Protocol):
    """A function that samples a policy and returns a batch."""

    # Any: paths and vines need a `Simulator`; sources of episodes take live environments too.
    def __call__(self, sim: Any, pi: Array) -> Batch:
        """Return a batch of data of the policy pi, (S, A)."""


@public
@final
@locked_dataclass(frozen=True)
class Paths:
    """Single path: `paths` paths, estimated by `estimate`, equation (14).

    paths:    number of paths of a batch
    horizon, weighting: as in `single_path` and `estimate`
    baseline: subtract V as fitted on the other half of the paths, which adds no bias; the paper
              uses no baseline
    lam, n_step: as in `estimate`, with that baseline as V; None for path returns
    standardise: as in `estimate`, over each half of the paths where there is a baseline
    raises:   InvalidMDPError for a number that is out of range

    >>> Paths(100, horizon=20).weighting
    'discounted'
    """

    paths: int
    horizon: int | None = None
    weighting: str = "discounted"
    baseline: bool = False
    lam: float | None = None
    n_step: int | None = None
    standardise: bool = False

    def __post_init__(self) -> None:
        """Check each field; a baseline needs two halves of the paths, and lam a baseline."""
        size("paths", self.paths, 1)
        optional_size("horizon", self.horizon)
        step_weights(self.weighting, 0.5, self.horizon and 1)
        if self.baseline and self.paths < 2:
            got, expected = f"= {shown(self.paths)}", "at least 2 where half fits a baseline"
            raise invalid("size", "paths", got, expected)
        for name, value in (("lam", self.lam), ("n_step", self.n_step)):
            if value is not None and not self.baseline:
                raise invalid("baseline", name, f"= {shown(value)}", "baseline=True too, as V")
        self._advantages(np.zeros(1) if self.baseline else None)

    def _advantages(self, V: Array | None) -> Advantages:
        """Return the checked choice of advantages with the baseline V."""
        S = 0 if V is None else len(V)
        return Advantages.read(V, self.lam, self.n_step, S, False, self.standardise)

    def __call__(self, sim: Simulator, pi: Array) -> Batch:
        """Return a batch; raises as `single_path` and `estimate`."""
        rollouts = single_path(sim, pi, self.paths, self.horizon)
        if not self.baseline:
            units = path_contributions(rollouts, pi, self.weighting, self._advantages(None))
            return _batch(units, pi, rollouts)
        # Paths with geometric times are sorted by length, so the halves are drawn at random.
        order = sim.rng.permutation(self.paths)
        one, two = (subset(rollouts, part) for part in np.array_split(order, 2))
        first, second = (
            path_contributions(
                half, pi, self.weighting, self._advantages(fitted_values(other, len(pi)))
            )
            for half, other in ((one, two), (two, one))
        )
        return _batch(first.joined(second), pi, rollouts)


@public
@final
@locked_dataclass(frozen=True)
class Vines:
    """Vine: roots on `paths` paths, estimated by equation (15), or by (16) if `normalised`.

    paths:      number of paths of a batch
    branches, roots, horizon, common: as in `vine`
    normalised: estimate by `self_normalised` in place of `estimate_vine`
    raises:     InvalidMDPError for a number that is out of range

    >>> Vines(100, branches=4).common
    True
    """

    paths: int
    branches: int | None = None
    roots: int = 1
    horizon: int | None = None
    common: bool = True
    normalised: bool = False

    def __post_init__(self) -> None:
        """Check each count."""
        size("paths", self.paths, 1)
        size("roots", self.roots, 1)
        optional_size("branches", self.branches)
        optional_size("horizon", self.horizon)

    def __call__(self, sim: Simulator, pi: Array) -> Batch:
        """Return a batch; raises as `vine` and its estimate."""
        N, K, T = self.paths, self.branches, self.horizon
        data = vine(sim, pi, N, K, roots=self.roots, horizon=T, common=self.common)
        return Batch((self_normalised if self.normalised else estimate_vine)(data, pi))


@public
@final
@locked_dataclass(frozen=True, eq=False)
class Exact:
    """The surrogate of the exact evaluation, the limit of infinitely many paths.

    mdp: the model that the simulator samples

    >>> from tabular_trpo._core.mdp import MDP
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> sim = Simulator(mdp, np.random.default_rng(0))
    >>> Exact(mdp)(sim, np.array([[0.5, 0.5]])).L.G, sim.steps
    (array([[-1.,  1.]]), 0)
    """

    mdp: MDP

    def __call__(self, sim: Simulator, pi: Array) -> Batch:
        """Return the exact surrogate; the simulator is not used."""
        return Batch(surrogate(evaluate(self.mdp, pi)))


def _batch(units: Contributions, pi: Array, rollouts: Rollouts) -> Batch:
    """Return the batch of some contributions, with the standard error of a gain over units."""

    def gain_stderr(pi_new: Array) -> Scalar:
        return standard_error(units.gains(pi, pi_new))

    return Batch(units.surrogate(pi, pi > 0), rollouts, gain_stderr)


def fitted_values(rollouts: Rollouts, n_states: int) -> Array:
    """Return the mean return from each state on, over all visits, (S,); 0 where there is none."""
    within = rollouts.within
    state = rollouts.states[:, :-1][within]
    total = sum_by_index(state, rollouts.returns[within], n_states, rational=False)
    return np.asarray(total / np.maximum(np.bincount(state, minlength=n_states), 1))
