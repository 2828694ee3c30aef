"""Exact tabular MDPs, and the theory behind Trust Region Policy Optimization, verified."""

import sys

import tabular_trpo.core.startup  # noqa: F401 (first: an interrupt of all other imports is told)

# isort: split
from tabular_trpo import check, families, formats, improve, sampled
from tabular_trpo.core import policy as policies
from tabular_trpo.core.budget import work_limit
from tabular_trpo.core.environment import settle
from tabular_trpo.core.errors import (
    FloatingPointModeError,
    InvalidMDPError,
    LaneError,
    LimitError,
    MemoryGuardError,
    MissingExtraError,
    NoValueError,
    Problem,
    TabularError,
)
from tabular_trpo.core.interval import Interval
from tabular_trpo.core.mdp import MDP
from tabular_trpo.exact.divergence import kl, tv
from tabular_trpo.exact.evaluate import Evaluation, Radius, evaluate
from tabular_trpo.exact.optimal import Optimum, optimal
from tabular_trpo.exact.structure import Structure, graph, structure
from tabular_trpo.exact.surrogate import Surrogate, surrogate
from tabular_trpo.exact.work import Work, exact_work
from tabular_trpo.falsify.answer import Refutation, Unrefuted
from tabular_trpo.falsify.atlas import atlas
from tabular_trpo.falsify.hunt import falsify
from tabular_trpo.formats import from_gym, read, tabular_policy, to_gym, write
from tabular_trpo.theory.certificate import certificate, pair_certificate
from tabular_trpo.theory.claim import Claim, Theorem, Verdict, claim
from tabular_trpo.theory.constants import penalty
from tabular_trpo.theory.enclosed import EnclosedPair
from tabular_trpo.theory.judge import judge
from tabular_trpo.theory.pair import Pair
from tabular_trpo.theory.theorems import THEOREMS
from tabular_trpo.theory.variants import VARIANTS
from tabular_trpo.theory.verdicts import Verdicts, verify, verify_pair

__all__ = [
    "MDP",
    "THEOREMS",
    "VARIANTS",
    "Claim",
    "Evaluation",
    "FloatingPointModeError",
    "InvalidMDPError",
    "LaneError",
    "LimitError",
    "MemoryGuardError",
    "MissingExtraError",
    "NoValueError",
    "Optimum",
    "Pair",
    "Problem",
    "Radius",
    "Refutation",
    "Structure",
    "Surrogate",
    "TabularError",
    "Theorem",
    "Unrefuted",
    "Verdict",
    "Verdicts",
    "Work",
    "atlas",
    "certificate",
    "check",
    "claim",
    "evaluate",
    "exact_work",
    "falsify",
    "families",
    "formats",
    "from_gym",
    "graph",
    "improve",
    "judge",
    "kl",
    "optimal",
    "pair_certificate",
    "penalty",
    "policies",
    "read",
    "sampled",
    "structure",
    "surrogate",
    "tabular_policy",
    "to_gym",
    "tv",
    "verify",
    "verify_pair",
    "work_limit",
    "write",
]
__version__ = "0.1.0"

settle(sys.modules[__name__], also=(Interval, EnclosedPair))
