"""Black-box search on the parameters theta: the cross-entropy method, and CMA-ES by package `cma`.

Problem: maximise eta(theta) from noisy scores alone, without gradients.  Estimator: the score of a
theta is the mean return of its own paths, unbiased with geometric stopping times; its variance is
that of a return divided by the number of paths.  Both are rivals of TRPO (2015), section 8.
Source: Rubinstein (1999), Szita and Lorincz (2006); Hansen (2016).
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from tabular_trpo._core.errors import invalid, missing_extra
from tabular_trpo._core.numbers import Array, shown
from tabular_trpo._families.arguments import size
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._sampled.rollouts import single_path
from tabular_trpo._sampled.simulator import Simulator


def cem(
    sim: Simulator,
    policy_class: SoftmaxClass,
    paths: int,
    population: int = 20,
    elite: float = 0.2,
    horizon: int | None = None,
) -> Iterator[Array]:
    """Yield the policy of the mean theta after each round of the cross-entropy method.

    theta ~ N(mean, diag(sd^2)); mean and sd^2 are those of the best share, and decreasing noise is
    added to sd^2.  Rubinstein (1999); the noise is Szita and Lorincz (2006).

    paths:      number of paths of each theta, whose score is their mean return
    population: number of thetas in a round
    elite:      in (0, 1], the share that determines the next mean
    horizon:    number of steps T of a path; None for geometric stopping times
    raises:     InvalidMDPError

    >>> from tabular_trpo._core.mdp import MDP
    >>> sim = Simulator(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), np.random.default_rng(0))
    >>> rounds = cem(sim, SoftmaxClass((1, 2)), 5)
    >>> [next(rounds)[0, 1].round(2) for _ in range(3)]
    [np.float64(0.76), np.float64(0.92), np.float64(0.9)]
    """
    n = size("population", population, 2)
    if not 0 < elite <= 1:
        raise invalid("range", "elite", f"= {shown(elite)}", "a share in (0, 1]")
    best = max(1, round(elite * n))
    mean, sd, noise = np.zeros(policy_class.theta_shape), np.ones(policy_class.theta_shape), 1.0
    while True:
        thetas = mean + sd * sim.rng.standard_normal((n, *mean.shape))
        order = np.argsort(-scores(sim, policy_class, thetas, paths, horizon), kind="stable")
        kept = thetas[order[:best]]
        mean = kept.mean(axis=0)
        noise *= 0.9
        sd = np.sqrt(kept.var(axis=0) + noise * 0.1)
        yield policy_class.policy(mean)


def cma(
    sim: Simulator,
    policy_class: SoftmaxClass,
    paths: int,
    population: int | None = None,
    horizon: int | None = None,
) -> Iterator[Array]:
    """Yield the policy of the mean theta after each round of CMA-ES.  Hansen (2016).

    paths, horizon: as in `cem`
    population: number of thetas in a round; None for the package's 4 + floor(3 log K)
    raises:     MissingExtraError without the package `cma` (extra cma); InvalidMDPError
    """
    start = np.zeros(int(np.prod(policy_class.theta_shape)))
    strategy = _strategy(start, sim.rng, population)

    def rounds() -> Iterator[Array]:
        while True:
            thetas = np.array(strategy.ask())
            shaped = thetas.reshape(-1, *policy_class.theta_shape)
            found = scores(sim, policy_class, shaped, paths, horizon)
            strategy.tell(list(thetas), (-found).tolist())
            yield policy_class.policy(strategy.mean)

    return rounds()


def cma_package() -> ModuleType:
    """Return the package `cma`; MissingExtraError without it."""
    try:
        return import_module("cma")
    except ImportError:
        raise missing_extra("cma", "cma") from None


def _strategy(start: Array, rng: np.random.Generator, population: int | None) -> Any:
    """Return the package's strategy, with `rng` as its only source of randomness."""
    options = {
        "seed": np.nan,  # otherwise it seeds numpy's global state
        "randn": lambda *shape: rng.standard_normal(shape),
        "verbose": -9,
        "verb_log": 0,
        "verb_disp": 0,
    }
    if population is not None:
        options["popsize"] = size("population", population, 2)
    return cma_package().CMAEvolutionStrategy(start, 1.0, options)


def scores(
    sim: Simulator, policy_class: SoftmaxClass, thetas: Array, paths: int, horizon: int | None
) -> Array:
    """Return the mean return of each theta over its own paths, (n,).

    thetas: (n, *theta_shape)
    paths:  number of paths of each theta
    """
    each = size("paths", paths, 1)
    policies = np.array([policy_class.policy(theta) for theta in thetas])
    # Paths are sorted by length, so they are assigned to thetas at random.
    order = sim.rng.permutation(np.repeat(np.arange(len(thetas)), each))
    rollouts = single_path(sim, policies[order], len(order), horizon)
    return np.asarray(np.bincount(order, rollouts.returns[:, 0], len(thetas)) / each)
