"""The bytes of a file as JSON values; size, depth and keys are checked before the work they cause.

The order is: size of the file (`fetch`), encoding (`decode`), number and depth of brackets, JSON,
repeated keys (`parse`).
"""

import json
import math
import os
import re
import stat
import sys
from collections import Counter
from pathlib import Path as FilePath

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.numbers import MAX_INPUT_DIGITS
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.limits import MOST_BRACKETS, MOST_BYTES, MOST_DEPTH
from tabular_trpo._formats.line_numbers import duplicates
from tabular_trpo._formats.problems import fault, in_file, in_json

SIGNATURES = {
    b"\x1f\x8b": ("gzip-compressed", "Decompress it first: gunzip"),
    b"PK\x03\x04": ("a zip archive", "Unpack it first"),
    b"\xff\xfe": ("UTF-16 text", "Save it as UTF-8"),
    b"\xfe\xff": ("UTF-16 text", "Save it as UTF-8"),
}
NONZERO = re.compile("[1-9]")
QUOTE = "Quote it to make it exact, and every other number of the model with it"


def fetch(path: str | os.PathLike[str], source: str) -> bytes:
    """Return the bytes of a file, or of standard input for "-", at most MOST_BYTES of them.

    source: the name of the file in messages
    raises: InvalidMDPError
    """
    size = 0  # of a regular file, which is checked before it is read; a pipe is cut off
    try:
        if os.fspath(path) == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with FilePath(path).open("rb") as file:
                status = os.fstat(file.fileno())
                size = status.st_size if stat.S_ISREG(status.st_mode) else 0
                data = b"" if size > MOST_BYTES else file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        got = f"cannot be read: {reason}"
        raise invalid("file", source, got, "a readable file") from None
    if max(size, len(data)) > MOST_BYTES:
        got = f"has {size:,} bytes" if size > MOST_BYTES else f"has more than {MOST_BYTES:,} bytes"
        raise invalid("file_size", source, got, f"at most {MOST_BYTES:,} bytes")
    return data


def decode(data: bytes, source: str) -> str:
    """Return the text of the bytes: UTF-8, with or without a byte order mark.

    raises: InvalidMDPError
    """
    for start, (what, cure) in SIGNATURES.items():
        if data.startswith(start):
            raise invalid("encoding", source, f"is {what}", "JSON in UTF-8", cure)
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise invalid("empty", source, "is empty", "a JSON object")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        got = f"is not UTF-8 at byte {error.start}"
        raise invalid("encoding", f"{source}:{line}", got, "JSON in UTF-8") from None


def parse(data: bytes, source: str) -> tuple[object, str]:
    """Return the JSON value of the bytes, and their text for line numbers.

    Duplicate keys and deep nesting are refused.  Instead of a number that no double can hold
    the value has a `Problem`, which the reader of that number reports with its place.

    raises: InvalidMDPError

    >>> parse(b'{"a": 1, "a": 2}', "x.json")
    Traceback (most recent call last):
    tabular_trpo._core.errors.InvalidMDPError: x.json:1: a is there again in line 1, expected...
    """
    text = decode(data, source)
    _check_nesting(data, source)
    repeated: list[str] = []  # of each object with repeated keys the least of them

    def to_dict(pairs: list[tuple[str, object]]) -> dict[str, object]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            keys = Counter(key for key, _ in pairs)
            repeated.append(min(key for key, count in keys.items() if count > 1))
        return entries

    try:
        value = json.loads(
            text, parse_float=_float, parse_int=_int, parse_constant=_constant,
            object_pairs_hook=to_dict,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        near = in_json(text[error.pos : error.pos + 20]) if error.pos < len(text) else "the end"
        where, got = f"{source}:{error.lineno}:{error.colno}", f"is not JSON at {near}: {error.msg}"
        raise invalid("json", where, got, "JSON") from None
    if repeated:
        report = Report()
        for path, line in (duplicates(text) or {(key,): 0 for key in repeated}).items():
            got = f"is there again in line {line}" if line else "is there twice"
            report.note(fault("duplicate_key", got, "each key once", "Remove one of them"), path)
        raise in_file(InvalidMDPError(report.problems, report.hidden), source, text)
    return value, text


def _check_nesting(data: bytes, source: str) -> None:
    """Refuse brackets that are nested too deep or too many; those in strings do not count."""
    if b"\\" in data:
        data = re.sub(rb"\\.", b"__", data, flags=re.DOTALL)
    codes = np.frombuffer(data, dtype=np.uint8)
    outside = ~np.logical_xor.accumulate(codes == ord('"'))
    opening = (codes == ord("[")) | (codes == ord("{"))
    closing = (codes == ord("]")) | (codes == ord("}"))
    brackets = np.flatnonzero((opening | closing) & outside)
    steps = np.where(opening[brackets], 1, -1)
    n_open = int(np.count_nonzero(steps > 0))
    if n_open > MOST_BRACKETS:
        got = f"has {n_open:,} lists and objects"
        raise invalid("file_size", source, got, f"at most {MOST_BRACKETS:,}")
    depth = int(np.max(np.cumsum(steps), initial=0))
    if depth > MOST_DEPTH:
        raise invalid("nesting", source, f"is nested {depth:,} deep", f"at most {MOST_DEPTH}")


def _float(text: str) -> float | Problem:
    """Return a double, or what is wrong with a number that would become infinite or 0."""
    value = float(text)
    if math.isinf(value):
        code, expected = "not_finite", "a double, at most 1.8e308"
    elif value == 0.0 and NONZERO.search(re.split("[eE]", text)[0]):
        code, expected = "double_range", "0 or a double from 5e-324"
    else:
        return value
    return fault(code, f"= {in_json(text)[1:-1]}", expected, QUOTE)


def _int(text: str) -> int | Problem:
    """Return an integer, or what is wrong with one of so many digits that it is no double."""
    if len(text) > MAX_INPUT_DIGITS:
        got = f"= an integer of {len(text)} digits"
        return fault("not_a_double", got, "a bare number that is a double")
    return int(text)


def _constant(text: str) -> Problem:
    return fault("not_finite", f"= {text}", "a finite number", "JSON has no NaN or Infinity")
