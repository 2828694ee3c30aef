"""Problems of a document: how a message writes a value, a place in the file, and a likely name.

Readers note a `Problem` in core's `Report` with its place as a path, such as ("transitions", 7, 3);
`in_file` then adds the file, the line and the place to all of them at once.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from tabular_trpo._core.errors import Problem, TabularError
from tabular_trpo._core.numbers import shown
from tabular_trpo._formats.limits import MOST_COMPARED
from tabular_trpo._formats.line_numbers import Path, lines_of

MOST_SHOWN = 60  # characters of a string


def fault(code: str, got: str, expected: str, cure: str = "") -> Problem:
    """Return a problem whose place is added when it is noted."""
    return Problem(code, "", got, expected, cure)


def in_file(error: TabularError, source: str, text: str = "") -> TabularError:
    """Return the error with file, line and place in each problem, in the order of the file.

    Problems that have no line come first.

    source: the name of the file
    text:   its content, where line numbers are looked up

    >>> place = Problem("type", "", "= null", "a text", path=("why",))
    >>> print(in_file(TabularError(place), "x.json", '{\\n"why": null}'))
    x.json:2: why = null, expected a text
    """
    lines = lines_of(text, {problem.path for problem in error.problems})
    ordered = sorted(error.problems, key=lambda problem: lines.get(problem.path, 0))
    problems = []
    for problem in ordered:
        line, place = lines.get(problem.path), problem.where or path_text(problem.path)
        file = source if line is None else f"{source}:{line}"
        problems.append(replace(problem, where=f"{file}: {place}" if place else file))
    return type(error)(problems, error.hidden)


def path_text(path: Path) -> str:
    """Return a place in a document as Python would index it; "" for the document itself.

    >>> path_text(("transitions", 7, 3)), path_text(("rho0", "start"))
    ('transitions[7][3]', 'rho0["start"]')
    """
    if not path:
        return ""
    head, *rest = path
    first = head if isinstance(head, str) and head.isidentifier() else in_json(head)
    return first + "".join(f"[{in_json(step)}]" for step in rest)


def in_json(value: object) -> str:
    """Return a value of a document in the notation of JSON, briefly and on one line.

    >>> in_json("a\\n"), in_json(True), in_json([1, 2]), in_json("x" * 99)[-8:]
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
        case int():
            return shown(value)
        case Problem():  # instead of a number that could not be read
            return value.got.removeprefix("= ")
    return f"a Python {type(value).__name__}"


def suggestion(word: object, words: Iterable[str]) -> str:
    """Return a sentence that suggests the nearest of some words, or "" where none is near.

    >>> suggestion("transition", ["states", "transitions"])
    'Did you mean "transitions"?'
    """
    choices = list(words)
    if not isinstance(word, str) or len(choices) > MOST_COMPARED:
        return ""
    near = get_close_matches(word, choices, n=1)
    return f"Did you mean {in_json(near[0])}?" if near else ""
