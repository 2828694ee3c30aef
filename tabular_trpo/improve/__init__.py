"""Floor 3: how policies move; each step is a function of a `Surrogate` and returns a `Step`."""

from tabular_trpo.improve.best_alpha import best_alpha
from tabular_trpo.improve.certificate import step_certificate
from tabular_trpo.improve.conservative import conservative
from tabular_trpo.improve.greedy import greedy
from tabular_trpo.improve.iterate import Record, iterate
from tabular_trpo.improve.minorize import minorize
from tabular_trpo.improve.mirror import mirror, rwr
from tabular_trpo.improve.natural import following, natural, natural_fixed, vanilla
from tabular_trpo.improve.optimality import optimality_gap
from tabular_trpo.improve.softmax_class import SoftmaxClass, aliased
from tabular_trpo.improve.step import Step
from tabular_trpo.improve.total_variation import mean_tv_constraint, tv_constraint, tv_penalty
from tabular_trpo.improve.trust_region import max_kl, mean_kl, mean_kl_penalty

__all__ = [
    "Record",
    "SoftmaxClass",
    "Step",
    "aliased",
    "best_alpha",
    "conservative",
    "following",
    "greedy",
    "iterate",
    "max_kl",
    "mean_kl",
    "mean_kl_penalty",
    "mean_tv_constraint",
    "minorize",
    "mirror",
    "natural",
    "natural_fixed",
    "optimality_gap",
    "rwr",
    "step_certificate",
    "tv_constraint",
    "tv_penalty",
    "vanilla",
]
