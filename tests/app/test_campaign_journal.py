"""The file of a campaign: cut anywhere it goes on; what is no beginning of it is left alone."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo.app import campaign_work
from tabular_trpo.app.boundary import UsageError
from tabular_trpo.app.campaign_journal import journal
from tabular_trpo.app.campaign_lines import lines, seal, unseal
from tabular_trpo.core.errors import InvalidMDPError
from tests.app.conftest import Run

SMALL = ("campaign", "--pairs", "60", "--chunk", "20", "--executor", "serial")
NAMES = ("--theorems", "trpo_bound", "advantage_lemma")
HEADER: dict[str, Any] = {
    "format": "tabular-trpo-campaign",
    "version": 2,
    "seed": 0,
    "pairs": 3,
    "chunk": 1,
}
CHUNKS = [{"chunk": i, "seed": [0, i]} for i in range(3)]
SUMMARY: dict[str, Any] = {"summary": {"pairs": 3}}
RECORDS = [HEADER, *CHUNKS, SUMMARY]
LINES = list(lines(RECORDS))
WHOLE = b"".join(LINES)


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


def reopened(path: Path) -> Any:
    """Open a campaign's file again; return (chunks, summary), or the error that refuses it."""
    try:
        with journal(str(path), HEADER, lambda record: None) as file:
            return file.written, file.summary
    except (InvalidMDPError, UsageError) as error:
        return error


@pytest.mark.parametrize("bit", range(8))
def test_every_bit_that_flips_is_noticed(tmp_path: Path, bit: int) -> None:
    """Refused; or, at the newline that ends the last line, cut off and carried out again."""
    path = tmp_path / "flipped.jsonl"
    for place in range(len(WHOLE)):
        flipped = bytearray(WHOLE)
        flipped[place] ^= 1 << bit
        path.write_bytes(flipped)
        found = reopened(path)
        if place == len(WHOLE) - 1:
            assert found == (3, None)
        else:
            assert isinstance(found, Exception), (place, found)
            assert path.read_bytes() == flipped


@pytest.mark.parametrize(
    "order",
    [
        [0, 2, 1, 3, 4], [0, 1, 3, 2, 4], [0, 2, 3, 4], [0, 1, 2, 4], [0, 1, 1, 2, 3, 4],
        [1, 2, 3, 4], [0, 1, 2, 3, 4, 4], [0, 0, 1, 2, 3, 4], [0, 4],
    ],
)  # fmt: skip
def test_lines_out_of_place_are_refused(tmp_path: Path, order: list[int]) -> None:
    path = tmp_path / "shuffled.jsonl"
    path.write_bytes(b"".join(LINES[i] for i in order))
    assert isinstance(reopened(path), InvalidMDPError)


def test_line_of_another_campaign_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    other = list(lines([HEADER, {**CHUNKS[0], "more": 1}, *CHUNKS[1:], SUMMARY]))
    path.write_bytes(b"".join([*LINES[:3], other[3], LINES[4]]))
    assert "line 4 is damaged" in str(reopened(path))


def test_the_cure_of_a_damaged_line_works(run: Run, small: Path) -> None:
    whole = small.read_bytes()
    first = whole.splitlines(keepends=True)[0]
    small.write_bytes(whole.replace(b'"speaks":20', b'"speaks":19', 1))
    result = run(*SMALL, *NAMES, "--out", small)
    assert result.code == 3
    assert "line 2 is damaged" in result.err and "Delete line 2 and all after it" in result.err
    small.write_bytes(first)
    assert run(*SMALL, *NAMES, "--out", small).code == 0 and small.read_bytes() == whole


def resealed(path: Path, change: Callable[[list[Any]], None]) -> None:
    """Change the records of a file and seal them anew, as somebody who means to would."""
    records, digest = [], b""
    for line in path.read_bytes().splitlines(keepends=True):
        found = unseal(line, digest)
        assert found is not None
        record, digest = found
        records.append(record)
    change(records)
    path.write_bytes(b"".join(lines(records)))


def _edit(name: str) -> Callable[[list[Any]], None]:
    def change(records: list[Any]) -> None:
        summary = records[-1]["summary"]
        tightest = summary["statements"]["trpo_bound"]["tightest"]
        match name:
            case "violations":
                summary["violations"] = 1
            case "pairs":
                summary["pairs"] = 10**6
            case "score":
                tightest["score"] = 0.5
            case "verdict":
                tightest["exact"]["status"] = "refuted"
            case "unknown verdict":
                tightest["exact"]["status"] = "probable"
            case "no verdict":
                del tightest["exact"]
            case "a list":
                records[-1]["summary"] = {"statements": []}
            case "a chunk":
                records[1]["statements"]["trpo_bound"]["speaks"] += 1

    return change


@pytest.mark.parametrize(
    "name",
    [
        "violations", "pairs", "score", "verdict", "unknown verdict", "no verdict", "a list",
        "a chunk",
    ],
)  # fmt: skip
def test_edited_summary_is_refused(run: Run, small: Path, name: str) -> None:
    """Also where its hash was made anew: it is not the sum of the chunks before it."""
    resealed(small, _edit(name))
    before = small.read_bytes()
    result = run(*SMALL, *NAMES, "--out", small)
    assert result.code == 3 and "line 5 is damaged" in result.err
    assert "expected the sums of the lines before it" in result.err
    assert small.read_bytes() == before


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _replaced(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


def _appended(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\n")


def _edited(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"seed":[0,0]', b'"seed":[0,9]'))


TOUCHED = {
    "has 0 bytes where": _emptied,
    "was removed": Path.unlink,
    "was replaced by another file": _replaced,
    "bytes were written": _appended,
    "line 2 is not what was written": _edited,
}


@pytest.mark.parametrize("told", TOUCHED)
@pytest.mark.parametrize("after", [1, 3])
def test_file_that_is_touched_while_it_is_written_is_an_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, after: int
) -> None:
    path, real = tmp_path / "touched.jsonl", campaign_work.chunk if after == 1 else None

    def touching(plan: Any, *where: Any) -> Any:
        if real is None or where[0] == after:
            TOUCHED[told](path) if path.exists() and path.stat().st_size else None
        return (real or witness)(plan, *where)

    witness = campaign_work.witness
    monkeypatch.setattr(campaign_work, "chunk" if after == 1 else "witness", touching)
    result = run(*SMALL, *NAMES, "--out", path)
    assert result.code == 3 and result.out == "" and "touched.jsonl" in result.err
    assert told in result.err or told == "bytes were written"
    assert "a file that nobody else touches while it is written" in result.err


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
