"""Sampled TRPO beside its exact limit: each estimated step is judged by the exact evaluation.

The learner sees samples only: source -> estimate of L -> step -> new policy, as in TRPO (2015),
sections 5 and 6 and Appendix C.  The judge holds the model and computes the exact gain, KL and eta
of the same step, and the certified bounds.
"""

from collections.abc import Iterable, Iterator
from typing import Any, final

import numpy as np

from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.gain_bounds import GainBound
from tabular_trpo._improve.iterate import Record, iterate
from tabular_trpo._improve.natural import natural
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.status import Monotone
from tabular_trpo._improve.step import Step, step_to
from tabular_trpo._improve.stopping import Rule
from tabular_trpo._sampled.episodes import Environment
from tabular_trpo._sampled.learning import BatchStep, Learner
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.sources import Batch, Source


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class SampledRecord:
    """One step of a sampled run: its estimates and the exact values of the same quantities.

    record:    the exact record of the same step, see `improve.Record`: eta, eta_new, the certified
               bounds, whether eta fell.  Its `step` is the sampled one: `record.step.gain` and the
               KLs there are estimates
    eta_hat:   the estimate of eta from the data
    eta_stderr: its standard error; None where the source is exact
    gain, mean_kl, max_kl: the exact surrogate gain L(pi_new) - eta and exact KLs
    steps:     number of transitions used so far

    >>> from tabular_trpo._improve.stopping import iterations
    >>> from tabular_trpo._sampled.sources import Exact
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> next(trpo(mdp, Exact(mdp), np.random.default_rng(0), 0.1, until=[iterations(1)]))
    <SampledRecord: iteration 1, eta 1 -> 1.42, estimated gain 0.4196, exact gain 0.4196, 0 steps>
    """

    record: Record
    eta_hat: Scalar
    eta_stderr: OptionalScalar
    gain: Scalar
    mean_kl: Scalar
    max_kl: Scalar
    steps: int

    def __repr__(self) -> str:
        """Return the step on one line."""
        numbers = self.record.eta, self.record.eta_new, self.sampled_gain, self.gain
        old, new, estimated, exact = (f"{nearest(x):.4g}" for x in numbers)
        step = f"iteration {self.record.i}, eta {old} -> {new}"
        gains = f"estimated gain {estimated}, exact gain {exact}"
        return f"<SampledRecord: {step}, {gains}, {self.steps} steps>"

    @property
    def sampled_gain(self) -> Scalar:
        """The estimated surrogate gain of the step."""
        return self.record.step.gain

    @property
    def sampled_mean_kl(self) -> Scalar:
        """The mean KL over states with the estimated weights."""
        return self.record.step.mean_kl

    @property
    def sampled_max_kl(self) -> Scalar:
        """The largest KL over the states in the data."""
        return self.record.step.max_kl

    @property
    def violated(self) -> bool:
        """Whether eta is proved to have fallen."""
        return self.record.monotone == Monotone.REFUTED


@final
class _JudgedStep:
    """The step of a learner as `iterate` calls it; keeps its data and its exact surrogate gain."""

    batch: Batch
    exact: Step

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    def __call__(self, ev: Evaluation, L: Surrogate) -> Step:
        self.batch, step = self._learner.advance()
        self.exact = step_to(L, step.pi_new)
        return step


@renamed_arguments(ladder="bounds")
@public
def trpo(
    mdp: MDP,
    source: Source,
    rng: np.random.Generator,
    delta: Scalar = 0.01,
    theta: Scalar = None,
    policy_class: SoftmaxClass | None = None,
    *,
    step: BatchStep | None = None,
    until: Iterable[Rule] = (),
    bounds: Iterable[GainBound] | None = None,
    env: Environment | None = None,
    **settings: Any,
) -> Iterator[SampledRecord]:
    """Yield the records of TRPO (2015), section 5 and Appendix C: estimate, step, repeat.

    theta_{i+1} maximises the estimated L within mean KL <= delta, equations (14) to (16), by
    conjugate gradients and a line search (`improve.natural`).

    mdp:      one model in float arithmetic; the learner sees it through a `Simulator` only
    source:   `Paths`, `Vines`, `Exact`, or any other function to a `Batch`
    rng:      the only source of randomness
    delta:    radius of the trust region in mean KL
    theta:    the initial parameters; None for the uniform policy
    policy_class: as in `natural`; None for the full table
    step:     (batch, theta) -> Step, in place of `natural` with delta and the settings
    until:    rules of `improve.stopping`; a run without one does not end
    bounds:   those that certify each step, as in `improve.iterate`; () for none, which is faster
    env:      where the data come from, such as a `LiveEnvironment` whose table the model is; None
              for a `Simulator` of the model
    settings: of `natural`, such as accept, damping, divergence; nothing is standardised
    raises:   InvalidMDPError, ExactnessError, LimitError

    >>> from tabular_trpo._improve.stopping import iterations
    >>> from tabular_trpo._sampled.sources import Paths
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> rng = np.random.default_rng(0)
    >>> run = list(trpo(mdp, Paths(50), rng, 0.1, until=[iterations(5)]))
    >>> run[-1].record.eta_new.round(2), run[-1].violated, run[-1].steps
    (np.float64(2.0), False, 479)
    """
    sim = Simulator(mdp, rng) if env is None else env
    policies = policy_class or SoftmaxClass((mdp.n_states, mdp.n_actions), None, mdp.allowed)

    def natural_step(batch: Batch, theta: Array) -> Step:
        return natural(batch.L, theta, delta, policies, **settings)

    learner = Learner(sim, policies, source, step or natural_step, theta)
    judged = _JudgedStep(learner)
    for record in iterate(mdp, learner.pi, judged, until, bounds, halting=False):
        L, exact = judged.batch.L, judged.exact
        yield SampledRecord(
            record, L.eta, L.stderr, exact.gain, exact.mean_kl, exact.max_kl, sim.steps
        )
