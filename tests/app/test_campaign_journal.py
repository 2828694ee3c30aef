"""The file of a campaign: cut anywhere it goes on; what is no beginning of it is left alone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo.app.campaign_journal import encoded, journal
from tabular_trpo.core.errors import InvalidMDPError
from tests.app.conftest import Run

SMALL = ("campaign", "--pairs", "60", "--chunk", "20", "--executor", "serial")
NAMES = ("--theorems", "trpo_bound", "advantage_lemma")
HEADER: dict[str, Any] = {"format": "tabular-trpo-campaign", "seed": 0, "pairs": 3, "chunk": 1}
CHUNKS = [{"chunk": i, "seed": [0, i]} for i in range(3)]
SUMMARY: dict[str, Any] = {"summary": {"pairs": 3}}
WHOLE = b"".join(map(encoded, [HEADER, *CHUNKS, SUMMARY]))


@pytest.fixture
def small(run: Run, tmp_path: Path) -> Path:
    """Return the file of a campaign of three chunks."""
    path = tmp_path / "small.jsonl"
    assert run(*SMALL, *NAMES, "--out", path).code == 0
    return path


def test_cut_anywhere_it_ends_with_the_same_bytes(run: Run, small: Path) -> None:
    whole = small.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    places = {0, 1, len(whole) // 2, len(whole) - 1}
    places |= {end + off for end in ends for off in (-1, 0, 1) if end + off <= len(whole)}
    for place in sorted(places):
        small.write_bytes(whole[:place])
        assert run(*SMALL, *NAMES, "--out", small).code == 0
        assert small.read_bytes() == whole, place


@pytest.mark.parametrize("cut", range(len(WHOLE) + 1))
def test_every_cut_is_the_beginning_of_the_campaign(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_bytes(WHOLE[:cut])
    seen: list[Any] = []
    with journal(str(path), HEADER, seen.append) as file:
        assert seen == CHUNKS[: file.written]
        assert file.written == sum(
            len(b"".join(map(encoded, [HEADER, *CHUNKS[: i + 1]]))) <= cut for i in range(3)
        )
        if file.summary is None:
            for record in [*CHUNKS[file.written :], SUMMARY]:
                file.add(record)
        assert file.summary == SUMMARY["summary"] and file.written == 3
    assert path.read_bytes() == WHOLE


@pytest.mark.parametrize("tail", [b"\0" * 40, b"\0" * 40 + b"\n", b'{"chunk":2,"se', b'{"chunk"\n'])
def test_torn_last_line_is_cut(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "torn.jsonl"
    good = b"".join(map(encoded, [HEADER, *CHUNKS[:2]]))
    path.write_bytes(good + tail)
    with journal(str(path), HEADER, lambda record: None) as file:
        assert file.written == 2
    assert path.read_bytes() == good


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"hello", "is no file of a campaign"),
        (b"hello\n", "is no file of a campaign"),
        (b"[1]\n", "is no file of a campaign"),
        (b'{"format": "tabular-trpo-mdp"}\n', "is no file of a campaign"),
        (
            encoded(HEADER) + b"?\n" + encoded(CHUNKS[1]),
            "line 2 is damaged or out of place, expected the record of chunk 0",
        ),
        (encoded(HEADER) + encoded(CHUNKS[1]) + encoded(CHUNKS[2]), "line 2 is damaged"),
        (
            encoded(HEADER) + encoded({"chunk": 0, "seed": [7, 0]}),
            "line 2 is damaged or out of place",
        ),
        (WHOLE + encoded(CHUNKS[0]), "line 6 is .* expected the end"),
    ],
)
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
    small.write_bytes(encoded({**json.loads(header), key: "other"}) + rest)
    result = run(*SMALL, *NAMES, "--out", small)
    assert result.code == 2 and f'{key} = "other"' in result.err


def test_records_without_their_parts_are_damaged(run: Run, small: Path) -> None:
    header, first, rest = small.read_bytes().split(b"\n", 2)
    record = json.loads(first)
    del record["statements"]["trpo_bound"]
    small.write_bytes(header + b"\n" + encoded(record) + rest)
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
