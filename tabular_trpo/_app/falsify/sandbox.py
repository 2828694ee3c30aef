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
    """A claim file prints without end; no `except Exception` in it catches this."""


@final
class _Drain(io.RawIOBase):
    """Bytes on their way to standard error."""

    def __init__(self) -> None:
        """Nothing was printed yet."""
        self.printed = 0

    def writable(self) -> bool:
        """Return that it takes bytes."""
        return True

    def write(self, data: Any) -> int:
        """Pass bytes on to standard error; raises FloodError beyond MOST_PRINTED."""
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
    """Run a block of user code whose prints, and those of its children, go to standard error.

    raises: FloodError
    """
    stream = io.TextIOWrapper(_Drain(), "utf-8", "backslashreplace", write_through=True)  # type: ignore[type-var]
    with _descriptor(), redirect_stdout(stream):
        yield


@contextmanager
def _descriptor() -> Iterator[None]:
    """Point descriptor 1 where descriptor 2 points: for child processes and for C code."""
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
