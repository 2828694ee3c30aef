"""Every single field of a certificate is changed in several ways, and every change is caught.

First with the old digest, which differs.  Then with the digest made again, as a forger would: the
mathematics tells, save where the change makes another truth; `harmless` lists these, with reasons.
"""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest

from tabular_trpo.check import THEOREMS, CertificateError, check
from tests.certificate_models import MODELS
from tests.certificates import (
    F,
    Row,
    certificate,
    make_claim,
    named_claims,
    quantities,
    seal,
    spell,
)

Path = tuple[Any, ...]
DELETED: Any = object()
CHOICES: dict[Any, list[Any]] = {
    "status": ["proved", "refuted", "vacuous", "undecided"],
    "exactness": ["rational", "sqrt", "log", "float"],
    "relation": ["==", "<=", ">=", "<", "!="],
    "precondition": [None, "mixture", "gamma >= 1", "gamma == 1/3", "M >= M_pi + 1", "max_kl >= 9"],
}


def parts(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every node of the document, branches and leaves, with its path."""
    yield path, value
    keys: Any = value.items() if isinstance(value, dict) else ()
    keys = enumerate(value) if isinstance(value, list) else keys
    for key, part in keys:
        yield from parts(part, (*path, key))


def replaced(document: Any, path: Path, new: Any) -> Any:
    """A copy of the document with one node replaced, or taken out of its object."""
    changed = copy.deepcopy(document)
    if not path:
        return new
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    if new is DELETED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return changed


def other_texts(path: Path, text: str) -> Iterator[Any]:
    """What a forger might write in the place of a text."""
    yield from (None, "", f"{text}x", f"x{text}", [text])
    yield from (choice for choice in CHOICES.get(path[-1], []) if choice != text)
    if path[-1] in ("lhs", "rhs"):
        yield from (f"{text} + 1", f"2*({text}) + 1/7", "eta_dot*1000 + 1")
    elif path[0] in ("witness", "values") or "slack" in path:
        top, _, bottom = text.partition("/")
        x = Fraction(int(top, 16), int(bottom or "1", 16))
        yield from (spell(y) for y in (x + 1, x - F(1, 10**9), -x, x / 2) if y != x)
    elif path[0] in ("model", "mixture"):
        try:
            x = Fraction(text)
        except ValueError:
            return
        yield from (str(y) for y in (x + 1, x - F(1, 10**9), -x, x / 2) if y != x)


def changes(path: Path, value: Any) -> Iterator[Any]:
    """Other values for one node: never the same as before."""
    if isinstance(path[-1] if path else 0, str):
        yield DELETED
    if isinstance(value, str):
        yield from other_texts(path, value)
    elif value is None:
        yield from (*CHOICES.get(path[-1], [])[1:], "0", ["0", "0"], {}, [], False)
    elif isinstance(value, dict):
        yield from ({**value, "extra": "1"}, {**value, "extra": {}}, {**value, "": "0"}, {}, [])
    elif isinstance(value, list):
        for i, part in enumerate(value):
            rest = value[:i] + value[i + 1 :]
            yield from (rest, [*value[: i + 1], *value[i:]])
            if rest and value[i - 1] != part:
                yield [*value[: i - 1], part, value[i - 1], *value[i + 1 :]] if i else [*rest, part]
    else:
        yield from (0, 3, True, 1.0, "1", None)


def harmless(document: Row, path: Path, new: Any) -> str | None:
    """Why a change with a new digest may pass; None if it may not."""
    if path == ("model", "why"):
        return "a description for people, and optional"
    if path in (("model", "transitions"), ("model", "actions")) and sorted(new) == sorted(
        document["model"][path[1]]
    ):
        return "the order of a set"
    if path == ("claims",):
        same = all(claim in document["claims"] for claim in new)
        return (
            "fewer statements, or another order of them; each is listed by check" if same else None
        )
    if path[0] == "claims":
        claim = document["claims"][path[1]]
        if path[-1] == "name" and isinstance(new, str):
            return "the statement is true, and is reported as a user claim"
        if path[-1] in ("equation", "source") and claim["name"] not in THEOREMS:
            return "the words of the user about a user claim" if isinstance(new, str) else None
        if path[-1] == "precondition" and claim["name"] not in THEOREMS:
            return "true under this premise too, which is shown with the user claim"
        if claim["status"] == "vacuous" and claim["name"] not in THEOREMS:
            return (
                "true whatever it says, as its premise is false and shown"
                if path[-1] in ("lhs", "relation", "rhs")
                else None
            )
        if path[-2] == "slack" and claim["exactness"] != "rational":
            old, wide = (
                [Fraction(*(int(x, 16) for x in end.split("/"))) for end in ends]
                for ends in (claim["slack"], replaced(claim, path[2:], new)["slack"])
            )
            if wide[0] <= old[0] and old[1] <= wide[1]:
                return "a wider interval round the slack, of the same sign: a weaker truth"
    return None


def caught(document: Any) -> bool:
    try:
        check(document)
    except CertificateError:
        return True
    return False


def assert_caught(document: Row, under: Callable[[Path], bool]) -> int:
    """Try all changes below some paths; return how many there were."""
    assert not caught(document)
    count = 0
    for path, value in parts(document):
        for new in changes(path, value) if path and under(path) else ():
            count += 1
            changed = replaced(document, path, new)
            assert caught(changed), (path, value, new)
            if path != ("digest",) and not caught(seal(changed)):
                assert harmless(document, path, new), (path, value, new)
                if path[-1] == "name":
                    assert check(seal(changed))[path[1]].user_claim
    return count


def user_claims(q: Any) -> list[Row]:
    """Claims of each class and status that no table knows; every slack differs from 0."""
    gap = q.eta_new - q.eta
    claims = [
        ("eta_new <= eta - 1", -1 - gap, None, "rational", None),
        ("eta_new != eta", gap, None, "rational", None),
        ("eta_new >= eta - 99", gap + 99, "max_tv <= 1", "rational", None),
        ("eta <= eta", None, "max_tv >= 2", "rational", None),
        ("sqrt(4)*eta_new >= 2*eta - 99", 2 * gap + 99, None, "sqrt", None),
        ("abs(max_kl - 99) >= 98", 1 - (q.max_kl or 0), "sqrt(4) <= 3", "log", None),
        ("mean_kl + 7 <= 1 + 0*max_kl", None, None, "log", "refuted"),
    ]
    names = [f"mine {i}" for i in range(len(claims))]
    return [
        make_claim(name, ("own", "me", formula, condition), slack, exactness, status)
        for name, (formula, slack, condition, exactness, status) in zip(names, claims, strict=True)
        if "!=" not in formula and (slack is not None or status is None)
    ]


MADE = {
    (model, claim["name"]): claim
    for model in ("mixture", "support lost")
    for claim in (*named_claims(quantities(MODELS[model])), *user_claims(quantities(MODELS[model])))
    if model == "mixture" or (claim["exactness"] == "log" and claim["name"] in THEOREMS)
}
OTHER = ("visitation_mass", "sum_s(rho) == 1/(1-gamma)")


@pytest.mark.parametrize(("model", "name"), MADE)
def test_each_field_of_each_claim(model: str, name: str) -> None:
    claims = [MADE[model, name], make_claim("other", ("", "", OTHER[1], None), F(0))]
    document = certificate(MODELS[model], lambda q: claims)
    assert assert_caught(document, lambda path: path[:2] == ("claims", 0)) > 50


@pytest.mark.parametrize("model", ["plain", "three", "mixture", "support lost"])
def test_each_field_of_the_rest(model: str) -> None:
    document = certificate(MODELS[model], lambda q: named_claims(q)[:2])
    assert assert_caught(document, lambda path: path[:2] != ("claims", 0)) > 500


def test_each_witness_of_equal_policies_is_pinned() -> None:
    """W and V_dot are 0 here, so that their denominators say nothing, and must be 1."""
    document = certificate(MODELS["identical"], lambda q: named_claims(q)[:2])
    assert assert_caught(document, lambda path: path[0] == "witness") > 100


@pytest.mark.parametrize("name", THEOREMS)
def test_no_other_formula_passes_under_the_name_of_a_theorem(name: str) -> None:
    """A true claim with the right slack is refused if the table knows its name otherwise."""
    stated = THEOREMS[name]
    truths = [
        ("sum_s(rho)*(1-gamma) == 1", F(0)),
        ("0 <= 1", F(1)),
        ("eta_new >= eta_new - 1", F(1)),
    ]
    for formula, slack in truths:
        claim = make_claim(name, (*stated[:2], formula, None), slack)
        document = certificate(MODELS["mixture"], lambda q, claim=claim: [claim])  # type: ignore[misc]
        with pytest.raises(CertificateError, match=f"claims.0. {name} ="):
            check(document)
        assert check(seal(replaced(document, ("claims", 0, "name"), "mine")))[0].user_claim


def test_spacing_and_brackets_do_not_change_a_formula() -> None:
    q = quantities(MODELS["plain"])
    claim = make_claim("trpo_bound", THEOREMS["trpo_bound"], None)
    claim = next(c for c in named_claims(q) if c["name"] == "trpo_bound")
    spaced = {**claim, "lhs": f" ( {claim['lhs']} )", "rhs": claim["rhs"].replace("*", " * ")}
    spaced["rhs"] = spaced["rhs"].replace(" *  * ", " ** ")
    document = certificate(MODELS["plain"], lambda q: [spaced])
    assert check(document)[0].name == "trpo_bound" and not check(document)[0].user_claim


WRONG: list[Any] = [
    None, 1, 0.5, float("nan"), True, -1, 10**5000, "text", "1", [], [1], [[]], {}, {"a": 1},
    {1: 2}, (), b"", {1}, ..., *(json.loads("[" * n + "]" * n) for n in (50, 500)),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda x: type(x).__name__)
def test_other_types_anywhere_are_refused(wrong: Any) -> None:
    """Every node, branch or leaf, replaced by something of another kind: only our own error."""
    document = certificate(MODELS["mixture"], lambda q: user_claims(q)[:2])
    for path, value in parts(document):
        changed = replaced(document, path, wrong)
        with suppress(TypeError, ValueError, AttributeError):  # not even JSON
            changed = seal(changed) if path != ("digest",) else changed
        older = path == ("version",) and type(wrong) is int and wrong == 1
        if value != wrong and not older and not caught(changed):
            assert isinstance(wrong, str | None) and harmless(document, path, wrong), path
