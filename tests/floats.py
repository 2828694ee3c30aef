"""The processor's floating-point mode, set for a few lines of a test and set back."""

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

X86 = platform.machine().lower() in ("x86_64", "amd64")
# The constants of <fenv.h>, and where fenv_t holds the bits that flush subnormal numbers to 0.
DIRECTIONS = (
    {"up": 0x800, "down": 0x400, "toward zero": 0xC00}
    if X86
    else {"up": 0x400000, "down": 0x800000, "toward zero": 0xC00000}
)
FLUSHES = {"results": 1 << 15, "operands": 1 << 6} if X86 else {"both": 1 << 24}
WORD = 7 if X86 else 0
_LIBRARY = ctypes.CDLL(None if sys.platform != "win32" else "ucrtbase")


@contextmanager
def rounding(direction: str) -> Iterator[None]:
    """Round floats of this thread in a direction."""
    before = _LIBRARY.fegetround()
    assert _LIBRARY.fesetround(DIRECTIONS[direction]) == 0
    try:
        yield
    finally:
        _LIBRARY.fesetround(before)


@contextmanager
def flushing(which: str) -> Iterator[None]:
    """Take subnormal numbers of this thread for 0, as results or as operands."""
    before, changed = (ctypes.c_uint32 * 16)(), (ctypes.c_uint32 * 16)()
    _LIBRARY.fegetenv(before)
    _LIBRARY.fegetenv(changed)
    changed[WORD] |= FLUSHES[which]
    assert _LIBRARY.fesetenv(changed) == 0
    try:
        yield
    finally:
        _LIBRARY.fesetenv(before)
