"""Files that commands write: portable file names, and JSON documents written atomically."""

import json
import os
import re
from pathlib import Path

from tabular_trpo._app.shared.output import Document
from tabular_trpo._core.errors import invalid
from tabular_trpo._formats.atomic_write import unwritable, write_atomically

CERTIFICATE = ".cert.json"


def slug(text: str, others: str, separator: str, longest: int) -> str:
    """Return a text as part of a file name: each run of characters of `others` becomes a separator.

    others:  a character class of `re`, with the brackets
    longest: the largest number of characters of the result

    >>> slug("../a b", "[^A-Za-z0-9._-]", "_", 80)
    'a_b'
    """
    return re.sub(f"{others}+", separator, text).strip("._-")[:longest]


def unique(stem: str, taken: set[str]) -> str:
    """Return the first of `stem`, `stem-2`, `stem-3`, ... that is not taken, and mark it as taken.

    taken: the names in use, in lower case, since some file systems ignore case

    >>> names = {"x"}
    >>> unique("X", names), unique("x", names)
    ('X-2', 'x-3')
    """
    name, number = stem, 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.lower())
    return name


def save(folder: Path, name: str, document: Document) -> Path:
    """Write a JSON document to a file of the folder and return its path.

    The file is written by a rename, so that it is complete or absent.

    raises: InvalidMDPError naming the file
    """
    path = folder / name
    make_folder(folder, path)
    write_atomically(path, json.dumps(document, indent=1) + "\n")
    return path


def make_folder(folder: Path, path: Path) -> None:
    """Create a folder and its missing parents.

    path:   the file in the folder that the error names
    raises: InvalidMDPError where the folder cannot be created
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None


def check_folder(path: str, option: str) -> Path:
    """Return the folder of a path, checked to be writable or creatable; no folder is created.

    option: the command-line option that gives the path, for the error
    raises: InvalidMDPError where the folder, or its nearest existing parent, cannot be written
    """
    folder = Path(path)
    there = next((x for x in (folder, *folder.absolute().parents) if x.exists()), folder)
    if not there.is_dir() or not os.access(there, os.W_OK):
        got = "is no folder" if there.exists() and not there.is_dir() else "cannot be written"
        raise invalid("file", f"{option} {path}", got, "a folder to write into")
    return folder
