"""Floor 4: what can be estimated; a model is played, and the same steps take the estimates."""

from tabular_trpo.sampled import comparison, methods
from tabular_trpo.sampled.data import Batch, Exact, Paths, Vines
from tabular_trpo.sampled.enumeration import all_paths, expectation
from tabular_trpo.sampled.estimate import estimate, estimate_vine
from tabular_trpo.sampled.moments import Moments, path_moments, return_moments, vine_moments
from tabular_trpo.sampled.rollouts import Rollouts, single_path
from tabular_trpo.sampled.self_normalised import SelfNormalised, self_normalised
from tabular_trpo.sampled.simulator import Simulator
from tabular_trpo.sampled.trpo import SampledRecord, trpo
from tabular_trpo.sampled.vine import Vine, vine

__all__ = [
    "Batch",
    "Exact",
    "Moments",
    "Paths",
    "Rollouts",
    "SampledRecord",
    "SelfNormalised",
    "Simulator",
    "Vine",
    "Vines",
    "all_paths",
    "comparison",
    "estimate",
    "estimate_vine",
    "expectation",
    "methods",
    "path_moments",
    "return_moments",
    "self_normalised",
    "single_path",
    "trpo",
    "vine",
    "vine_moments",
]
