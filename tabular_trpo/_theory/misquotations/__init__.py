"""False neighbours: misquotations of each theorem, each with a pair that refutes it exactly.

An inequality that is tested where it is slack says nothing about its constant.  Random models do
not even come near: several of these survive thousands of them, so the pair is part of the record.
"""

from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.fixtures import Fixture
from tabular_trpo._theory.misquotations.average import AVERAGE
from tabular_trpo._theory.misquotations.constrained import CONSTRAINED
from tabular_trpo._theory.misquotations.coupling import COUPLING
from tabular_trpo._theory.misquotations.divergences import DIVERGENCES
from tabular_trpo._theory.misquotations.gradients import GRADIENTS
from tabular_trpo._theory.misquotations.identities_and_theorem1 import DECK
from tabular_trpo._theory.misquotations.mean_kl import MEAN_KL
from tabular_trpo._theory.misquotations.misquotation import Variant
from tabular_trpo._theory.misquotations.mixtures import MIXTURES
from tabular_trpo._theory.misquotations.steps import STEPS
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.trace import Formula

__all__ = ["VARIANTS", "Variant", "neighbours"]


TRUE = {theorem.name: theorem for theorem in THEOREMS}


def _variant(name: str, how: str, formula: Formula, fixture: Fixture, *when: Formula) -> Variant:
    condition = when[0] if when else None
    title, around = f"{name}: {how}", TRUE[name].around
    false = Theorem(title, "misquotation", "none", formula, condition, around)
    return Variant(name, false, fixture)


VARIANTS = tuple(
    _variant(name, *row)
    for table in (
        DECK,
        DIVERGENCES,
        COUPLING,
        MIXTURES,
        CONSTRAINED,
        MEAN_KL,
        GRADIENTS,
        STEPS,
        AVERAGE,
    )
    for name, rows in table.items()
    for row in rows
)


def neighbours(theorem: Theorem) -> tuple[Variant, ...]:
    """Return the false neighbours of a theorem.

    >>> from tabular_trpo._theory.statements.mixtures import cpi_bound
    >>> [variant.claim.name for variant in neighbours(cpi_bound)][:2]
    ['cpi_bound: eps of the mixture', 'cpi_bound: constant 1']
    """
    return tuple(variant for variant in VARIANTS if variant.theorem == theorem.name)
