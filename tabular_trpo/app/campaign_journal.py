"""The file of a campaign: a header, one line a chunk in order, a summary; it survives being killed.

Each line is on the disk before the next one is begun.  So what a killed campaign leaves is the
beginning of what it would have written, but for the last line, which may be torn and is cut off.
"""

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, final

from tabular_trpo.app.boundary import UsageError
from tabular_trpo.app.cells import plain
from tabular_trpo.core.errors import InvalidMDPError, Problem

FORMAT, VERSION = "tabular-trpo-campaign", 1
PATIENCE = 1.0  # seconds for the lock of a process that was killed to fall
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
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _invalid(path, "is no ordinary file", "a file that can be cut and appended to")
    with os.fdopen(descriptor, "r+b") as file:
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
    """Refuse what is being written by another process; one that was killed may take a moment."""
    try:
        import fcntl
    except ImportError:  # not on this system: two campaigns on one file are then nobody's guess
        return
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                cure = "Wait for it, or name another by --out"
                raise _invalid(path, "is being written", "a file of its own", cure) from None
            time.sleep(0.02)
        except OSError:  # a file system without locks
            return


def _kept(
    file: BinaryIO, path: str, header: Record, seen: Callable[[Record], None]
) -> tuple[int, Record | None, int]:
    """Read what is there; return (chunks, summary, where what is whole ends)."""
    first = file.readline()
    if not first.endswith(b"\n") and encoded(header).startswith(first):
        return 0, None, 0
    _check_header(path, _parsed(first), header)
    written, summary, end = 0, None, len(first)
    for number, line in enumerate(file, 2):
        record = _parsed(line)
        if record is None and not file.read(1):
            break  # torn
        if summary is not None or not _follows(record, header, written):
            raise _damaged(path, number, _next(header, written, summary))
        assert record is not None
        if "summary" in record:
            summary = record["summary"]
        else:
            try:
                seen(record)
            except (KeyError, TypeError, AttributeError, ValueError):
                raise _damaged(path, number, _next(header, written, None)) from None
            written += 1
        end += len(line)
    return written, summary, end


def _next(header: Record, written: int, summary: Record | None) -> str:
    if summary is not None:
        return "the end"
    return f"the record of chunk {written}" if written < _chunks(header) else "the summary"


def _chunks(header: Record) -> int:
    return -(-int(header["pairs"]) // int(header["chunk"]))


def _damaged(path: str, line: int, expected: str) -> InvalidMDPError:
    cure = "Name another file by --out to begin anew"
    return _invalid(f"{path}, line {line}", "is damaged or out of place", expected, cure)


def _parsed(line: bytes) -> Record | None:
    """Return the record of a whole line, or None."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _follows(record: Record | None, header: Record, written: int) -> bool:
    """Whether a record is the next one."""
    if record is None:
        return False
    if written == _chunks(header):
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
