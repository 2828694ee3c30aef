"""What a command answers, and the one place that writes it out."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import Any, TextIO, final

from rich.console import Console
from rich.text import Text

from tabular_trpo._app.shared.formatting import many, plain
from tabular_trpo._app.shared.tables import Sheet, laid_out
from tabular_trpo._app.shared.wrapping import wrapped
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.records import locked
from tabular_trpo._formats.atomic_write import unwritable

STREAMS = {"<stdout>": "standard output", "<stderr>": "standard error"}
PIPE_WIDTH, INDENT = 100, "  "  # columns where there is no terminal to ask; of a line's rest
ROOM = 1 << 20  # columns, of what is laid out already


@final
@locked
@dataclass(frozen=True, slots=True)
class Verbatim:
    """A line that is never wrapped: a command or a document, to be copied."""

    text: str


Part = Sheet | Verbatim | str  # a text is one paragraph: a line end in it is spelt out


@final
@locked
@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a command: exit code, JSON document, parts for people, and the one line of it.

    `raw` is text that is printed as it is (a graph, a document), instead of the parts.
    `unwritten` is the error of files that could not be written; it is told after the answer, which
    is not lost by it, and gives the exit code.
    """

    code: int
    document: dict[str, Any]
    parts: Sequence[Part]
    line: str
    raw: str | None = None
    unwritten: TabularError | None = None


def closed(title: str, made: Sheet, total: int, most: int | None) -> list[Part]:
    """Put a title over a table, and under it how many of its `total` rows were left out."""
    left_out = 0 if most is None else total - most
    return [
        title,
        made,
        *([f"{many(left_out, 'more row')}; --all shows all"] if left_out > 0 else []),
    ]


def emit(answer: Answer, as_json: bool, quiet: bool) -> None:
    """Write the answer to standard output: one JSON document, one line, or the whole report."""
    if as_json:
        write(sys.stdout, json.dumps(answer.document, indent=2, allow_nan=False) + "\n")
    elif answer.raw is not None:
        write(sys.stdout, answer.raw)
    elif quiet:
        write(sys.stdout, plain(answer.line) + "\n")
    else:
        write(sys.stdout, _rendered([*answer.parts, answer.line], sys.stdout))


def _rendered(parts: Iterable[Part], stream: TextIO) -> str:
    terminal = stream.isatty()
    width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if terminal else _columns()
    # The encoding decides whether lines are drawn by box characters or by ASCII.
    encoding = getattr(stream, "encoding", None) or "ascii"
    page = TextIOWrapper(BytesIO(), encoding, "backslashreplace", newline="\n")
    console = Console(
        file=page,
        width=ROOM,
        force_terminal=terminal or None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    for part in parts:
        if isinstance(part, Sheet):
            for block in laid_out(part, width):
                console.print(block)
        else:
            console.print(Text("\n".join(_lines(part, width))), soft_wrap=True)
    page.seek(0)
    return "".join(line.rstrip() + "\n" for line in page)


def _lines(part: Verbatim | str, width: int) -> list[str]:
    """Return the lines of a text; only its first one begins at the margin, as lines here do."""
    if isinstance(part, Verbatim):
        return [plain(part.text)]
    return wrapped(plain(part), width, INDENT)


def _columns() -> int:
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdecimal() and 20 <= int(given) <= 1000 else PIPE_WIDTH


def write(stream: TextIO | None, text: str) -> None:
    """Write and flush; what the encoding of the stream lacks is spelt by backslashes.

    raises: BrokenPipeError where nobody reads on; else OSError that names the stream, also for one
            that was closed before the program began
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
