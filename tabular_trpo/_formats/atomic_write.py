"""Write a file whole or not at all; where that fails, say which file, why, and what to do."""

import errno
import os
import secrets
from pathlib import Path

from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.interrupts import hold_interrupts

FULL = {
    errno.ENOSPC: "Make room on that disk, or name a place on another",
    getattr(errno, "EDQUOT", errno.ENOSPC): "Make room within your quota, or name another place",
    errno.EFBIG: "Raise the limit of file sizes (ulimit -f), or name another place",
}
ELSEWHERE = "Name another"


def write_whole(path: str | os.PathLike[str], data: bytes, cure: str = "") -> None:
    """Write a file; what is there is replaced in one step once the new one is complete.

    The data go to a new file beside it, to the disk, and then get the name.  When anything fails,
    or an interrupt comes, neither an empty nor a partial file is left, and an old one stays.

    cure: what to do where it cannot be written, where the reason does not say so itself
    raises: InvalidMDPError naming the file
    """
    try:
        with hold_interrupts():
            _replace(Path(path).resolve(), data)
    except (OSError, ValueError) as error:
        raise unwritable(path, error, cure) from None


def unwritable(
    path: str | os.PathLike[str], error: OSError | ValueError, cure: str = ""
) -> InvalidMDPError:
    """Return the error of a file that cannot be written, with its cure.

    >>> print(unwritable("x.png", OSError(errno.EACCES, "Permission denied")))
    x.png cannot be written: Permission denied, expected a writable file. Name another
    """
    number, reason = None, str(error)
    if isinstance(error, OSError) and error.strerror:
        number, reason = error.errno, error.strerror
    cures = [text for text in (FULL.get(number or 0, ""), cure) if text] or [ELSEWHERE]
    got = f"cannot be written: {reason}"
    return InvalidMDPError(
        Problem("file", os.fspath(path), got, "a writable file", ". ".join(cures))
    )


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file, then rename: readers see the old file or the new one."""
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
