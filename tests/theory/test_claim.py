"""Records of claims print as one line; statuses are strings; old names of arguments work."""

import inspect
import json
import pickle
from dataclasses import fields
from fractions import Fraction
from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.claim import Exactness
from tabular_trpo._theory.misquotations import misquotations_of
from tabular_trpo._theory.verdict import Decider, Status

BY_NAME = {theorem.name: theorem for theorem in tt.THEOREMS}
BOUND = BY_NAME["trpo_bound"]


def test_records_print_as_one_line() -> None:
    pair = fixtures.TIGHT()
    formula = "eta_new >= L - 4*eps*gamma*max_tv**2/(1 - gamma)**2"
    assert repr(BOUND) == f"<Theorem trpo_bound: {formula}, TRPO (8), Theorem 1>"
    assert repr(BOUND(pair)) == "<Claim trpo_bound: 2/19 >= -8/5>"
    assert repr(tt.judge(BOUND, pair)) == "<Verdict trpo_bound: proved, rational, slack 1.70526>"
    verdicts = tt.verify_pair(pair, ["trpo_bound", "cpi_bound"])
    assert repr(verdicts) == "<Verdicts: 1 proved, 0 refuted, 0 undecided, 1 vacuous>"
    vacuous = "<Verdict cpi_bound: vacuous, rational, the pair is no mixture>"
    assert repr(verdicts["cpi_bound"]) == vacuous
    assert repr(misquotations_of(BOUND)[0]) == "<Misquotation trpo_bound: constant 2>"


@pytest.mark.parametrize("theorem", tt.THEOREMS, ids=lambda theorem: theorem.name)
def test_a_long_formula_is_cut(theorem: tt.Theorem) -> None:
    assert len(repr(theorem)) < 180


def test_no_text_of_a_user_breaks_the_line() -> None:
    claim = tt.claim("two\nlines\x1b[2J")(lambda p: (p.eta_new, ">=", p.L))
    pair = fixtures.TIGHT()
    for record in (claim, claim(pair), tt.judge(claim, pair), pair.to_float()):
        assert repr(record).isprintable()


def test_claims_of_batches_and_of_long_numbers_print_as_one_line() -> None:
    long = tt.Claim("x", "claim", "user", Fraction(1, 3**1000), "<=", None)
    assert repr(long) == "<Claim x: within 1e-323 of 0 <= None>"
    batch = tt.Claim("x", "claim", "user", [0.5, 1.0], "<=", 1.0)
    assert repr(batch) == "<Claim x: 2 numbers <= 1.0>"


@pytest.mark.parametrize("kinds", [Status, Decider, Exactness])
def test_members_are_their_strings(kinds: Any) -> None:
    for member in kinds:
        assert member == member.value and repr(member) == repr(member.value)
        assert f"{member:12}|{member}" == f"{member.value:12}|{member.value}"
        assert json.dumps({member: member}) == json.dumps({member.value: member.value})
        assert pickle.loads(pickle.dumps(member)) is member


def test_statuses_of_verdicts_are_strings() -> None:
    verdict = tt.judge(BOUND, fixtures.TIGHT())
    assert (verdict.status, verdict.arithmetic, BOUND.exactness) == (
        "proved",
        "rational",
        "rational",
    )
    made = json.dumps(tt.verify_pair(fixtures.TIGHT(), [BOUND]).to_dict())
    assert '"status": "proved", "lane": "rational"' in made


def test_old_names_of_the_center() -> None:
    def formula(p: Any) -> Any:
        return p.eta_new, ">=", p.L - p.C * p.max_kl

    with pytest.warns(DeprecationWarning, match="claim: the argument around is now center"):
        old = tt.claim("x", around="L")(formula)  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="Theorem: the argument around is now center"):
        made = tt.Theorem("x", "claim", "user", formula, around="L")  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="falsify: the argument around is now center"):
        found = tt.falsify(old, rounds=1, around="L")  # type: ignore[call-arg]
    assert found.claim.center == old.center == made.center == "L"
    with pytest.warns(DeprecationWarning, match=r"Theorem.around is now Theorem.center"):
        assert old.around == "L"
    with pytest.warns(DeprecationWarning, match=r"Theorem.centre is now Theorem.center_expression"):
        assert old.centre is old.center_expression


def test_no_signature_prints_the_table() -> None:
    for function in (tt.certificate, tt.pair_certificate, tt.verify_pair, tt.falsify, tt.judge):
        assert "<Theorem" not in str(inspect.signature(function))


def test_a_status_may_be_given_as_its_string() -> None:
    pair = fixtures.TIGHT()
    verdict = tt.judge(BOUND, pair)
    values = {field.name: getattr(verdict, field.name) for field in fields(verdict)}
    assert repr(tt.Verdict(**values | {"status": "proved"})) == repr(verdict)
    with pytest.raises(TypeError, match="status = 'proven', expected one of 'proved', 'refuted'"):
        tt.Verdict(**values | {"status": "proven"})
