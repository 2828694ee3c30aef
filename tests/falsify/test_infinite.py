"""Counterexamples with an infinite side are found, shrunk and proved."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from benchmarks.formulas import Formulas
from benchmarks.formulas import pair as random_pair
from tabular_trpo._falsify import seeds
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.result import Refutation
from tabular_trpo._falsify.score import APPLICABLE, INFINITE, NO_VALUE, scorer
from tabular_trpo._theory.judge import INFINITE as BY_INFINITY
from tabular_trpo._theory.judge import NO_VALUE as WITHOUT_VALUE
from tabular_trpo._theory.judge import PRECONDITION_FAILS
from tabular_trpo._theory.plain import FastPair, PairTables

LOST = tt.Pair(
    tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/100", "99/100"]], [["0", "1"]]
)  # support is lost by a short step

Formula = Callable[[Any], Any]
FALSE: dict[str, tuple[Formula, Formula | None]] = {
    "mean": (lambda p: (p.mean_kl, "<=", 50 * p.max_tv), None),
    "turned round": (lambda p: (50 * p.max_tv, ">=", p.mean_kl), None),
    "near": (lambda p: (p.max_kl, "<=", 1), lambda p: (p.max_tv, "<=", Fraction(1, 100))),
    "far": (lambda p: (p.mean_kl, "<=", 100), lambda p: (p.max_tv, ">=", 1)),
    "negative": (lambda p: (-p.max_kl, ">=", -1000), None),
    "logarithm": (lambda p: (p.log(1 + p.max_kl), "<=", 100), None),
    "root": (lambda p: (p.sqrt(p.mean_kl), "<=", 100 * p.max_tv), None),
    "reciprocal": (lambda p: (1 / (1 + p.max_kl), ">=", Fraction(1, 1000)), None),
    "row by row": (lambda p: (p.max_s(p.kl - 90 * p.tv), "<=", 0), None),
    "reversed": (lambda p: (p.sum_s(p.kl_reversed), "<=", 10**6), None),
    "minorant": (lambda p: (p.M, ">=", -(10**6)), None),
    "equation": (lambda p: (p.max_kl, "==", p.smaller(p.max_kl, 100)), None),
    "visits": (lambda p: (p.kl_d, "<=", 100), None),
    "infinite premise": (lambda p: (p.max_tv, "<=", Fraction(1, 2)),
                         lambda p: (p.max_kl, ">=", 10**6)),
    "beside a bound": (lambda p: (p.eta_new + p.max_kl, "<=", p.L + 10**4), None),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_it_is_found_and_proved(name: str) -> None:
    formula, when = FALSE[name]
    found = tt.falsify(tt.claim(name, when=when)(formula), rounds=20, families=False)
    assert isinstance(found, Refutation)
    assert found.certificate is not None
    assert tt.check.check(found.certificate)[0].status == "refuted"


@pytest.mark.parametrize("name", ["near", "mean", "negative", "infinite premise"])
def test_it_is_read_when_it_is_given(name: str) -> None:
    formula, when = FALSE[name]
    claim = tt.claim(name, when=when)(formula)
    pair = LOST if name != "infinite premise" else tt.Pair(LOST.mdp, [[1, 0]], [[0, 1]])
    found = tt.falsify(claim, rounds=1, start=[pair])
    assert isinstance(found, Refutation) and (found.tried, found.rounds) == (1, 1)


def test_a_given_pair_is_judged_whatever_its_score() -> None:
    """Only models with disallowed actions violate the claim, and random pairs have none."""

    @tt.claim("two actions everywhere")
    def claim(p: Any) -> Any:
        return -p.max_s(-p.sum_a(p.pi**0)), ">=", 2

    mdp = tt.MDP([[["1"], ["0"]]], [["0", "0"]], ["1"], "1/2", allowed=[[True, False]])
    found = tt.falsify(claim, rounds=1, start=[tt.Pair(mdp, [["1", "0"]], [["1", "0"]])])
    assert isinstance(found, Refutation) and found.pair.mdp.allowed is not None
    assert found.certificate is not None
    assert tt.check.check(found.certificate)[0].status == "refuted"
    held = tt.falsify(
        claim, rounds=1, gamma="1/3", start=[tt.Pair(mdp, [["1", "0"]], [["1", "0"]])]
    )
    assert isinstance(held, Refutation) and held.pair.gamma == Fraction(1, 3)


def test_random_claims_are_scored_as_the_judge_decides() -> None:
    """On pairs that lose support, scores of formulas with infinite sides agree with verdicts.

    The few exceptions are products of infinity and a rounding error in place of 0.
    """
    found, wrong = Counter[str](), []
    for seed in range(60):
        rng = np.random.default_rng([7, seed])
        given = seeds.tables(random_pair(rng).exact, False, None)
        formulas = Formulas(rng, mixtures=False)
        exact, p = given.pair(), FastPair(PairTables.stacked([given]))
        for i in range(6):
            claim = formulas.claim(f"{seed}.{i}")
            verdict = tt.judge(claim, exact, 256)
            kind, agrees = expected(verdict, float(scorer(claim)(p)[0]))
            found[kind] += 1
            wrong += [] if agrees else [str(claim.statement)]
    kinds = "infinitely refuted", BY_INFINITY, "valueless", PRECONDITION_FAILS, "proved"
    assert min(found[kind] for kind in kinds) >= 5, found
    assert len(wrong) <= 3, wrong


def expected(verdict: tt.Verdict, score: float) -> tuple[str, bool]:
    """Return the kind of a verdict, and whether the score agrees with it."""
    if verdict.status == "refuted" and isinstance(verdict.slack_lo, float):
        return "infinitely refuted", score == INFINITE
    if verdict.reason.startswith(WITHOUT_VALUE):
        return "valueless", score == NO_VALUE
    if verdict.reason == BY_INFINITY:
        return BY_INFINITY, APPLICABLE < score <= 1
    if verdict.reason == PRECONDITION_FAILS:
        return PRECONDITION_FAILS, score < APPLICABLE
    return verdict.status, verdict.status != "proved" or APPLICABLE < score <= 1 + 1e-6


def test_random_counterexamples_are_refuted_from_where_they_are() -> None:
    """Every pair that violates a claim by an infinite side is judged, shrunk and certified."""
    found = 0
    for seed in range(40):
        rng = np.random.default_rng([8, seed])
        pair = random_pair(rng)
        claim = Formulas(rng, pair.is_mixture).claim(f"claim {seed}")
        verdict = tt.judge(claim, pair.exact, 256)
        if verdict.status == "refuted" and isinstance(verdict.slack_lo, float):
            answer = tt.falsify(claim, rounds=1, start=[pair], families=False)
            assert isinstance(answer, Refutation) and answer.rounds == 1
            found += 1
    assert found >= 3


@pytest.mark.parametrize("name", FALSE)
def test_a_pair_scores_alike_alone_and_in_a_batch(name: str) -> None:
    formula, when = FALSE[name]
    score = scorer(tt.claim(name, when=when)(formula))
    cases = draw(np.random.default_rng(3), 60, 2, 2)
    whole = score(FastPair(cases))
    alone = [float(score(FastPair(cases[[i]]))[0]) for i in range(60)]
    assert alone == pytest.approx(whole.tolist(), rel=1e-6)
    assert not np.isnan(whole).any()


def test_an_infinite_ratio_is_never_reported() -> None:
    """A pair with an infinite penalty has no ratio; the ratio of another pair is reported."""

    @tt.claim("by the largest KL")
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.L - p.C * p.max_kl

    assert scorer(claim).ratio(LOST) == 0
    found = tt.falsify(claim, rounds=2, start=[LOST])
    assert found.status == "unrefuted" and 0 < (found.ratio or 0) < 1  # type: ignore[union-attr]


def test_a_visitation_of_0_is_not_negative_by_rounding() -> None:
    """Otherwise the score of an infinite KL at an unvisited state would have no value."""
    given = seeds.tables(random_pair(np.random.default_rng([0, 3672])).exact, False, None)
    p = FastPair(PairTables.stacked([given]))
    assert (p.rho >= 0).all() and (p.d == 0).any()
    assert np.isposinf(p.mean_d(p.kl_reversed)).all()
