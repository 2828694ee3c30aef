"""The results of a run of `falsify`, claim by claim, and its exit code."""

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import final

from tabular_trpo._app.falsify.claim_file import Stated
from tabular_trpo._app.falsify.files import Files
from tabular_trpo._app.falsify.worked_example import WorkedExample
from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.formatting import counted
from tabular_trpo._core.errors import TabularError, joined
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._falsify.result import Refutation, Unrefuted

STATUSES = {
    "refuted": "refuted",
    "unrefuted": "not refuted",
    "vacuous": "vacuous",
    "no value": "without a value",
}
CODES = {  # in the order of precedence
    "no value": ExitCode.INVALID,
    "refuted": ExitCode.VIOLATED,
    "vacuous": ExitCode.LIMIT,
}
MEANING = {
    ExitCode.OK: "nothing is refuted, which proves nothing",
    ExitCode.VIOLATED: "a statement is refuted",
    ExitCode.INVALID: "a claim has no value on any pair",
    ExitCode.LIMIT: "no pair satisfied a precondition",
}
UNWRITTEN = "a file cannot be written"


@final
@locked_dataclass(frozen=True, eq=False)
class ClaimResult:
    """A claim, the result of its search, its values on the pair that was found, and its files."""

    stated: Stated
    found: Refutation | Unrefuted
    example: WorkedExample | None
    files: Files

    @property
    def ratio(self) -> float | None:
        """The largest gap / penalty that was found; None for a refuted claim."""
        return self.found.ratio if isinstance(self.found, Unrefuted) else None

    @property
    def n_applicable(self) -> int | None:
        """The number of pairs that the claim applies to; None for a refuted claim."""
        return self.found.n_applicable if isinstance(self.found, Unrefuted) else None

    @property
    def valueless(self) -> int | None:
        """The number of pairs on which the claim has no value; None for a refuted claim."""
        return self.found.valueless if isinstance(self.found, Unrefuted) else None

    @property
    def reason(self) -> str:
        """Why a refutation has no certificate; empty for any other claim."""
        return self.found.reason if isinstance(self.found, Refutation) else ""


@final
@locked_dataclass(frozen=True, eq=False)
class FalsifyRun:
    """A run of `falsify`: its arguments and the result of each claim."""

    args: argparse.Namespace
    results: Sequence[ClaimResult]

    @property
    def code(self) -> ExitCode:
        """The exit code of the run.

        INVALID where a claim has no value or a file cannot be written, else VIOLATED for a
        refutation, else LIMIT for a vacuous claim, else OK.
        """
        if self.unwritten is not None:
            return ExitCode.INVALID
        statuses = {one.found.status for one in self.results}
        return next((code for status, code in CODES.items() if status in statuses), ExitCode.OK)

    @property
    def unwritten(self) -> TabularError | None:
        """The error of the files that could not be written, None if there is none."""
        errors = [one.files.unwritten for one in self.results if one.files.unwritten is not None]
        return joined(errors)

    @property
    def line(self) -> str:
        """The number of claims with each status, and the exit code, in one line."""
        counts = Counter[str](one.found.status for one in self.results)
        shown = ", ".join(f"{counts[x]} {text}" for x, text in STATUSES.items() if counts[x])
        code = self.code
        meaning = MEANING[code] if self.unwritten is None else UNWRITTEN
        return f"{counted(len(self.results), 'claim')}: {shown}. Exit code {code}: {meaning}."
