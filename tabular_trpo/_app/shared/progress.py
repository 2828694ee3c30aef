"""The progress bar: on standard error, and only where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tabular_trpo._core.terminal import plain

Update = Callable[[float, str], None]  # how much is done, and a note beside the bar


@contextmanager
def progress_bar(quiet: bool, title: str, total: float, note: str = "") -> Iterator[Update]:
    """Yield a function that moves the bar.

    title: of the work, before the bar
    total: the work in the unit in which it is reported as done
    note:  behind the bar until the first update
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, note: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description}", markup=False)
    beside = TextColumn("{task.fields[note]}", markup=False)
    columns = (text, BarColumn(), beside, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(plain(title), total=total, note=note)
        yield lambda done, note: bar.update(task, completed=done, note=note)
