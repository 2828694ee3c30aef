"""Tables for a page of any width: no number is ever broken over lines.

A table that does not fit is stacked: its columns are cut into blocks, and each block repeats the
first columns, which name the row. Only text is wrapped; its further lines are indented.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import final

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from tabular_trpo._app.shared.formatting import plain
from tabular_trpo._app.shared.wrapping import least, wrapped

GAP, EDGES = 2, 2  # blanks between two columns, and at both ends of a line
INDENT = "  "  # of the further lines of a text
LONG_WORD = 24  # columns: a longer word of a text may be cut
NARROW = 8  # columns: where less is left for a text, its further lines are not indented

Cell = str | tuple[str, ...]  # spellings of one cell: the first that the page has room for is taken
Spelt = tuple[str, ...]


@final
@dataclass(slots=True, eq=False)
class Sheet:
    """A table before it meets a page (mutable: it grows row by row).

    numbers: the columns whose cells are never wrapped
    right:   those of them that are aligned to the right
    keys:    how many of the first columns name the row
    rows:    the cells of each row, one a column, and its style
    ends:    the numbers of rows after which a section ends
    """

    heads: Spelt
    numbers: frozenset[int]
    right: frozenset[int]
    keys: int
    rows: list[tuple[tuple[Spelt, ...], str | None]] = field(default_factory=list)
    ends: set[int] = field(default_factory=set)

    def section(self) -> None:
        """End a section after the last row."""
        self.ends.add(len(self.rows) - 1)

    def least(self, column: int, text: str, most: int) -> int:
        """Return the least width that a text needs in a column."""
        return cell_len(text) if column in self.numbers else least(text, most)


def table(
    columns: Iterable[str], right: Iterable[str] = (), left: Iterable[str] = (), keys: int = 1
) -> Sheet:
    """Return an empty table; `right` and `left` name its columns of numbers, by their alignment."""
    heads, named = tuple(columns), set(right)
    ended = frozenset(i for i, head in enumerate(heads) if head in named)
    numbers = ended.union(map(heads.index, left))
    return Sheet(tuple(map(plain, heads)), numbers, ended, keys)


def row(to: Sheet, *cells: Cell, style: str | None = None) -> None:
    """Add a row of plain text: no markup, no control characters; missing cells are empty."""
    spelt = [(cell,) if isinstance(cell, str) else cell for cell in cells]
    spelt += [("",)] * (len(to.heads) - len(spelt))
    to.rows.append((tuple(tuple(map(plain, one)) for one in spelt), style))


def laid_out(sheet: Sheet, width: int) -> list[Table]:
    """Return the blocks of a table, none wider than the page unless a single number is.

    >>> made = table(["Step", "eta", "Ratio"], right=["eta", "Ratio"])
    >>> row(made, "1", "8.571429", "0.9999999")
    >>> [[len(block.columns) for block in laid_out(made, width)] for width in (20, 60)]
    [[2, 2], [3]]
    """
    columns = range(len(sheet.heads))
    keys, others = columns[: sheet.keys], columns[sheet.keys :]
    name = max(min(LONG_WORD, width // (sheet.keys + 2)), NARROW)
    shown = {i: [cells[i][0] for cells, _ in sheet.rows] for i in keys}
    # A name of one word is cut only where no text of the other keys could be wrapped instead.
    words = {i: _least(sheet, i, shown[i], name) for i in keys}
    whole = {i: min(name, _whole(sheet, i, shown[i])) for i in keys}
    cut = any(_least(sheet, i, shown[i], width) > name for i in keys)
    widths = words if cut else {i: max(words[i], whole[i]) for i in keys}
    room = max(width - EDGES - sum(widths[i] + GAP for i in keys), NARROW)
    word = min(LONG_WORD, room)
    for i in others:
        shown[i] = [_fitting(sheet, i, cells[i], room) for cells, _ in sheet.rows]
        widths[i] = _least(sheet, i, shown[i], word)
    return [
        _block(sheet, shown, _filled(sheet, shown, {i: widths[i] for i in (*keys, *part)}, width))
        for part in _parts(others, widths, room)
    ]


def _least(sheet: Sheet, column: int, texts: Sequence[str], most: int) -> int:
    head = least(sheet.heads[column], most)
    return max([head, *(sheet.least(column, text, most) for text in texts)])


def _whole(sheet: Sheet, column: int, texts: Sequence[str]) -> int:
    return max(map(cell_len, [sheet.heads[column], *texts]))


def _fitting(sheet: Sheet, column: int, spelt: Spelt, room: int) -> str:
    """Return the first spelling that the page has room for, else the last."""
    fits = (text for text in spelt if sheet.least(column, text, min(LONG_WORD, room)) <= room)
    return next(fits, spelt[-1])


def _parts(columns: Sequence[int], widths: dict[int, int], room: int) -> list[list[int]]:
    """Cut the columns beside the keys into blocks that the page has room for."""
    parts: list[list[int]] = [[]]
    used = 0
    for i in columns:
        used += widths[i] + (GAP if parts[-1] else 0)
        if parts[-1] and used > room:
            parts.append([])
            used = widths[i]
        parts[-1].append(i)
    return parts


def _filled(
    sheet: Sheet, shown: dict[int, list[str]], widths: dict[int, int], width: int
) -> dict[int, int]:
    """Widen the columns of a block, the narrowest first, until no word is cut, then no text is."""
    spare = width - EDGES - sum(widths.values()) - GAP * (len(widths) - 1)
    words = {i: _least(sheet, i, shown[i], width) for i in widths}
    whole = {i: _whole(sheet, i, shown[i]) for i in widths}
    for wanted in (words, whole):
        while spare > 0 and (short := [i for i in widths if widths[i] < wanted[i]]):
            widths[min(short, key=widths.__getitem__)] += 1
            spare -= 1
    return widths


def _block(sheet: Sheet, shown: dict[int, list[str]], widths: dict[int, int]) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for i, size in widths.items():
        made.add_column(
            Text("\n".join(wrapped(sheet.heads[i], size))),
            justify="right" if i in sheet.right else "left",
            no_wrap=True,
            overflow="crop",
            min_width=size,
        )
    for place, (_, style) in enumerate(sheet.rows):
        cells = (Text(_lines(sheet, i, shown[i][place], size)) for i, size in widths.items())
        made.add_row(*cells, style=style, end_section=place in sheet.ends)
    return made


def _lines(sheet: Sheet, column: int, text: str, width: int) -> str:
    if column in sheet.numbers:
        return text
    return "\n".join(wrapped(text, width, INDENT if width >= NARROW else ""))
