"""The atlas of best constants: for each bound and gamma, the pair found nearest to equality.

Problem: how much smaller could the penalty of a bound be?  At each gamma the supremum of
gap / penalty over all pairs answers that; the ratio of any single pair is a lower bound of it.
Method: search at a fixed gamma, then shrink the pair of the largest ratio.  Guarantee: the stored
pair is rational, the bound is judged exactly on it, and its ratio is computed from it exactly.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from importlib.resources import files
from itertools import chain, islice
from typing import Any, final

from tabular_trpo._core.nearest import nearest, written
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.string_enum import PlainStrEnum
from tabular_trpo._falsify.rational_readings import exceeding, rationalised
from tabular_trpo._falsify.result import Refutation, SearchStatus, named
from tabular_trpo._falsify.rounding_artifacts import ROUNDING, reject_rounding_artifacts
from tabular_trpo._falsify.score import Scorer, scorer
from tabular_trpo._falsify.search import NEARLY, falsify, generations, simplest_first, tightest
from tabular_trpo._falsify.shrink import smallest
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import PairTables

GAMMAS = tuple(Fraction(x) for x in ("0.02", "0.05", "0.1", "0.3", "0.5", "0.7", "0.9", "0.99"))
GIVEN_UP = 1e-4  # share of the ratio that shrinking may lose; a ratio of exactly 1 is kept
DATA = "_data/atlas.json"  # inside the package
Reach = tuple[float, bool] | None  # ratio, and whether it is 1 exactly


@final
class EntryStatus(PlainStrEnum):
    """The outcome of the search for one bound at one gamma."""

    RATIO = "met"  # a pair with a ratio
    VACUOUS = "vacuous"  # no pair satisfies the precondition
    NO_VALUE = "no value"
    REFUTED = "refuted"


@final
@locked_dataclass(frozen=True)
class Entry:
    """The largest gap / penalty found for one bound at one gamma, and its witness.

    status:   whether a ratio was found, or why not
    ratio:    gap / penalty of the witness, a lower bound of the supremum over all pairs; computed
              exactly and then rounded, but to 1 only where it is 1; None where no pair has a ratio
    attained: whether the witness attains the bound exactly
    lhs, rhs: sides of the bound at the witness; None where they contain logarithms or roots
    tried:    number of pairs that the search scored
    rounds:   rounds of the search; with `seed` and the same first pairs they repeat the search
    seed:     seed of the search
    witness:  file name of the witness in mdps/atlas; None where there is no witness
    """

    theorem: str
    gamma: Fraction
    status: EntryStatus
    ratio: float | None
    attained: bool
    lhs: Fraction | None
    rhs: Fraction | None
    tried: int
    rounds: int
    seed: int
    witness: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as a dict for JSON, with Fractions written as strings."""
        return {k: written(x) if isinstance(x, Fraction) else x for k, x in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Entry":
        """Return the entry of a dict that `to_dict` wrote."""
        exact = {k: Fraction(data[k]) for k in ("gamma", "lhs", "rhs") if data[k] is not None}
        return cls(**{**data, **exact, "status": EntryStatus(data["status"])})


def is_bound(theorem: Theorem) -> bool:
    """Return whether a theorem is an inequality with a penalty, so that it has gap / penalty.

    >>> from tabular_trpo._theory.theorems import THEOREMS
    >>> [t.name for t in THEOREMS if is_bound(t)][:2]
    ['tv_squared_kl', 'pinsker']
    """
    return theorem.statement.relation != "==" and bool(scorer(theorem).penalty)


def file_name(theorem: str, gamma: Fraction) -> str:
    """Return the file name of the witness of a theorem at one gamma.

    >>> file_name("trpo_bound", Fraction(1, 50))
    'trpo_bound_0.02.mdp.json'
    """
    return f"{theorem}_{nearest(gamma)}.mdp.json"


def entry(
    theorem: Theorem,
    gamma: Fraction | str,
    seed: int = 0,
    rounds: int = 600,
    start: Sequence[Pair] = (),
) -> tuple[Entry, Pair | None]:
    """Search for the pair at which a bound is nearest to equality; deterministic.

    gamma:  an exact number in [0, 1)
    start:  pairs to begin with; `gamma` replaces the gamma of each
    return: (the entry, its witness as a rational pair or None)
    raises: InvalidMDPError for a number out of range or a pair in `start` that is too large

    >>> from tabular_trpo._theory.theorems import THEOREMS
    >>> coupling = next(t for t in THEOREMS if t.name == "visitation_coupling")
    >>> found, pair = entry(coupling, "1/2", rounds=4)
    >>> found.ratio, found.attained, pair.mdp.n_states
    (1.0, True, 2)
    """
    exact = Fraction(gamma)
    scores: list[float] = []
    found = falsify(
        theorem,
        seed,
        gamma=exact,
        rounds=rounds,
        progress=lambda _, best: scores.append(best),
        start=start,
    )
    pair, status = None, EntryStatus.NO_VALUE
    if isinstance(found, Refutation):
        pair, status = found.pair, EntryStatus.REFUTED
    elif found.status == SearchStatus.VACUOUS:
        status = EntryStatus.VACUOUS
    else:
        score = scorer(theorem)
        pair, reach = _nearest(score, [found.witness])
        if reach is None or reach[0] < max(scores) * (1 - 2 * NEARLY):
            pair, _ = _nearest(score, [pair, _searched_again(score, exact, seed, rounds)])
        if pair is not None:
            pair, status = _simplest(score, pair), EntryStatus.RATIO
    name = None if pair is None else file_name(theorem.name, exact)
    counts = found.tried, found.rounds, found.seed
    made = Entry(theorem.name, exact, status, None, False, None, None, *counts, name)
    return made if pair is None else read_again(theorem, made, pair), pair


def read_again(theorem: Theorem, one: Entry, pair: Pair) -> Entry:
    """Return the entry with ratio, attained, lhs and rhs computed again from its witness."""
    ratio, attained = _reach(scorer(theorem), pair) or (None, False)
    lhs, rhs = _sides(theorem, pair)
    return replace(one, ratio=ratio, attained=attained, lhs=lhs, rhs=rhs)


def _nearest(score: Scorer, pairs: Iterable[Pair | None]) -> tuple[Pair | None, Reach]:
    """Return (pair, (ratio, whether it is 1)) of the largest gap / penalty, or (None, None)."""
    best: tuple[Pair | None, Reach] = None, None
    for pair in pairs:
        reach = None if pair is None else _reach(score, pair)
        if reach is not None and (best[1] is None or reach > best[1]):
            best = pair, reach
    return best


def _sides(theorem: Theorem, pair: Pair) -> tuple[Fraction | None, Fraction | None]:
    """Return (lhs, rhs) of a theorem at a pair if both are rational, else (None, None)."""
    claim = theorem(pair)
    if isinstance(claim.lhs, Fraction) and isinstance(claim.rhs, Fraction):
        return claim.lhs, claim.rhs
    return None, None


def _reach(score: Scorer, pair: Pair) -> Reach:
    """Return (gap / penalty, whether it is exactly 1); None if `pair` does not prove the claim."""
    if judge(score.claim, pair).status != "proved":
        return None
    ratio = score.ratio(pair)
    if ratio is None:
        return None
    return ratio, any(y != 0 and x == y for x, y in score.sides(pair))


def _searched_again(score: Scorer, gamma: Fraction, seed: int, rounds: int) -> Pair | None:
    """Search without rounding artifacts; return the best pair that has a ratio, or None."""
    safe, mixture = reject_rounding_artifacts(score), score.claim.mixture
    bests: list[tuple[float, PairTables]] = []  # (score, pair), scores increasing
    for generation in islice(generations(safe, seed, nearest(gamma), families=True), rounds):
        last = bests[-1] if bests else None
        best = tightest(last, generation)
        if best is not None and best is not last:
            bests.append(best)
    for _, batch in reversed(bests):
        itself = batch.exact(0).as_mixture(mixture).pair()
        for pair in chain(simplest_first(safe, rationalised(batch, mixture, gamma)), [itself]):
            if _reach(score, pair) is not None:
                return pair
    return None


def _simplest(score: Scorer, pair: Pair) -> Pair:
    """Shrink a pair while gap / penalty stays at least 1 - GIVEN_UP times its value.

    A ratio of exactly 1 is kept exactly.
    """
    reached = _reach(score, pair)
    assert reached is not None, "the caller passes only pairs with a ratio"
    ratio, attained = reached
    least = ratio if attained else ratio * (1 - GIVEN_UP)

    def kept(x: PairTables) -> bool:
        now = _reach(score, x.pair())
        return now is not None and now[0] >= least and now[1] >= attained

    start = PairTables.of(pair.instance)
    end = smallest(start, kept, lambda xs: exceeding(score, xs, least - ROUNDING), free_gamma=False)
    return named(end.pair())


@public
def atlas() -> tuple[Entry, ...]:
    """Return the entries of the packaged atlas, by theorem in the order of the table, then gamma.

    >>> found = {(x.theorem, x.gamma): x for x in atlas()}
    >>> found["coupling_span", Fraction(1, 2)].ratio
    1.0
    """
    return tuple(map(Entry.from_dict, shipped()["entries"]))


def shipped() -> dict[str, Any]:
    """Return the JSON data of the packaged atlas: its entries and the findings on the mean KL."""
    data: dict[str, Any] = json.loads(files("tabular_trpo").joinpath(DATA).read_text("utf-8"))
    return data
