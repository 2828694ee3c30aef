"""Solve a model: V*, every optimal action of each state, and the optimal return."""

import argparse

import numpy as np

from tabular_trpo._app.shared.arguments import add_arithmetic
from tabular_trpo._app.shared.formatting import (
    counted,
    json_number,
    largest,
    per_state,
    with_radius,
    within,
)
from tabular_trpo._app.shared.models import Source, about, read
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.page import Part, titled
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.numbers import Array
from tabular_trpo._exact.optimal import Optimum, optimal

EPILOG = """Rational arithmetic: ties are exact.
Float arithmetic: the actions that are not proved suboptimal."""
MOST_ROWS = 40
UNDECIDED = (
    "Undecided actions are worth the same, or differ by less than the proved errors of doubles; "
    "--arithmetic rational decides."
)

Names = dict[str, list[str]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `solve` to its parser."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--all", action="store_true", help=f"every row, not the first {MOST_ROWS}")
    add_arithmetic(parser)


def run(args: argparse.Namespace) -> Answer:
    """Compute V*, the optimal actions and eta* of one model, and return the report.

    raises: TabularError
    """
    source = read(args.file, args.arithmetic)
    best = optimal(source.mdp)
    actions = _named(source, best.optimal)
    undecided = {state: names for state, names in _named(source, best.undecided).items() if names}
    document = {
        "command": "solve",
        "model": source.name,
        "lane": source.mdp.arithmetic,
        "V_star": per_state(source.mdp, best.V_star),
        "optimal": actions,
        "undecided": undecided,
        "eta_star": json_number(best.eta_star),
        "iterations": best.iterations,
        "radius": {
            "V_star": json_number(largest(best.radius.V_star)),
            "eta_star": json_number(best.radius.eta_star),
        },
    }
    parts = _states(source, best, actions, undecided, None if args.all else MOST_ROWS)
    value = with_radius(best.eta_star, best.radius.eta_star)
    count = counted(best.iterations, "iteration")
    line = f"{source.name}: eta* = {value} after {count} ({about(source.mdp, args.arithmetic)})"
    if undecided:
        line += f"; actions undecided in {counted(len(undecided), 'state')}"
    return Answer(0, document, parts, line)


def _named(source: Source, pairs: Array) -> Names:
    """Return {state s: names of the actions a with pairs[s, a]}; pairs (S, A) of truth values."""
    return {
        state: [source.mdp.action_names[a] for a in np.flatnonzero(pairs[s])]
        for s, state in enumerate(source.mdp.state_names)
    }


def _states(
    source: Source, best: Optimum, actions: Names, undecided: Names, most: int | None
) -> list[Part]:
    """Return the table of V* and the optimal actions, at most `most` rows, and remarks."""
    heads = ["State", "V*", "Optimal actions", *(["Of these undecided"] if undecided else [])]
    made = Table(heads, right=["V*"])
    error = largest(best.radius.V_star)
    for s, name in list(enumerate(source.mdp.state_names))[:most]:
        left_open = [", ".join(undecided.get(name, []))] if undecided else []
        made.add(name, within(best.V_star[s], error), ", ".join(actions[name]), *left_open)
    remarks = [UNDECIDED] if undecided else []
    return [*titled("Optimum", made, source.mdp.n_states, most), *remarks]
