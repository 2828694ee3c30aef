"""Methods that see only returns of parameters: cross-entropy, and CMA-ES of the package `cma`."""

from collections.abc import Iterator
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

    theta ~ N(mean, diag(sd^2)); mean and sd are those of the best share, sd kept up by noise that
    fades.  Rubinstein (1999); the noise is Szita & Lorincz (2006).

    paths:      for each theta, whose score is the mean return of its paths
    population: thetas of a round
    elite:      in (0, 1], the share that makes the next mean
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

    population: thetas of a round; None for the package's 4 + floor(3 log K)
    raises:     MissingExtraError without the package `cma` (extra cma); InvalidMDPError
    """
    start = np.zeros(int(np.prod(policy_class.theta_shape)))
    strategy = _strategy(start, sim.rng, population)
    while True:
        thetas = np.array(strategy.ask())
        found = scores(
            sim, policy_class, thetas.reshape(-1, *policy_class.theta_shape), paths, horizon
        )
        strategy.tell(list(thetas), (-found).tolist())
        yield policy_class.policy(strategy.mean)


def cma_package() -> Any:
    """Return the package `cma`; MissingExtraError without it."""
    try:
        import cma as package
    except ImportError:
        raise missing_extra("cma", "cma") from None
    return package


def _strategy(start: Array, rng: np.random.Generator, population: int | None) -> Any:
    """Return the package's strategy, its randomness all from `rng`."""
    options = {
        "seed": np.nan,  # or it would seed numpy's global state
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
    """
    each = size("paths", paths, 1)
    policies = np.array([policy_class.policy(theta) for theta in thetas])
    # Paths with geometric times come the longest first: whose is whose must not depend on it.
    order = sim.rng.permutation(np.repeat(np.arange(len(thetas)), each))
    rollouts = single_path(sim, policies[order], len(order), horizon)
    return np.asarray(np.bincount(order, rollouts.returns[:, 0], len(thetas)) / each)
