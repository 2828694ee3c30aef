"""The memory guard: arrays that would not fit are refused before anything is allocated.

The memory of a process is bounded by the machine, by its container (control groups of both
versions, and those they are nested in) and by its own `ulimit -v`; the least of these counts.
"""

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tabular_trpo._core.errors import MemoryGuardError

UNKNOWN = 2**33  # bytes of memory, where the system does not say
LARGE = 2**24  # bytes from which the memory in use is looked up, which reads some files
HALF = "half of what this process may take: the machine, its container and ulimit -v count"
LEFT = "what is left of it in this process's container or under its ulimit -v"
# Folder of the control groups, controller, and in it the files of the limit and of what is used,
# and the detail of memory.stat that the kernel gives back.
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
V2 = ("memory.max", "memory.current", "inactive_file")
VERSIONS = (
    ("sys/fs/cgroup", "", *V2),
    ("sys/fs/cgroup/unified", "", *V2),
    ("sys/fs/cgroup/memory", "memory", *V1),
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

    root: the folder that holds proc and sys
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
    """Yield the limit of this process's address space and how much of it is in use."""
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

    Inside a container the path of the group may not exist, since its group is the root of the
    tree; so every folder on the path that exists is read.
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
