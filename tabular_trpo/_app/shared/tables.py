"""Tables laid out to the width of the page; a number is never split over lines.

The columns of a table that is too wide are split into blocks below each other, and each block
repeats the key columns, which name the row.  Only text is wrapped, with an indent from its second
line on.
"""

from collections.abc import Iterable, Sequence
from typing import final

from rich import box
from rich.cells import cell_len
from rich.table import Table as Block
from rich.text import Text

from tabular_trpo._app.shared.wrapping import least, wrapped
from tabular_trpo._core.terminal import plain

GAP, EDGES = 2, 2  # blanks between two columns, and at both ends of a line
INDENT = "  "  # of the second and later lines of a wrapped text
LONG_WORD = 24  # columns: a longer word of a text may be cut
NARROW = 8  # columns: wrapped lines in a narrower column are not indented

Spellings = tuple[str, ...]  # the texts of one cell, longest first; the first that fits is shown
Cell = str | Spellings


@final
class Table:
    """The rows of a table before its layout (mutable: rows are added).

    columns: the headings of the columns
    right:   the headings of the number columns that are aligned to the right
    left:    the headings of the number columns that are aligned to the left
    keys:    the number of leading columns that name the row

    Numbers are never wrapped.
    """

    def __init__(
        self,
        columns: Iterable[str],
        right: Iterable[str] = (),
        left: Iterable[str] = (),
        keys: int = 1,
    ) -> None:
        """Create a table without rows."""
        heads, named = tuple(columns), set(right)
        self.heads = tuple(map(plain, heads))
        self.right = frozenset(i for i, head in enumerate(heads) if head in named)
        self.numbers = self.right.union(map(heads.index, left))
        self.keys = keys
        self.rows: list[tuple[tuple[Spellings, ...], str | None]] = []  # cells and style
        self.ends: set[int] = set()  # the numbers of rows after which a section ends

    def add(self, *cells: Cell, style: str | None = None) -> None:
        """Add a row of plain text; control characters are escaped, and missing cells are empty."""
        spelt = [(cell,) if isinstance(cell, str) else cell for cell in cells]
        spelt += [("",)] * (len(self.heads) - len(spelt))
        self.rows.append((tuple(tuple(map(plain, one)) for one in spelt), style))

    def section(self) -> None:
        """Mark the last row as the end of a section."""
        self.ends.add(len(self.rows) - 1)

    def least(self, column: int, text: str, most: int) -> int:
        """Return the least width of a text in a column if words longer than `most` may be cut."""
        return cell_len(text) if column in self.numbers else least(text, most)


def laid_out(made: Table, width: int) -> list[Block]:
    """Return the blocks of a table, each at most `width` wide unless a single number is wider.

    >>> made = Table(["Step", "eta", "Ratio"], right=["eta", "Ratio"])
    >>> made.add("1", "8.571429", "0.9999999")
    >>> [[len(block.columns) for block in laid_out(made, width)] for width in (20, 60)]
    [[2, 2], [3]]
    """
    columns = range(len(made.heads))
    keys, others = columns[: made.keys], columns[made.keys :]
    name = max(min(LONG_WORD, width // (made.keys + 2)), NARROW)
    shown = {i: [cells[i][0] for cells, _ in made.rows] for i in keys}
    # A name of one word is cut only where no text of the other keys could be wrapped instead.
    words = {i: _least(made, i, shown[i], name) for i in keys}
    whole = {i: min(name, _whole(made, i, shown[i])) for i in keys}
    cut = any(_least(made, i, shown[i], width) > name for i in keys)
    widths = words if cut else {i: max(words[i], whole[i]) for i in keys}
    space = max(width - EDGES - sum(widths[i] + GAP for i in keys), NARROW)
    word = min(LONG_WORD, space)
    for i in others:
        shown[i] = [_fitting(made, i, cells[i], space) for cells, _ in made.rows]
        widths[i] = _least(made, i, shown[i], word)
    return [
        _block(made, shown, _filled(made, shown, {i: widths[i] for i in (*keys, *part)}, width))
        for part in _parts(others, widths, space)
    ]


def _least(made: Table, column: int, texts: Sequence[str], most: int) -> int:
    """Return the least width of a column if words longer than `most` may be cut."""
    head = least(made.heads[column], most)
    return max([head, *(made.least(column, text, most) for text in texts)])


def _whole(made: Table, column: int, texts: Sequence[str]) -> int:
    """Return the width of a column in which no text is wrapped."""
    return max(map(cell_len, [made.heads[column], *texts]))


def _fitting(made: Table, column: int, spelt: Spellings, space: int) -> str:
    """Return the first text of a cell that fits in `space` columns, else the last text."""
    fits = (text for text in spelt if made.least(column, text, min(LONG_WORD, space)) <= space)
    return next(fits, spelt[-1])


def _parts(columns: Sequence[int], widths: dict[int, int], space: int) -> list[list[int]]:
    """Split the columns other than the keys into blocks that are at most `space` wide."""
    parts: list[list[int]] = [[]]
    used = 0
    for i in columns:
        used += widths[i] + (GAP if parts[-1] else 0)
        if parts[-1] and used > space:
            parts.append([])
            used = widths[i]
        parts[-1].append(i)
    return parts


def _filled(
    made: Table, shown: dict[int, list[str]], widths: dict[int, int], width: int
) -> dict[int, int]:
    """Return {column: width} of a block, with the spare width given to its narrowest columns.

    The columns grow until no word is cut, then until no text is wrapped.
    """
    spare = width - EDGES - sum(widths.values()) - GAP * (len(widths) - 1)
    words = {i: _least(made, i, shown[i], width) for i in widths}
    whole = {i: _whole(made, i, shown[i]) for i in widths}
    for needed in (words, whole):
        while spare > 0 and (short := [i for i in widths if widths[i] < needed[i]]):
            widths[min(short, key=widths.__getitem__)] += 1
            spare -= 1
    return widths


def _block(made: Table, shown: dict[int, list[str]], widths: dict[int, int]) -> Block:
    """Return the columns of `widths`, {column: width}, as a table of rich."""
    block = Block(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for i, size in widths.items():
        block.add_column(
            Text("\n".join(wrapped(made.heads[i], size))),
            justify="right" if i in made.right else "left",
            no_wrap=True,
            overflow="crop",
            min_width=size,
        )
    for place, (_, style) in enumerate(made.rows):
        cells = (Text(_lines(made, i, shown[i][place], size)) for i, size in widths.items())
        block.add_row(*cells, style=style, end_section=place in made.ends)
    return block


def _lines(made: Table, column: int, text: str, width: int) -> str:
    """Return the text of a cell, wrapped to a width unless its column holds numbers."""
    if column in made.numbers:
        return text
    return "\n".join(wrapped(text, width, INDENT if width >= NARROW else ""))
