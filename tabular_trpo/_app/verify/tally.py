"""Counts of verdicts over pairs of policies, their least slack and their largest tightness."""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import final

from tabular_trpo._app.shared.models import Source
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.theorems import distinct
from tabular_trpo._theory.verdict import Status, Verdict

ARITHMETICS = ("float", "rational", "enclosure")
STATUSES = (Status.PROVED, Status.VACUOUS, Status.REFUTED, Status.UNDECIDED)


@final
@locked_dataclass(frozen=True, eq=False)
class Judged:
    """The verdicts on the pair `name` of one model, in the order of the theorems."""

    source: Source
    name: str
    verdicts: Sequence[Verdict]


@final
@locked_dataclass(frozen=True)
class Tally:
    """A summary of many verdicts.

    counts:    {status: number of verdicts}
    equal:     number of verdicts proved with slack 0
    slack:     the least lower bound of a slack other than 0; 0 if every slack is 0
    tightness: the largest gap / penalty, 1 at equality

    slack_at and tightness_at name the pairs of policies with that slack and tightness.
    """

    counts: dict[str, int]
    arithmetics: tuple[str, ...]
    equal: int
    slack: Scalar | None
    slack_at: str
    tightness: float | None
    tightness_at: str

    @property
    def judged(self) -> int:
        """The number of verdicts that are not vacuous."""
        return sum(self.counts.values()) - self.counts[Status.VACUOUS]


def tally(found: Iterable[tuple[Judged, Verdict]]) -> Tally:
    """Return the summary of verdicts, each given with its judged pair."""
    counts: Counter[str] = Counter(dict.fromkeys(STATUSES, 0))
    arithmetics: set[str] = set()
    equal = 0
    slack: tuple[Scalar | None, str] = (None, "")
    tight: tuple[float | None, str] = (None, "")
    for one, verdict in found:
        counts[verdict.status] += 1
        if verdict.status == Status.VACUOUS:
            continue
        arithmetics.add(verdict.arithmetic)
        if verdict.status == Status.UNDECIDED or verdict.slack_lo is None:
            continue
        if verdict.slack_lo == 0 == verdict.slack_hi:
            equal += 1
        elif slack[0] is None or verdict.slack_lo < slack[0]:
            slack = verdict.slack_lo, place(one)
        if verdict.tightness is not None and (tight[0] is None or verdict.tightness > tight[0]):
            tight = verdict.tightness, place(one)
    if equal and slack[0] is None:
        slack = Fraction(0), ""
    ordered = tuple(arithmetic for arithmetic in ARITHMETICS if arithmetic in arithmetics)
    return Tally(dict(counts), ordered, equal, *slack, *tight)


def by_statement(judged: Sequence[Judged], index: int) -> Tally:
    """Return the summary of the verdicts on the theorem at `index` over all pairs."""
    return tally((one, one.verdicts[index]) for one in judged)


def together(judged: Sequence[Judged], theorems: Sequence[Theorem]) -> Tally:
    """Return the summary of all verdicts, where theorems with equal sides are counted once.

    A repeated theorem counts only where its verdict is refuted or undecided.
    """
    names = {theorem.name for theorem in distinct(theorems)}
    return tally(
        (one, verdict)
        for one in judged
        for verdict in one.verdicts
        if verdict.claim.name in names or verdict.status not in (Status.PROVED, Status.VACUOUS)
    )


def place(one: Judged) -> str:
    """Return "model: pair", the names of a judged pair and its model."""
    return f"{one.source.name}: {one.name}"
