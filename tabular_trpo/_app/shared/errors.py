"""Where errors end: each kind becomes one clear text and one exit code, never a traceback.

0 ok; 1 a theorem or a certificate is violated; 2 usage; 3 invalid input, or a file that cannot be
read or written; 4 a limit was reached; 5 memory; 70 an error of this program; 130 interrupted.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, final

from tabular_trpo._app.shared.formatting import plain
from tabular_trpo._app.shared.output import Answer, emit, write
from tabular_trpo._core.errors import Problem, TabularError
from tabular_trpo._core.nearest import long_integers
from tabular_trpo._core.startup import INTERRUPTED, PROGRAM, TEXT

USAGE, INVALID, MEMORY, INTERNAL = 2, 3, 5, 70


def version() -> str:
    """Return the version of the package."""
    from tabular_trpo import __version__

    return __version__


@final
class UsageError(Exception):
    """Arguments are wrong in a way that only the command can tell."""


def guarded(command: Callable[[], Answer], as_json: bool, quiet: bool) -> int:
    """Run a command, write its answer, and return the exit code."""
    try:
        with long_integers():
            return _answered(command(), as_json, quiet)
    except KeyboardInterrupt as stop:
        return fail(stop, as_json)
    except Exception as error:
        return fail(error, as_json)


def _answered(answer: Answer, as_json: bool, quiet: bool) -> int:
    if answer.unwritten is None:
        _emit(answer, as_json, quiet)
        return answer.code
    code, document, text = _told(answer.unwritten)
    _emit(replace(answer, document={**answer.document, **document}), as_json, quiet)
    return _tell(code, text)


def _emit(answer: Answer, as_json: bool, quiet: bool) -> None:
    """Write an answer; where nobody reads on, be quiet."""
    try:
        emit(answer, as_json, quiet)
    except BrokenPipeError:
        _silence()


def fail(error: BaseException, as_json: bool) -> int:
    """Tell an error in one text, and for --json in one document too; return its exit code."""
    code, document, text = _told(error)
    if as_json:
        _write_json(document)
    return _tell(code, text)


def _told(error: BaseException) -> tuple[int, dict[str, Any], str]:
    """Return the exit code of an error, its document, and its text."""
    code, kind, text = _judge(error)
    problems = error.problems if isinstance(error, TabularError) else ()
    return code, _document(code, kind, text, problems), text


def _document(code: int, kind: str, text: str, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    keys = ("code", "where", "got", "expected", "cure")
    listed = [{key: getattr(problem, key) for key in keys} for problem in problems]
    error = {"kind": kind, "text": text, "problems": listed}
    return {"exit_code": code, "error": error}


def _judge(error: BaseException) -> tuple[int, str, str]:
    """Return (exit code, kind, text) of an error."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "KeyboardInterrupt", TEXT
    if isinstance(error, TabularError):
        return error.exit_code, type(error).__name__, str(error)
    if isinstance(error, UsageError):
        return USAGE, "UsageError", plain(str(error))
    if isinstance(error, OSError):
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return INVALID, "OSError", plain(f"{place}{error.strerror or error}")
    if isinstance(error, MemoryError):
        return (
            MEMORY,
            "MemoryError",
            "out of memory; a smaller model, or --arithmetic float, needs less",
        )
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
    text = f"internal error at {where}: {type(error).__name__}: {error} (please report this)"
    return INTERNAL, "InternalError", " ".join(text.split())


def _tell(code: int, text: str) -> int:
    lines = "\n".join(plain(line) for line in text.split("\n"))
    with suppress(OSError, TabularError):  # nobody may be left to tell
        write(sys.stderr, f"{PROGRAM}: {lines}\n")
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        _silence()  # what could not be written would fail once more when the interpreter ends
    return code


def tell_usage(text: str) -> None:
    """Write the document of a usage error to standard output."""
    _write_json(_document(USAGE, "UsageError", text))


def _write_json(document: dict[str, Any]) -> None:
    try:
        emit(Answer(0, document, [], ""), as_json=True, quiet=False)
    except (OSError, TabularError):
        _silence()


def _silence() -> None:
    """Point standard output at nothing, so that the interpreter's last flush cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass  # standard output is no file (a test's buffer), or closed already
