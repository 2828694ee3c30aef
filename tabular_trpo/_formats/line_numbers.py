"""Line numbers of places in a JSON text, looked up only when an error is certain."""

import json
import re
from collections.abc import Iterator

from tabular_trpo._formats.limits import MOST_SCANNED

Path = tuple[str | int, ...]

TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def lines_of(text: str, paths: set[Path]) -> dict[Path, int]:
    """Return the line (from 1) of each of these places that can be found in `text`.

    >>> lines_of('{"a": [1,\\n2]}', {("a", 1), ("b",)})
    {('a', 1): 2}
    """
    lines: dict[Path, int] = {}
    sought = paths - {()}
    if not sought:
        return lines
    line, seen = 1, 0
    for path, offset in _walk(text):
        if path in sought and path not in lines:
            line += text.count("\n", seen, offset)
            seen = offset
            lines[path] = line
            if len(lines) == len(sought):
                break
    return lines


def duplicates(text: str) -> dict[Path, int]:
    """Return the place and the line of each member of an object whose key is repeated.

    The line is that of the first repetition.

    >>> duplicates('{"a": {"b": 1,\\n"b": 2}, "c": [1, 1]}')
    {('a', 'b'): 2}
    """
    found: dict[Path, int] = {}
    seen: set[Path] = set()
    for path, offset in _walk(text):
        if path not in seen:
            seen.add(path)
        elif path not in found and not any(path[:n] in found for n in range(len(path))):
            found[path] = text.count("\n", 0, offset) + 1
    return found


def _walk(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the path and offset of each value of a JSON text; in an object the offset of its key.

    A text of more than MOST_SCANNED characters yields nothing.
    """
    path: list[str | int] = []  # ends in a list's index or an object's latest key
    kinds: list[str] = []
    pending: int | None = None  # offset of a key whose value has not come yet
    for match in TOKEN.finditer(text if len(text) <= MOST_SCANNED else ""):
        token, offset = match.group(), match.start()
        if token in "]}":
            if not kinds:
                return
            kinds.pop()
            path.pop()
        elif token == ",":
            if kinds and kinds[-1] == "[":
                path[-1] = int(path[-1]) + 1
        elif token == ":":
            pass
        elif kinds and kinds[-1] == "{" and pending is None:
            path[-1] = _key(token)
            pending = offset
        else:
            yield tuple(path), offset if pending is None else pending
            pending = None
            if token in "[{":
                kinds.append(token)
                path.append(0)


def _key(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token
