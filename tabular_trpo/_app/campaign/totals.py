"""Sums over the chunks of a campaign."""

from collections import Counter
from collections.abc import Sequence
from typing import final

from tabular_trpo._app.campaign.sealed_lines import Record
from tabular_trpo._theory.verdict import Status

MOST_LISTED = 100  # violations that the summary names; all of them are in the chunks


@final
class Totals:
    """Sums over the chunks that were added (mutable).

    statements: {statement: counts of pairs and verdicts, and the tightest pair with its chunk}
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Create sums of 0 for the statements with these names."""
        self.statements: dict[str, Record] = {
            name: {
                "speaks": 0,
                "no_value": 0,
                "suspicious": 0,
                "judged": dict.fromkeys(Status, 0),
                "tightest": None,
            }
            for name in names
        }
        self.pairs = self.chunks = self.unjudged = self.violations = 0
        self.violated: list[Record] = []
        self.families: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Add the record of the next chunk; of equally tight pairs the first is kept."""
        for name, mine in self.statements.items():
            found = record["statements"][name]
            for count in ("speaks", "no_value", "suspicious"):
                mine[count] += found[count]
            tightest = found["tightest"]
            if tightest is None:
                continue
            if mine["tightest"] is None or tightest["score"] > mine["tightest"]["score"]:
                mine["tightest"] = {"chunk": record["chunk"], **tightest}
        for one in record["judged"]:
            self.judged(one["statement"], one["status"], {"chunk": record["chunk"], **one})
        self.pairs += record["pairs"]
        self.families[record["family"]] += record["members"]
        self.unjudged += record["unjudged"]
        self.chunks += 1

    def judged(self, name: str, status: str, where: Record) -> None:
        """Count one exact verdict on a statement; a refuting pair is listed as in `where`."""
        self.statements[name]["judged"][status] += 1
        if status == Status.REFUTED:
            self.violations += 1
            if len(self.violated) < MOST_LISTED:
                self.violated.append(
                    {key: where[key] for key in ("statement", "chunk", "case", "family")}
                )

    def tightest(self) -> list[tuple[str, int, int]]:
        """Return (statement, chunk, case) of the tightest pair of each statement that has one."""
        return [
            (name, mine["tightest"]["chunk"], mine["tightest"]["case"])
            for name, mine in self.statements.items()
            if mine["tightest"] is not None
        ]

    def witnessed(self, name: str, verdict: Record) -> None:
        """Count the exact verdict on the tightest pair of a statement; store verdict and pair."""
        tightest = self.statements[name]["tightest"]
        self.judged(name, verdict["status"], {"statement": name, **tightest})
        tightest["exact"] = verdict

    def summary(self) -> Record:
        """Return the summary record, the last line of the file."""
        counts = {
            status: sum(mine["judged"][status] for mine in self.statements.values())
            for status in Status
        }
        return {
            "pairs": self.pairs,
            "chunks": self.chunks,
            "members": dict(self.families),
            "judged": counts,
            "violations": self.violations,
            "violated": self.violated,
            "undecided": counts[Status.UNDECIDED] + self.unjudged,
            "silent": [name for name, mine in self.statements.items() if not mine["speaks"]],
            "statements": self.statements,
        }
