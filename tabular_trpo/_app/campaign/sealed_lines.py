"""The lines of a campaign file: JSON objects, each with a hash that covers all lines before it."""

import hashlib
import json
from typing import Any

Record = dict[str, Any]
OPENING, CLOSING, DIGITS = b',"sha256":"', b'"}\n', 64
TAIL = len(OPENING) + DIGITS + len(CLOSING)


def seal(record: Record, before: bytes) -> tuple[bytes, bytes]:
    """Return (line, hash) of a record; `before` is the hash of the line before it, or empty.

    The hash is SHA-256(before + the record as compact JSON), in hexadecimal; it is the last entry
    of the object.

    >>> seal({"chunk": 0}, b"")[0][:30]
    b'{"chunk":0,"sha256":"359b7b24d'
    """
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii")
    digest = _hash(body, before)
    return body[:-1] + OPENING + digest + CLOSING, digest


def unseal(line: bytes, before: bytes) -> tuple[Record, bytes] | None:
    """Return (record, hash) of a line; None where the hash does not fit its bytes and `before`."""
    body, tail = line[:-TAIL] + b"}", line[-TAIL:]
    digest = _hash(body, before)
    if tail != OPENING + digest + CLOSING:
        return None
    record = parsed(body)
    return None if record is None else (record, digest)


def parsed(text: bytes) -> Record | None:
    """Return the JSON object that a text contains, or None where it is not a JSON object."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _hash(body: bytes, before: bytes) -> bytes:
    """Return SHA-256(before + body) in hexadecimal."""
    return hashlib.sha256(before + body).hexdigest().encode("ascii")
