"""Sampled TRPO beside its own exact limit: each estimated step judged by the exact evaluation.

source -> step -> new policy        seen by the learner, by samples only
exact gain, KL, eta, certificates   seen by the judge, who holds the model
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._exact.surrogate import LocalObjective, Surrogate
from tabular_trpo._improve.gain_bounds import GAIN_BOUNDS, GainBound
from tabular_trpo._improve.iterate import Record, iterate
from tabular_trpo._improve.natural import natural
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.status import Monotone
from tabular_trpo._improve.step import Step, step_to
from tabular_trpo._improve.stopping import Rule
from tabular_trpo._sampled.learning import BatchStep, learning, start
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.sources import Batch, Source


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class SampledRecord:
    """One step of a sampled run: what the data said, and what is true.

    record:    the exact record of the same step, see `improve.Record`: eta, eta_new, the certified
               bounds, whether eta fell.  Its `step` is the sampled one: `record.step.gain` and the
               KLs there are estimates
    eta_hat:   the data's estimate of eta
    eta_stderr: its standard error; None where the source is exact
    gain, mean_kl, max_kl: the exact surrogate gain L(pi_new) - eta and exact KLs
    steps:     transitions used so far
    """

    record: Record
    eta_hat: Scalar
    eta_stderr: OptionalScalar
    gain: Scalar
    mean_kl: Scalar
    max_kl: Scalar
    steps: int

    @property
    def sampled_gain(self) -> Any:
        """The gain that the data promised."""
        return self.record.step.gain

    @property
    def sampled_mean_kl(self) -> Any:
        """The mean KL over states as the data weigh them."""
        return self.record.step.mean_kl

    @property
    def sampled_max_kl(self) -> Any:
        """The largest KL over states that the data met."""
        return self.record.step.max_kl

    @property
    def violated(self) -> bool:
        """Whether eta is proved to have fallen."""
        return self.record.monotone == Monotone.REFUTED


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
    ladder: Iterable[GainBound] = GAIN_BOUNDS,
    **settings: Any,
) -> Iterator[SampledRecord]:
    """Yield the records of TRPO (2015), section 5 and Appendix C: estimate, step, repeat.

    mdp:      one model in float arithmetic; only `source` and the judge look at it, by a Simulator
    source:   `Paths`, `Vines`, `Exact`, or what else makes a `Batch`
    delta:    radius of the trust region in mean KL
    theta:    where to begin; None for the uniform policy
    policy_class: as in `natural`; None for the full table
    step:     (batch, theta) -> Step, in place of `natural` with delta and the settings
    until:    rules of `improve.stopping`; a run without one does not end
    ladder:   theorems that certify each step, see `improve.iterate`; () for none, which is faster
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
    sim = Simulator(mdp, rng)
    shape = (mdp.n_states, mdp.n_actions)
    policy_class = SoftmaxClass(shape, None, mdp.allowed) if policy_class is None else policy_class
    theta = start(policy_class, theta)

    def parametric(batch: Batch, theta: Array) -> Step:
        return natural(batch.L, theta, delta, policy_class, **settings)

    learner = learning(sim, policy_class, source, parametric if step is None else step, theta)
    seen: list[tuple[LocalObjective, Step]] = []

    def one(ev: Evaluation, L: Surrogate) -> Step:
        batch, made = next(learner)
        seen[:] = [(batch.L, step_to(L, made.pi_new))]
        return made

    for record in iterate(mdp, policy_class.policy(theta), one, until, ladder, halting=False):
        L, true = seen[0]
        yield SampledRecord(
            record=record,
            eta_hat=L.eta,
            eta_stderr=L.stderr,
            gain=true.gain,
            mean_kl=true.mean_kl,
            max_kl=true.max_kl,
            steps=sim.steps,
        )
