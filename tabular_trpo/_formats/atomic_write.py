"""Atomic writing: a file appears complete or not at all; an error names it, why, and a cure."""

import errno
import os
import secrets
from pathlib import Path

from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.interrupts import hold_interrupts

FULL = {
    errno.ENOSPC: "Free space on that disk, or name a place on another",
    getattr(errno, "EDQUOT", errno.ENOSPC): "Free space within your quota, or name another place",
    errno.EFBIG: "Raise the limit of file sizes (ulimit -f), or name another place",
}


def write_atomically(path: str | os.PathLike[str], data: str | bytes, cure: str = "") -> None:
    """Write a file; an existing one is replaced in one step once the new one is complete.

    The data are written to a new file in the same folder and flushed to the disk; a rename then
    gives that file its name.  When anything fails, or an interrupt comes, neither an empty nor a
    partial file is left, and an existing one stays as it was.

    data:   a text is written in UTF-8
    cure:   what to do about a failure whose reason does not say so itself
    raises: InvalidMDPError naming the file
    """
    try:
        with hold_interrupts():
            _replace(Path(path).resolve(), data.encode() if isinstance(data, str) else data)
    except (OSError, ValueError) as error:
        raise unwritable(path, error, cure) from None


def unwritable(
    path: str | os.PathLike[str], error: OSError | ValueError, cure: str = ""
) -> InvalidMDPError:
    """Return the error of a file that cannot be written.

    cure: what to do, after the cure that belongs to the reason

    >>> print(unwritable("x.png", OSError(errno.EACCES, "Permission denied")))
    x.png cannot be written: Permission denied, expected a writable file. Name another
    """
    number, reason = 0, str(error)
    if isinstance(error, OSError) and error.strerror:
        number, reason = error.errno or 0, error.strerror
    cures = ". ".join(filter(None, (FULL.get(number, ""), cure))) or "Name another"
    got = f"cannot be written: {reason}"
    return invalid("file", os.fspath(path), got, "a writable file", cures)


def _replace(path: Path, data: bytes) -> None:
    """Write a temporary file, then rename it: readers see the old file or the new one."""
    if path.exists() and not path.is_file():
        raise OSError("there is something there that is no ordinary file")
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        with open(beside, "xb") as file:  # "x": never into a file, or through a link, that is there
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
