"""Where errors end: each kind becomes one clear text and one exit code, never a traceback.

0 ok; 1 a theorem or a certificate is violated; 2 usage; 3 invalid input, or a file that cannot be
read or written; 4 a limit was reached; 5 memory; 70 an error of this program; 130 interrupted.
"""

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, final

from tabular_trpo.app.answer import Answer, emit, write
from tabular_trpo.app.cells import plain
from tabular_trpo.core.errors import TabularError

PROGRAM = "tabular-trpo"
USAGE, INVALID, MEMORY, INTERNAL, INTERRUPTED = 2, 3, 5, 70, 130


def version() -> str:
    """Return the version of the package."""
    from tabular_trpo import __version__

    return __version__


@final
class UsageError(Exception):
    """Arguments are wrong in a way that only the command can tell."""


def guarded(command: Callable[[], Answer], as_json: bool, quiet: bool) -> int:
    """Run a command, write its answer, and return the exit code."""
    code = 0
    try:
        answer = command()
        code = answer.code
        emit(answer, as_json, quiet)
        return code
    except BrokenPipeError:
        _silence()
        return code
    except KeyboardInterrupt:
        return _tell(INTERRUPTED, "interrupted")
    except Exception as error:
        code, kind, text = _judge(error)
        if as_json:
            _tell_json(code, kind, text, error)
        return _tell(code, text)


def _judge(error: Exception) -> tuple[int, str, str]:
    """Return (exit code, kind, text) of an error."""
    if isinstance(error, TabularError):
        return error.exit_code, type(error).__name__, str(error)
    if isinstance(error, UsageError):
        return USAGE, "UsageError", str(error)
    if isinstance(error, OSError):
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return INVALID, "OSError", f"{place}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return MEMORY, "MemoryError", "out of memory; a smaller model, or --lane float, needs less"
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
    text = f"internal error at {where}: {type(error).__name__}: {error} (please report this)"
    return INTERNAL, "InternalError", " ".join(text.split())


def _tell(code: int, text: str) -> int:
    lines = "\n".join(plain(line) for line in text.split("\n"))
    try:
        write(sys.stderr, f"{PROGRAM}: {lines}\n")
    except OSError:
        pass  # nobody is left to tell
    return code


def _tell_json(code: int, kind: str, text: str, error: Exception) -> None:
    problems: list[dict[str, Any]] = []
    if isinstance(error, TabularError):
        problems = [asdict(problem) for problem in error.problems]
    document = {"exit_code": code, "error": {"kind": kind, "text": text, "problems": problems}}
    try:
        emit(Answer(code, document, [], text), as_json=True, quiet=False)
    except OSError:
        _silence()


def _silence() -> None:
    """Point standard output at nothing, so that the interpreter's last flush cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass  # standard output is no file (a test's buffer), or closed already
