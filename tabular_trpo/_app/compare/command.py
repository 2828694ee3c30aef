"""Compare sampled TRPO and its rivals on equal simulator steps, scored by the exact return."""

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace

from tabular_trpo._app.compare.figure import draw
from tabular_trpo._app.compare.report import Entry, Scored, document, line, parts
from tabular_trpo._app.shared import executors
from tabular_trpo._app.shared.arguments import integer, number
from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.executors import EXECUTORS, in_order
from tabular_trpo._app.shared.models import Source, distinctly_named, files, read
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.plotting import attempt, check_figure
from tabular_trpo._app.shared.progress import progress_bar
from tabular_trpo._core.errors import InvalidMDPError, MissingExtraError, Problem
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.policy import uniform
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.optimal import optimal
from tabular_trpo._sampled import comparison
from tabular_trpo._sampled.blackbox import cma_package
from tabular_trpo._sampled.methods import METHODS, Settings

EPILOG = (
    "methods:\n"
    + "\n".join(f"  {method.name:14} {method.does}" for method in METHODS.values())
    + """

All begin at the uniform policy and use --steps transitions. The score is the
true return eta, by exact evaluation. "Fell" counts iterations that lowered it
for certain. "Curve" is the learning curve in tenths of the way from the first
eta to the optimal one ("*" from 98 % on).

Exit code 0: every model was compared. 4: some could not be with these
settings; they are named."""
)
MOST_STEPS, MOST_SEEDS = 10**9, 10**4


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `compare` to its parser."""
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="+", help="model files, or directories of them")
    add("--methods", nargs="+", choices=METHODS, metavar="NAME", help="the methods (default: all)")
    add("--steps", type=integer(1, MOST_STEPS), default=60_000, metavar="N", help="default 60000")
    add("--batch", type=integer(1, MOST_STEPS), default=2000, metavar="N", help="default 2000")
    add(
        "--delta",
        type=number(float, "a finite number > 0", lambda x: 0 < x < math.inf),
        default=0.05,
        metavar="X",
        help="trust region (default 0.05)",
    )
    add("--horizon", type=integer(1, MOST_STEPS), metavar="T", help="default: geometric stopping")
    add(
        "--seeds", type=integer(1, MOST_SEEDS), default=5, metavar="N", help="runs each (default 5)"
    )
    add("--seed", type=integer(0, 2**32), default=0, metavar="N", help="the first (default 0)")
    executors.arguments(parser)
    add("--figure", metavar="FILE.png", help="draw learning curves (needs the extra plot)")


def run(args: argparse.Namespace) -> Answer:
    """Run every method on every model with every seed, and report.

    raises: UsageError, TabularError, OSError
    """
    executors.check(args)
    names = _methods(args.methods)
    check_figure(args.figure)
    settings = Settings(args.batch, args.delta, args.horizon)
    sources = distinctly_named([read(path, "float") for path in files(args.paths)])
    checked = [(source, _too_small(source, names, settings)) for source in sources]
    able = [source for source, why in checked if why is None]
    if not able:
        raise InvalidMDPError([p for source, why in checked if why for p in _named(source, why)])
    refused = {source.name: str(why) for source, why in checked if why is not None}
    entries = _run_all(able, names, settings, args)
    scored = Scored(args, names, entries, refused)
    unwritten = attempt(draw, args.figure, scored)
    code = ExitCode.LIMIT if refused else ExitCode.OK
    return Answer(code, document(scored), parts(scored), line(scored), unwritten=unwritten)


def _methods(asked: list[str] | None) -> list[str]:
    """Return the names of the methods to run, in the order of METHODS.

    asked:  the names of --methods; None for all, with cma only where its package is installed
    raises: MissingExtraError for cma without its package
    """
    if asked is not None:
        if "cma" in asked:
            cma_package()
        return [name for name in METHODS if name in asked]
    try:
        cma_package()
    except MissingExtraError:
        return [name for name in METHODS if name != "cma"]
    return list(METHODS)


def _named(source: Source, why: InvalidMDPError) -> list[Problem]:
    """Return the problems of an error, each with the name of the model before its place."""
    return [replace(problem, where=f"{source.name}: {problem.where}") for problem in why.problems]


def _too_small(source: Source, names: list[str], settings: Settings) -> InvalidMDPError | None:
    """Return the error of a batch that is too small for one of the methods, or None."""
    if not any(METHODS[name].sampled for name in names):
        return None
    try:
        settings.paths(source.mdp, vine="vine" in names)
    except InvalidMDPError as error:
        return error
    return None


def _run_all(
    sources: list[Source], names: list[str], settings: Settings, args: argparse.Namespace
) -> list[Entry]:
    """Run every method with every seed on every model; return one `Entry` for each model.

    raises: LimitError where a worker process ends early
    """
    seeds = [args.seed + i for i in range(args.seeds)]
    tasks = [
        (source.mdp, name, seed, args.steps, settings)
        for source in sources
        for name in names
        for seed in (seeds if METHODS[name].sampled else seeds[:1])
    ]
    curves: list[comparison.Curve] = []
    with EXECUTORS[args.executor](args.workers) as started:
        with progress_bar(args.quiet, "comparing", len(tasks)) as update:
            for curve in in_order(started, comparison.run, tasks):
                curves.append(curve)
                update(len(curves), f"{len(curves)}/{len(tasks)} runs")
    taken = iter(curves)
    return [_entry(source, names, len(seeds), taken) for source in sources]


def _entry(
    source: Source, names: list[str], seeds: int, taken: Iterator[comparison.Curve]
) -> Entry:
    """Return the `Entry` of a model; its curves are the next ones of `taken`, method by method."""
    curves = {
        name: [next(taken) for _ in range(seeds if METHODS[name].sampled else 1)] for name in names
    }
    mdp = source.mdp
    first, best = evaluate(mdp, uniform(mdp)), optimal(mdp)
    radii = nearest(first.radius.eta), nearest(best.radius.eta_star)
    return Entry(source.name, mdp, nearest(first.eta), nearest(best.eta_star), curves, *radii)
