"""The methods of TRPO (2015), section 8, each as a generator of policies from a simulator.

All start at the uniform policy, use about `batch` simulator steps an iteration, and yield the
policy after each iteration.  The estimating methods are a source of data and a step (`Learner`);
CEM and CMA-ES (`blackbox`) need a path for each of their 20 parameter vectors, however long it is.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil
from typing import Any, final

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.floating_point import guarded
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.policy import uniform
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._families.arguments import between, common_numbers, optional_size, size
from tabular_trpo._improve.mirror import rwr
from tabular_trpo._improve.natural import natural, natural_fixed
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step, nonnegative
from tabular_trpo._sampled.blackbox import cem, cma
from tabular_trpo._sampled.confidence import confident
from tabular_trpo._sampled.episodic import EmpiricalModel, Episodes
from tabular_trpo._sampled.estimate import step_weights
from tabular_trpo._sampled.learning import BatchStep, Learner
from tabular_trpo._sampled.moments import path_steps, vine_steps
from tabular_trpo._sampled.sources import Batch, Exact, Paths, Source, Vines

POPULATION = 20


@public
@final
@locked_dataclass(frozen=True)
class Settings:
    """The settings that the methods share.

    batch:   simulator steps an iteration, approximately
    delta:   radius of the trust region, >= 0
    horizon: number of steps T of paths and branches; None for geometric stopping times, which add
             no bias
    episodes: number of parallel episodes of the methods that continue them
    limit:   steps after which such an episode is truncated; None for no limit
    explore: share of the episodes that follow an exploring policy, where the method has one
    level:   confidence with which a gain must be positive, in [0.5, 1), where the method tests it
    raises:  InvalidMDPError naming the field that is out of range

    >>> Settings(batch=500).paths(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.9))
    50
    """

    batch: int = 2000
    delta: float = 0.05
    horizon: int | None = None
    episodes: int = 16
    limit: int | None = None
    explore: float = 0.2
    level: float = 0.95

    def __post_init__(self) -> None:
        """Check each field."""
        size("batch", self.batch, 1)
        size("episodes", self.episodes, 1)
        (explore,) = common_numbers(explore=self.explore)
        between("explore", explore, 0, 1)
        optional_size("horizon", self.horizon)
        optional_size("limit", self.limit)
        nonnegative("delta", self.delta)

    @public
    def paths(self, mdp: MDP, vine: bool = False) -> int:
        """Return the number of paths in a batch, batch / (expected steps of a path).

        The expectation is that of the uniform policy, of a path or, with `vine`, of the way to one
        root and a branch for every action.

        raises: InvalidMDPError where the batch is smaller than two paths
        """
        one_model(mdp)
        steps = vine_steps if vine else path_steps
        cost = round(nearest(steps(mdp, uniform(mdp), self.horizon)), 9)
        if self.batch < 2 * cost:
            got = f"= {self.batch} steps"
            expected = f"at least {ceil(2 * cost)}: two paths, of {cost:.6g} steps on average"
            cure = "Raise batch" + (", or set a horizon" if self.horizon is None else "")
            raise invalid("size", "batch", got, expected, cure)
        return max(2, round(self.batch / max(cost, 1.0)))


# Any: a `Simulator`, or a `LiveEnvironment` where the method is `live`.
Run = Callable[[MDP, Any, SoftmaxClass, Settings], Iterator[Array]]


@public
@final
@locked_dataclass(frozen=True)
class Method:
    """One method of the comparison.

    name:    its key in `METHODS`
    does:    a description of one line
    run:     (mdp, simulator, policy class, settings) to an endless generator of policies (S, A);
             only the exact limit reads the model
    sampled: false for the exact limit, which uses no simulator steps
    live:    whether it runs on an environment that cannot be put into a state; the exact limit does
    seeds:   methods with the same text have the same random numbers; "" for numbers by its name

    >>> METHODS["vine"].name, METHODS["exact"].sampled
    ('vine', False)
    """

    name: str
    does: str
    run: Run
    sampled: bool = True
    live: bool = False
    seeds: str = ""

    def __post_init__(self) -> None:
        """Guard the run, so that it computes the same floats in every process."""
        object.__setattr__(self, "run", guarded(self.run))


def _paths(mdp: MDP, settings: Settings) -> Paths:
    return Paths(settings.paths(mdp), settings.horizon)


def _vines(mdp: MDP, settings: Settings) -> Vines:
    return Vines(settings.paths(mdp, vine=True), horizon=settings.horizon)


def _empirical_model(mdp: MDP, settings: Settings) -> EmpiricalModel:
    return EmpiricalModel(settings.batch, settings.episodes, settings.limit, settings.explore)


def _episodes(mdp: MDP, settings: Settings) -> Episodes:
    return Episodes(settings.batch, settings.episodes, settings.limit)


def _exact(mdp: MDP, settings: Settings) -> Exact:
    return Exact(mdp)


def _natural(policy_class: SoftmaxClass, settings: Settings, **options: Any) -> BatchStep:
    return lambda batch, theta: natural(batch.L, theta, settings.delta, policy_class, **options)


def _confident(policy_class: SoftmaxClass, settings: Settings) -> BatchStep:
    return confident(policy_class, settings.delta, settings.level)


def _fixed(policy_class: SoftmaxClass, settings: Settings) -> BatchStep:
    """Keep the multiplier of the first accepted step of the trust region."""
    multiplier = 0.0

    def step(batch: Batch, theta: Array) -> Step:
        nonlocal multiplier
        if multiplier:
            return natural_fixed(batch.L, theta, multiplier, policy_class)
        first = natural(batch.L, theta, settings.delta, policy_class)
        if (length := first.multipliers["step_length"]) > 0:
            multiplier = 1 / length
        return first

    return step


def _empirical(policy_class: SoftmaxClass, settings: Settings) -> BatchStep:
    """Use the empirical Fisher matrix, the mean of outer products of grad log pi(a_t|s_t)."""

    def step(batch: Batch, theta: Array) -> Step:
        rollouts = batch.rollouts
        assert rollouts is not None
        within = rollouts.within
        by_step = step_weights("discounted", rollouts.gamma, rollouts.horizon)
        weights = np.broadcast_to(by_step, within.shape)[within]
        states, actions = rollouts.states[:, :-1][within], rollouts.actions[within]

        def product(v: Array) -> Array:
            return policy_class.empirical_fisher_product(theta, v, states, actions, weights)

        delta = settings.delta
        return natural(batch.L, theta, delta, policy_class, product=product, iterations=20)

    return step


def _rwr(policy_class: SoftmaxClass, settings: Settings) -> BatchStep:
    """Weight each action by its mean return, returns less the smallest of the batch."""

    def step(batch: Batch, theta: Array) -> Step:
        L, rollouts = batch.L, batch.rollouts
        assert isinstance(L, Surrogate) and rollouts is not None
        within, pi = rollouts.within, L.pi
        returns = rollouts.returns[within]
        pair = rollouts.states[:, :-1][within] * pi.shape[1] + rollouts.actions[within]
        counts = np.bincount(pair, minlength=pi.size).reshape(pi.shape)
        total = np.bincount(pair, returns - returns.min(), pi.size).reshape(pi.shape)
        # An action without data has the mean weight of its state, so that its probability stays.
        mean = total.sum(axis=1, keepdims=True) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        u = np.where(counts > 0, total / np.maximum(counts, 1), mean)
        nothing = (pi * u).sum(axis=1, keepdims=True) == 0
        return rwr(L, np.where(nothing, 1.0, u))

    return step


def learned(
    source: Callable[[MDP, Settings], Source],
    step: Callable[[SoftmaxClass, Settings], BatchStep],
) -> Run:
    """Return the run of a method that estimates L from a source and takes a step."""

    def run(mdp: MDP, sim: Any, policy_class: SoftmaxClass, settings: Settings) -> Iterator[Array]:
        data = source(mdp, settings)
        return Learner(sim, policy_class, data, step(policy_class, settings)).policies()

    return run


def _searched(search: Callable[..., Iterator[Array]]) -> Run:
    """Return the run of a black-box method, whose batch is divided among POPULATION parameters."""

    def run(mdp: MDP, sim: Any, policy_class: SoftmaxClass, settings: Settings) -> Iterator[Array]:
        paths = max(1, settings.paths(mdp) // POPULATION)
        return search(sim, policy_class, paths, POPULATION, horizon=settings.horizon)

    return run


_max_kl = partial(_natural, divergence="max_kl")
METHODS = {
    method.name: method
    for method in (
        Method("exact", "TRPO on the exact surrogate: the limit of many samples",
               learned(_exact, _natural), False, True),
        Method("single_path", "TRPO, single path, returns of paths, analytic Fisher",
               learned(_paths, _natural)),
        Method("vine", "TRPO, vine, every action tried, common random numbers",
               learned(_vines, _natural)),
        Method("empirical_model", "TRPO in the model of all transitions, gains significant",
               learned(_empirical_model, _confident), live=True),
        Method("gae", "TRPO on episodes, GAE 0.95 with V by least squares",
               learned(_episodes, _natural), live=True),
        Method("max_kl", "single path, the line search looks at the max KL",
               learned(_paths, _max_kl)),
        Method("empirical_fim", "single path, empirical Fisher matrix",
               learned(_paths, _empirical)),
        Method("natural_fixed", "natural gradient, multiplier fixed at the first step's",
               learned(_paths, _fixed)),
        Method("rwr", "reward-weighted regression on returns above the least",
               learned(_paths, _rwr)),
        Method("cem", "cross-entropy method on theta", _searched(cem)),
        Method("cma", "CMA-ES on theta (extra cma)", _searched(cma)),
    )
}  # fmt: skip
