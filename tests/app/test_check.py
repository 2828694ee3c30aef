"""`check`: certificates re-checked from files and from standard input."""

import json
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo._theory.theorems import THEOREMS
from tests.app.conftest import MDPS, Run


@pytest.fixture
def certificate(run: Run, tmp_path: Path) -> Path:
    """Return a certificate of stay_or_go."""
    run("verify", MDPS / "stay_or_go.mdp.json", "--certificates", tmp_path)
    return tmp_path / "stay_or_go-half-to-climb.cert.json"


def changed(path: Path, **changes: Any) -> Path:
    """Write a changed copy of a certificate."""
    document = json.loads(path.read_text(encoding="utf-8"))
    copy = path.with_name("changed.cert.json")
    copy.write_text(json.dumps({**document, **changes}), encoding="utf-8")
    return copy


def test_right_certificate(run: Run, certificate: Path) -> None:
    result = run("check", certificate)
    assert result.code == 0 and result.err == "" and "1 of 1 certificate right" in result.out
    names = [claim["name"] for claim in json.loads(certificate.read_text())["claims"]]
    assert len(names) > 60 and {*names} <= {theorem.name for theorem in THEOREMS}
    for name in names:
        assert name in result.out
    document = run("check", certificate, "--json").document
    (one,) = document["certificates"]
    assert one["right"] and [s["name"] for s in one["statements"]] == names
    assert not any(s["user_claim"] for s in one["statements"])


def test_wrong_certificate_ends_in_1_and_hides_no_other(run: Run, certificate: Path) -> None:
    wrong = changed(certificate, digest="0" * 64)
    result = run("check", wrong, certificate)
    assert result.code == 1 and "changed.cert.json: WRONG: " in result.out
    assert "1 of 2 certificates right" in result.out
    document = run("check", wrong, certificate, "--json").document
    assert [one["right"] for one in document["certificates"]] == [False, True]
    assert document["exit_code"] == 1


def test_many_certificates_take_a_row_each(
    run: Run, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(certificate.parent)
    paths = sorted(path.name for path in certificate.parent.iterdir())
    out = run("check", *paths).out
    assert all(path in out for path in paths) and "trpo_bound" not in out
    assert run("check", *paths, "--full").out.count(" trpo_bound ") == len(paths)


def test_standard_input(run: Run, certificate: Path) -> None:
    assert run("check", "-", "--quiet", stdin=certificate.read_bytes()).code == 0


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 10**5, b"\xff", b'{"a": 1, "a": 1}'])
def test_what_is_no_json_is_invalid_input(run: Run, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.cert.json"
    path.write_bytes(data)
    result = run("check", path)
    assert result.code == 3 and result.out == "" and "x.cert.json" in result.err


@pytest.mark.parametrize(
    "data",
    [b"[]", b"1", b"{}", b'{"format": 1e400}', b'{"format": "tabular-trpo-mdp"}', b'{"a": NaN}'],
)
def test_json_that_is_no_certificate_is_invalid_input(
    run: Run, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "x.cert.json"
    path.write_bytes(data)
    result = run("check", path)
    assert result.code == 3 and result.out == ""
    assert "expected a certificate: 'tabular-trpo-certificate'" in result.err


def test_certificate_without_its_fields_is_wrong(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.cert.json"
    path.write_text('{"format": "tabular-trpo-certificate"}', encoding="utf-8")
    result = run("check", path)
    assert result.code == 1 and "WRONG" in result.out and "0 of 1 certificate right" in result.out


def test_missing_file(run: Run, tmp_path: Path) -> None:
    assert run("check", tmp_path / "none").code == 3
