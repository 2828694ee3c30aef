"""The table: every theorem, in reading order."""

from collections.abc import Sequence

from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.statements.average import AVERAGE
from tabular_trpo._theory.statements.constrained import CONSTRAINED
from tabular_trpo._theory.statements.coupling import COUPLING
from tabular_trpo._theory.statements.divergences import DIVERGENCES
from tabular_trpo._theory.statements.gradients import GRADIENTS
from tabular_trpo._theory.statements.horizon import HORIZON
from tabular_trpo._theory.statements.identities import IDENTITIES
from tabular_trpo._theory.statements.mean_kl import MEAN_KL
from tabular_trpo._theory.statements.mixtures import MIXTURES
from tabular_trpo._theory.statements.models import MODELS
from tabular_trpo._theory.statements.monotone import MONOTONE

TOPICS = {
    "Identities": IDENTITIES,
    "Divergences": DIVERGENCES,
    "Theorem 1 and its proof": COUPLING,
    "Mixtures": MIXTURES,
    "Mean steps and spans": CONSTRAINED,
    "KL divergence": MEAN_KL,
    "Gradients": GRADIENTS,
    "Monotone steps": MONOTONE,
    "Models and soft values": MODELS,
    "Finite horizon": HORIZON,
    "Average reward": AVERAGE,
}
THEOREMS = tuple(theorem for topic in TOPICS.values() for theorem in topic)


def distinct(theorems: Sequence[Theorem]) -> tuple[Theorem, ...]:
    """Return the theorems without those that say the number of another one among them.

    >>> len(THEOREMS) - len(distinct(THEOREMS))
    7
    """
    names = {theorem.name for theorem in theorems}
    return tuple(theorem for theorem in theorems if theorem.same_as not in names)
