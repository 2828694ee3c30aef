"""What a false neighbour is."""

from dataclasses import dataclass
from typing import final

from tabular_trpo._core.records import locked
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.fixtures import Fixture
from tabular_trpo._theory.trace import Formula

# theorem -> how it is misquoted, the false statement, a pair that refutes it, a false precondition
Rows = dict[str, list[tuple[str, Formula, Fixture] | tuple[str, Formula, Fixture, Formula]]]


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A false statement that looks like a theorem.

    theorem: name of the theorem it misquotes
    claim:   the false statement, to be judged like any
    fixture: makes a rational pair that refutes it
    """

    theorem: str
    claim: Theorem
    fixture: Fixture
