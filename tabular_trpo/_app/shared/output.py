"""The answer of a command, and the functions that write it to standard output.

Nothing here imports numpy or rich, so that `--help` starts fast; `page` lays out the report.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, final

from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.terminal import plain
from tabular_trpo._formats.atomic_write import unwritable

if TYPE_CHECKING:
    from tabular_trpo._app.shared.page import Part

STREAMS = {"<stdout>": "standard output", "<stderr>": "standard error"}
Document = Mapping[str, Any]  # a JSON object


@final
class Answer(NamedTuple):
    """The answer of a command.

    code:      the exit code
    document:  what --json prints
    parts:     the report without --json and --quiet; `line` is its last line
    line:      what --quiet prints
    raw:       text that is printed as it is instead of the report (a graph, a document)
    unwritten: the error of files that could not be written; it is reported after the answer, so
               that the answer is not lost, and its exit code replaces `code`
    """

    code: int
    document: Document
    parts: "Sequence[Part]"
    line: str
    raw: str | None = None
    unwritten: TabularError | None = None


def emit(answer: Answer, as_json: bool, quiet: bool) -> None:
    """Write the answer to standard output: one JSON document, one line, or the whole report."""
    if as_json:
        write(sys.stdout, json.dumps(answer.document, indent=2, allow_nan=False) + "\n")
    elif answer.raw is not None:
        write(sys.stdout, answer.raw)
    elif quiet:
        write(sys.stdout, plain(answer.line) + "\n")
    else:
        from tabular_trpo._app.shared.page import rendered

        write(sys.stdout, rendered([*answer.parts, answer.line], sys.stdout))


def write(stream: TextIO | None, text: str) -> None:
    """Write and flush; characters that the stream's encoding lacks become backslash escapes.

    raises: BrokenPipeError where the reader has closed the pipe; InvalidMDPError that names the
            stream where it cannot be written; OSError where it was closed before the program began
    """
    if stream is None:
        raise OSError("the stream is closed")
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(STREAMS.get(getattr(stream, "name", ""), "the stream"), error) from None
