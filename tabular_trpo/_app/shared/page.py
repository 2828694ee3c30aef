"""The layout of a report: paragraphs, tables and verbatim lines at the width of the page."""

import os
import shutil
from collections.abc import Iterable
from io import BytesIO, TextIOWrapper
from typing import TextIO, final

from rich.console import Console
from rich.text import Text

from tabular_trpo._app.shared.formatting import counted
from tabular_trpo._app.shared.tables import Table, laid_out
from tabular_trpo._app.shared.wrapping import wrapped
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.terminal import plain

PIPE_WIDTH, INDENT = 100, "  "  # columns where there is no terminal to ask; of a wrapped line
UNLIMITED = 1 << 20  # columns of a console whose input is laid out already


@final
@locked_dataclass(frozen=True)
class Verbatim:
    """A line that is never wrapped: a command or a document, to be copied."""

    text: str


Part = Table | Verbatim | str  # a string is one paragraph; line ends in it are escaped


def titled(title: str, made: Table, total: int, most: int | None) -> list[Part]:
    """Return a title, a table, and how many of its `total` rows were left out beyond `most`."""
    left_out = 0 if most is None else total - most
    more = [f"{counted(left_out, 'more row')}; --all shows all"] if left_out > 0 else []
    return [title, made, *more]


def rendered(parts: Iterable[Part], stream: TextIO) -> str:
    """Return the text of a report as the stream shows it: its width, encoding and colours."""
    terminal = stream.isatty()
    width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if terminal else _columns()
    # The encoding decides whether lines are drawn by box characters or by ASCII.
    encoding = getattr(stream, "encoding", None) or "ascii"
    page = TextIOWrapper(BytesIO(), encoding, "backslashreplace", newline="\n")
    console = Console(
        file=page,
        width=UNLIMITED,
        force_terminal=terminal or None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    for part in parts:
        if isinstance(part, Table):
            for block in laid_out(part, width):
                console.print(block)
        else:
            console.print(Text("\n".join(_lines(part, width))), soft_wrap=True)
    page.seek(0)
    return "".join(line.rstrip() + "\n" for line in page)


def _lines(part: Verbatim | str, width: int) -> list[str]:
    """Return the lines of a paragraph, all but the first indented."""
    if isinstance(part, Verbatim):
        return [plain(part.text)]
    return wrapped(plain(part), width, INDENT)


def _columns() -> int:
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdecimal() and 20 <= int(given) <= 1000 else PIPE_WIDTH
