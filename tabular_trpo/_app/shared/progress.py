"""A progress bar on standard error, and only where that is a terminal."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

T = TypeVar("T")


def steps(work: Iterable[tuple[int, T]], total: int, quiet: bool) -> Iterator[T]:
    """Yield the pieces of work; each comes with the number of models that were finished before it.

    total: the number of models
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield from (piece for _, piece in work)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("models, {task.fields[pairs]} pairs"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verifying", total=total, pairs=0)
        for pairs, (done, piece) in enumerate(work):
            bar.update(task, completed=done, pairs=pairs)
            yield piece
