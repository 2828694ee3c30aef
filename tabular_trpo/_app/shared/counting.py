"""A progress bar of work that is counted: how much is done, and how long the rest may take."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Tell = Callable[[int], None]  # with how much is done so far


@contextmanager
def counting(total: int, quiet: bool, doing: str, unit: str) -> Iterator[Tell]:
    """Yield what tells the bar, which is on standard error, and only where that is a terminal.

    doing: in one word, such as "screening"
    unit:  what is counted, such as "pairs"
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    columns = (
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.update(task, completed=done)
