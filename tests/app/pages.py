"""Tables of numbers read back from a printed page."""

import re
from fractions import Fraction
from typing import Any

Columns = dict[str, list[str]]


def columns(page: str) -> Columns:
    """Return {head: cells that are not empty, top down} of all tables of a page.

    Blocks of one table, and tables with equal heads, are put together in their order.
    """
    found: Columns = {}
    lines = page.split("\n")
    for at, line in enumerate(lines):
        if re.fullmatch(r" ─+", line):
            top = at - next(i for i in range(1, at + 2) if at < i or not lines[at - i].strip()) + 1
            end = next(i for i in range(at, len(lines)) if not lines[i].strip())
            for head, cells in _block(lines[top:at], lines[at + 1 : end]):
                found.setdefault(head, []).extend(cells)
    return found


def _block(heads: list[str], rows: list[str]) -> list[tuple[str, list[str]]]:
    width = max(map(len, heads + rows))
    padded = [line.ljust(width) for line in heads + rows]
    blank = "".join(" " if all(line[i] == " " for line in padded) else "x" for i in range(width))
    spans = [match.span() for match in re.finditer(r"x+( x+)*", blank)]
    return [
        (
            " ".join(" ".join(line[a:b].strip() for line in heads).split()),
            [cell for line in rows if (cell := line[a:b].strip())],
        )
        for a, b in spans
    ]


def agrees(cell: str, value: Any) -> bool:
    """Whether a printed number is the number of the document, to the digits that are printed."""
    if value is None or value == "nan":
        return cell == "-"
    if isinstance(value, list):
        lo, hi = (Fraction(x) for x in value)
        return (
            agrees(cell, lo)
            if " .. " not in cell
            else (Fraction(cell.split(" .. ")[0]) <= lo <= hi <= Fraction(cell.split(" .. ")[1]))
        )
    if cell in ("inf", "-inf") or value in ("inf", "-inf"):
        return cell == value
    number, text = Fraction(value), cell.removeprefix("~")
    if "/" in text:
        return Fraction(text) == number
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return abs(Fraction(text) - number) <= Fraction(10) ** (int(exponent or 0) - decimals)
