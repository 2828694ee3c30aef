"""The verdict on a claim: proved, refuted, undecided or vacuous, with bounds of the slack."""

from fractions import Fraction
from typing import NoReturn, final

from tabular_trpo._core.deprecated import renamed_arguments, renamed_attribute
from tabular_trpo._core.nearest import approximate
from tabular_trpo._core.numbers import OptionalScalar
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.string_enum import PlainStrEnum
from tabular_trpo._core.terminal import plain
from tabular_trpo._theory.claim import Claim


@final
class Status(PlainStrEnum):
    """The four possible results of a verdict, in the order of reports."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    VACUOUS = "vacuous"


@final
class Decider(PlainStrEnum):
    """The arithmetic by which a verdict was decided."""

    FLOAT = "float"
    RATIONAL = "rational"
    ENCLOSURE = "enclosure"


@renamed_arguments(lane="arithmetic")
@public
@final
@locked_dataclass(frozen=True, repr=False)
class Verdict:
    """The verdict on a claim; it has four ends, so it is not a bool.

    status:     "proved", "refuted", "undecided" (a limit was reached: see `reason`), or "vacuous"
                (the precondition fails, a penalty is infinite, or a side has no value)
    slack_lo, slack_hi: certain bounds of the slack (see `Claim.slack`), equal where it is known
                exactly; None where it has no value
    arithmetic: "float" (float64 with error bounds), "rational", or "enclosure" (exact logarithms
                and roots)
    tightness:  gap / penalty as a float, 1 at equality.  For a bound around L it is
                (L - lhs) / (L - rhs), for another "<=" lhs / rhs; None elsewhere and for 0 / 0

    >>> import tabular_trpo as tt
    >>> case = tt.families.worst_case.tight_thm1("1/10", "9/10")
    >>> pair = tt.Pair(case.mdp, case.pi, case.pi_new)
    >>> tt.verify_pair(pair, ["trpo_bound"])["trpo_bound"]
    <Verdict trpo_bound: proved, rational, slack 1.70526>
    """

    status: Status
    slack_lo: OptionalScalar
    slack_hi: OptionalScalar
    arithmetic: Decider
    claim: Claim
    reason: str = ""
    tightness: float | None = None

    lane = renamed_attribute("lane", "arithmetic")

    def __bool__(self) -> NoReturn:
        """Raise TypeError: undecided is not false, and vacuous is not true."""
        raise TypeError(
            'a verdict is no bool; compare verdict.status with "proved", "refuted", ...'
        )

    def __str__(self) -> str:
        """Return one line: status, name, arithmetic, and the slack or the reason if it has none."""
        return f"{self.status:9} {self.claim.name:33} {self.arithmetic:9} {self._slack_or_reason()}"

    def __repr__(self) -> str:
        """Return one line: name, status, arithmetic, and the slack or the reason if it has none."""
        name = plain(self.claim.name)
        return (
            f"<Verdict {name}: {self.status}, {self.arithmetic}, {plain(self._slack_or_reason())}>"
        )

    def _slack_or_reason(self) -> str:
        """Return the slack with six digits as text, or the reason where there is no slack."""
        slack = self.slack_lo
        if slack is None:
            return self.reason
        exact = isinstance(slack, Fraction)
        return f"slack {approximate(slack, 6) if exact else format(slack, '.6g')}"
