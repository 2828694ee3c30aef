"""The progress bar of a hunt: the share of the budget that is spent, and the best ratio so far."""

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tabular_trpo._app.shared.formatting import plain
from tabular_trpo._core.decimals import fixed
from tabular_trpo._falsify.score import APPLICABLE

WIDEST = 40  # characters of a title
Tell = Callable[[float, float], None]


@contextmanager
def hunting(quiet: bool) -> Iterator[Callable[[str], Tell | None]]:
    """Yield a function that begins the bar of a claim and returns what `tt.falsify` calls.

    The bar is on standard error, and only where that is a terminal.
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda title: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("best ratio {task.fields[best]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def begin(title: str) -> Tell:
            for earlier in bar.task_ids:
                bar.remove_task(earlier)
            name = escape(plain(title[:WIDEST]))
            task = bar.add_task(name, total=1.0, best="-")
            best = -math.inf

            def tell(share: float, score: float) -> None:
                nonlocal best
                best = max(best, score)
                shown = fixed(best) if best > APPLICABLE else "-"
                bar.update(task, completed=share, best=shown)

            return tell

        yield begin
