"""A small file of a campaign, and ways to damage it."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tabular_trpo._app.campaign.sealed_lines import Record, seal, unseal
from tests.app.conftest import Run


def lines(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield the lines of records that follow each other, from the first of a file on."""
    digest = b""
    for record in records:
        line, digest = seal(record, digest)
        yield line


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


def small_campaign(run: Run, folder: Path) -> Path:
    """Return the file of a campaign of three chunks."""
    path = folder / "small.jsonl"
    assert run(*SMALL, *NAMES, "--out", path).code == 0
    return path


def resealed(path: Path, change: Callable[[list[Any]], None]) -> None:
    """Change the records of a file and seal them again, as a deliberate change would be."""
    records, digest = [], b""
    for line in path.read_bytes().splitlines(keepends=True):
        found = unseal(line, digest)
        assert found is not None
        record, digest = found
        records.append(record)
    change(records)
    path.write_bytes(b"".join(lines(records)))
