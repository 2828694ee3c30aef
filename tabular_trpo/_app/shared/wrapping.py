"""Text wrapped to a width; a number is never split over lines."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

NUMBER = re.compile(r"[^\w\s]*\d[\d.,/]*(e[-+]?\d+)?[^\w\s]*", re.IGNORECASE)
PIECE = re.compile(r"[\d./]+|.", re.DOTALL)  # the parts between which a long word may be cut


def least(text: str, most: int) -> int:
    """Return the least width that shows a text if words longer than `most` are cut.

    >>> least("about 3.1415926 or so", 4), least("supercalifragilistic", 8)
    (9, 8)
    """
    return max((_least(word, most) for word in text.split()), default=0)


def _least(word: str, most: int) -> int:
    """Return the least width that shows one word; a number is never cut."""
    return cell_len(word) if NUMBER.fullmatch(word) else min(cell_len(word), most)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return the lines of a text wrapped to a width, indented from the second line on.

    Lines end at blanks.  A word longer than a line is cut; a number is not, and its line is longer.

    >>> wrapped("eta = 0.333333333333 +- 1e-16", 14, "  ")
    ['eta =', '  0.333333333333', '  +- 1e-16']
    """
    lines, line = [], ""
    for word in _words(text, width, cell_len(indent)):
        if line.strip() and cell_len((line + word).rstrip()) > width:
            lines.append(line.rstrip())
            line = indent + word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()]


def _words(text: str, width: int, indent: int) -> Iterator[str]:
    """Yield the words of a text, each with the blanks before it.

    A word longer than a line is yielded in parts, a number never.
    """
    for word in re.findall(r"\s*\S+|\s+$", text):
        bare = word.lstrip()
        if cell_len(bare) <= width - indent or NUMBER.fullmatch(bare):
            yield word
            continue
        part = word[: len(word) - len(bare)]
        for piece in PIECE.findall(bare):
            if part.strip() and cell_len(part.lstrip() + piece) > width - indent:
                yield part
                part = ""
            part += piece
        yield part
