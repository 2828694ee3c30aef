"""Command line of the scripts that write a page of docs from the tables of the package."""

import argparse
from collections.abc import Callable
from pathlib import Path

from tabular_trpo._formats.atomic_write import write_atomically


def write_page(name: str, page: Callable[[], str], argv: list[str] | None = None) -> int:
    """Write the text of a page to the file given in `argv`; return the exit code 0.

    name: name of the script, such as "theory_page", which writes docs/theory.md
    page: returns the text
    """
    parser = argparse.ArgumentParser(prog=f"python -m scripts.{name}")
    page_of = f"docs/{name.removesuffix('_page')}.md"
    parser.add_argument("file", type=Path, help=f"where to write the page, {page_of}")
    write_atomically(parser.parse_args(argv).file, page())
    return 0
