"""A step that is taken only where its gain is larger than its noise.

A gain L(pi_new) - eta that is estimated from samples is a random number with a standard error.  The
rule accepts a trial of the line search only where the lower confidence bound

    L(pi_new) - eta - z stderr(L(pi_new) - eta) > 0

is positive, z the normal quantile of the confidence level, and mean KL <= delta.  Where no trial
passes, the policy stays and the next batch is added to the data, where the source keeps them: the
batch grows until the sign is known.  Source: high-confidence policy improvement (Thomas et al.
2015), with a normal interval of the surrogate's gain in place of the return.

`shrunk` is a rule without a test: each entry of G is multiplied by G^2 / (G^2 + stderr^2), the
factor of least expected squared error where the true entry were G, and delta by the share of G that
is left, <G, shrunk G> / <G, G>.  A direction of noise alone then has a short step.
"""

from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, shown
from tabular_trpo._core.public import public
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._families.arguments import common_numbers
from tabular_trpo._improve.natural import Trial, natural
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step, nonnegative
from tabular_trpo._sampled.learning import BatchStep
from tabular_trpo._sampled.sources import Batch


@public
def confident(
    policy_class: SoftmaxClass, delta: Scalar = 0.01, level: float = 0.95, **settings: Any
) -> BatchStep:
    """Return the step of `natural` that accepts a trial only where its gain is significant.

    A trial is accepted where gain - z stderr > 0 and mean KL <= delta, z the quantile of `level`.

    policy_class: of the parameters
    delta:    radius in mean KL
    level:    one-sided confidence, in [0.5, 1); 0.5 is the plain rule, gain > 0
    settings: of `natural`, other than accept
    return:   (batch, theta) -> Step, for `trpo`; a batch without standard errors is taken as exact
    raises:   InvalidMDPError for a level out of range

    >>> import numpy as np
    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._improve.stopping import iterations
    >>> from tabular_trpo._sampled.episodic import EmpiricalModel
    >>> from tabular_trpo._sampled.trpo import trpo
    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> step = confident(SoftmaxClass((1, 2)), 0.1)
    >>> rng, until = np.random.default_rng(0), [iterations(3)]
    >>> run = trpo(mdp, EmpiricalModel(40, 4), rng, step=step, until=until)
    >>> [float(record.record.eta_new.round(2)) for record in run]
    [1.42, 1.74, 1.92]
    """
    nonnegative("delta", delta)
    (value,) = common_numbers(level=level)
    if not 0.5 <= value < 1:
        raise invalid("range", "level", f"= {shown(level)}", "a number in [0.5, 1)")
    z = NormalDist().inv_cdf(nearest(value))

    def step(batch: Batch, theta: Array) -> Step:
        def accept(trial: Trial) -> bool:
            if not (trial.gain > 0 and trial.kl <= trial.delta):
                return False
            if batch.gain_stderr is None or trial.pi_new is None:
                return True
            return bool(trial.gain > z * batch.gain_stderr(trial.pi_new))

        return natural(batch.L, theta, delta, policy_class, accept=accept, **settings)

    return step


@public
def shrunk(policy_class: SoftmaxClass, delta: Scalar = 0.01, **settings: Any) -> BatchStep:
    """Return the step of `natural` whose direction and radius shrink with the noise of G.

    G is replaced by f G with f = G^2 / (G^2 + stderr^2), centred under pi, and delta by
    delta sum f G^2 / sum G^2.

    policy_class: of the parameters
    delta:    radius in mean KL of an estimate without noise
    settings: of `natural`
    return:   (batch, theta) -> Step, for `trpo`; a batch without standard errors is not shrunk
    raises:   InvalidMDPError for a number out of range

    >>> import numpy as np
    >>> from tabular_trpo._exact.surrogate import Surrogate
    >>> L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
    >>> noisy = Surrogate(L.G, L.weight, L.pi, 0.0, 1.0, G_stderr=np.full((1, 2), 3.0))
    >>> step = shrunk(SoftmaxClass((1, 2)), 0.1)
    >>> [float(step(Batch(x), np.zeros((1, 2))).mean_kl.round(4)) for x in (L, noisy)]
    [0.0968, 0.01]
    """
    nonnegative("delta", delta)

    def step(batch: Batch, theta: Array) -> Step:
        L, radius = batch.L, delta
        if isinstance(L, Surrogate) and L.G_stderr is not None:
            square = L.G * L.G
            noise = square + L.G_stderr * L.G_stderr
            f = np.where(noise > 0, square / np.where(noise > 0, noise, 1.0), 0.0)
            G = f * L.G
            if (total := square.sum()) > 0:
                radius = delta * nearest((f * square).sum() / total)
            L = replace(L, G=G - (L.pi * G).sum(axis=1, keepdims=True))
        return natural(L, theta, radius, policy_class, **settings)

    return step
