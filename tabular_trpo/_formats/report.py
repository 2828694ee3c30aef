"""Collect what is wrong in a document and raise it as one error that names file, line and place."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn, final

from tabular_trpo._core.errors import MOST_PROBLEMS, InvalidMDPError, Problem
from tabular_trpo._core.records import locked
from tabular_trpo._formats.limits import MOST_COMPARED
from tabular_trpo._formats.line_numbers import Path, lines_of

MOST_SHOWN = 60


@final
@locked
@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value, before it is known where the value stands.

    It also takes the place of a number that could not be read.
    """

    code: str
    got: str
    expected: str
    cure: str = ""


@final
class Report:
    """The problems of one document; `stop` raises them together (it lives inside one read).

    `source` is the name of the file; `text` its content, where line numbers are to be found;
    `normalize` says that rows will be divided by their sums, which need not be 1.
    """

    def __init__(self, source: str, text: str = "", normalize: bool = False) -> None:
        """Start empty."""
        self.source, self.normalize = source, normalize
        self.text = text
        self.found: list[tuple[Path, Fault]] = []
        self.hidden = 0

    def add(self, path: Path, fault: Fault) -> None:
        """Note one problem; after the first twenty they are only counted."""
        if len(self.found) < MOST_PROBLEMS:
            self.found.append((path, fault))
        else:
            self.hidden += 1

    def stop(self) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            lines = lines_of(self.text, {path for path, _ in self.found})
            # In the order of the file; what has no line comes first.
            found = sorted(self.found, key=lambda item: lines.get(item[0], 0))
            problems = [problem(self.source, p, fault, lines.get(p)) for p, fault in found]
            raise InvalidMDPError(problems, self.hidden)

    def fail(self, path: Path, fault: Fault) -> NoReturn:
        """Raise a problem that leaves nothing else to look at, after those found before it."""
        self.add(path, fault)
        self.stop()
        raise AssertionError("stop() raises: something was found")


def problem(source: str, path: Path, fault: Fault, line: int | None = None) -> Problem:
    """Give a fault its place: `chain.mdp.json:12: transitions[7][3]`."""
    where = source if line is None else f"{source}:{line}"
    if path:
        where = f"{where}: {path_text(path)}"
    return Problem(fault.code, where, fault.got, fault.expected, fault.cure)


def path_text(path: Path) -> str:
    """Write a place in a document the way Python would index it.

    >>> path_text(("transitions", 7, 3)), path_text(("rho0", "start"))
    ('transitions[7][3]', 'rho0["start"]')
    """
    head, *rest = path
    steps = (f"[{step}]" if isinstance(step, int) else f"[{shown(step)}]" for step in rest)
    first = f"[{head}]" if isinstance(head, int) else head if head.isidentifier() else shown(head)
    return first + "".join(steps)


def shown(value: object) -> str:
    """Write a value of a document briefly and on one line.

    >>> shown("a\\n"), shown(True), shown([1, 2]), shown("x" * 99)[-8:]
    ('"a\\\\n"', 'true', 'a list of 2', 'xxxx..."')
    """
    match value:
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"an object of {len(value)}"
        case str():
            cut = value if len(value) <= MOST_SHOWN else value[: MOST_SHOWN - 3] + "..."
            return json.dumps(cut, ensure_ascii=not cut.isprintable())
        case bool() | None | float():
            return json.dumps(value)
        case int() if value.bit_length() > 3 * MOST_SHOWN:
            # str() of more than 4300 digits raises
            return f"an integer of about {round(value.bit_length() * 0.30103)} digits"
        case int():
            return str(value)
        case Fault():
            return value.got.removeprefix("= ")
    return f"a Python {type(value).__name__}"


def nearest(word: object, words: Iterable[str]) -> str:
    """Return the sentence that proposes the nearest of some words, or nothing.

    >>> nearest("transition", ["states", "transitions"])
    'Did you mean "transitions"?'
    """
    choices = list(words)
    if not isinstance(word, str) or len(choices) > MOST_COMPARED:
        return ""
    near = get_close_matches(word, choices, n=1)
    return f"Did you mean {shown(near[0])}?" if near else ""
