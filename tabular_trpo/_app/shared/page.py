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

PIPE_WIDTH, INDENT = 100, "  "  # columns without a terminal; start of wrapped lines
UNLIMITED = 1 << 20  # columns: the parts of a report are laid out before rich prints them


@final
@locked_dataclass(frozen=True)
class Verbatim:
    """A line of a report that is never wrapped, such as a command or a document to copy."""

    text: str


Part = Table | Verbatim | str  # a string is one paragraph; line ends in it are escaped


def titled(title: str, made: Table, total: int, most: int | None) -> list[Part]:
    """Return a title, a table, and a note on the rows that were left out, if any.

    total: the number of rows that exist
    most:  the number of rows that the table shows at most; None for no limit
    """
    left_out = 0 if most is None else total - most
    more = [f"{counted(left_out, 'more row')}; --all shows all"] if left_out > 0 else []
    return [title, made, *more]


def rendered(parts: Iterable[Part], stream: TextIO) -> str:
    """Return the text of a report in the width, the encoding and the colours of a stream."""
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
    """Return the lines of a wrapped paragraph, indented from the second on; or of a `Verbatim`."""
    if isinstance(part, Verbatim):
        return [plain(part.text)]
    return wrapped(plain(part), width, INDENT)


def _columns() -> int:
    """Return the width of a page without a terminal: $COLUMNS if that is usable, else 100."""
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdecimal() and 20 <= int(given) <= 1000 else PIPE_WIDTH
