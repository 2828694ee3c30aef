"""Refusing sizes that do not fit, before anything is allocated."""

import os

from tabular_trpo.core.errors import MemoryGuardError, Problem


def limit() -> int:
    """Return the bytes one object may take: half of the memory, 4 GiB where none is told."""
    if not hasattr(os, "sysconf"):  # Windows
        return 2**32
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def guard(n_bytes: int, what: str, cure: str) -> None:
    """Raise MemoryGuardError where `what` would take more than the limit.

    >>> guard(10**30, "P", "Use CSR")
    Traceback (most recent call last):
        ...
    tabular_trpo.core.errors.MemoryGuardError: P needs ... bytes, expected at most ... bytes ...
    """
    most = limit()
    if n_bytes > most:
        expected = f"at most {most:,} bytes (half of this machine's memory)"
        raise MemoryGuardError(Problem("memory", what, f"needs {n_bytes:,} bytes", expected, cure))
