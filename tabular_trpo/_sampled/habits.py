"""Choices that implementations of TRPO make beside the paper, one at a time, as methods to compare.

All play the same on-policy episodes with generalized advantages (lambda 0.95, V by least squares).
The first follows the paper: states weighted by gamma^t, the analytic Fisher matrix without damping,
a line search on the surrogate and the mean KL(old || new), and the old parameters where it fails.
Each of the others changes one of these choices, as public implementations do or as this package
offers it (`confidence`); the last one changes several at once.  `tabular-trpo compare --habits`
scores them by the exact return, the exact KL of each step and the share of steps that lowered the
return.

Source: TRPO (2015), section 6 and Appendix C; Engstrom et al. (2020) and Huang et al. (2022) on how
much such choices matter.
"""

from collections import ChainMap
from collections.abc import Callable
from functools import partial
from math import ceil, log
from typing import Any

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array
from tabular_trpo._exact.divergence import kl
from tabular_trpo._improve.natural import ACCEPT, Trial, natural
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step
from tabular_trpo._sampled.confidence import confident, shrunk
from tabular_trpo._sampled.episodic import Episodes
from tabular_trpo._sampled.learning import BatchStep
from tabular_trpo._sampled.methods import METHODS, Method, Settings, learned
from tabular_trpo._sampled.sources import Batch

DAMPING = 0.1  # the default of most implementations
CG = 10  # iterations of conjugate gradients, likewise
EVERY = 10  # curvature from every tenth step of the batch
BACKTRACKS = 10
LEAST = 0.01
Rule = Callable[[Trial], bool]


def _source(mdp: MDP, settings: Settings, **options: Any) -> Episodes:
    """Return the source of all habits; options as in `Episodes`.

    Without a time limit an episode is truncated where gamma^t is LEAST, since later steps have no
    weight.
    """
    limit = settings.limit
    if limit is None:
        limit = ceil(log(LEAST) / log(mdp.gamma)) if mdp.gamma > LEAST else 1
    options = {"weighting": "discounted"} | options
    return Episodes(settings.batch, settings.episodes, limit, **options)


def _step(
    policy_class: SoftmaxClass,
    settings: Settings,
    *,
    accept: str = "improve_and_kl",
    damping: float = 0.0,
    every: int = 1,
    iterations: int | None = None,
    reverse: bool = False,
    restore: bool = True,
) -> BatchStep:
    """Return the step of one choice.

    accept:     a rule of `natural`
    damping:    added to the Fisher matrix, in the length of the step too
    every:      k: the Fisher matrix weighs the states by steps 0, k, 2 k, ... of the batch
    iterations: of conjugate gradients without scaling; None for an exact solve
    reverse:    whether the line search looks at KL(new || old)
    restore:    whether to return to the old parameters where no trial is accepted; if false, the
                parameters of the last trial are kept
    """

    def step(batch: Batch, theta: Array) -> Step:
        L, tried = batch.L, 0

        def rule(trial: Trial) -> bool:
            nonlocal tried
            tried += 1
            if not restore and tried > BACKTRACKS:
                return True
            if reverse and trial.pi_new is not None:
                rows = np.where(L.weight > 0, kl(trial.pi_new, L.pi), 0.0)
                mean = nearest(L.weight @ rows / L.weight.sum())
                trial = Trial(trial.gain, trial.expected, mean, trial.delta, trial.pi_new)
            return ACCEPT[accept](trial)

        product = None
        if damping or iterations or every > 1:
            weight = L.weight if every == 1 else _subsampled(batch, every)

            def product(v: Array) -> Array:
                return policy_class.fisher_product(weight, theta, v) + damping * v

        return natural(
            L, theta, settings.delta, policy_class,
            accept=rule, product=product, iterations=iterations, most_backtracks=BACKTRACKS,
        )  # fmt: skip

    return step


def _subsampled(batch: Batch, every: int) -> Array:
    """Return how many steps are in each state, (S,), of step 0, every, 2 every, ... of a batch."""
    rollouts = batch.rollouts
    assert rollouts is not None
    states = rollouts.states[:, :-1][rollouts.within][::every]
    return np.bincount(states, np.ones(len(states)), len(batch.L.weight))


def _confident(policy_class: SoftmaxClass, settings: Settings) -> BatchStep:
    return confident(policy_class, settings.delta, settings.level)


def _shrunk(policy_class: SoftmaxClass, settings: Settings) -> BatchStep:
    return shrunk(policy_class, settings.delta)


def _habit(name: str, does: str, source: dict[str, Any], **step: Any) -> Method:
    run = learned(partial(_source, **source), partial(_step, **step))
    return Method(name, does, run, live=True, seeds="habits")


COMMON: dict[str, Any] = {"damping": DAMPING, "iterations": CG, "reverse": True}
HABITS = {
    habit.name: habit
    for habit in (
        _habit("as_in_paper", "gamma^t weights, no damping, KL(old || new), restored", {}),
        _habit("undiscounted", "states weighted as they were visited",
               {"weighting": "undiscounted"}),
        _habit("standardised", "advantages with mean 0 and deviation 1", {"standardise": True}),
        _habit("no_baseline", "returns without V", {"critic": "none", "lam": 1.0}),
        _habit("damping", f"Fisher matrix + {DAMPING:g} I, a shorter step", {}, damping=DAMPING),
        _habit("few_cg", f"damping, {CG} iterations of conjugate gradients", {},
               damping=DAMPING, iterations=CG),
        _habit("subsampled", f"damping, curvature of every {EVERY}th step", {},
               damping=DAMPING, every=EVERY),
        _habit("reverse_kl", "the line search looks at KL(new || old)", {}, reverse=True),
        _habit("loose_kl", "gain >= 0 and KL <= 1.5 delta", {}, accept="not_worse_and_loose_kl"),
        _habit("ratio", "gain > 0.1 of the expected one, no test of the KL", {}, accept="ratio"),
        _habit("no_search", "the full step, not tested", {}, accept="always"),
        _habit("unrestored", "the last trial stays where none is accepted", {}, restore=False),
        Method("confident", "gains must be significant, batches of one policy are joined",
               learned(partial(_source, grow=True), _confident), live=True, seeds="habits"),
        Method("shrunk", "direction and radius shrink with the noise",
               learned(_source, _shrunk), live=True, seeds="habits"),
        _habit("common", "undiscounted, standardised, few_cg and reverse_kl at once",
               {"weighting": "undiscounted", "standardise": True}, **COMMON),
    )
}  # fmt: skip
BY_NAME = ChainMap(METHODS, HABITS)  # all methods of `comparison.run`
