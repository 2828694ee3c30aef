from tabular_trpo._sampled.confidence import confident as confident
from tabular_trpo._sampled.confidence import shrunk as shrunk
from tabular_trpo._sampled.counts import EmpiricalEvaluation as EmpiricalEvaluation
from tabular_trpo._sampled.counts import TransitionCounts as TransitionCounts
from tabular_trpo._sampled.enumeration import all_paths as all_paths
from tabular_trpo._sampled.enumeration import expectation as expectation
from tabular_trpo._sampled.episodic import EmpiricalModel as EmpiricalModel
from tabular_trpo._sampled.episodic import Episodes as Episodes
from tabular_trpo._sampled.estimate import estimate as estimate
from tabular_trpo._sampled.estimate import estimate_vine as estimate_vine
from tabular_trpo._sampled.gradient_moments import GradientMoments as GradientMoments
from tabular_trpo._sampled.gradient_moments import gradient_moments as gradient_moments
from tabular_trpo._sampled.live import LiveEnvironment as LiveEnvironment
from tabular_trpo._sampled.live import Registered as Registered
from tabular_trpo._sampled.moments import (
    Moments as Moments,
)
from tabular_trpo._sampled.moments import (
    path_moments as path_moments,
)
from tabular_trpo._sampled.moments import (
    return_moments as return_moments,
)
from tabular_trpo._sampled.moments import (
    vine_moments as vine_moments,
)
from tabular_trpo._sampled.off_policy import off_policy as off_policy
from tabular_trpo._sampled.off_policy_moments import off_policy_moments as off_policy_moments
from tabular_trpo._sampled.rollouts import Rollouts as Rollouts
from tabular_trpo._sampled.rollouts import single_path as single_path
from tabular_trpo._sampled.self_normalised import (
    SelfNormalised as SelfNormalised,
)
from tabular_trpo._sampled.self_normalised import (
    self_normalised as self_normalised,
)
from tabular_trpo._sampled.simulator import Simulator as Simulator
from tabular_trpo._sampled.sources import (
    Batch as Batch,
)
from tabular_trpo._sampled.sources import (
    Exact as Exact,
)
from tabular_trpo._sampled.sources import (
    Paths as Paths,
)
from tabular_trpo._sampled.sources import (
    Vines as Vines,
)
from tabular_trpo._sampled.stream import Stream as Stream
from tabular_trpo._sampled.trpo import SampledRecord as SampledRecord
from tabular_trpo._sampled.trpo import trpo as trpo
from tabular_trpo._sampled.undiscounted import EpisodeScore as EpisodeScore
from tabular_trpo._sampled.undiscounted import episode_score as episode_score
from tabular_trpo._sampled.vine import Vine as Vine
from tabular_trpo._sampled.vine import vine as vine
from tabular_trpo.sampled import comparison as comparison
from tabular_trpo.sampled import methods as methods
