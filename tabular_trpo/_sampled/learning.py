"""The loop of every method that estimates and steps, and all that it sees: a simulator."""

from collections.abc import Callable, Iterator

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.sources import Batch, Source

BatchStep = Callable[[Batch, Array], Step]


def start(policy_class: SoftmaxClass, theta: Array | None = None) -> Array:
    """Return theta checked; None is the uniform policy, all 0."""
    return policy_class.theta(np.zeros(policy_class.theta_shape) if theta is None else theta)


def learning(
    sim: Simulator, policy_class: SoftmaxClass, source: Source, take: BatchStep, theta: Array
) -> Iterator[tuple[Batch, Step]]:
    """Yield each batch and the step that is made of it, without end.

    take: (batch, theta) -> Step; one whose multipliers have no theta, as those that move the table
          have not, leaves theta as it was
    """
    pi = policy_class.policy(theta)
    while True:
        batch = source(sim, pi)
        made = take(batch, theta)
        theta, pi = made.multipliers.get("theta", theta), made.pi_new
        yield batch, made
