"""The file of a campaign: a header, a line for each chunk, a summary; a killed campaign continues.

Each line is on the disk before the next one is written.  So a killed campaign leaves the beginning
of the complete file, and only its last line may be incomplete; `Journal.read` removes that line.
Any other difference is damage: the hashes of the lines show it, and the file is refused.
"""

import io
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import final

from tabular_trpo._app.campaign.sealed_lines import Record, parsed, seal, unseal
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._core.errors import InvalidMDPError, TabularError, invalid
from tabular_trpo._core.terminal import plain
from tabular_trpo._formats.atomic_write import unwritable

FORMAT, VERSION = "tabular-trpo-campaign", 2
PATIENCE = 1.0  # seconds until the lock of a killed process is released
AGAIN = "Run the same command again: finished chunks are kept"


@final
class Journal:
    """An open file of a campaign (mutable: lines are appended).

    written: number of chunks in the file
    summary: the summary record, None before it is written
    """

    def __init__(self, path: str, file: io.FileIO, header: Record) -> None:
        """Store the open file and the header record of the campaign; nothing is read yet."""
        self.path, self.written = path, 0
        self.summary: Record | None = None
        self._file, self._header = file, header
        self._end, self._hash = 0, b""

    def add(self, record: Record) -> None:
        """Append a record and wait until it is on the disk; after the summary check the whole file.

        raises: InvalidMDPError where the file cannot be written, or another process has changed it
        """
        self._check_place()
        line, digest = seal(record, self._hash)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)
            raise unwritable(self.path, error, AGAIN) from None
        self._advance(record, len(line), digest)
        if self.summary is not None:
            self._check_place()
            self._check_bytes()

    def read(self, seen: Callable[[Record], None]) -> None:
        """Read the lines of the file and remove an incomplete last line.

        The header is written where no line is left.

        seen:   called with the record of each chunk
        raises: UsageError for the file of another campaign; InvalidMDPError for a damaged one
        """
        with self._lines() as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n") and (number > 1 or self._begins(line)):
                    break
                self._read_line(number, line, seen)
        self._file.seek(self._end)
        self._file.truncate()
        if self._end == 0:
            self.add(self._header)

    def _begins(self, line: bytes) -> bool:
        """Return whether these bytes are a beginning of the header line of this campaign."""
        return seal(self._header, b"")[0].startswith(line)

    def _read_line(self, number: int, line: bytes, seen: Callable[[Record], None]) -> None:
        """Check one line of the file and advance behind it; a chunk is passed to `seen`.

        raises: UsageError for the header of another campaign; InvalidMDPError for a damaged line
        """
        if number == 1:
            _check_header(self.path, line, self._header)
        found = unseal(line, self._hash)
        if found is None or not self._follows(found[0], number):
            raise damaged(self.path, number, self._next(number))
        record, digest = found
        if "chunk" in record and number > 1:
            try:
                seen(record)
            except (KeyError, TypeError, AttributeError, ValueError):
                raise damaged(self.path, number, self._next(number)) from None
        self._advance(record, len(line), digest)

    def _advance(self, record: Record, length: int, digest: bytes) -> None:
        """Advance by one record: update the end, the hash, the chunks written and the summary."""
        self._end, self._hash = self._end + length, digest
        self.written += "chunk" in record and "format" not in record
        self.summary = record.get("summary")

    def _follows(self, record: Record, number: int) -> bool:
        """Return whether a record is the one that belongs in the line of this number."""
        if number == 1:
            return True  # `_check_header` has compared the header
        if self.written == _chunks(self._header):
            return self.summary is None and isinstance(record.get("summary"), dict)
        seed = [self._header["seed"], self.written]
        return record.get("chunk") == self.written and record.get("seed") == seed

    def _next(self, number: int) -> str:
        """Return in words what the line of this number has to be, for an error."""
        if number == 1:
            return "the header that was written"
        if self.summary is not None:
            return "the end"
        chunk = self.written
        return f"the record of chunk {chunk}" if chunk < _chunks(self._header) else "the summary"

    @contextmanager
    def _lines(self) -> Iterator[Iterator[bytes]]:
        """Yield an iterator over the lines of the file, from its beginning."""
        self._file.seek(0)
        buffered = io.BufferedReader(self._file)
        try:
            yield iter(buffered)
        finally:
            buffered.detach()

    def _check_place(self) -> None:
        """Check that the file was not removed, replaced, truncated or appended to.

        raises: InvalidMDPError where it was
        """
        mine = os.fstat(self._file.fileno())
        try:
            there = os.stat(self.path)
        except OSError:
            raise _changed(self.path, "was removed") from None
        if (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            raise _changed(self.path, "was replaced by another file")
        if mine.st_size != self._end:
            got = f"has {mine.st_size:,} bytes where {self._end:,} were written"
            raise _changed(self.path, got)

    def _check_bytes(self) -> None:
        """Read the file from its beginning and check the hash of every line.

        raises: InvalidMDPError where a line is not what was written
        """
        digest = b""
        with self._lines() as lines:
            for number, line in enumerate(lines, 1):
                found = unseal(line, digest)
                if found is None:
                    raise _changed(f"{self.path}, line {number}", "is not what was written")
                digest = found[1]
        if digest != self._hash:
            raise _changed(self.path, "is not what was written")


@contextmanager
def journal(path: str, header: Record, seen: Callable[[Record], None]) -> Iterator[Journal]:
    """Open and lock the file of a campaign, read its lines, and yield it as a `Journal`.

    header: the header record of the campaign; a file with another header is not changed
    seen:   called with the record of each chunk that is already in the file
    raises: UsageError for the file of another campaign; InvalidMDPError for any other file, for one
            in use, and for one that cannot be written
    """
    new, flags = not os.path.lexists(path), os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        raise unwritable(path, error, "Name another by --out") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _invalid(path, "is no ordinary file", "a file that can be cut and appended to")
    with io.FileIO(descriptor, "r+") as file:
        _lock(file, path)
        made = Journal(path, file, header)
        try:
            made.read(seen)
        except TabularError:
            if new:
                os.unlink(path)  # the new file is empty: its header could not be written
            raise
        yield made


def _lock(file: io.FileIO, path: str) -> None:
    """Lock the file of a campaign.

    The lock of a killed process may be released a moment later, which PATIENCE allows for.

    raises: InvalidMDPError where another process is writing the file
    """
    try:
        import fcntl
    except ImportError:  # this system has no such locks: two campaigns on one file are not detected
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


def _chunks(header: Record) -> int:
    """Return the number of chunks of the campaign with this header."""
    return -(-int(header["pairs"]) // int(header["chunk"]))


def damaged(path: str, line: int, expected: str) -> InvalidMDPError:
    """Return the error for a line that is not the `expected` line of a campaign."""
    cure = f"Delete line {line} and all after it to continue from there"
    if line == 1:
        cure = "Name another file by --out to begin again"
    return _invalid(f"{path}, line {line}", "is damaged or out of place", expected, cure)


def _changed(where: str, got: str) -> InvalidMDPError:
    """Return the error for a file that another process has changed during the campaign."""
    expected = "a file that no other process changes while it is written"
    return _invalid(where, got, expected, "Run the same command again, which says what is kept")


def _check_header(path: str, line: bytes, header: Record) -> None:
    """Compare the first line of a file with the header of this campaign.

    raises: UsageError for the header of another campaign; InvalidMDPError for any other line
    """
    found = parsed(line)
    if found is None or found.get("format") != FORMAT:
        raise _invalid(path, "is no file of a campaign", "one, or a new name", "Name it by --out")
    if found.get("version") == VERSION and unseal(line, b"") is None:
        raise damaged(path, 1, "the header that was written")
    for key in ("version", *header):
        if (got := found.get(key)) != header[key]:
            shown = f"{key} = {_short(got)}, expected {_short(header[key])}"
            raise UsageError(
                f"{plain(path)} is another campaign's: {shown}. Repeat the options of its "
                "beginning to continue it, or name another file by --out to begin again"
            )


def _short(value: object) -> str:
    """Return a value as JSON text of at most 60 characters."""
    text = plain(json.dumps(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _invalid(where: str, got: str, expected: str, cure: str = "") -> InvalidMDPError:
    return invalid("campaign", where, got, expected, cure)
