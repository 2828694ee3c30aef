"""The methods of TRPO (2015), section 8, each a way to go on from a simulator and a policy class.

All begin at the uniform policy, use about `batch` steps of the simulator an iteration, and yield
the policy after each.  CEM and CMA-ES need a path for each of their 20 thetas, however long it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any, final

import numpy as np

from tabular_trpo._core.arguments import one_model
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.floating_point import guarded
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._families.arguments import optional_size, size
from tabular_trpo._improve.mirror import rwr
from tabular_trpo._improve.natural import natural, natural_fixed
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step, nonnegative
from tabular_trpo._sampled.blackbox import cem, cma, cma_package
from tabular_trpo._sampled.estimate import step_weights
from tabular_trpo._sampled.learning import BatchStep, learning, start
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.sources import Batch, Exact, Paths, Source, Vines

POPULATION = 20


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Settings:
    """What the methods share.

    batch:   steps of the simulator an iteration, about
    delta:   radius of the trust region, >= 0
    horizon: of paths and branches; None for geometric stopping times, which bias nothing
    raises:  InvalidMDPError naming the field that is out of range
    """

    batch: int = 2000
    delta: float = 0.05
    horizon: int | None = None

    def __post_init__(self) -> None:
        """Check each field."""
        size("batch", self.batch, 1)
        optional_size("horizon", self.horizon)
        nonnegative("delta", self.delta)

    @public
    def paths(self, mdp: MDP, vine: bool = False) -> int:
        """Return how many paths a batch affords, each with a root that tries every action if vine.

        raises: InvalidMDPError where it affords less than two
        """
        one_model(mdp)
        gamma = float(mdp.gamma)
        long = 1 / (1 - gamma) if self.horizon is None else self.horizon
        branches = float(mdp.mask.sum(axis=1).max())
        cost = gamma / (1 - gamma) + branches * long if vine else long
        if self.batch < 2 * cost:
            got = f"= {self.batch} steps"
            expected = f"at least {ceil(2 * cost)}: two paths, of {cost:.6g} steps on average"
            cure = "Raise batch" + (", or set a horizon" if self.horizon is None else "")
            raise invalid("size", "batch", got, expected, cure)
        return max(2, round(self.batch / cost))


Run = Callable[[MDP, Simulator, SoftmaxClass, Settings], Iterator[Array]]


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Method:
    """A method: `run` yields its policies without end; `sampled` is false of the exact limit."""

    name: str
    does: str
    run: Run
    sampled: bool = True

    def __post_init__(self) -> None:
        """Give the run the same floats in every process, as public functions have."""
        object.__setattr__(self, "run", guarded(self.run))


@public
def going(
    sim: Simulator, policy_class: SoftmaxClass, source: Source, take: BatchStep
) -> Iterator[Array]:
    """Yield the policies of a learner that begins at the uniform one."""
    return (
        made.pi_new for _, made in learning(sim, policy_class, source, take, start(policy_class))
    )


def _paths(mdp: MDP, settings: Settings) -> Paths:
    return Paths(settings.paths(mdp), settings.horizon)


def _natural(policy_class: SoftmaxClass, delta: float, **how: Any) -> BatchStep:
    return lambda batch, theta: natural(batch.L, theta, delta, policy_class, **how)


def _single_path(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings, **how: Any
) -> Iterator[Array]:
    return going(
        sim, policy_class, _paths(mdp, settings), _natural(policy_class, settings.delta, **how)
    )


def _max_kl(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    return _single_path(mdp, sim, policy_class, settings, divergence="max_kl")


def _vine(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    source = Vines(settings.paths(mdp, vine=True), horizon=settings.horizon)
    return going(sim, policy_class, source, _natural(policy_class, settings.delta))


def _exact(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    return going(sim, policy_class, Exact(mdp), _natural(policy_class, settings.delta))


def _fixed(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    """Hold the multiplier that the first accepted step of the trust region has."""
    held: list[float] = []

    def take(batch: Batch, theta: Array) -> Step:
        if held:
            return natural_fixed(batch.L, theta, held[0], policy_class)
        first = natural(batch.L, theta, settings.delta, policy_class)
        if (length := first.multipliers["step_length"]) > 0:
            held.append(1 / length)
        return first

    return going(sim, policy_class, _paths(mdp, settings), take)


def _empirical(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    def take(batch: Batch, theta: Array) -> Step:
        rollouts = batch.rollouts
        assert rollouts is not None
        within = rollouts.within
        by_step = step_weights("discounted", rollouts.gamma, rollouts.horizon)
        weights = np.broadcast_to(by_step, within.shape)
        where = rollouts.states[:, :-1][within], rollouts.actions[within], weights[within]
        product = partial(_product, policy_class, theta, where)
        return natural(batch.L, theta, settings.delta, policy_class, product=product, iterations=20)

    return going(sim, policy_class, _paths(mdp, settings), take)


def _product(policy_class: SoftmaxClass, theta: Array, where: tuple[Array, ...], v: Array) -> Array:
    states, actions, weights = where
    return policy_class.empirical_fisher_product(theta, v, states, actions, weights)


def _rwr(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    """Weigh each action by its mean return, returns counted from the least of the batch."""

    def take(batch: Batch, theta: Array) -> Step:
        L, rollouts = batch.L, batch.rollouts
        assert rollouts is not None and isinstance(L, Surrogate)
        within, shape = rollouts.within, L.pi.shape
        returns = rollouts.returns[within]
        pair = rollouts.states[:, :-1][within] * shape[1] + rollouts.actions[within]
        counts = np.bincount(pair, minlength=shape[0] * shape[1]).reshape(shape)
        total = np.bincount(pair, returns - returns.min(), counts.size).reshape(shape)
        # An action that was not met has the mean weight of its state, so that it keeps its share.
        mean = total.sum(axis=1, keepdims=True) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        u = np.where(counts > 0, total / np.maximum(counts, 1), mean)
        nothing = (L.pi * u).sum(axis=1, keepdims=True) == 0
        return rwr(L, np.where(nothing, 1.0, u))

    return going(sim, policy_class, _paths(mdp, settings), take)


def _cem(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    each = max(1, settings.paths(mdp) // POPULATION)
    return cem(sim, policy_class, each, POPULATION, horizon=settings.horizon)


def _cma(
    mdp: MDP, sim: Simulator, policy_class: SoftmaxClass, settings: Settings
) -> Iterator[Array]:
    cma_package()  # says at once that it is missing
    each = max(1, settings.paths(mdp) // POPULATION)
    return cma(sim, policy_class, each, POPULATION, settings.horizon)


METHODS = {
    method.name: method
    for method in (
        Method("exact", "TRPO on the exact surrogate: the limit of many samples", _exact, False),
        Method("single_path", "TRPO, single path, returns of paths, analytic Fisher", _single_path),
        Method("vine", "TRPO, vine, every action tried, common random numbers", _vine),
        Method("max_kl", "single path, the line search looks at the max KL", _max_kl),
        Method("empirical_fim", "single path, empirical Fisher matrix", _empirical),
        Method("natural_fixed", "natural gradient, multiplier fixed at the first step's", _fixed),
        Method("rwr", "reward-weighted regression on returns above the least", _rwr),
        Method("cem", "cross-entropy method on theta", _cem),
        Method("cma", "CMA-ES on theta (extra cma)", _cma),
    )
}  # fmt: skip
