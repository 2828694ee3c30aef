"""Improve a policy step by step, and prove at each step that its return did not decrease."""

import argparse
from fractions import Fraction

from tabular_trpo._app.improve.figure import draw
from tabular_trpo._app.improve.methods import MEANING, METHODS, chosen
from tabular_trpo._app.improve.report import Run, document, line, parts
from tabular_trpo._app.shared.arguments import add_arithmetic, integer, number
from tabular_trpo._app.shared.formatting import counted, short
from tabular_trpo._app.shared.models import policy, read
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.plotting import attempt, check_figure
from tabular_trpo._app.shared.progress import progress_bar
from tabular_trpo._improve.iterate import Record, iterate
from tabular_trpo._improve.stopping import gain_at_most, gap_at_most, iterations

MOST_ITERATIONS = 10**6
_NONNEGATIVE = number(Fraction, "a finite number >= 0", lambda x: x >= 0)
_WEIGHT = number(Fraction, "a number in [0, 1]", lambda x: 0 <= x <= 1)
EPILOG = (
    "methods:\n"
    + "\n".join(f"  {method.name:17} {method.does}" for method in METHODS.values())
    + """

Each step is judged exactly (rational arithmetic) or within proved errors (float arithmetic).
Exit code 0: a method that promises never to lower the return did not. 1: it did, or a theorem is
refuted. 4: at some step neither is certain."""
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--method", required=True, choices=METHODS, metavar="NAME", help="the step, see below"
    )
    for name, meaning in MEANING.items():
        reader = _WEIGHT if name == "alpha" else _NONNEGATIVE
        parser.add_argument(f"--{name}", metavar="X", type=reader, help=meaning)
    parser.add_argument(
        "--iterations",
        metavar="N",
        type=integer(1, MOST_ITERATIONS),
        default=20,
        help="most steps (default 20)",
    )
    parser.add_argument(
        "--policy",
        metavar="NAME",
        default="uniform",
        help="where to begin: a policy of the file, or uniform (the default), greedy, optimal",
    )
    parser.add_argument(
        "--tol", metavar="X", type=_NONNEGATIVE, help="end where eta* - eta <= X is certain"
    )
    parser.add_argument(
        "--tol-gain", metavar="X", type=_NONNEGATIVE, help="end where a step is certified <= X only"
    )
    parser.add_argument("--figure", metavar="FILE.png", help="draw the run (needs the extra plot)")
    parser.add_argument("--times", action="store_true", help="wall time of each step")
    parser.add_argument("--all", action="store_true", help="every row of the table")
    add_arithmetic(parser)


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
    with progress_bar(args.quiet, "improving", args.iterations) as update:
        for record in iterate(source.mdp, start, method.make(given, source.mdp, start), rules):
            records.append(record)
            eta = short(record.eta_new)
            update(record.i, f"{record.i}/{counted(args.iterations, 'step')}, eta {eta}")
    done = Run(source, method, given, args, records)
    unwritten = None if args.figure is None else attempt(lambda: draw(args.figure, done))
    return Answer(done.code, document(done), parts(done), line(done), unwritten=unwritten)
