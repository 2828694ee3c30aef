"""Damage to the file of a campaign is noticed, at rest and while the file is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo._app.campaign import worker as campaign_work
from tabular_trpo._app.campaign.journal import journal
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._core.errors import InvalidMDPError
from tests.app.campaign.journals import (
    CHUNKS,
    HEADER,
    LINES,
    NAMES,
    SMALL,
    SUMMARY,
    WHOLE,
    lines,
    resealed,
)  # fmt: skip
from tests.app.conftest import Run


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
    """Also where its hash was made again: it is not the sum of the chunks before it."""
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


TOUCHED: dict[str, Callable[[Path], None]] = {
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
    path, name = tmp_path / "touched.jsonl", "chunk" if after == 1 else "witness"
    real: Callable[..., Any] = getattr(campaign_work, name)

    def touching(plan: Any, *where: Any) -> Any:
        if where[0] == after or (after == 3 and path.exists() and path.stat().st_size):
            TOUCHED[told](path)
        return real(plan, *where)

    monkeypatch.setattr(campaign_work, name, touching)
    result = run(*SMALL, *NAMES, "--out", path)
    assert result.code == 3 and result.out == "" and "touched.jsonl" in result.err
    assert told in result.err or told == "bytes were written"
    assert "a file that no other process changes while it is written" in result.err
