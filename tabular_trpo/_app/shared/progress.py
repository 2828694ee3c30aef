"""The progress bar of a command, shown on standard error where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tabular_trpo._core.terminal import plain

Update = Callable[[float, str], None]  # the amount of work done, and a note behind the bar


@contextmanager
def progress_bar(quiet: bool, title: str, total: float, note: str = "") -> Iterator[Update]:
    """Show a progress bar during a block; yield the function of (done, note) that updates it.

    title: the text before the bar
    total: the value of `done` at the end of the work
    note:  the text behind the bar until the first update
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
