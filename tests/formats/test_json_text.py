"""Bytes that are no safe JSON are refused with a place, before they can hurt."""

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest

import tabular_trpo as tt
from tabular_trpo import formats
from tabular_trpo._formats import json_text
from tests.formats.base import BASE

GOOD = json.dumps(BASE, indent=1).encode()

BYTES = {
    "empty": (b"", "empty", " is empty, expected a JSON object"),
    "blank": (b" \r\n\t", "empty", " is empty, expected a JSON object"),
    "BOM only": (b"\xef\xbb\xbf", "empty", " is empty, expected a JSON object"),
    "gzip": (
        gzip.compress(GOOD),
        "encoding",
        " is gzip-compressed, expected JSON in UTF-8. Decompress it first: gunzip",
    ),
    "zip": (b"PK\x03\x04....", "encoding", " is a zip archive, expected JSON in UTF-8."),
    "UTF-16": (
        "{}".encode("utf-16"),
        "encoding",
        " is UTF-16 text, expected JSON in UTF-8. Save it as UTF-8",
    ),
    "Latin-1": (
        b'{\n"why": "\xe9"}',
        "encoding",
        ":2 is not UTF-8 at byte 10, expected JSON in UTF-8",
    ),
    "NUL": (b"\x00" * 64, "json", ":1:1 is not JSON at "),
    "cut off": (GOOD[:100], "json", ":5:18 is not JSON at the end: "),
    "no comma": (
        b'{"format": "x"\n "version": 1}',
        "json",
        ':2:2 is not JSON at "\\"version\\": 1}": Expecting \',\' delimiter, expected JSON',
    ),
    "trailing": (b"{} {}", "json", ':1:4 is not JSON at "{}": Extra data, expected JSON'),
    "control": (b'{"why": "a\x01"}', "json", ":1:11 is not JSON at "),
    "deep": (b"[" * 100_000, "nesting", " is nested 100,000 deep, expected at most 64"),
    "deep object": (
        b'{"a":' * 65 + b"1" + b"}" * 65,
        "nesting",
        " is nested 65 deep, expected at most 64",
    ),
    "brackets": (b"[" + b"[]," * 2**22, "file_size", " has 4,194,305 lists and objects, expected"),
    "duplicate": (
        GOOD.replace(b'"version": 1,', b'"version": 1,\n "version": 1,'),
        "duplicate_key",
        ":3: version is there again in line 4, expected each key once. Remove one of them",
    ),
    "duplicate state": (
        GOOD.replace(b'"a": "1/3"', b'"a": "1/3", "\\u0061": "1/3"'),
        "duplicate_key",
        ':15: rho0["a"] is there again in line 15',
    ),
    "NaN": (GOOD.replace(b'"9/10"', b"NaN"), "not_finite", ":5: gamma = NaN, expected a finite"),
    "huge": (
        GOOD.replace(b'"9/10"', b"1e999"),
        "not_finite",
        ":5: gamma = 1e999, expected a double, at most 1.8e308. Quote it to make it exact",
    ),
    "tiny": (
        GOOD.replace(b'"9/10"', b"1e-999"),
        "double_range",
        ":5: gamma = 1e-999, expected 0 or a double from 5e-324. Quote it to make it exact",
    ),
    "long integer": (
        GOOD.replace(b'"9/10"', b"1" * 5000),
        "not_a_double",
        ":5: gamma = an integer of 5000 digits, expected a bare number that is a double",
    ),
}


@pytest.mark.parametrize(("data", "code", "message"), BYTES.values(), ids=BYTES)
def test_bytes_are_refused(data: bytes, code: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    path.write_bytes(data)
    with pytest.raises(tt.InvalidMDPError) as caught:
        formats.read(path)
    assert caught.value.code == code
    assert str(caught.value).splitlines()[0].startswith(f"{path}{message}")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"A valid", b"[[{{" * 99 + b'\\" \\\\'),
        GOOD.replace(b"A valid", "\\ud83c\\udfb2 \N{GAME DIE}".encode()),
        json.dumps(BASE).encode(),
    ],
    ids=["BOM", "CRLF", "brackets in a string", "surrogate pair", "one line"],
)
def test_bytes_are_read(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    path.write_bytes(data)
    assert formats.read(path).gamma == formats.from_document(BASE).mdp.gamma


def test_depth_of_64_reaches_the_parser() -> None:
    assert json_text.parse(b"[" * 64 + b"]" * 64, "x")[0]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD)))
    assert formats.load("-").source == "<stdin>"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{")))
    with pytest.raises(tt.InvalidMDPError, match=r"^<stdin>:1:2 is not JSON"):
        formats.load("-")


def test_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: it takes no room
    with pytest.raises(tt.InvalidMDPError) as caught:
        formats.read(path)
    assert caught.value.code == "file_size"
    expected = f"{path} has 1,000,000,000,000 bytes, expected at most 67,108,864 bytes"
    assert str(caught.value) == expected


def test_endless_pipe_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MOST_BYTES", 1000)
    with pytest.raises(tt.InvalidMDPError, match="has more than 1,000 bytes"):
        formats.read("/dev/zero")


def test_unreadable_path_is_named(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "no.mdp.json", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / "a\0b", "embedded null byte"),
    ):
        with pytest.raises(tt.InvalidMDPError) as caught:
            formats.read(path)
        shown = str(path).replace("\0", "\\x00")
        message = f"{shown} cannot be read: {reason}, expected a readable file"
        assert str(caught.value) == message
        assert caught.value.exit_code == 3


def test_path_may_be_text_or_path(tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    path.write_bytes(GOOD)
    assert formats.load(os.fspath(path)).source == formats.load(path).source == str(path)
