"""Improve a policy step by step, and prove at each step that its return did not decrease."""

import argparse
from fractions import Fraction

from tabular_trpo._app.improve.figure import draw
from tabular_trpo._app.improve.methods import MEANING, METHODS, chosen
from tabular_trpo._app.improve.report import Run, document, line, parts
from tabular_trpo._app.shared.arguments import POLICIES, add_arithmetic, integer, number
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
    + "\n".join(f"  {method.name:18} {method.does}" for method in METHODS.values())
    + """

Each step is judged exactly (rational arithmetic) or within proved errors
(float arithmetic). Exit code 0: no step lowered the return, or the method
gives no guarantee. 1: a step of a method with a guarantee lowered the return,
or a theorem is refuted. 4: at some step neither is certain."""
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `improve` to its parser."""
    add = parser.add_argument
    add("file", metavar="FILE")
    add("--method", required=True, choices=METHODS, metavar="NAME", help="the step, see below")
    for name, meaning in MEANING.items():
        reader = _WEIGHT if name == "alpha" else _NONNEGATIVE
        add(f"--{name}", metavar="X", type=reader, help=meaning)
    steps = integer(1, MOST_ITERATIONS)
    add("--iterations", metavar="N", type=steps, default=20, help="most steps (default 20)")
    add("--policy", metavar="NAME", default="uniform", help=POLICIES)
    add("--tol", metavar="X", type=_NONNEGATIVE, help="end where eta* - eta <= X is certain")
    add("--tol-gain", metavar="X", type=_NONNEGATIVE, help="end where a certified gain is <= X")
    add("--figure", metavar="FILE.png", help="draw the run (needs the extra plot)")
    add("--times", action="store_true", help="wall time of each step")
    add("--all", action="store_true", help="every row of the table")
    add_arithmetic(parser)


def run(args: argparse.Namespace) -> Answer:
    """Run one method of policy improvement on one model and return the report of its steps.

    raises: UsageError, TabularError
    """
    given = {name: x for name in MEANING if (x := getattr(args, name)) is not None}
    method = chosen(args.method, given)
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
    unwritten = attempt(draw, args.figure, done)
    return Answer(done.code, document(done), parts(done), line(done), unwritten=unwritten)
