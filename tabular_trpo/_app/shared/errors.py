"""Exit codes, and the report of an exception as one text and one exit code, without traceback."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import final

from tabular_trpo._app.shared.output import Answer, Document, emit, write
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.nearest import long_integers
from tabular_trpo._core.startup import INTERRUPTED, PROGRAM, TEXT
from tabular_trpo._core.terminal import plain


@final
class ExitCode(IntEnum):
    """The exit codes of the command line."""

    OK = 0
    VIOLATED = 1  # a theorem or a certificate is violated
    USAGE = 2
    INVALID = 3  # invalid input, or a file that cannot be read or written
    LIMIT = 4  # a limit was reached before the answer was certain
    MEMORY = 5
    INTERNAL = 70
    INTERRUPTED = INTERRUPTED


@final
class UsageError(Exception):
    """Raised for arguments that argparse accepts and the command refuses; exit code 2."""


def guarded(command: Callable[[], Answer], as_json: bool, quiet: bool) -> int:
    """Run a command, write its answer or its error, and return the exit code.

    as_json: write one JSON document; quiet: write one line
    """
    try:
        with long_integers():
            return _answered(command(), as_json, quiet)
    except KeyboardInterrupt as stop:
        return fail(stop, as_json)
    except Exception as error:
        return fail(error, as_json)


def _answered(answer: Answer, as_json: bool, quiet: bool) -> int:
    """Write an answer and the error of its unwritten files; return the exit code."""
    if answer.unwritten is None:
        _emit(answer, as_json, quiet)
        return answer.code
    code, document, text = _described(answer.unwritten)
    _emit(answer._replace(document={**answer.document, **document}), as_json, quiet)
    return _report(code, text)


def _emit(answer: Answer, as_json: bool, quiet: bool) -> None:
    """Write an answer to standard output; a broken pipe is no error."""
    try:
        emit(answer, as_json, quiet)
    except BrokenPipeError:
        _discard_output()


def fail(error: BaseException, as_json: bool) -> int:
    """Report an error on standard error and return its exit code.

    as_json: write its JSON document to standard output as well
    """
    if as_json:
        write_error(error)
    code, _, text = _described(error)
    return _report(code, text)


def _described(error: BaseException) -> tuple[int, Document, str]:
    """Return (exit code, JSON document, text) of an error."""
    code, kind, text = _classified(error)
    problems = error.problems if isinstance(error, TabularError) else ()
    keys = ("code", "where", "got", "expected", "cure")
    listed = [{key: getattr(problem, key) for key in keys} for problem in problems]
    error_document = {"kind": kind, "text": text, "problems": listed}
    return code, {"exit_code": code, "error": error_document}, text


def _classified(error: BaseException) -> tuple[int, str, str]:
    """Return (exit code, kind, text) of an error; `kind` is the class name in the document."""
    kind = type(error).__name__
    match error:
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED, kind, TEXT
        case TabularError():
            return error.exit_code, kind, str(error)
        case UsageError():
            return ExitCode.USAGE, kind, plain(str(error))
        case OSError():
            place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
            return ExitCode.INVALID, "OSError", plain(f"{place}{error.strerror or error}")
        case MemoryError():
            text = "out of memory; a smaller model, or --arithmetic float, needs less"
            return ExitCode.MEMORY, "MemoryError", text
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
    text = f"internal error at {where}: {kind}: {error} (please report this)"
    return ExitCode.INTERNAL, "InternalError", " ".join(text.split())


def _report(code: int, text: str) -> int:
    """Write the text of an error to standard error and return its exit code."""
    lines = "\n".join(plain(line) for line in text.split("\n"))
    with suppress(OSError, TabularError):  # standard error may be closed
        write(sys.stderr, f"{PROGRAM}: {lines}\n")
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        _discard_output()  # the flush would fail once more when the interpreter ends
    return code


def write_error(error: BaseException) -> None:
    """Write the JSON document of an error to standard output."""
    try:
        emit(Answer(0, _described(error)[1], [], ""), as_json=True, quiet=False)
    except (OSError, TabularError):
        _discard_output()


def _discard_output() -> None:
    """Point standard output at the null device, so that the interpreter's last flush succeeds."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass  # standard output is no file (a test's buffer), or closed already
