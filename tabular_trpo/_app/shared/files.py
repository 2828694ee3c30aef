"""Files that commands write: names that every file system accepts, and whole documents."""

import json
import os
import re
from pathlib import Path

from tabular_trpo._app.shared.output import Document
from tabular_trpo._core.errors import invalid
from tabular_trpo._formats.atomic_write import unwritable, write_atomically

CERTIFICATE = ".cert.json"


def slug(text: str, others: str, separator: str, longest: int) -> str:
    """Return a part of a file name: each run of `others` replaced by the separator.

    others:  a character class, with the brackets
    longest: characters of the result, at most

    >>> slug("../a b", "[^A-Za-z0-9._-]", "_", 80)
    'a_b'
    """
    return re.sub(f"{others}+", separator, text).strip("._-")[:longest]


def unique(stem: str, taken: set[str]) -> str:
    """Return a name that is not taken, also where case does not count, and mark it as taken.

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
    """Return the folder for the files, checked before any work is spent; nothing is made yet.

    option: the option of the command line that names it
    raises: InvalidMDPError where it could not be written
    """
    folder = Path(path)
    there = next((x for x in (folder, *folder.absolute().parents) if x.exists()), folder)
    if not there.is_dir() or not os.access(there, os.W_OK):
        got = "is no folder" if there.exists() and not there.is_dir() else "cannot be written"
        raise invalid("file", f"{option} {path}", got, "a folder to write into")
    return folder
