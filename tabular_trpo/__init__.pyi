"""The public names of the package and the modules that define them (read by `_lazy`)."""

from tabular_trpo import (
    check as check,
)
from tabular_trpo import (
    families as families,
)
from tabular_trpo import (
    formats as formats,
)
from tabular_trpo import (
    improve as improve,
)
from tabular_trpo import (
    policies as policies,
)
from tabular_trpo import (
    sampled as sampled,
)
from tabular_trpo._core.budget import work_limit as work_limit
from tabular_trpo._core.errors import (
    ExactnessError as ExactnessError,
)
from tabular_trpo._core.errors import (
    FloatingPointModeError as FloatingPointModeError,
)
from tabular_trpo._core.errors import (
    InvalidMDPError as InvalidMDPError,
)
from tabular_trpo._core.errors import (
    LimitError as LimitError,
)
from tabular_trpo._core.errors import (
    MemoryGuardError as MemoryGuardError,
)
from tabular_trpo._core.errors import (
    MissingExtraError as MissingExtraError,
)
from tabular_trpo._core.errors import (
    NoValueError as NoValueError,
)
from tabular_trpo._core.errors import (
    Problem as Problem,
)
from tabular_trpo._core.errors import (
    TabularError as TabularError,
)
from tabular_trpo._core.interval import Interval as Interval
from tabular_trpo._core.mdp import MDP as MDP
from tabular_trpo._exact.divergence import kl as kl
from tabular_trpo._exact.divergence import tv as tv
from tabular_trpo._exact.evaluate import (
    Evaluation as Evaluation,
)
from tabular_trpo._exact.evaluate import (
    Radius as Radius,
)
from tabular_trpo._exact.evaluate import (
    evaluate as evaluate,
)
from tabular_trpo._exact.optimal import Optimum as Optimum
from tabular_trpo._exact.optimal import optimal as optimal
from tabular_trpo._exact.structure import (
    Structure as Structure,
)
from tabular_trpo._exact.structure import (
    graph as graph,
)
from tabular_trpo._exact.structure import (
    structure as structure,
)
from tabular_trpo._exact.surrogate import Surrogate as Surrogate
from tabular_trpo._exact.surrogate import surrogate as surrogate
from tabular_trpo._exact.work import Work as Work
from tabular_trpo._exact.work import exact_work as exact_work
from tabular_trpo._falsify.atlas import atlas as atlas
from tabular_trpo._falsify.result import Refutation as Refutation
from tabular_trpo._falsify.result import Unrefuted as Unrefuted
from tabular_trpo._falsify.search import falsify as falsify
from tabular_trpo._theory.certificate import (
    certificate as certificate,
)
from tabular_trpo._theory.certificate import (
    pair_certificate as pair_certificate,
)
from tabular_trpo._theory.claim import (
    Claim as Claim,
)
from tabular_trpo._theory.claim import (
    Theorem as Theorem,
)
from tabular_trpo._theory.claim import (
    claim as claim,
)
from tabular_trpo._theory.constants import penalty as penalty
from tabular_trpo._theory.enclosed import EnclosedPair as EnclosedPair
from tabular_trpo._theory.judge import judge as judge
from tabular_trpo._theory.misquotations import MISQUOTATIONS as MISQUOTATIONS
from tabular_trpo._theory.pair import Pair as Pair
from tabular_trpo._theory.theorems import THEOREMS as THEOREMS
from tabular_trpo._theory.verdict import Verdict as Verdict
from tabular_trpo._theory.verdicts import (
    Verdicts as Verdicts,
)
from tabular_trpo._theory.verdicts import (
    verify as verify,
)
from tabular_trpo._theory.verdicts import (
    verify_pair as verify_pair,
)
from tabular_trpo._theory.vocabulary import (
    VocabularyEntry as VocabularyEntry,
)
from tabular_trpo._theory.vocabulary import (
    vocabulary as vocabulary,
)
from tabular_trpo.formats import (
    from_gym as from_gym,
)
from tabular_trpo.formats import (
    read as read,
)
from tabular_trpo.formats import (
    tabular_policy as tabular_policy,
)
from tabular_trpo.formats import (
    to_gym as to_gym,
)
from tabular_trpo.formats import (
    write as write,
)

__version__: str
