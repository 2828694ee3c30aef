"""Text wrapped to a width; a number is never broken."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

NUMBER = re.compile(r"[^\w\s]*\d[\d.,/]*(e[-+]?\d+)?[^\w\s]*", re.IGNORECASE)
PIECE = re.compile(r"[\d./]+|.", re.DOTALL)  # of a long word: it is cut between two of these


def least(text: str, most: int) -> int:
    """Return the least width at which a text can be shown, if words longer than `most` are cut.

    >>> least("about 3.1415926 or so", 4), least("supercalifragilistic", 8)
    (9, 8)
    """
    return max((_least(word, most) for word in text.split()), default=0)


def _least(word: str, most: int) -> int:
    return cell_len(word) if NUMBER.fullmatch(word) else min(cell_len(word), most)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return the lines of a text; all but the first are indented.

    Lines end at blanks. A word longer than a line is cut, a number never: its line is longer.

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
    """Yield the words of a text, each with the blanks before it; long ones in pieces."""
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
