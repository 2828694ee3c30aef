"""What a run of `verify` gathers, pair by pair, and the exit code that it comes to."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

from tabular_trpo._app.shared.models import Source
from tabular_trpo._app.shared.tally import Judged, Tally
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.records import locked
from tabular_trpo._theory.claim import Theorem

VIOLATED, INVALID, LIMIT = 1, 3, 4


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Counterexample:
    """A refuted pair with its certificate, and the file that holds it, if any."""

    judged: Judged
    certificate: dict[str, Any]
    path: str | None


@final
@dataclass(slots=True, eq=False)
class Outcome:
    """What a run of `verify` gathers (mutable: it grows pair by pair)."""

    args: argparse.Namespace
    theorems: Sequence[Theorem]
    sources: Sequence[Source]
    judged: list[Judged] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    uncertified: list[str] = field(default_factory=list)
    unwritten: list[TabularError] = field(default_factory=list)

    def of(self, source: Source) -> list[Judged]:
        """Return the pairs of one model."""
        return [one for one in self.judged if one.source is source]


def exit_code(total: Tally, outcome: Outcome) -> int:
    """Return 3 where a certificate cannot be written, else 1 for a refutation or a wrong
    certificate, else 4 for an open or uncertified one, or 0.
    """
    if outcome.unwritten:
        return INVALID
    if total.counts["refuted"] or outcome.unsound:
        return VIOLATED
    return LIMIT if total.counts["undecided"] or outcome.uncertified else 0
