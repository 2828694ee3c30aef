"""Compare sampled TRPO and its rivals on equal simulator steps, scored by the exact return."""

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace

from tabular_trpo._app.compare.environments import GAMMA, Played, environments, option
from tabular_trpo._app.compare.figure import draw
from tabular_trpo._app.compare.habits import LEGEND, habit_table
from tabular_trpo._app.compare.iterates import iterates
from tabular_trpo._app.compare.report import Entry, Scored, document, line, method_table, parts
from tabular_trpo._app.compare.saved import saved_run
from tabular_trpo._app.shared import executors
from tabular_trpo._app.shared.arguments import integer, number
from tabular_trpo._app.shared.errors import ExitCode, UsageError
from tabular_trpo._app.shared.executors import EXECUTORS, in_order
from tabular_trpo._app.shared.files import check_folder
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
from tabular_trpo._sampled.habits import BY_NAME, HABITS
from tabular_trpo._sampled.methods import METHODS, Settings

EPILOG = (
    "methods:\n"
    + "\n".join(f"  {method.name:14} {method.does}" for method in METHODS.values())
    + """

habits (--habits), on-policy episodes, one choice changed at a time:
"""
    + "\n".join(f"  {habit.name:14} {habit.does}" for habit in HABITS.values())
    + """

All begin at the uniform policy and use --steps transitions. The score is the
true return eta, by exact evaluation. "Fell" counts iterations that lowered it
for certain. "Curve" is the learning curve in tenths of the way from the first
eta to the optimal one ("*" from 98 % on).

Exit code 0: every model was compared. 4: some could not be with these
settings; they are named."""
)
MOST_STEPS, MOST_SEEDS = 10**9, 10**4
DELTA, DELTA_LIVE = 0.05, 0.01
LIVE = [name for name, method in METHODS.items() if method.live]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `compare` to its parser."""
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="*", help="model files, or directories of them")
    add("--env", nargs="+", metavar="NAME", help="Gymnasium environments with a table, played live")
    add("--env-option", nargs="+", type=option, metavar="KEY=VALUE", help="such as map_name=8x8")
    add("--simulate", action="store_true", help="play the table of --env, which is faster")
    add(
        "--gamma",
        type=number(float, "a number in [0, 1)", lambda x: 0 <= x < 1),
        metavar="X",
        help=f"discount of --env (default {GAMMA:g})",
    )
    add(
        "--methods",
        nargs="+",
        choices=METHODS,
        metavar="NAME",
        help="the methods (default: all; with --env " + ", ".join(LIVE) + ")",
    )
    add("--habits", action="store_true", help="compare what implementations do; see below")
    add("--steps", type=integer(1, MOST_STEPS), default=60_000, metavar="N", help="default 60000")
    add("--batch", type=integer(1, MOST_STEPS), default=2000, metavar="N", help="default 2000")
    add(
        "--delta",
        type=number(float, "a finite number > 0", lambda x: 0 < x < math.inf),
        metavar="X",
        help=f"trust region (default {DELTA:g}; with --env or --habits {DELTA_LIVE:g})",
    )
    add("--horizon", type=integer(1, MOST_STEPS), metavar="T", help="default: geometric stopping")
    add(
        "--seeds", type=integer(1, MOST_SEEDS), default=5, metavar="N", help="runs each (default 5)"
    )
    add("--seed", type=integer(0, 2**32), default=0, metavar="N", help="the first (default 0)")
    executors.arguments(parser)
    add("--runs", metavar="DIR", help="keep finished runs there, and continue from them")
    add("--figure", metavar="FILE.png", help="draw learning curves (needs the extra plot)")


def run(args: argparse.Namespace) -> Answer:
    """Run every method on every model with every seed, and report.

    raises: UsageError, TabularError, OSError
    """
    executors.check(args)
    names = _methods(args)
    check_figure(args.figure)
    if args.delta is None:
        args.delta = DELTA_LIVE if args.env or args.habits else DELTA
    settings = Settings(args.batch, args.delta, args.horizon)
    played = environments(args) if args.env else _models(args)
    checked = [(one, _too_small(one.source, names, settings)) for one in played]
    able = [one for one, why in checked if why is None]
    if not able:
        raise InvalidMDPError([p for one, why in checked if why for p in _named(one.source, why)])
    refused = {one.source.name: str(why) for one, why in checked if why is not None}
    entries = _run_all(able, names, settings, args)
    scored = Scored(args, names, entries, refused)
    unwritten = attempt(draw, args.figure, scored)
    code = ExitCode.LIMIT if refused else ExitCode.OK
    text = parts(scored, habit_table if args.habits else method_table)
    text += [LEGEND] if args.habits else []
    return Answer(code, document(scored), text, line(scored), unwritten=unwritten)


def _models(args: argparse.Namespace) -> list[Played]:
    """Return the models of the paths, each played by its simulator.

    raises: UsageError without a path, and for an option of --env; TabularError
    """
    if not args.paths:
        raise UsageError("give model files or --env NAME")
    given = {"--simulate": args.simulate, "--env-option": args.env_option, "--gamma": args.gamma}
    for name, value in given.items():
        if value not in (None, False):
            raise UsageError(f"{name} belongs to --env")
    return [
        Played(source)
        for source in distinctly_named([read(path, "float") for path in files(args.paths)])
    ]


def _methods(args: argparse.Namespace) -> list[str]:
    """Return the names of the methods to run, in the order of METHODS.

    return: without --methods, all on model files, with cma only where its package is installed, and
            those of LIVE on environments
    raises: MissingExtraError for cma without its package; UsageError for a method that needs a
            simulator on a live environment
    """
    asked = args.methods
    if args.habits:
        if asked is not None:
            raise UsageError("--habits has its own methods: leave out --methods")
        return list(HABITS)
    live = args.env and not args.simulate
    if asked is not None:
        if "cma" in asked:
            cma_package()
        if live and (other := [name for name in asked if name not in LIVE]):
            raise UsageError(
                f"{other[0]} puts its simulator into states, which a live environment cannot do; "
                "add --simulate to play its table"
            )
        return [name for name in METHODS if name in asked]
    if args.env:
        return LIVE
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
    if all(BY_NAME[name].live for name in names):
        return None
    try:
        settings.paths(source.mdp, vine="vine" in names)
    except InvalidMDPError as error:
        return error
    return None


def _run_all(
    played: list[Played], names: list[str], settings: Settings, args: argparse.Namespace
) -> list[Entry]:
    """Run every method with every seed on every model; return one `Entry` for each model.

    raises: LimitError where a worker process ends early
    """
    seeds = [args.seed + i for i in range(args.seeds)]
    if args.runs:
        check_folder(args.runs, "--runs")
    tasks = [
        (
            args.runs,
            one.source.name,
            one.source.mdp,
            name,
            seed,
            args.steps,
            replace(settings, limit=one.limit),
            one.live,
        )
        for one in played
        for name in names
        for seed in (seeds if BY_NAME[name].sampled else seeds[:1])
    ]
    curves: list[comparison.Curve] = []
    with EXECUTORS[args.executor](args.workers) as started:
        with progress_bar(args.quiet, "comparing", len(tasks)) as update:
            for curve in in_order(started, saved_run, tasks):
                curves.append(curve)
                update(len(curves), f"{len(curves)}/{len(tasks)} runs")
    taken = iter(curves)
    return [_entry(one, names, settings, args, taken) for one in played]


def _entry(
    one: Played,
    names: list[str],
    settings: Settings,
    args: argparse.Namespace,
    taken: Iterator[comparison.Curve],
) -> Entry:
    """Return the `Entry` of a model; its curves are the next ones of `taken`, method by method."""
    count = {name: args.seeds if BY_NAME[name].sampled else 1 for name in names}
    curves = {name: [next(taken) for _ in range(count[name])] for name in names}
    mdp = one.source.mdp
    first, best = evaluate(mdp, uniform(mdp)), optimal(mdp)
    radii = nearest(first.radius.eta), nearest(best.radius.eta_star)
    etas = nearest(first.eta), nearest(best.eta_star)
    played = iterates(one, settings, args, names) if args.env and not args.habits else None
    return Entry(one.source.name, mdp, *etas, curves, *radii, one.limit, played)
