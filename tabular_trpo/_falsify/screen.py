"""Screening in chunks: every statement is scored on random pairs, and high scores are judged.

Problem: find a pair, among very many, on which a theorem of the table or its code is wrong.
Method: pairs are drawn chunk by chunk and scored in doubles (`score`); a pair on which a statement
seems to fail is judged in exact arithmetic, and so are a few pairs of the highest other scores.
Guarantee: a chunk depends on its plan and its index alone, so any process can repeat it; a refuted
statement was refuted exactly.  A screening without a refutation proves nothing.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import Any, NamedTuple, final

import numpy as np

from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._falsify import worst_case_families
from tabular_trpo._falsify.draw import Drawn, drawn
from tabular_trpo._falsify.score import APPLICABLE, NO_VALUE, Scorer, scorer
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import FastPair, PairTables
from tabular_trpo._theory.selection import chosen
from tabular_trpo._theory.verdict import Verdict

SIZES = (
    (5, 3), (2, 2), (3, 3), (4, 2), (5, 4), (2, 3), (3, 2), (4, 4),
    (1, 3), (5, 2), (3, 4), (2, 4), (4, 3), (1, 2),
)  # fmt: skip
ONE_IN = 200  # one case in 200, rounded up, belongs to a worst-case family
SUSPECTS = 200  # cases of a statement in a chunk that are judged, until one is refuted
NEAREST = 8  # cases of a chunk, of all statements in turn, judged although no score is above 1
NEAR = 0.9  # least score of those cases
FAILS = 1.0  # score above which a statement seems to fail
DIGITS = 12  # decimals to which scores are rounded


@final
@locked_dataclass(frozen=True)
class Plan:
    """The parameters of a screening; equal plans give equal records.

    seed:     seed of the random numbers
    pairs:    number of pairs in all
    chunk:    number of pairs in one chunk
    theorems: names of theorems of the table
    """

    seed: int
    pairs: int
    chunk: int
    theorems: tuple[str, ...]

    @property
    def chunks(self) -> int:
        """The number of chunks; the last one may be smaller."""
        return -(-self.pairs // self.chunk)

    def size(self, index: int) -> tuple[int, int]:
        """Return (S, A) of the random cases of the chunk number `index`."""
        return SIZES[index % len(SIZES)]

    def count(self, index: int) -> int:
        """Return the number of pairs of the chunk number `index`."""
        return min(self.chunk, self.pairs - index * self.chunk)


@final
class Batch(NamedTuple):
    """The cases of a chunk: random cases, then members of one worst-case family.

    drawn:  the random cases with their kinds
    family: name of the worst-case family
    worst:  its members
    """

    drawn: Drawn
    family: str
    worst: PairTables

    @property
    def parts(self) -> tuple[PairTables, PairTables]:
        """The random cases and the members of the worst-case family, each of one size (S, A)."""
        return self.drawn.cases, self.worst

    def kind(self, case: int) -> str:
        """Return the kinds of the policies of a case, or the name of its worst-case family."""
        return self.drawn.family(case) if case < len(self.drawn.cases) else self.family

    def gamma(self, case: int) -> float:
        """Return the discount of one case."""
        part, at = self._at(case)
        return float(part.gamma[at])

    def pair(self, case: int) -> Pair:
        """Return one case as an exact mixture pair."""
        part, at = self._at(case)
        return part.exact(at).pair()

    def _at(self, case: int) -> tuple[PairTables, int]:
        """Return the part that holds a case, and the index of the case in it."""
        many = len(self.drawn.cases)
        return (self.drawn.cases, case) if case < many else (self.worst, case - many)


def batch(plan: Plan, index: int) -> Batch:
    """Draw the cases of the chunk number `index` of a plan."""
    rng = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(index,)))
    count = plan.count(index)
    few = -(-count // ONE_IN)
    family, worst = worst_case_families.drawn(rng, index, few)
    return Batch(drawn(rng, count - few, *plan.size(index)), family, worst)


@final
class Finding(NamedTuple):
    """A theorem to judge exactly at the case number `case`, and why, such as "suspicious"."""

    theorem: Theorem
    case: int
    why: str


def screened(plan: Plan, index: int) -> dict[str, Any]:
    """Screen one chunk and return its record for JSON, whose keys docs/campaign.md documents.

    raises: InvalidMDPError for a name that is not in the table

    >>> plan = Plan(seed=0, pairs=300, chunk=200, theorems=("trpo_bound",))
    >>> record = screened(plan, 1)
    >>> record["pairs"], record["states"], record["statements"]["trpo_bound"]["suspicious"]
    (100, 2, 0)
    """
    cases = batch(plan, index)
    pairs = [FastPair(part) for part in cases.parts if len(part)]
    statements: dict[str, Any] = {}
    suspects: list[Finding] = []
    nearest: list[Finding] = []
    for theorem in chosen(plan.theorems):
        scores = _kept(np.concatenate([_scorer(theorem)(pair) for pair in pairs]))
        statements[theorem.name] = found = _statement(scores, cases)
        worst = np.argsort(-scores, kind="stable")[: min(found["suspicious"], SUSPECTS)]
        suspects += [Finding(theorem, int(case), "suspicious") for case in worst]
        if found["tightest"] and found["tightest"]["score"] >= NEAR:
            nearest.append(Finding(theorem, found["tightest"]["case"], "near"))
        if found["no_value"]:
            case = int(np.argmax(scores == NO_VALUE))
            nearest.append(Finding(theorem, case, "no value"))
    judged = _judged(cases, [*suspects, *_in_turn(nearest, index)])
    n_states, n_actions = plan.size(index)
    return {
        "chunk": index,
        "seed": [plan.seed, index],
        "states": n_states,
        "actions": n_actions,
        "pairs": plan.count(index),
        "family": cases.family,
        "members": len(cases.worst),
        "statements": statements,
        "judged": judged,
        "unjudged": _unjudged(statements, judged),
    }


def _statement(scores: Array, cases: Batch) -> dict[str, Any]:
    """Return the counts of a statement in a chunk and its case of highest score <= 1, as a dict."""
    holding = np.where(scores > FAILS, NO_VALUE, scores)
    case = int(np.argmax(holding))
    tightest = None
    if holding[case] > APPLICABLE:
        tightest = {
            "score": float(faithful(scores[case], DIGITS)),
            "case": case,
            "family": cases.kind(case),
            "gamma": cases.gamma(case),
        }
    return {
        "speaks": int(np.count_nonzero(scores > APPLICABLE)),
        "no_value": int(np.count_nonzero(scores == NO_VALUE)),
        "suspicious": int(np.count_nonzero(scores > FAILS)),
        "tightest": tightest,
    }


def _kept(scores: Array) -> Array:
    """Return scores rounded to DIGITS decimals, except those below 1 that would become 1."""
    rounded = scores.round(DIGITS)
    return np.where((rounded == FAILS) & (scores < FAILS), scores, rounded)


def _in_turn(findings: Sequence[Finding], index: int) -> list[Finding]:
    """Return NEAREST of the findings, cyclically from a first one that rotates with the chunk."""
    start = index * NEAREST % max(1, len(findings))
    return list(islice([*findings[start:], *findings[:start]], NEAREST))


def _judged(cases: Batch, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the records of findings, judged exactly until their statement is refuted."""
    exact: dict[int, Pair] = {}
    refuted: set[str] = set()
    out = []
    for theorem, case, why in findings:
        if theorem.name in refuted:
            continue
        if case not in exact:
            exact[case] = cases.pair(case)
        verdict = judge(theorem, exact[case])
        refuted |= {theorem.name} if verdict.status == "refuted" else set()
        about = {"statement": theorem.name, "case": case, "family": cases.kind(case), "why": why}
        out.append({**about, **verdict_record(verdict)})
    return out


def _unjudged(statements: dict[str, Any], judged: Sequence[dict[str, Any]]) -> int:
    """Return the number of suspicious pairs not judged, over the statements not refuted."""
    done = Counter(one["statement"] for one in judged if one["why"] == "suspicious")
    refuted = {one["statement"] for one in judged if one["status"] == "refuted"}
    left = (
        found["suspicious"] - done[name]
        for name, found in statements.items()
        if name not in refuted
    )
    return sum(left)


def verdict_record(verdict: Verdict) -> dict[str, str]:
    """Return the status, the arithmetic and the reason, if any, of a verdict for a record."""
    reason = {"reason": verdict.reason} if verdict.reason else {}
    return {"status": verdict.status, "lane": verdict.arithmetic, **reason}


@cache  # at most one entry for each theorem
def _scorer(theorem: Theorem) -> Scorer:
    """Return the Scorer of a theorem, computed once."""
    return scorer(theorem)
