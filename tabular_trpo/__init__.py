"""Exact tabular MDPs, and the theory behind Trust Region Policy Optimization, verified."""

from tabular_trpo.core import policy as policies
from tabular_trpo.core.errors import (
    InvalidMDPError,
    LaneError,
    LimitError,
    MemoryGuardError,
    MissingExtraError,
    Problem,
    TabularError,
)
from tabular_trpo.core.mdp import MDP
from tabular_trpo.exact.divergence import kl, tv
from tabular_trpo.exact.evaluate import Evaluation, Radius, evaluate
from tabular_trpo.exact.optimal import Optimum, optimal
from tabular_trpo.exact.structure import Structure, graph, structure
from tabular_trpo.exact.surrogate import Surrogate, surrogate

__all__ = [
    "MDP",
    "Evaluation",
    "InvalidMDPError",
    "LaneError",
    "LimitError",
    "MemoryGuardError",
    "MissingExtraError",
    "Optimum",
    "Problem",
    "Radius",
    "Structure",
    "Surrogate",
    "TabularError",
    "evaluate",
    "graph",
    "kl",
    "optimal",
    "policies",
    "structure",
    "surrogate",
    "tv",
]
__version__ = "0.1.0"
