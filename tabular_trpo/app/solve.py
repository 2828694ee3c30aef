"""Solve a model: V*, every optimal action of each state, and the optimal return."""

import argparse

import numpy as np

from tabular_trpo.app.answer import Answer, Part, closed
from tabular_trpo.app.cells import largest, many, per_state, scalars, short, with_radius
from tabular_trpo.app.source import Source, about, lane_argument, read
from tabular_trpo.app.tables import row, table
from tabular_trpo.exact.optimal import Optimum, optimal

NAME = "solve"
HELP = "V*, all optimal actions of each state, the optimal return"
EPILOG = "Rational lane: ties are exact. Float lane: the actions not proved suboptimal."
MOST_ROWS = 40


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--all", action="store_true", help=f"every row, not the first {MOST_ROWS}")
    lane_argument(parser)


def run(args: argparse.Namespace) -> Answer:
    """Solve one model."""
    source = read(args.file, args.lane)
    best = optimal(source.mdp)
    actions = {
        state: [source.mdp.action_names[a] for a in np.flatnonzero(best.optimal[s])]
        for s, state in enumerate(source.mdp.state_names)
    }
    document = {
        "command": NAME,
        "model": source.name,
        "lane": source.mdp.lane,
        "V_star": per_state(source.mdp, best.V_star),
        "optimal": actions,
        **scalars(["eta_star"], [best.eta_star]),
        "iterations": best.iterations,
        "radius": scalars(
            ["V_star", "eta_star"], [largest(best.radius.V_star), largest(best.radius.eta_star)]
        ),
    }
    parts = _states(source, best, actions, None if args.all else MOST_ROWS)
    value = with_radius(best.eta_star, best.radius.eta_star)
    count = many(best.iterations, "iteration")
    line = f"{source.name}: eta* = {value} after {count} ({about(source.mdp, args.lane)})"
    return Answer(0, document, parts, line)


def _states(
    source: Source, best: Optimum, actions: dict[str, list[str]], most: int | None
) -> list[Part]:
    made = table(["State", "V*", "Optimal actions"], right=["V*"])
    for s, name in list(enumerate(source.mdp.state_names))[:most]:
        row(made, name, short(best.V_star[s]), ", ".join(actions[name]))
    return closed("Optimum", made, source.mdp.n_states, most)
