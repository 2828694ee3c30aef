"""Screening: counts, refuted false statements, exact judgements, and repeated chunks."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._falsify import screen, worst_case_families
from tabular_trpo._falsify.score import APPLICABLE, scorer
from tabular_trpo._falsify.screen import SIZES, Plan, batch, screened
from tabular_trpo._theory import selection as choice
from tabular_trpo._theory.plain import FastPair

NAMES = tuple(theorem.name for theorem in tt.THEOREMS)


@tt.claim("half of Theorem 1", center="L")
def half_bound(p: Any) -> Any:
    return p.eta_new, ">=", p.L - p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@tt.claim("applies where alpha is 1", when=lambda p: (p.alpha, "==", 1))
def whole_steps(p: Any) -> Any:
    return p.max_tv, "<=", 1


@tt.claim("has no value where a state is never entered")
def divided(p: Any) -> Any:
    return p.max_s(p.rho / p.rho), "<=", 1


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the claims of these tests to the table of theorems."""
    planted = (*tt.THEOREMS, half_bound, whole_steps, divided)
    monkeypatch.setattr(choice, "THEOREMS", planted)


def plan(*names: str, chunk: int = 400, seed: int = 0) -> Plan:
    return Plan(seed, 10**6, chunk, names)


def test_the_table_holds_on_a_chunk_of_each_size() -> None:
    whole = Plan(5, 40 * len(SIZES), 40, NAMES)
    applicable: Counter[str] = Counter()
    for index in range(whole.chunks):
        record = screened(whole, index)
        assert record["unjudged"] == 0
        assert {one["status"] for one in record["judged"]} <= {"proved", "vacuous"}
        assert (record["states"], record["actions"]) == SIZES[index]
        applicable += Counter({name: one["speaks"] for name, one in record["statements"].items()})
    assert applicable["trpo_bound"] == 40 * len(SIZES)


def test_sizes_are_within_the_published_ones() -> None:
    assert max(s for s, _ in SIZES) == 5 and max(a for _, a in SIZES) == 4
    assert len(set(SIZES)) == len(SIZES) and (5, 3) in SIZES


def test_a_record_is_json_and_repeats() -> None:
    one = Plan(0, 500, 300, ("trpo_bound", "pinsker"))
    first, again = (json.dumps(screened(one, 1), allow_nan=False) for _ in range(2))
    assert first == again
    assert json.loads(first)["pairs"] == 200
    assert json.loads(first)["seed"] == [0, 1]


def test_chunks_do_not_depend_on_how_many_there_are() -> None:
    few, many = (Plan(0, pairs, 400, ("trpo_bound",)) for pairs in (800, 8000))
    assert screened(few, 1) == screened(many, 1)


def test_seeds_and_chunks_differ() -> None:
    drawn = [batch(plan(seed=seed), len(SIZES) * i).drawn.cases for seed in (0, 1) for i in (0, 1)]
    for i, x in enumerate(drawn):
        assert all((x.r != y.r).any() for y in drawn[:i] if x.r.shape == y.r.shape)


def test_a_single_pair_is_screened() -> None:
    record = screened(Plan(0, 1, 400, NAMES), 0)
    assert record["pairs"] == record["members"] == 1
    assert record["statements"]["trpo_bound"]["speaks"] == 1


def test_counts_are_those_of_the_scores() -> None:
    one = plan("monotone_improvement", "trpo_bound")
    record, cases = screened(one, 3), batch(one, 3)
    for name, found in record["statements"].items():
        (theorem,) = choice.chosen([name])
        scores = np.concatenate([scorer(theorem)(FastPair(part)) for part in cases.parts])
        assert found["speaks"] == (scores > APPLICABLE).sum()
        assert found["suspicious"] == 0
        tightest = found["tightest"]
        assert scores[tightest["case"]] == pytest.approx(scores.max(), abs=1e-11)
        assert tightest["score"] == pytest.approx(scores.max(), abs=1e-11)
        assert tightest["gamma"] == float(cases.pair(tightest["case"]).gamma)
    # Where a KL is infinite M is -inf, so the precondition fails: that is no missing value.
    assert record["statements"]["monotone_improvement"]["no_value"] == 0


@pytest.mark.usefixtures("table")
def test_a_precondition_counts_where_it_holds() -> None:
    found = screened(plan(whole_steps.name), 0)["statements"][whole_steps.name]
    cases = batch(plan(whole_steps.name), 0)
    assert found["speaks"] == sum((part.alpha == 1).sum() for part in cases.parts) > 0


@pytest.mark.usefixtures("table")
def test_a_false_statement_is_refuted_exactly() -> None:
    name = half_bound.name
    found = [screened(plan(name), index) for index in range(5)]
    refuted = [
        (record["chunk"], one["case"])
        for record in found
        for one in record["judged"]
        if one["status"] == "refuted"
    ]
    assert refuted
    for index, case in refuted:
        pair = batch(plan(name), index).pair(case)
        assert tt.judge(half_bound, pair).status == "refuted"
        assert tt.judge(tt.THEOREMS[NAMES.index("trpo_bound")], pair).status == "proved"
    # The tightest case is one on which the statement holds.
    assert all(
        record["statements"][name]["tightest"]["score"] <= 1
        for record in found
        if record["statements"][name]["tightest"]
    )


@pytest.mark.usefixtures("table")
def test_a_refuted_statement_is_left_at_that() -> None:
    found = [screened(plan(half_bound.name, chunk=2000), index) for index in (0, 1)]
    for record in found:
        statuses = [one["status"] for one in record["judged"]]
        assert statuses.count("refuted") <= 1
        if record["statements"][half_bound.name]["suspicious"]:
            assert statuses[0] == "refuted", "the worst is judged first"
    assert any(one["statements"][half_bound.name]["suspicious"] > 1 for one in found)


@pytest.mark.usefixtures("table")
def test_pairs_without_a_value_are_counted_and_one_is_judged() -> None:
    record = screened(plan(divided.name, chunk=2000), 5)
    found = record["statements"][divided.name]
    assert 0 < found["no_value"] < 2000 and found["speaks"] + found["no_value"] == 2000
    (judged,) = [one for one in record["judged"] if one["why"] == "no value"]
    assert judged["status"] == "vacuous" and "no value" in judged["reason"]


def test_false_alarms_are_acquitted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        screen, "FAILS", 0.5
    )  # simulates errors of doubles: many cases are suspicious
    record = screened(plan("trpo_bound", chunk=4000), 3)
    found = record["statements"]["trpo_bound"]
    assert found["suspicious"] > 0 and found["tightest"]["score"] <= 0.5
    assert [one["status"] for one in record["judged"]] == ["proved"] * found["suspicious"]
    assert record["unjudged"] == 0


def test_what_was_not_judged_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "FAILS", 0.0)
    monkeypatch.setattr(screen, "SUSPECTS", 3)
    record = screened(plan("trpo_bound"), 0)
    suspicious = [one for one in record["judged"] if one["why"] == "suspicious"]
    assert len(suspicious) == 3
    assert record["unjudged"] == record["statements"]["trpo_bound"]["suspicious"] - 3 > 0


def test_the_nearest_have_their_turn() -> None:
    records = [screened(plan(*NAMES), index)["judged"] for index in range(10)]
    judged = [{x["statement"] for x in one if x["why"] != "suspicious"} for one in records]
    assert all(len(names) <= screen.NEAREST for names in judged)
    assert len(set.union(*judged)) > 4 * screen.NEAREST


@pytest.mark.parametrize(("turn", "name"), list(enumerate(worst_case_families.FAMILIES)))
def test_pairs_are_of_their_family_exactly(turn: int, name: str) -> None:
    got, cases = worst_case_families.drawn(np.random.default_rng(7), turn, 30)
    assert got == name and len(cases) == 30
    for i in range(30):
        pair = cases.exact(i).pair()
        assert (pair.old.V == 0).all(), "rewards are advantages"
        if name == "tight_thm1" and abs(pair.r[1, 1]) == 1:
            a, g = pair.max_tv, pair.gamma
            coupled = a * g / ((1 - g) * (1 - g * (1 - a)))
            assert pair.L - pair.eta_new == 4 * a * coupled
        if name == "two_region":
            a, g = pair.max_tv, pair.gamma
            assert pair.L - pair.eta_new == 4 * a**2 * g / (1 - g)
        if name == "tight_cpi":
            a, g, sign = pair.alpha, pair.gamma, pair.r[1, 1]
            full = 2 * g * a**2 / ((1 - g) * (1 - g * (1 - a)))
            assert pair.L - pair.eta_new == (1 - sign) / 2 * full
    assert len({float(x) for x in cases.gamma}) > 5
    assert (worst_case_families.drawn(np.random.default_rng(7), turn, 30)[1].pi == cases.pi).all()


def test_batches_hold_both_kinds() -> None:
    cases = batch(plan(chunk=1000), 0)
    assert [len(part) for part in cases.parts] == [995, 5]
    assert " to " in cases.kind(994) and cases.kind(995) == cases.family == "tight_thm1"
    assert cases.pair(995).mdp.n_states == 2
