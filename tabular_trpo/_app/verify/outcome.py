"""The results of a run of `verify`, collected pair by pair, and its exit code."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.models import Source
from tabular_trpo._app.verify.tally import Judged, Tally
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.verdict import Status


@final
@locked_dataclass(frozen=True, eq=False)
class Counterexample:
    """A pair that refutes a theorem, its certificate, and the path of its file or None."""

    judged: Judged
    certificate: dict[str, Any]
    path: str | None


@final
@dataclass(slots=True, eq=False)
class Outcome:
    """The results of a run of `verify` (mutable: results are added pair by pair).

    stored:      paths of the certificates that were written
    unsound:     certificates that fail their check, as text
    uncertified: statements or pairs without a certificate, as text
    unwritten:   errors of the certificates that could not be written
    """

    args: argparse.Namespace
    theorems: Sequence[Theorem]
    sources: Sequence[Source]
    judged: list[Judged] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    uncertified: list[str] = field(default_factory=list)
    unwritten: list[TabularError] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # file names of certificates, see `unique`

    def of(self, source: Source) -> list[Judged]:
        """Return the judged pairs of one model."""
        return [one for one in self.judged if one.source is source]


def exit_code(total: Tally, outcome: Outcome) -> ExitCode:
    """Return the exit code of a run of `verify`.

    INVALID where a certificate cannot be written, else VIOLATED for a refutation or a wrong
    certificate, else LIMIT for an undecided or uncertified statement, else OK.
    """
    if outcome.unwritten:
        return ExitCode.INVALID
    if total.counts[Status.REFUTED] or outcome.unsound:
        return ExitCode.VIOLATED
    open_ = total.counts[Status.UNDECIDED] or outcome.uncertified
    return ExitCode.LIMIT if open_ else ExitCode.OK
