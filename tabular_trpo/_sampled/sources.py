"""Where a step's surrogate comes from: paths, vines, or the exact evaluation, each a value.

A source is called with a simulator and a policy and returns a `Batch`.  The exact one uses no
steps, and makes the exact limit of a sampled run out of the same loop.
"""

from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.surrogate import LocalObjective, surrogate
from tabular_trpo._families.arguments import between, common_numbers, optional_size, size
from tabular_trpo._sampled.contributions import Contributions, sum_by_index
from tabular_trpo._sampled.estimate import estimate, estimate_vine, path_contributions, step_weights
from tabular_trpo._sampled.rollouts import Rollouts, single_path
from tabular_trpo._sampled.self_normalised import self_normalised
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import vine


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One surrogate, and the paths it is estimated from; None where it is not from paths."""

    L: LocalObjective
    rollouts: Rollouts | None = None


class Source(Protocol):
    """What makes a batch."""

    def __call__(self, sim: Simulator, pi: Array) -> Batch:
        """Return a batch of data of the policy pi, (S, A)."""


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Paths:
    """Single path: `paths` of them, estimated by `estimate`.

    horizon, weighting: as in `single_path` and `estimate`
    baseline: take off the returns V as it is fitted on the other half of the paths, which keeps the
              estimate unbiased; the paper takes none off
    lam:      of generalized advantage estimation, with that baseline as V; None for path returns

    >>> Paths(100, horizon=20)
    Paths(paths=100, horizon=20, weighting='discounted', baseline=False, lam=None)
    """

    paths: int
    horizon: int | None = None
    weighting: str = "discounted"
    baseline: bool = False
    lam: float | None = None

    def __post_init__(self) -> None:
        """Check each field, and refuse what cannot be halved or has no V."""
        size("paths", self.paths, 1)
        optional_size("horizon", self.horizon)
        step_weights(self.weighting, 0.5, self.horizon and 1)
        if self.baseline and self.paths < 2:
            got, expected = f"= {shown(self.paths)}", "at least 2 where half fits a baseline"
            raise invalid("size", "paths", got, expected)
        if self.lam is not None and not self.baseline:
            problem = Problem("baseline", "lam", f"= {shown(self.lam)}", "baseline=True too, as V")
            raise InvalidMDPError(problem)
        if self.lam is not None:
            (lam,) = common_numbers(lam=self.lam)
            between("lam", lam, 0, 1)

    def __call__(self, sim: Simulator, pi: Array) -> Batch:
        """Return a batch; raises as `single_path` and `estimate`."""
        rollouts = single_path(sim, pi, self.paths, self.horizon)
        if not self.baseline:
            return Batch(estimate(rollouts, pi, weighting=self.weighting), rollouts)
        # Paths with geometric times come the longest first: what falls in a half is drawn apart.
        order = sim.rng.permutation(self.paths)
        halves = [_part(rollouts, part) for part in np.array_split(order, 2)]
        fitted = [fitted_values(half, len(pi)) for half in halves]
        crossed = zip(halves, reversed(fitted), strict=True)
        terms = [path_contributions(half, pi, self.weighting, b, self.lam) for half, b in crossed]
        return Batch(_joined(*terms).surrogate(pi, pi > 0), rollouts)


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Vines:
    """Vine: roots on `paths`, estimated by `estimate_vine`, or by (16) if `normalised`.

    branches, roots, horizon, common: as in `vine`
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
        grown = vine(
            sim,
            pi,
            self.paths,
            self.branches,
            roots=self.roots,
            horizon=self.horizon,
            common=self.common,
        )
        return Batch((self_normalised if self.normalised else estimate_vine)(grown, pi))


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """The surrogate of the exact evaluation, for the limit of infinitely many paths."""

    mdp: MDP

    def __call__(self, sim: Simulator, pi: Array) -> Batch:
        """Return the exact surrogate; the simulator is not used."""
        return Batch(surrogate(evaluate(self.mdp, pi)))


def fitted_values(rollouts: Rollouts, n_states: int) -> Array:
    """Return the mean return from each state on, over all visits; 0 where there is none."""
    within = rollouts.within
    state = rollouts.states[:, :-1][within]
    total = sum_by_index(state, rollouts.returns[within], n_states, rational=False)
    return np.asarray(total / np.maximum(np.bincount(state, minlength=n_states), 1))


def _part(rollouts: Rollouts, at: Array) -> Rollouts:
    arrays = ("states", "actions", "rewards", "behaviour", "length")
    taken = {name: getattr(rollouts, name)[at] for name in arrays}
    return Rollouts(**taken, geometric=rollouts.geometric, gamma=rollouts.gamma)


def _joined(one: Contributions, other: Contributions) -> Contributions:
    """Return the terms of two sets of units as those of one set."""
    shifted = {"unit": other.unit + one.n, "visit_unit": other.visit_unit + one.n}
    names = Contributions.__dataclass_fields__
    parts = {name: (getattr(one, name), shifted.get(name, getattr(other, name))) for name in names}
    return Contributions(**{name: np.concatenate(pair) for name, pair in parts.items()})
