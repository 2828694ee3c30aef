"""What a run of `falsify` gathers, claim by claim, and the exit code that it comes to."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from tabular_trpo._app.falsify.claim_file import Stated
from tabular_trpo._app.falsify.files import Files
from tabular_trpo._app.falsify.worked_example import Hand
from tabular_trpo._app.shared.errors import INVALID
from tabular_trpo._app.shared.formatting import many
from tabular_trpo._app.verify.outcome import LIMIT, VIOLATED
from tabular_trpo._core.errors import TabularError, joined
from tabular_trpo._core.records import locked
from tabular_trpo._falsify.result import Refutation, Unrefuted

STATUSES = {
    "refuted": "refuted",
    "unrefuted": "not refuted",
    "vacuous": "vacuous",
    "no value": "without a value",
}
CODES = {"no value": INVALID, "refuted": VIOLATED, "vacuous": LIMIT}  # the first that occurs
MEANING = {
    0: "nothing is refuted, which proves nothing",
    VIOLATED: "a statement is refuted",
    INVALID: "a claim has no value on any pair",
    LIMIT: "a precondition was never met",
}
UNWRITTEN = "a file cannot be written"


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Hunted:
    """A claim, what became of it, its numbers on the pair that was found, the files."""

    stated: Stated
    found: Refutation | Unrefuted
    hand: Hand | None
    files: Files

    @property
    def ratio(self) -> float | None:
        """The largest gap / penalty of a claim that is not refuted."""
        return self.found.ratio if isinstance(self.found, Unrefuted) else None

    @property
    def met(self) -> int | None:
        """The pairs that the claim speaks of."""
        return self.found.n_applicable if isinstance(self.found, Unrefuted) else None

    @property
    def valueless(self) -> int | None:
        """The pairs that it has no value on."""
        return self.found.valueless if isinstance(self.found, Unrefuted) else None

    @property
    def reason(self) -> str:
        """Why a refutation has no certificate."""
        return self.found.reason if isinstance(self.found, Refutation) else ""


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Hunt:
    """A run of the command."""

    args: argparse.Namespace
    hunted: Sequence[Hunted]

    @property
    def code(self) -> int:
        """3 where a claim has no value or a file cannot be written, else 1 for a refutation, else
        4 for a vacuous one, or 0.
        """
        if self.unwritten is not None:
            return INVALID
        met = {one.found.status for one in self.hunted}
        return next((code for status, code in CODES.items() if status in met), 0)

    @property
    def unwritten(self) -> TabularError | None:
        """The error of the files that could not be written."""
        errors = [one.files.unwritten for one in self.hunted if one.files.unwritten is not None]
        return joined(errors)

    @property
    def line(self) -> str:
        """The run in one line."""
        counts = Counter(one.found.status for one in self.hunted)
        shown = ", ".join(f"{counts[x]} {text}" for x, text in STATUSES.items() if counts[x])
        code = self.code
        meaning = MEANING[code] if self.unwritten is None else UNWRITTEN
        return f"{many(len(self.hunted), 'claim')}: {shown}. Exit code {code}: {meaning}."
