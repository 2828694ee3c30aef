"""Misquotations of each theorem, each with a pair of policies that refutes it exactly.

A test of an inequality that is slack on its pairs does not test the constant.  Several
misquotations hold on thousands of random models, so each record contains a pair that refutes it.
`edits` derives a misquotation from its theorem; the other modules are tables, one for each module
of `statements`.
"""

from functools import reduce
from typing import final

from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._theory.claim import Theorem, Traced
from tabular_trpo._theory.fixtures import Fixture
from tabular_trpo._theory.misquotations.average import AVERAGE
from tabular_trpo._theory.misquotations.constrained import CONSTRAINED
from tabular_trpo._theory.misquotations.coupling import COUPLING
from tabular_trpo._theory.misquotations.divergences import DIVERGENCES
from tabular_trpo._theory.misquotations.edits import Edit, Quotation
from tabular_trpo._theory.misquotations.gradients import GRADIENTS
from tabular_trpo._theory.misquotations.horizon import HORIZON
from tabular_trpo._theory.misquotations.identities import IDENTITIES
from tabular_trpo._theory.misquotations.mean_kl import MEAN_KL
from tabular_trpo._theory.misquotations.mixtures import MIXTURES
from tabular_trpo._theory.misquotations.models import MODELS
from tabular_trpo._theory.misquotations.monotone import MONOTONE
from tabular_trpo._theory.theorems import THEOREMS

TABLES = (IDENTITIES, DIVERGENCES, COUPLING, MIXTURES, CONSTRAINED, MEAN_KL, GRADIENTS, MONOTONE,
          MODELS, HORIZON, AVERAGE)  # fmt: skip


@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Misquotation:
    """A false statement that differs from a theorem in one factor, part, side or precondition.

    theorem: name of the theorem that it misquotes
    claim:   the false statement, judged like any other claim
    fixture: makes a rational pair that refutes it
    """

    theorem: str
    claim: Theorem
    fixture: Fixture

    def __repr__(self) -> str:
        """Return one line with the name of the false claim."""
        return f"<Misquotation {self.claim.name}>"


def _misquoted(theorem: Theorem, how: str, edits: list[Edit], fixture: Fixture) -> Misquotation:
    true = Quotation(theorem.statement, theorem.condition)
    false = reduce(lambda quoted, edit: edit(quoted), edits, true)
    claim = Theorem(
        f"{theorem.name}: {how}",
        "misquotation",
        "none",
        Traced(false.statement),
        false.condition and Traced(false.condition),
        theorem.center,
    )
    return Misquotation(theorem.name, claim, fixture)


_TRUE = {theorem.name: theorem for theorem in THEOREMS}
MISQUOTATIONS = tuple(
    _misquoted(_TRUE[name], how, edits, fixture)
    for table in TABLES
    for name, how, *edits, fixture in table
)


def misquotations_of(theorem: Theorem) -> tuple[Misquotation, ...]:
    """Return all recorded misquotations of one theorem.

    >>> from tabular_trpo._theory.statements.mixtures import cpi_bound
    >>> [one.claim.name for one in misquotations_of(cpi_bound)][:2]
    ['cpi_bound: eps of the mixture', 'cpi_bound: constant 1']
    """
    return tuple(one for one in MISQUOTATIONS if one.theorem == theorem.name)
