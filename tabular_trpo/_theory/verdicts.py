"""The whole table judged on one pair."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, final

from tabular_trpo._core.arguments import one_model
from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import written
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.signs import MAX_BITS
from tabular_trpo._theory.claim import Verdict
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.selection import Choice, chosen


@public
@final
@locked
@dataclass(frozen=True, slots=True, repr=False)
class Verdicts:
    """The verdicts on one pair, in the order of the theorems: a sequence, by index or by name."""

    items: tuple[Verdict, ...]

    def __iter__(self) -> Iterator[Verdict]:
        """Yield the verdicts."""
        return iter(self.items)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.items)

    def __getitem__(self, key: int | str) -> Verdict:
        """Return the verdict at a place, or on the theorem of a name (KeyError for none)."""
        if isinstance(key, str):
            return {verdict.claim.name: verdict for verdict in self.items}[key]
        return self.items[key]

    def __bool__(self) -> NoReturn:
        """Refuse, as each verdict does."""
        raise TypeError("verdicts are no bool; read .all_proved or .counts()")

    def counts(self) -> dict[str, int]:
        """Return how many verdicts end each way."""
        counts = Counter(verdict.status for verdict in self.items)
        return {status: counts[status] for status in ("proved", "refuted", "undecided", "vacuous")}

    @property
    def all_proved(self) -> bool:
        """Whether every theorem that speaks of the pair is proved (vacuous ones do not speak)."""
        return all(verdict.status in ("proved", "vacuous") for verdict in self.items)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; exact numbers are strings."""
        return {"counts": self.counts(), "verdicts": [_plain(verdict) for verdict in self.items]}

    def __str__(self) -> str:
        """Return a line a verdict."""
        return "\n".join(map(str, self.items))

    __repr__ = __str__


def _plain(verdict: Verdict) -> dict[str, Any]:
    slack = None
    if verdict.slack_lo is not None:
        slack = [
            x if isinstance(x, float) else written(x) for x in (verdict.slack_lo, verdict.slack_hi)
        ]
    return {
        "name": verdict.claim.name,
        "equation": verdict.claim.equation,
        "source": verdict.claim.source,
        "status": verdict.status,
        "lane": verdict.arithmetic,
        "slack": slack,
        "tightness": verdict.tightness,
        "reason": verdict.reason,
    }


@renamed_arguments(lane="arithmetic")
@public
def verify_pair(
    pair: Pair, theorems: Choice = None, bits: int = MAX_BITS, arithmetic: str = "auto"
) -> Verdicts:
    """Judge theorems, or those of these names, by default the whole table; see `judge`.

    raises: as `judge`; InvalidMDPError for a name that is not in the table

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> verify_pair(Pair(mdp, [["1/2", "1/2"]], [["1/3", "2/3"]]), ["trpo_bound"]).all_proved
    True
    """
    return Verdicts(tuple(judge(theorem, pair, bits, arithmetic) for theorem in chosen(theorems)))


@renamed_arguments(lane="arithmetic")
@public
def verify(
    mdp: MDP, pi: Any, pi_new: Any, arithmetic: str = "auto", bits: int = MAX_BITS
) -> Verdicts:
    """Judge every theorem on an old and a new policy; see `judge`.

    raises: InvalidMDPError, ExactnessError

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> verify(mdp, [["1/2", "1/2"]], [["1/3", "2/3"]]).counts()
    {'proved': 89, 'refuted': 0, 'undecided': 0, 'vacuous': 10}
    """
    one_model(mdp)
    return verify_pair(Pair(mdp, pi, pi_new), bits=bits, arithmetic=arithmetic)
