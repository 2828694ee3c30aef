"""The file of a campaign: cut anywhere it goes on; what is no beginning of it is left alone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo._app.campaign.journal import journal
from tabular_trpo._app.campaign.sealed_lines import seal
from tabular_trpo._core.errors import InvalidMDPError
from tests.app.campaign.journals import (
    CHUNKS,
    HEADER,
    LINES,
    NAMES,
    RECORDS,
    SMALL,
    SUMMARY,
    WHOLE,
    lines,
    resealed,
)  # fmt: skip
from tests.app.conftest import Run


def test_cut_anywhere_it_ends_with_the_same_bytes(run: Run, small: Path) -> None:
    whole = small.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    places = {0, 1, len(whole) // 2, len(whole) - 1}
    places |= {end + off for end in ends for off in (-1, 0, 1) if end + off <= len(whole)}
    for place in sorted(places):
        small.write_bytes(whole[:place])
        assert run(*SMALL, *NAMES, "--out", small).code == 0
        assert small.read_bytes() == whole, place


def test_every_cut_is_the_beginning_of_the_campaign(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    for cut in range(len(WHOLE) + 1):
        path.write_bytes(WHOLE[:cut])
        seen: list[Any] = []
        with journal(str(path), HEADER, seen.append) as file:
            assert seen == CHUNKS[: file.written]
            assert file.written == sum(len(b"".join(LINES[: i + 2])) <= cut for i in range(3))
            if file.summary is None:
                for record in [*CHUNKS[file.written :], SUMMARY]:
                    file.add(record)
            assert file.summary == SUMMARY["summary"] and file.written == 3
        assert path.read_bytes() == WHOLE


@pytest.mark.parametrize("tail", [b"\0" * 40, b'{"chunk":2,"se', LINES[3][:-1], b"?"])
def test_torn_last_line_is_cut(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "torn.jsonl"
    good = b"".join(LINES[:3])
    path.write_bytes(good + tail)
    with journal(str(path), HEADER, lambda record: None) as file:
        assert file.written == 2
    assert path.read_bytes() == good


FOREIGN = [
    (b"hello", "is no file of a campaign"),
    (b"hello\n", "is no file of a campaign"),
    (b"[1]\n", "is no file of a campaign"),
    (b'{"format": "tabular-trpo-mdp"}\n', "is no file of a campaign"),
    (
        LINES[0] + b"?\n" + LINES[2],
        "line 2 is damaged or out of place, expected the record of chunk 0",
    ),
    (LINES[0] + b'{"chunk"\n', "line 2 is damaged"),
    (LINES[0] + b"\0" * 40 + b"\n", "line 2 is damaged"),
    (b"".join(lines([HEADER, {"chunk": 0, "seed": [7, 0]}])), "line 2 is damaged or out of place"),
    (b"".join(lines([HEADER, CHUNKS[1]])), "line 2 is damaged or out of place"),
    (b"".join(lines([HEADER, *CHUNKS, CHUNKS[0]])), "line 5 is .* expected the summary"),
    (b"".join(lines([*RECORDS, CHUNKS[0]])), "line 6 is .* expected the end"),
    (WHOLE + LINES[1], "line 6 is .* expected the end"),
    (WHOLE + LINES[4], "line 6 is .* expected the end"),
]


@pytest.mark.parametrize(("text", "told"), FOREIGN)
def test_foreign_file_is_left_alone(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "foreign.jsonl"
    path.write_bytes(text)
    with pytest.raises(InvalidMDPError, match=told):
        with journal(str(path), HEADER, lambda record: None):
            pass
    assert path.read_bytes() == text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--seed", "3", *NAMES), "seed = 0, expected 3"),
        (("--pairs", "80", *NAMES), "pairs = 60, expected 80"),
        (("--chunk", "30", *NAMES), "chunk = 20, expected 30"),
        (("--theorems", "trpo_bound"), 'theorems = ["trpo_bound", "advantage_lemma"], expected'),
    ],
)
def test_another_campaigns_file_is_left_alone(
    run: Run, small: Path, words: tuple[str, ...], told: str
) -> None:
    before = small.read_bytes()
    result = run(*SMALL, *words, "--out", small)
    assert result.code == 2 and "is another campaign's" in result.err and told in result.err
    assert small.read_bytes() == before


@pytest.mark.parametrize("key", ["package", "formulas", "drawn", "version"])
def test_file_of_another_version_is_left_alone(run: Run, small: Path, key: str) -> None:
    header, _, rest = small.read_bytes().partition(b"\n")
    record = {**json.loads(header), key: "other"}
    del record["sha256"]
    small.write_bytes(seal(record, b"")[0] + rest)
    result = run(*SMALL, *NAMES, "--out", small)
    assert result.code == 2 and f'{key} = "other"' in result.err


def test_file_of_the_version_before_is_left_alone(run: Run, small: Path) -> None:
    header, _, rest = small.read_bytes().partition(b"\n")
    record = {**json.loads(header), "version": 1}
    del record["sha256"]
    small.write_bytes(json.dumps(record).encode() + b"\n" + rest)
    result = run(*SMALL, *NAMES, "--out", small)
    assert result.code == 2 and "version = 1, expected 2" in result.err


def test_records_without_their_parts_are_damaged(run: Run, small: Path) -> None:
    def change(records: list[Any]) -> None:
        del records[1]["statements"]["trpo_bound"]

    resealed(small, change)
    result = run(*SMALL, *NAMES, "--out", small)
    assert result.code == 3 and "line 2 is damaged" in result.err


def test_file_in_use_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "used.jsonl")
    with journal(path, HEADER, lambda record: None):
        with pytest.raises(InvalidMDPError, match="is being written"):
            with journal(path, HEADER, lambda record: None):
                pass
    with journal(path, HEADER, lambda record: None) as file:
        assert file.written == 0


def test_what_is_no_file_is_refused(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, told in ((tmp_path / "pipe", "no ordinary file"), (tmp_path, "directory")):
        result = run(*SMALL, "--out", path)
        assert result.code == 3 and told in result.err
