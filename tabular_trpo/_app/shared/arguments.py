"""Command-line arguments of several commands, and the parsers of numeric arguments."""

import argparse
import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._app.shared.models import AUTO_WORK, MOST_ENTRIES, MOST_STATES
from tabular_trpo._core.budget import COMMAND

T = TypeVar("T")
ARITHMETICS = ("auto", "rational", "float")
LONGEST_NUMBER = 100  # characters
POLICIES = "a policy of the file, or uniform (the default), greedy, optimal"
MOST_NAMES = 100  # names that an error lists


def number(
    kind: Callable[[str], T], accepted: str, accepts: Callable[[T], bool]
) -> Callable[[str], T]:
    """Return a function that parses a numeric argument, for `type=` of argparse.

    kind:     parses the text, as `Fraction` does; it may raise ValueError or ArithmeticError
    accepted: the accepted values in words, for the error message
    accepts:  whether a value is accepted
    return:   the function; it raises argparse.ArgumentTypeError for a text that is not accepted

    >>> number(float, "a number > 0", lambda x: x > 0)("0.5")
    0.5
    """

    def read(text: str) -> T:
        try:
            value = kind(text) if len(text) <= LONGEST_NUMBER else None
        except (ValueError, ArithmeticError):
            value = None
        if value is None or not accepts(value):
            raise argparse.ArgumentTypeError(f"{text[:LONGEST_NUMBER]!r} is not {accepted}")
        return value

    return read


def integer(least: int, most: int) -> Callable[[str], int]:
    """Return a function that parses an integer in least..most, written in ASCII digits."""
    accepted = f"an integer in {least}..{most}"
    return number(_digits, accepted, lambda value: least <= value <= most)


def _digits(text: str) -> int:
    if not re.fullmatch("-?[0-9]+", text):
        raise ValueError
    return int(text)


def add_arithmetic(parser: argparse.ArgumentParser) -> None:
    """Add --arithmetic, its old name --lane, and --work to a parser."""
    add = parser.add_argument
    add(
        "--arithmetic",
        choices=ARITHMETICS,
        default="auto",
        help="auto (the default) takes rational arithmetic while it is affordable "
        f"(at most {MOST_STATES} states, {MOST_ENTRIES} entries of P, and {AUTO_WORK:g} s for an "
        "exact evaluation by its estimate)",
    )
    add("--lane", dest="arithmetic", choices=ARITHMETICS, help=argparse.SUPPRESS)
    add(
        "--work",
        metavar="SECONDS",
        type=number(float, "a number of seconds >= 0", lambda seconds: seconds >= 0),
        default=COMMAND,
        help="the most exact arithmetic in all, by its estimate; work that would exceed it is not "
        f"begun and ends with exit code 4 (default {COMMAND:g})",
    )


def chosen(kind: str, names: Sequence[str], known: Iterable[tuple[str, T]]) -> list[T]:
    """Return the values with these names, in the order of `known`; all values for no names.

    kind:   the noun for a value in the error message
    known:  (name, value) of every value
    raises: UsageError for an unknown name
    """
    entries = list(known)
    titles = [title for title, _ in entries]
    for name in names:
        if name not in titles:
            close = get_close_matches(name, titles, n=3)
            hint = "did you mean" if close else "there is"
            shown = ", ".join(map(repr, close or titles[:MOST_NAMES]))
            raise UsageError(f"no {kind} is called {name!r}; {hint} {shown}{'?' if close else ''}")
    return [thing for title, thing in entries if not names or title in names]
