"""From the bytes of a file to JSON values, refusing what would hurt before it can."""

import json
import math
import os
import re
import stat
import sys
from collections import Counter
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._core.numbers import MAX_INPUT_DIGITS
from tabular_trpo._formats.limits import MOST_BRACKETS, MOST_BYTES, MOST_DEPTH
from tabular_trpo._formats.line_numbers import duplicates
from tabular_trpo._formats.report import Fault, Report, problem, shown

SIGNATURES = {
    b"\x1f\x8b": ("gzip-compressed", "Decompress it first: gunzip"),
    b"PK\x03\x04": ("a zip archive", "Unpack it first"),
    b"\xff\xfe": ("UTF-16 text", "Save it as UTF-8"),
    b"\xfe\xff": ("UTF-16 text", "Save it as UTF-8"),
}
NONZERO = re.compile("[1-9]")


def fetch(path: str | os.PathLike[str], source: str) -> bytes:
    """Return the bytes of a file, or of standard input for "-", at most MOST_BYTES of them."""
    try:
        if os.fspath(path) == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with FilePath(path).open("rb") as file:
                # A regular file tells its size before it is read; a pipe is cut off.
                status = os.fstat(file.fileno())
                if stat.S_ISREG(status.st_mode) and status.st_size > MOST_BYTES:
                    raise _too_big(source, f"has {status.st_size:,} bytes")
                data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidMDPError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        fault = Fault("file", f"cannot be read: {reason}", "a readable file")
        raise InvalidMDPError(problem(source, (), fault)) from None
    if len(data) > MOST_BYTES:
        raise _too_big(source, f"has more than {MOST_BYTES:,} bytes")
    return data


def _too_big(source: str, got: str) -> InvalidMDPError:
    return InvalidMDPError(
        problem(source, (), Fault("file_size", got, f"at most {MOST_BYTES:,} bytes"))
    )


def decode(data: bytes, source: str) -> str:
    """Return the text of the bytes: UTF-8, with or without a byte order mark."""
    report = Report(source)
    for start, (what, cure) in SIGNATURES.items():
        if data.startswith(start):
            report.fail((), Fault("encoding", f"is {what}", "JSON in UTF-8", cure))
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        report.fail((), Fault("empty", "is empty", "a JSON object"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = Fault("encoding", f"is not UTF-8 at byte {error.start}", "JSON in UTF-8")
        raise InvalidMDPError(problem(source, (), fault, line)) from None


def parse(data: bytes, source: str) -> tuple[Any, str]:
    """Return the JSON value of the bytes, and their text for line numbers.

    Duplicate keys and deep nesting are refused; a number that no double can hold becomes a `Fault`,
    which whoever expects a number there reports at its place.

    >>> parse(b'{"a": 1, "a": 2}', "x.json")
    Traceback (most recent call last):
    tabular_trpo._core.errors.InvalidMDPError: x.json:1: a is there again in line 1, expected...
    """
    text = decode(data, source)
    report = Report(source, text)
    _check_nesting(report, data)
    repeated: list[str] = []  # the least of the keys that are there twice, of each object with such

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            keys = Counter(key for key, _ in pairs)
            repeated.append(min(key for key, count in keys.items() if count > 1))
        return members

    try:
        value = json.loads(
            text, parse_float=_float, parse_int=_int, parse_constant=_constant,
            object_pairs_hook=members,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        near = shown(text[error.pos : error.pos + 20]) if error.pos < len(text) else "the end"
        fault = Fault("json", f"is not JSON at {near}: {error.msg}", "JSON")
        where = f"{source}:{error.lineno}:{error.colno}"
        raise InvalidMDPError(problem(where, (), fault)) from None
    if repeated:
        for path, line in (duplicates(text) or {(key,): 0 for key in repeated}).items():
            got = f"is there again in line {line}" if line else "is there twice"
            report.add(path, Fault("duplicate_key", got, "each key once", "Remove one of them"))
        report.stop()
    return value, text


def _check_nesting(report: Report, data: bytes) -> None:
    """Refuse deep or countless brackets, those in strings apart."""
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
        report.fail((), Fault("file_size", got, f"at most {MOST_BRACKETS:,}"))
    depth = int(np.max(np.cumsum(steps), initial=0))
    if depth > MOST_DEPTH:
        report.fail((), Fault("nesting", f"is nested {depth:,} deep", f"at most {MOST_DEPTH}"))


def _float(text: str) -> float | Fault:
    value = float(text)
    if math.isinf(value):
        cure = "Quote it to make it exact, and every other number of the model with it"
        return Fault("not_finite", f"= {shown(text)[1:-1]}", "a double, at most 1.8e308", cure)
    if value == 0.0 and NONZERO.search(re.split("[eE]", text)[0]):
        cure = "Quote it to make it exact, and every other number of the model with it"
        return Fault("double_range", f"= {shown(text)[1:-1]}", "0 or a double from 5e-324", cure)
    return value


def _int(text: str) -> int | Fault:
    if len(text) > MAX_INPUT_DIGITS:
        expected = "a bare number that is a double"
        return Fault("not_a_double", f"= an integer of {len(text)} digits", expected)
    return int(text)


def _constant(text: str) -> Fault:
    return Fault("not_finite", f"= {text}", "a finite number", "JSON has no NaN or Infinity")
