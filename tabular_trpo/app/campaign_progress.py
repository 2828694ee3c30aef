"""The progress bar of a campaign: pairs that are done, and how long the rest may take."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Tell = Callable[[int], None]  # with the number of pairs done so far


@contextmanager
def screening(total: int, quiet: bool) -> Iterator[Tell]:
    """Yield what tells the bar, which is on standard error, and only where that is a terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    columns = (
        TextColumn("screening"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pairs"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("screening", total=total)
        yield lambda done: bar.update(task, completed=done)
