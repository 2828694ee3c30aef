"""Certificates of version 1 are checked against the table of version 1, which does not change."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo import check
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.vocabulary import beyond_certificates
from tests.certificate_models import claimed, user
from tests.certificates import seal

GOLDEN = sorted(Path(__file__).with_name("golden").glob("v1_*.json"))
TABLE_1 = "02d4941e25e9d4c490aaa6407bad65f479de4d52b137ac794cf531086437dc70"


def read(path: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(path.read_text())
    return made


def test_table_of_version_1_is_what_it_was() -> None:
    text = json.dumps(check.TABLES[1], sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == TABLE_1
    assert len(check.TABLES[1]) == 89


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_certificates_made_at_version_1_still_hold(path: Path) -> None:
    document = read(path)
    assert document["version"] == 1
    read_again = check.check(document)
    given = {claim["name"]: claim["status"] for claim in document["claims"]}
    assert {one.name: one.status for one in read_again if one.name in given} == given
    assert all(one.user_claim == (":" in one.name) for one in read_again)


def test_they_speak_of_every_theorem_of_version_1() -> None:
    names = {claim["name"] for path in GOLDEN for claim in read(path)["claims"]}
    soft = {theorem.name for theorem in THEOREMS if beyond_certificates(theorem.names())}
    assert names >= {*check.TABLES[1]} - soft


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_they_are_no_certificates_of_version_2(path: Path) -> None:
    document = seal({**read(path), "version": 2})
    if all(claim["name"] in check.THEOREMS for claim in document["claims"]):
        with pytest.raises(check.CertificateError, match=r"claims\[0\]"):
            check.check(document)


@pytest.mark.parametrize(
    "formula",
    ["classes >= 1", "ratio(1, 2) <= 1", "max_sa(natural) >= -9", "max_sa(w_fit) >= -9",
     "max_sa(w_fit_new) >= -9", "max_sa(log_gap) >= 0", "classes_new >= 1"],
)  # fmt: skip
def test_names_of_version_2_are_unknown_to_version_1(formula: str) -> None:
    exactness = "log" if "log_gap" in formula else "rational"
    (stated,) = claimed("plain", user(formula, None, exactness=exactness))["claims"]
    document = claimed("plain", stated)
    assert document["version"] == 2
    with pytest.raises(check.CertificateError, match="of the formula language"):
        check.check(seal({**document, "version": 1}))
    with pytest.raises(check.CertificateError, match=r"slack|status"):
        check.check(document)


def test_a_new_theorem_is_a_user_claim_in_version_1() -> None:
    document = pair_certificate(fixtures.tight()(), ["mean_advantage_lemma"])
    assert not check.check(document)[0].user_claim
    assert check.check(seal({**document, "version": 1}))[0].user_claim
