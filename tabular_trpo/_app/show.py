"""Describe a model: sizes, arithmetic, structure, ties, policies; or its graph for Graphviz."""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from tabular_trpo._app.shared.arguments import add_arithmetic
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._app.shared.formatting import (
    counted,
    json_number,
    largest,
    short,
    with_radius,
    within,
)
from tabular_trpo._app.shared.models import Source, about, read
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.page import Part
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core import policy as policies
from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.terminal import plain
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.optimal import optimal
from tabular_trpo._exact.structure import Structure, graph, structure

EPILOG = """--dot writes a graph for Graphviz:
tabular-trpo show FILE --dot | dot -Tsvg > model.svg"""
MOST_NAMED = 8  # states that are named in one line
MOST_SOLVED = 2000  # largest number of states at which the model is solved for its ties
MOST_WHY = 1000  # characters of the text "why" of a model that are shown
Record = dict[str, Any]  # a JSON object


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `show` to its parser."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--dot", action="store_true", help="write the graph for Graphviz")
    add_arithmetic(parser)


def run(args: argparse.Namespace) -> Answer:
    """Return the description of one model, or with --dot its graph for Graphviz.

    raises: UsageError for --dot with --json; TabularError
    """
    if args.dot and args.json:
        raise UsageError("--dot and --json exclude each other: each is all of standard output")
    source = read(args.file, args.arithmetic)
    mdp, found = source.mdp, structure(source.mdp)
    named = {"uniform": policies.uniform(mdp), **source.policies}
    document = {
        "command": "show",
        "model": source.name,
        "why": source.why,
        **_sizes(mdp),
        "structure": _structure(mdp, found),
        "optimum": _optimum(mdp),
        "policies": {name: _policy(mdp, pi) for name, pi in named.items()},
    }
    raw = _dot(source) if args.dot else None
    line = (
        f"{source.name}: {counted(mdp.n_states, 'state')}, {counted(mdp.n_actions, 'action')}, "
        f"gamma {_gamma(mdp)} ({about(mdp, args.arithmetic)})"
    )
    return Answer(0, document, _parts(source, document), line, raw)


def _gamma(mdp: MDP) -> str:
    """Return gamma as text that never rounds to 1."""
    text = short(mdp.gamma)
    return faithful(mdp.gamma) if text.removeprefix("~") == "1" else text


def _sizes(mdp: MDP) -> Record:
    """Return the sizes, the arithmetic, gamma and the range of rewards of a model for JSON."""
    live = mdp.r[mdp.mask]
    positive = mdp.P.nnz if mdp.is_sparse else np.count_nonzero(mdp.P)
    return {
        "lane": mdp.arithmetic,
        "states": list(mdp.state_names),
        "actions": list(mdp.action_names),
        "allowed_pairs": int(mdp.mask.sum()),
        "transitions": int(positive),
        "sparse": mdp.is_sparse,
        "start": _names(mdp, np.flatnonzero(np.asarray(mdp.rho0 != 0, dtype=bool))),
        "rewards_on": "transitions" if mdp.r_next is not None else "pairs",
        "gamma": json_number(mdp.gamma),
        "horizon": json_number(1 / (1 - mdp.gamma)),
        "reward_min": json_number(-largest(-live)),
        "reward_max": json_number(largest(live)),
        "repair": json_number(mdp.repair),
    }


def _names(mdp: MDP, states: Sequence[int] | Array) -> list[str]:
    return [mdp.state_names[s] for s in states]


def _structure(mdp: MDP, found: Structure) -> Record:
    """Return the unreachable states and the recurrent classes with their periods for JSON."""
    return {
        "unreachable": _names(mdp, np.flatnonzero(~found.reachable)),
        "recurrent": [_names(mdp, states) for states in found.recurrent],
        "periods": list(found.periods),
    }


def _optimum(mdp: MDP) -> Record | None:
    """Return eta* and the states with several optimal actions; None above MOST_SOLVED states."""
    if mdp.n_states > MOST_SOLVED:
        return None
    best = optimal(mdp)
    tied = best.optimal.sum(axis=1) > 1
    return {
        "eta_star": json_number(best.eta_star),
        "radius": json_number(best.radius.eta_star),
        "text": with_radius(best.eta_star, best.radius.eta_star),
        "ties": {
            mdp.state_names[s]: [mdp.action_names[a] for a in np.flatnonzero(best.optimal[s])]
            for s in np.flatnonzero(tied)
        },
    }


def _policy(mdp: MDP, pi: Array) -> Record:
    """Return eta, the support and the recurrent classes of a policy pi (S, A) for JSON."""
    ev, found = evaluate(mdp, pi), structure(mdp, pi)
    support = np.asarray(pi != 0, dtype=bool)
    return {
        "eta": json_number(ev.eta),
        "radius": json_number(ev.radius.eta),
        "text": within(ev.eta, ev.radius.eta),
        "support": int(support.sum()),
        "deterministic": bool(support.sum() == mdp.n_states),
        "full_support": bool((support == mdp.mask).all()),
        "visited": int(found.reachable.sum()),
        "recurrent": [_names(mdp, states) for states in found.recurrent],
        "periods": list(found.periods),
    }


def _parts(source: Source, document: Record) -> list[Part]:
    """Return the text report: the table of the model and the table of its policies."""
    made = Table(["Property", "Value"])
    for name, value in _properties(source.mdp, document):
        made.add(name, value)
    named = Table(
        ["Policy", "eta", "Support", "Visited", "Recurrent classes (period)"],
        right=["eta", "Visited"],
    )
    for name, one in document["policies"].items():
        spread = "full" if one["full_support"] else "part"
        kind = "deterministic" if one["deterministic"] else spread
        classes = _classes(one["recurrent"], one["periods"])
        visited = f"{one['visited']}/{source.mdp.n_states}"
        named.add(name, one["text"], kind, visited, classes)
    why = source.why if len(source.why) <= MOST_WHY else f"{source.why[:MOST_WHY]}..."
    return [f"{source.name}: {why or 'no reason given'}", made, "Policies", named]


def _properties(mdp: MDP, document: Record) -> list[tuple[str, str]]:
    found, best = document["structure"], document["optimum"]
    pairs = f"{document['allowed_pairs']} of {mdp.n_states * mdp.n_actions} pairs allowed"
    low, high = (short(x) for x in (-largest(-mdp.r[mdp.mask]), largest(mdp.r[mdp.mask])))
    unreachable = found["unreachable"]
    ties = "" if best is None else _some([f"{s} ({', '.join(a)})" for s, a in best["ties"].items()])
    return [
        ("States", f"{mdp.n_states}: {_some(mdp.state_names)}"),
        ("Actions", f"{mdp.n_actions}: {_some(mdp.action_names)}; {pairs}"),
        ("Transitions", f"{document['transitions']}{', stored sparse' if mdp.is_sparse else ''}"),
        ("gamma", f"{_gamma(mdp)}, effective horizon {short(1 / (1 - mdp.gamma))}"),
        (
            "Arithmetic",
            mdp.arithmetic + (f", rows repaired by up to {mdp.repair:.2g}" if mdp.repair else ""),
        ),
        ("Start", _some(document["start"])),
        ("Rewards", f"{low} to {high} expected, given on {document['rewards_on']}"),
        ("Unreachable", _some(unreachable) or "none"),
        ("Recurrent", _classes(found["recurrent"], found["periods"]) + ", over all actions"),
        ("Optimum", "not solved: try solve" if best is None else f"eta* = {best['text']}"),
        ("Ties", ties or ("" if best is None else "none")),
    ]


def _some(names: Sequence[str]) -> str:
    """Return the first MOST_NAMED names in one line, and the number of the others."""
    more = f", and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _classes(classes: Sequence[Sequence[str]], periods: Sequence[int]) -> str:
    shown = [f"{{{_some(c)}}} ({p})" for c, p in zip(classes, periods, strict=True)]
    return _some(shown)


def _dot(source: Source) -> str:
    """Return the transition graph in the DOT language: states as nodes, transitions as edges."""
    drawn = graph(source.mdp)
    lines = [f"digraph {_quoted(source.name)} {{", "  rankdir=LR;"]
    for name, data in drawn.nodes(data=True):
        border = "" if data["rho0"] in ("0", "0.0") else " [peripheries=2]"
        lines.append(f"  {_quoted(name)}{border};")
    for s, t, data in drawn.edges(data=True):
        label = f"{data['action']}: {data['prob']}, {data['reward']}"
        lines.append(f"  {_quoted(s)} -> {_quoted(t)} [label={_quoted(label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
