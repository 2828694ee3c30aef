"""Certificates on disk: names that no file system minds, written whole or not at all."""

import json
import re
import secrets
from pathlib import Path
from typing import Any

SUFFIX = ".cert.json"
LONGEST = 80  # characters of one part of a name


def file_name(model: str, pair: str, taken: set[str]) -> str:
    """Return "model-pair.cert.json" from names that may hold anything; a number makes it new.

    >>> file_name("chain", "uniform -> greedy", set())
    'chain-uniform-to-greedy.cert.json'
    >>> file_name("../x", "a/b", {"x-a_b.cert.json"})
    'x-a_b-2.cert.json'
    """
    stem = f"{_safe(model)}-{_safe(pair)}"
    name, number = f"{stem}{SUFFIX}", 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}{SUFFIX}"
    taken.add(name.lower())
    return name


def _safe(text: str) -> str:
    words = text.replace(" -> ", "-to-").replace(" + ", "-plus-")
    return re.sub("[^A-Za-z0-9._-]+", "_", words).strip("._-")[:LONGEST] or "unnamed"


def save(folder: Path, name: str, document: dict[str, Any]) -> Path:
    """Write a JSON document; the file appears complete, by a rename, or not at all.

    raises: OSError
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    beside = folder / f".{name[:100]}.{secrets.token_hex(6)}.tmp"
    try:
        with beside.open("x", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path
