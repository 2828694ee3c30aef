"""Floor 4: what can be estimated; a model is played, and the same steps take the estimates."""

from tabular_trpo.sampled.enumeration import all_paths, expectation
from tabular_trpo.sampled.estimate import estimate, estimate_vine
from tabular_trpo.sampled.moments import Moments, path_moments, return_moments, vine_moments
from tabular_trpo.sampled.rollouts import Rollouts, single_path
from tabular_trpo.sampled.self_normalised import SelfNormalised, self_normalised
from tabular_trpo.sampled.simulator import Simulator
from tabular_trpo.sampled.vine import Vine, vine

__all__ = [
    "Moments",
    "Rollouts",
    "SelfNormalised",
    "Simulator",
    "Vine",
    "all_paths",
    "estimate",
    "estimate_vine",
    "expectation",
    "path_moments",
    "return_moments",
    "self_normalised",
    "single_path",
    "vine",
    "vine_moments",
]
