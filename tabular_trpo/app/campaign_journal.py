"""The file of a campaign: a header, one line a chunk in order, a summary; it survives being killed.

Each line is on the disk before the next one is begun.  So what a killed campaign leaves is the
beginning of what it would have written, but for the last line, which may be torn and is cut off.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, final

from tabular_trpo.app.boundary import UsageError
from tabular_trpo.app.cells import plain
from tabular_trpo.core.errors import InvalidMDPError, Problem

FORMAT, VERSION = "tabular-trpo-campaign", 1
Record = dict[str, Any]


def encoded(record: Record) -> bytes:
    """Return the line of a record."""
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


@final
class Journal:
    """An open file and how far it has come.

    written: number of chunks that are in it
    summary: the summary, once it is there
    """

    def __init__(self, path: str, file: BinaryIO, written: int, summary: Record | None) -> None:
        """Keep the file, open for writing at its end."""
        self.path, self.written, self.summary = path, written, summary
        self._file = file

    def add(self, record: Record) -> None:
        """Append a record and wait until it is on the disk."""
        self._file.write(encoded(record))
        self._file.flush()
        os.fsync(self._file.fileno())
        if "chunk" in record:
            self.written += 1
        else:
            self.summary = record["summary"]


@contextmanager
def journal(path: str, header: Record, seen: Callable[[Record], None]) -> Iterator[Journal]:
    """Open the file of a campaign, begun or new, for this process alone.

    header: of the campaign; a file with another one is left alone
    seen:   called with each chunk that is already there
    raises: UsageError for another campaign's file; InvalidMDPError for any other file, or one in
            use; OSError
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        _claim(file, path)
        written, summary, end = _kept(file, path, header, seen)
        file.seek(end)
        file.truncate()
        made = Journal(path, file, written, summary)
        if end == 0:
            file.write(encoded(header))
            file.flush()
            os.fsync(file.fileno())
        yield made


def _claim(file: BinaryIO, path: str) -> None:
    """Refuse what is no ordinary file, or is being written by another process."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise _invalid(path, "is no ordinary file", "a file that can be cut and appended to")
    try:
        import fcntl
    except ImportError:  # not on this system: two campaigns on one file are then nobody's guess
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        cure = "Wait for it, or name another by --out"
        raise _invalid(path, "is being written", "a file of its own", cure) from None


def _kept(
    file: BinaryIO, path: str, header: Record, seen: Callable[[Record], None]
) -> tuple[int, Record | None, int]:
    """Read what is there; return (chunks, summary, where what is whole ends)."""
    first = file.readline()
    if not first.endswith(b"\n") and encoded(header).startswith(first):
        return 0, None, 0
    _check_header(path, _parsed(first), header)
    written, summary, end = 0, None, len(first)
    for line in file:
        record = _parsed(line)
        if record is None or not _follows(record, header, written) or summary is not None:
            if file.read(1):
                expected = f"the record of chunk {written}"
                raise _invalid(f"{path}, line {written + 2}", "is damaged", expected)
            if record is not None and line.endswith(b"\n"):
                raise _invalid(f"{path}, line {written + 2}", "belongs to no campaign", "its end")
            break  # torn
        if "summary" in record:
            summary = record["summary"]
        else:
            try:
                seen(record)
            except (KeyError, TypeError, AttributeError, ValueError):
                where = f"{path}, line {written + 2}"
                raise _invalid(where, "is damaged", f"the record of chunk {written}") from None
            written += 1
        end += len(line)
    return written, summary, end


def _parsed(line: bytes) -> Record | None:
    """Return the record of a whole line, or None."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _follows(record: Record, header: Record, written: int) -> bool:
    """Whether a record is the next one."""
    chunks = -(-header["pairs"] // header["chunk"])
    if written == chunks:
        return isinstance(record.get("summary"), dict)
    return record.get("chunk") == written and record.get("seed") == [header["seed"], written]


def _check_header(path: str, found: Record | None, header: Record) -> None:
    if found is None or found.get("format") != FORMAT:
        raise _invalid(path, "is no file of a campaign", "one, or a new name", "Name it by --out")
    for key, wanted in header.items():
        if (got := found.get(key)) != wanted:
            shown = f"{key} = {_short(got)}, expected {_short(wanted)}"
            raise UsageError(
                f"{plain(path)} is another campaign's: {shown}. The options it began with go on "
                "with it; another file, named by --out, begins anew"
            )


def _short(value: Any) -> str:
    text = plain(json.dumps(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _invalid(where: str, got: str, expected: str, cure: str = "") -> InvalidMDPError:
    return InvalidMDPError(Problem("campaign", where, got, expected, cure))
