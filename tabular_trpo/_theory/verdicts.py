"""The verdicts on one pair of policies: on all theorems of the table, or on a selection."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn, final

from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.nearest import written
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.signs import MAX_BITS
from tabular_trpo._theory.judge import AUTO, judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.selection import Choice, chosen
from tabular_trpo._theory.verdict import Status, Verdict


@public
@final
@locked_dataclass(frozen=True, repr=False)
class Verdicts:
    """The verdicts on one pair, a sequence in the order of the theorems; index by number or name.

    >>> from tabular_trpo._theory.fixtures import tight
    >>> verdicts = verify_pair(tight()(), ["trpo_bound", "cpi_bound"])
    >>> verdicts
    <Verdicts: 1 proved, 0 refuted, 0 undecided, 1 vacuous>
    >>> print(verdicts["trpo_bound"])
    proved    trpo_bound                        rational  slack 1.70526
    """

    items: tuple[Verdict, ...]

    def __iter__(self) -> Iterator[Verdict]:
        """Yield the verdicts in the order of the theorems."""
        return iter(self.items)

    def __len__(self) -> int:
        """Return the number of verdicts."""
        return len(self.items)

    def __getitem__(self, key: int | str) -> Verdict:
        """Return the verdict at an index or on a named theorem (KeyError if unknown)."""
        if isinstance(key, str):
            return {verdict.claim.name: verdict for verdict in self.items}[key]
        return self.items[key]

    def __bool__(self) -> NoReturn:
        """Raise TypeError, as a single `Verdict` does: a verdict is not true or false."""
        raise TypeError("verdicts are no bool; read .all_proved or .counts()")

    def counts(self) -> dict[str, int]:
        """Return the number of verdicts of each status, by the name of the status."""
        counts = Counter(verdict.status for verdict in self.items)
        return {status.value: counts[status] for status in Status}

    @property
    def all_proved(self) -> bool:
        """Whether every theorem that applies to the pair is proved; vacuous ones do not apply."""
        return all(verdict.status in (Status.PROVED, Status.VACUOUS) for verdict in self.items)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdicts as plain data for JSON, in which exact numbers are strings."""
        return {"counts": self.counts(), "verdicts": [_plain(verdict) for verdict in self.items]}

    def __str__(self) -> str:
        """Return one line for each verdict."""
        return "\n".join(map(str, self.items))

    def __repr__(self) -> str:
        """Return one line with the number of verdicts of each status."""
        return f"<Verdicts: {', '.join(f'{n} {status}' for status, n in self.counts().items())}>"


def _plain(verdict: Verdict) -> dict[str, object]:
    ends = verdict.slack_lo, verdict.slack_hi
    slack = [x if isinstance(x, float) else written(x) for x in ends if x is not None]
    return {
        "name": verdict.claim.name,
        "equation": verdict.claim.equation,
        "source": verdict.claim.source,
        "status": verdict.status.value,
        "lane": verdict.arithmetic.value,
        "slack": slack or None,
        "tightness": verdict.tightness,
        "reason": verdict.reason,
    }


@renamed_arguments(lane="arithmetic")
@public
def verify_pair(
    pair: Pair, theorems: Choice = None, bits: int = MAX_BITS, arithmetic: str = AUTO
) -> Verdicts:
    """Judge theorems on a pair of policies; see `judge`.

    theorems: theorems, claims or names of theorems; the whole table for None
    raises:   as `judge`; InvalidMDPError for a name that is not in the table

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> verify_pair(Pair(mdp, [["1/2", "1/2"]], [["1/3", "2/3"]]), ["trpo_bound"]).all_proved
    True
    """
    return Verdicts(tuple(judge(theorem, pair, bits, arithmetic) for theorem in chosen(theorems)))


@renamed_arguments(lane="arithmetic")
@public
def verify(
    mdp: MDP, pi: Any, pi_new: Any, arithmetic: str = AUTO, bits: int = MAX_BITS
) -> Verdicts:
    """Judge every theorem of the table on an old and a new policy; see `judge`.

    mdp:        one model
    pi, pi_new: (S, A) in its arithmetic
    raises:     InvalidMDPError, ExactnessError

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> verify(mdp, [["1/2", "1/2"]], [["1/3", "2/3"]]).counts()
    {'proved': 89, 'refuted': 0, 'undecided': 0, 'vacuous': 10}
    """
    one_model(mdp)
    return verify_pair(Pair(mdp, pi, pi_new), bits=bits, arithmetic=arithmetic)
