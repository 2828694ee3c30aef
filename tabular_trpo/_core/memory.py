"""Refusing sizes that do not fit, before anything is allocated.

What a process may take is the least of the machine's memory, its container's limit (control groups
of both versions, and those they are nested in) and its own `ulimit -v`.
"""

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tabular_trpo._core.errors import MemoryGuardError

UNKNOWN = 2**33  # of memory, where nobody tells how much there is
LARGE = 2**24  # bytes from which what others have taken is looked up, which reads some files
HALF = "half of what this process may take: the machine, its container and ulimit -v count"
LEFT = "what is left of it in this process's container or under its ulimit -v"
# The file of a limit, of what is used, of details, and the detail that the kernel gives back.
VERSIONS = (
    ("sys/fs/cgroup", "", "memory.max", "memory.current", "inactive_file"),
    ("sys/fs/cgroup/unified", "", "memory.max", "memory.current", "inactive_file"),
    (
        "sys/fs/cgroup/memory",
        "memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def guard(n_bytes: int, what: str, cure: str) -> None:
    """Raise MemoryGuardError where `what` would take more than the limit, or than what is left.

    >>> guard(10**30, "P", "Use CSR")
    Traceback (most recent call last):
        ...
    tabular_trpo._core.errors.MemoryGuardError: P needs ... bytes, expected at most ... bytes ...
    """
    most, why = limit(), HALF
    if n_bytes > LARGE and (rest := left()) < most:
        most, why = rest, LEFT
    if n_bytes > most:
        expected = f"at most {most:,} bytes ({why})"
        raise MemoryGuardError.of("memory", what, f"needs {n_bytes:,} bytes", expected, cure)


@cache
def limit(root: str = "/") -> int:
    """Return the bytes one object may take: half of what the process may; read once.

    root: where /proc and /sys are; the tests have trees of their own
    """
    known = [most for most, _ in _groups(root)] + [most for most, _ in _own()]
    if hasattr(os, "sysconf"):
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(known, default=UNKNOWN) // 2


def left(root: str = "/") -> int:
    """Return the bytes that containers and ulimit -v still allow, or the largest integer."""
    rest = [most - used for most, used in (*_groups(root), *_own())]
    return max(0, min(rest, default=sys.maxsize))


def _own() -> Iterator[tuple[int, int]]:
    """Yield the limit of this process's address space and what it has of it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        used = (_text(Path("/proc/self/statm")).split() or ["0"])[0]
        yield most, int(used) * resource.getpagesize()


def _groups(root: str) -> Iterator[tuple[int, int]]:
    """Yield the limit and the use of each control group that this process is in.

    A container often sees its group as the root of the tree, and a path that is not there: all
    folders on the path that are there are asked.
    """
    for line in _text(Path(root, "proc/self/cgroup")).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for mount, controller, most, used, given_back in VERSIONS:
            if controller in controllers.split(","):
                top = Path(root, mount)
                folder = top / path.lstrip("/")
                inside = [f for f in (folder, *folder.parents) if f == top or top in f.parents]
                for place in inside:
                    limited = _text(place / most).strip()
                    if limited.isdigit():
                        details = _text(place / "memory.stat").split()
                        cached = dict(zip(details[::2], details[1::2], strict=False))
                        taken = _number(_text(place / used)) - _number(cached.get(given_back, ""))
                        yield int(limited), max(0, taken)


def _number(text: str) -> int:
    return int(text) if text.strip().isdigit() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""
