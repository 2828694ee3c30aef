"""The lines of a campaign's file: JSON objects, each sealed by a hash that covers all before it."""

import hashlib
import json
from typing import Any

Record = dict[str, Any]
OPENING, CLOSING, DIGITS = b',"sha256":"', b'"}\n', 64
TAIL = len(OPENING) + DIGITS + len(CLOSING)


def seal(record: Record, before: bytes) -> tuple[bytes, bytes]:
    """Return the line of a record, and its hash; `before` is the hash of the line before, or empty.

    The hash is SHA-256(before + the record as compact JSON), in hexadecimal; it is the last entry
    of the object.

    >>> seal({"chunk": 0}, b"")[0][:30]
    b'{"chunk":0,"sha256":"359b7b24d'
    """
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii")
    digest = _hash(body, before)
    return body[:-1] + OPENING + digest + CLOSING, digest


def unseal(line: bytes, before: bytes) -> tuple[Record, bytes] | None:
    """Return the record of a line and its hash; None where a byte or its place is wrong."""
    body, tail = line[:-TAIL] + b"}", line[-TAIL:]
    digest = _hash(body, before)
    if tail != OPENING + digest + CLOSING:
        return None
    record = parsed(body)
    return None if record is None else (record, digest)


def parsed(text: bytes) -> Record | None:
    """Return the JSON object that a text is, or None."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _hash(body: bytes, before: bytes) -> bytes:
    return hashlib.sha256(before + body).hexdigest().encode("ascii")
