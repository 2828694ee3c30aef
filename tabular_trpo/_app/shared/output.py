"""The answer of a command, and the functions that write it to standard output.

This module imports neither numpy nor rich, so that `--help` starts fast; `page` lays out the
report.
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
    document:  the JSON document that --json prints
    parts:     the report that is printed without --json and --quiet, followed by `line`
    line:      the line that --quiet prints
    raw:       text that is printed unchanged in place of the report, as a graph
    unwritten: the error of files that could not be written; it is reported after the answer, and
               its exit code replaces `code`
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
    """Write text to a stream and flush it; characters outside its encoding are backslash-escaped.

    raises: BrokenPipeError where the reader has closed the pipe; InvalidMDPError, naming the
            stream, where the text cannot be written; OSError where the stream is None
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
