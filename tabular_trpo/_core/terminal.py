"""Text of a user made safe for a terminal: one line, without control or invisible characters."""

import re
import unicodedata

# Printable to Python, but invisible: joiners, fillers, variation selectors, blanks.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc"
    "\U000e0100-\U000e01ef]"
)
_MOST_MARKS = 3  # accents on one letter; more of them would reach into other lines


def plain(text: str) -> str:
    """Return the text on one line, its control and invisible characters as escape sequences.

    Letters of every script stay.  Escaped are control, format and private characters, line ends,
    unusual blanks, and accents without a letter before them.

    >>> plain("a\\x1b[2Jb\\n\\u200b"), plain("ünï")
    ('a\\\\x1b[2Jb\\\\n\\\\u200b', 'ünï')
    """
    if text.isascii() and text.isprintable():
        return text
    made, marks = [], _MOST_MARKS
    for c in text:
        kind = unicodedata.category(c)
        marks = marks + 1 if kind[0] == "M" else 0 if kind[0] in "LN" else _MOST_MARKS
        seen = c.isprintable() and kind != "Me" and not _UNSEEN.match(c)
        made.append(c if seen and (kind[0] != "M" or marks <= _MOST_MARKS) else _escaped(c))
    return "".join(made)


def quoted(text: str) -> str:
    """Return the text between quotation marks, which separates it from the words around it.

    >>> quoted('the "best"  bound')
    '"the \\\\"best\\\\" \\\\x20bound"'
    """
    inside = plain(text.replace("\\", "\\\\").replace('"', '\\"'))
    return '"' + re.sub(r"(?<= ) |^ | $", r"\\x20", inside) + '"'


def _escaped(c: str) -> str:
    return c.encode("unicode_escape").decode("ascii")
