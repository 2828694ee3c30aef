"""User code isolated from standard output: its prints go to standard error, up to a limit."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, final

MOST_PRINTED = 2**16  # bytes


@final
class FloodError(BaseException):
    """A claim file has printed more than MOST_PRINTED bytes; `except Exception` misses this."""


@final
class _Drain(io.RawIOBase):
    """A stream that forwards bytes to standard error, at most MOST_PRINTED."""

    def __init__(self) -> None:
        """Create a stream that has forwarded no bytes."""
        self.printed = 0

    def writable(self) -> bool:
        """Return True: bytes can be written."""
        return True

    def write(self, data: Any) -> int:
        """Forward bytes to standard error; raises FloodError beyond MOST_PRINTED in all."""
        text = bytes(data)
        self.printed += len(text)
        if self.printed > MOST_PRINTED:
            raise FloodError
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.write(text.decode("utf-8", "backslashreplace"))
        return len(text)


@contextmanager
def isolated_stdout() -> Iterator[None]:
    """Redirect the prints of a block, and of its child processes, to standard error.

    raises: FloodError where the block prints more than MOST_PRINTED bytes
    """
    stream = io.TextIOWrapper(_Drain(), "utf-8", "backslashreplace", write_through=True)  # type: ignore[type-var]
    with _descriptor(), redirect_stdout(stream):
        yield


@contextmanager
def _descriptor() -> Iterator[None]:
    """Make file descriptor 1 a copy of descriptor 2 in a block, for child processes and C code."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        saved = os.dup(1)
    except (OSError, ValueError):
        yield
        return
    try:
        with suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
