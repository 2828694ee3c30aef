"""Certificates pass the lone checker, and no single field of one can be changed unseen."""

import copy
import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

import tabular_trpo as tt
from tabular_trpo import check, formats
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.real import enclose
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.certifiable import left_out
from tabular_trpo._theory.certificate import certificate, digest, pair_certificate
from tabular_trpo._theory.claim import Theorem, claim
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo.families import worst_case
from tests.strategies import mixture_pairs, pairs


def checked(made: dict[str, Any]) -> dict[str, str]:
    """Return {name: status} as the checker reads a certificate that went through JSON."""
    return {line.name: line.status for line in check.check(json.loads(json.dumps(made)))}


def statuses(pair: Pair) -> dict[str, str]:
    """Return the verdicts that check can follow."""
    verdicts = {theorem: judge(theorem, pair) for theorem in THEOREMS}
    return {t.name: v.status for t, v in verdicts.items() if not left_out(t, v, pair)}


@settings(max_examples=20)
@given(pairs(max_states=3))
def test_certificates_of_pairs_are_accepted(pair: Pair) -> None:
    assert checked(pair_certificate(pair)) == statuses(pair)


@settings(max_examples=20)
@given(mixture_pairs(max_states=3))
def test_certificates_of_mixtures_are_accepted(pair: Pair) -> None:
    assert checked(pair_certificate(pair)) == statuses(pair)


@settings(max_examples=10)
@given(pairs(max_states=2, max_actions=2))
def test_certificates_of_float_pairs_are_accepted(pair: Pair) -> None:
    floats = pair.to_float()
    assert checked(pair_certificate(floats)) == statuses(floats.to_rational())


def test_certificate_of_named_policies() -> None:
    case = worst_case.tight_thm1("1/10", "9/10")
    made = certificate(case.mdp, case.pi, case.pi_new)
    assert made["values"]["eta_new"] == "2/13"  # 2/19 in hexadecimals
    assert made["witness"]["rho"] == {"den": "1", "num": ["a", "0"]}
    assert [claim["name"] for claim in made["claims"]] == list(statuses(Pair(*case_pair(case))))
    assert checked(made)["trpo_bound"] == "proved"


def test_certificate_keeps_masks_names_and_rewards_of_transitions() -> None:
    rows = [
        ("up", "go", "down", "1/2", "1"),
        ("up", "go", "up", "1/2", "-1"),
        ("down", "stay", "down", "1", "1/3"),
        ("down", "go", "up", "1", "0"),
    ]
    names = (["up", "down"], ["go", "stay"])
    mdp = tt.MDP.from_transitions(rows, {"up": "1"}, "1/2", *names)
    made = certificate(mdp, [["1", "0"]] * 2, [["1", "0"], ["1/2", "1/2"]])
    assert sorted(map(tuple, made["model"]["transitions"])) == sorted(rows)
    assert checked(made)["performance_difference"] == "proved"


def test_refuted_infinite_and_undefined_claims() -> None:
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    pair = Pair(mdp, [["1/2", "1/2"]], [["0", "1"]])
    bound = claim("KL is small")(lambda p: (p.max_kl, "<=", 1))
    root = claim("a root")(lambda p: (p.sqrt(p.eps / 3), "<=", p.eps))
    undefined = claim("no value")(lambda p: (p.max_kl - p.max_kl, "<=", 1))
    made = pair_certificate(pair, [bound, root, undefined])
    assert checked(made) == {"KL is small": "refuted", "a root": "proved"}
    assert made["claims"][0]["slack"] is None


def test_undecided_claims_are_left_out() -> None:
    pair = fixtures.tight()()
    _, hi = enclose(pair.max_kl, 200)
    near = claim("near")(lambda p: (p.max_kl, "<=", hi))
    assert checked(pair_certificate(pair, [near])) == {"near": "proved"}
    made = pair_certificate(pair, [near, "trpo_bound"], bits=64)
    assert checked(made) == {"trpo_bound": "proved"}
    with pytest.raises(LimitError, match=r"claim 'near' is left out \(.*64 bits"):
        pair_certificate(pair, [near], bits=64)


# ---- tampering -----------------------------------------------------------------------------------

Path = tuple[Any, ...]


def leaves(item: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value that is no container, with the way to it."""
    if isinstance(item, dict | list):
        for key, part in item.items() if isinstance(item, dict) else enumerate(item):
            yield from leaves(part, (*path, key))
    else:
        yield path, item


def changed(value: Any) -> Iterator[Any]:
    """Yield values close to one: a number a little off, another word, nothing."""
    words = {"proved": "refuted", "refuted": "proved", "vacuous": "proved", "<=": ">=", ">=": "<="}
    if isinstance(value, str):
        yield from (words.get(value, value + "1"), "-" + value, "0", None)
    else:
        yield from ("0", 2) if value is None else (value + 1, str(value))


def replaced(made: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return a copy with one field changed and the digest made to fit."""
    copied = copy.deepcopy(made)
    item: Any = copied
    for key in path[:-1]:
        item = item[key]
    item[path[-1]] = value
    if path != ("digest",):
        copied["digest"] = digest(copied)
    return copied


def survives(made: dict[str, Any], path: Path, other: Any) -> dict[str, Any] | None:
    """Return the changed certificate if the checker accepts it."""
    tampered = replaced(made, path, other)
    try:
        check.check(tampered)
    except check.CertificateError:
        return None
    return tampered


def still_true(tampered: dict[str, Any], path: Path, theorems: dict[str, Theorem]) -> bool:
    """Whether an accepted certificate is true, judged again from its model and policies.

    A theorem under another name is a claim of the user's; a slack of logarithms may be enclosed
    more widely; a reward that no quantity depends on may be another.
    """
    pair = pair_of(tampered)
    if path[0] == "claims" and path[2] == "name":
        lines = check.check(tampered)
        return lines[path[1]].user_claim
    if path[0] == "claims" and path[2] == "slack":
        row = tampered["claims"][path[1]]
        lo, hi = map(fraction, row["slack"])
        slack = theorems[row["name"]](pair).slack
        wide = theorems[row["name"]].exactness != "rational"
        return bool(lo <= slack <= hi) and (lo == hi or wide)
    fresh = pair_certificate(pair, SOME)
    return all(read(fresh[key]) == read(tampered[key]) for key in ("witness", "values", "claims"))


def pair_of(made: dict[str, Any]) -> Pair:
    """Read the pair back from the model of a certificate."""
    mdp, policies = (getattr(formats.from_document(made["model"]), x) for x in ("mdp", "policies"))
    if made["mixture"] is None:
        return Pair(mdp, policies["pi"], policies["pi_new"])
    return Pair.mixture(mdp, policies["pi"], policies["target"], made["mixture"]["alpha"])


def fraction(text: str) -> Fraction:
    return Fraction(*(int(part, 16) for part in text.split("/")))


def read(item: Any) -> Any:
    """Return JSON with its numbers read, so that "0", "-0" and "00" are one."""
    if isinstance(item, dict):
        return {key: read(part) for key, part in item.items()}
    if isinstance(item, list):
        return [read(part) for part in item]
    try:
        return fraction(item)
    except (AttributeError, ValueError, TypeError, ZeroDivisionError):
        return item


def case_pair(case: worst_case.Instance) -> tuple[Any, ...]:
    return case.mdp, case.pi, case.pi_new


SOME = THEOREMS[::4]  # the changes are as many as the claims, and each is checked with all of them
SPECIMENS = {
    "tight": fixtures.tight(),
    "mixture": fixtures.cpi(),
    "infinite": lambda: Pair(
        tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/2", "1/2"]], [["0", "1"]]
    ),
}


@pytest.mark.parametrize("name", SPECIMENS)
def test_no_single_change_makes_a_false_certificate(name: str) -> None:
    made = pair_certificate(SPECIMENS[name](), SOME)
    checked(made)
    theorems = {theorem.name: theorem for theorem in THEOREMS}
    changes = [(path, x) for path, value in leaves(made) for x in changed(value) if x != value]
    accepted = [(path, x, survives(made, path, x)) for path, x in changes]
    left = [(path, x, tampered) for path, x, tampered in accepted if tampered is not None]
    assert len(changes) > 900
    assert len(left) < len(changes) / 5
    assert [
        (path, x) for path, x, tampered in left if not still_true(tampered, path, theorems)
    ] == []


def keys(item: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the way to each field of each object."""
    if isinstance(item, dict | list):
        for key, part in item.items() if isinstance(item, dict) else enumerate(item):
            if isinstance(item, dict):
                yield (*path, key)
            yield from keys(part, (*path, key))


@pytest.mark.parametrize("fixture", [fixtures.cpi(), fixtures.crossing], ids=["cpi", "crossing"])
def test_dropping_any_field_is_caught(fixture: fixtures.Fixture) -> None:
    """A witness that is there on demand is read: one claim at least has no precondition."""
    pair, more = fixture(), ("optimality_gap", "average_bound", "average_visitation_new")
    asked = {*SOME, *(theorem for theorem in THEOREMS if theorem.name in more)}
    made = pair_certificate(pair, list(asked))
    assert ("H" in made["witness"]) is (not pair.is_mixture) and "V_star" in made["witness"]
    for path in keys(made):
        copied = copy.deepcopy(made)
        item: Any = copied
        for key in path[:-1]:
            item = item[key]
        del item[path[-1]]
        if path != ("digest",):
            copied["digest"] = digest(copied)
        with pytest.raises(check.CertificateError):
            check.check(copied)


def test_a_claim_that_speaks_where_chains_do_not_mix_needs_no_witness() -> None:
    far = claim("far", when=lambda p: (p.gamma, ">=", 1))(lambda p: (p.J, ">=", p.kemeny_new))
    made = pair_certificate(fixtures.cpi()(), [far])
    assert made["claims"][0]["status"] == "vacuous" and "H" not in made["witness"]
    assert check.check(made)[0].status == "vacuous"


def test_the_model_of_a_certificate_is_a_file_of_its_own() -> None:
    for fixture in SPECIMENS.values():
        pair = fixture()
        made = pair_certificate(pair)
        again = pair_certificate(pair_of(made))
        assert again == made
        policies = {"pi": pair.pi, "pi_new": pair.pi_new}
        policies |= {"target": pair.target} if pair.is_mixture else {}
        assert formats.to_document(pair.mdp, policies) == made["model"]


def test_slack_of_logarithms_encloses_the_exact_one() -> None:
    pair, seen = fixtures.tight()(), 0
    for theorem in THEOREMS:
        verdict = judge(theorem, pair)
        if theorem.exactness == "log" and verdict.status == "proved" and verdict.slack_lo > 0:
            if left_out(theorem, verdict, pair):
                continue
            seen += 1
            (row,) = pair_certificate(pair, [theorem])["claims"]
            lo, hi = map(fraction, row["slack"])
            assert 0 < lo < theorem(pair).slack < hi < lo + Fraction(1, 10**15)
    assert seen > 10
