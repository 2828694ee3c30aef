"""Improve a policy step by step, and prove at each step that its return did not decrease."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tabular_trpo._app.improve.figure import draw
from tabular_trpo._app.improve.methods import MEANING, METHODS, chosen
from tabular_trpo._app.improve.report import Run, document, line, parts
from tabular_trpo._app.shared.formatting import short
from tabular_trpo._app.shared.models import arithmetic_argument, policy, read
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.plotting import attempt, check_figure
from tabular_trpo._improve.iterate import Record, iterate
from tabular_trpo._improve.stopping import gain_at_most, gap_at_most, iterations

NAME = "improve"
HELP = "improve a policy step by step; each step certified, its monotonicity proved"
LONGEST_NUMBER, MOST_ITERATIONS = 100, 10**6
EPILOG = (
    "methods:\n"
    + "\n".join(f"  {method.name:17} {method.does}" for method in METHODS.values())
    + """

Each step is judged exactly (rational arithmetic) or within proved errors (float arithmetic). Exit code 0: a
method that promises never to lower the return did not. 1: it did, or a theorem is refuted.
4: at some step neither is certain."""
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--method", required=True, choices=METHODS, metavar="NAME", help="the step, see below"
    )
    for name, meaning in MEANING.items():
        most = 1 if name == "alpha" else None
        parser.add_argument(f"--{name}", metavar="X", type=_number(most), help=meaning)
    parser.add_argument(
        "--iterations", metavar="N", type=_count, default=20, help="most steps (default 20)"
    )
    parser.add_argument(
        "--policy",
        metavar="NAME",
        default="uniform",
        help="where to begin: a policy of the file, or uniform (the default), greedy, optimal",
    )
    parser.add_argument(
        "--tol", metavar="X", type=_number(), help="end where eta* - eta <= X is certain"
    )
    parser.add_argument(
        "--tol-gain", metavar="X", type=_number(), help="end where a step is certified <= X only"
    )
    parser.add_argument("--figure", metavar="FILE.png", help="draw the run (needs the extra plot)")
    parser.add_argument("--times", action="store_true", help="wall time of each step")
    parser.add_argument("--all", action="store_true", help="every row of the table")
    arithmetic_argument(parser)


def _number(most: int | None = None) -> Callable[[str], Fraction]:
    ends = "a finite number >= 0" if most is None else f"a number in [0, {most}]"

    def read(text: str) -> Fraction:
        try:
            value = Fraction(text) if len(text) <= LONGEST_NUMBER else None
        except (ValueError, ArithmeticError):
            value = None
        if value is None or value < 0 or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text[:LONGEST_NUMBER]!r} is not {ends}")
        return value

    return read


def _count(text: str) -> int:
    ends = f"an integer in 1..{MOST_ITERATIONS}"
    value = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not 1 <= value <= MOST_ITERATIONS:
        raise argparse.ArgumentTypeError(f"{text[:LONGEST_NUMBER]!r} is not {ends}")
    return value


def run(args: argparse.Namespace) -> Answer:
    """Improve one policy of one model, and report.

    raises: UsageError, TabularError
    """
    given = {name: getattr(args, name) for name in MEANING if getattr(args, name) is not None}
    method = chosen(args.method, given)
    if args.figure is not None:
        check_figure(args.figure)
    source = read(args.file, args.arithmetic)
    start = policy(source, args.policy)
    rules = [iterations(args.iterations)]
    rules += [] if args.tol is None else [gap_at_most(args.tol)]
    rules += [] if args.tol_gain is None else [gain_at_most(args.tol_gain)]
    records: list[Record] = []
    with _watched(args.quiet, args.iterations) as tell:
        for record in iterate(source.mdp, start, method.make(given, source.mdp, start), rules):
            records.append(record)
            tell(record)
    done = Run(source, method, given, args, records)
    unwritten = None if args.figure is None else attempt(lambda: draw(args.figure, done))
    return Answer(done.code, document(done), parts(done), line(done), unwritten=unwritten)


@contextmanager
def _watched(quiet: bool, most: int) -> Iterator[Callable[[Record], Any]]:
    """Yield what shows a step on a progress bar, on a terminal's standard error only."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda record: None
        return
    told = TextColumn("steps, eta {task.fields[eta]}")
    columns = (TextColumn("improving"), BarColumn(), MofNCompleteColumn(), told)
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("improving", total=most, eta="-")
        yield lambda record: bar.update(task, completed=record.i, eta=short(record.eta_new))
