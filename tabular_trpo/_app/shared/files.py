"""Certificates on disk: names that no file system minds, written whole or not at all."""

import json
import os
import re
from pathlib import Path
from typing import Any

from tabular_trpo._core.errors import invalid
from tabular_trpo._formats.atomic_write import unwritable, write_atomically

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

    raises: InvalidMDPError naming the file
    """
    path = folder / name
    make_folder(folder, path)
    write_atomically(path, json.dumps(document, indent=1) + "\n")
    return path


def make_folder(folder: Path, path: Path) -> None:
    """Make the folder of a file that is about to be written.

    raises: InvalidMDPError naming the file
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None


def check_folder(path: str, option: str) -> Path:
    """Return the folder for the files, before any work is spent on them; nothing is made yet.

    option: the word of the command line that names it
    raises: InvalidMDPError where it could not be written
    """
    folder = Path(path)
    there = next((x for x in (folder, *folder.absolute().parents) if x.exists()), folder)
    if not there.is_dir() or not os.access(there, os.W_OK):
        got = "is no folder" if there.exists() and not there.is_dir() else "cannot be written"
        raise invalid("file", f"{option} {path}", got, "a folder to write into")
    return folder
