"""The loop of every method that estimates a surrogate and takes a step, without the model."""

from collections.abc import Callable, Iterator
from typing import final

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step
from tabular_trpo._sampled.episodes import Environment
from tabular_trpo._sampled.sources import Batch, Source

BatchStep = Callable[[Batch, Array], Step]


@final
class Learner:
    """A policy improved by estimates: sample it, estimate L, take a step to the next policy.

    theta: (S, A) or (K,), the current parameters
    pi:    (S, A), the current policy
    """

    def __init__(
        self,
        sim: Environment,
        policy_class: SoftmaxClass,
        source: Source,
        step: BatchStep,
        theta: Array | None = None,
    ) -> None:
        """Start at the policy of theta, by default the uniform one.

        step: (batch, theta) -> Step; where its multipliers have no theta, as those of steps on the
              table of probabilities, theta stays
        """
        self._sim, self._source, self._step = sim, source, step
        self.theta = policy_class.theta(
            np.zeros(policy_class.theta_shape) if theta is None else theta
        )
        self.pi = policy_class.policy(self.theta)

    def advance(self) -> tuple[Batch, Step]:
        """Sample the current policy, take one step, and return the data and the step."""
        batch = self._source(self._sim, self.pi)
        step = self._step(batch, self.theta)
        self.theta, self.pi = step.multipliers.get("theta", self.theta), step.pi_new
        return batch, step

    def policies(self) -> Iterator[Array]:
        """Yield the policy after each step, without end."""
        while True:
            self.advance()
            yield self.pi
