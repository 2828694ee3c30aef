"""The loop of every method that estimates and steps, and all that it sees: a simulator."""

from collections.abc import Callable, Iterator

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step
from tabular_trpo._sampled.data import Batch, Source
from tabular_trpo._sampled.simulator import Simulator

BatchStep = Callable[[Batch, Array], Step]


def start(members: SoftmaxClass, theta: Array | None = None) -> Array:
    """Return theta checked; None is the uniform policy, all 0."""
    return members.theta(np.zeros(members.theta_shape) if theta is None else theta)


def learning(
    sim: Simulator, members: SoftmaxClass, source: Source, take: BatchStep, theta: Array
) -> Iterator[tuple[Batch, Step]]:
    """Yield each batch and the step that is made of it, without end.

    take: (batch, theta) -> Step; one whose multipliers have no theta, as those that move the table
          have not, leaves theta as it was
    """
    pi = members.policy(theta)
    while True:
        batch = source(sim, pi)
        made = take(batch, theta)
        theta, pi = made.multipliers.get("theta", theta), made.pi_new
        yield batch, made
