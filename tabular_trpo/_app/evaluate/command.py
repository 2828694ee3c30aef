"""Evaluate a policy exactly: V, Q, A, rho, d, eta; and the terms of the bounds for a second one."""

import argparse

import numpy as np

from tabular_trpo._app.evaluate.policy_pair import compare, comparison, documents
from tabular_trpo._app.shared.arguments import POLICIES, add_arithmetic
from tabular_trpo._app.shared.formatting import (
    json_number,
    largest,
    per_pair,
    per_state,
    short,
    with_radius,
    within,
)
from tabular_trpo._app.shared.models import Source, about, policy, read
from tabular_trpo._app.shared.output import Answer, Document
from tabular_trpo._app.shared.page import Part, titled
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.policies_once import policies_once
from tabular_trpo._exact.evaluate import Evaluation, evaluate
from tabular_trpo._theory.pair import Pair

EPILOG = "Float arithmetic: each number is proved to be within the radius beside it."
MOST_ROWS = 40
QUANTITIES = ("V", "Q", "A", "rho", "d", "eta")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `evaluate` to its parser."""
    add = parser.add_argument
    add("file", metavar="FILE")
    add("--policy", metavar="NAME", default="uniform", help=POLICIES)
    add("--policy-new", metavar="NAME", help="compare with it; greedy is then a step from --policy")
    add("--all", action="store_true", help=f"every row, not the first {MOST_ROWS}")
    add_arithmetic(parser)


def run(args: argparse.Namespace) -> Answer:
    """Evaluate the policy of --policy, and compare it with that of --policy-new if given.

    raises: UsageError, TabularError
    """
    source = read(args.file, args.arithmetic)
    with policies_once(source.mdp, source.policies.values()):
        return _answer(args, source)


def _answer(args: argparse.Namespace, source: Source) -> Answer:
    """Return the report of the policies that the arguments name, on the model of the file."""
    pi = policy(source, args.policy)
    ev = evaluate(source.mdp, pi)
    most = None if args.all else MOST_ROWS
    document = _document(source, args.policy, ev)
    parts = [*_states(source, ev, most), *_pairs(source, ev, most)]
    line = f"{source.name}, policy {args.policy}: eta = {with_radius(ev.eta, ev.radius.eta)}"
    if args.policy_new is not None:
        pair = Pair(source.mdp, pi, policy(source, args.policy_new, before=pi))
        found = compare(pair)
        document = {**document, "policy_new": args.policy_new, **documents(found)}
        parts += comparison(args.policy_new, found)
        line += f", policy {args.policy_new}: eta_new = "
        line += with_radius(pair.eta_new, pair.new.radius.eta)
    parts.append(_radii(ev))
    return Answer(0, document, parts, f"{line} ({about(source.mdp, args.arithmetic)})")


def _document(source: Source, name: str, ev: Evaluation) -> Document:
    """Return the JSON document of the evaluation of the policy `name`."""
    mdp = ev.mdp
    return {
        "command": "evaluate",
        "model": source.name,
        "lane": mdp.arithmetic,
        "gamma": json_number(mdp.gamma),
        "policy": name,
        "pi": per_pair(mdp, ev.pi),
        **{key: per_state(mdp, getattr(ev, key)) for key in ("V", "rho", "d")},
        **{key: per_pair(mdp, getattr(ev, key)) for key in ("Q", "A")},
        "eta": json_number(ev.eta),
        "radius": {key: json_number(largest(getattr(ev.radius, key))) for key in QUANTITIES},
    }


def _states(source: Source, ev: Evaluation, most: int | None) -> list[Part]:
    """Return the table of V, rho and d with a row for each state, at most `most` rows."""
    made = Table(["State", "V", "rho", "d"], right=["V", "rho", "d"])
    columns = [(getattr(ev, key), largest(getattr(ev.radius, key))) for key in ("V", "rho", "d")]
    for s, name in list(enumerate(source.mdp.state_names))[:most]:
        made.add(name, *(within(x[s], e) for x, e in columns))
    return titled("States", made, source.mdp.n_states, most)


def _pairs(source: Source, ev: Evaluation, most: int | None) -> list[Part]:
    """Return the table of pi, Q and A with a row for each allowed pair, at most `most` rows."""
    mdp = source.mdp
    columns = ["pi", "Q", "A"]
    made = Table(["State", "Action", *columns], right=columns, keys=2)
    allowed: Array = np.argwhere(mdp.mask)
    values = ((ev.Q, largest(ev.radius.Q)), (ev.A, largest(ev.radius.A)))
    for s, a in allowed[:most]:
        cells = [short(ev.pi[s, a]), *(within(x[s, a], e) for x, e in values)]
        made.add(mdp.state_names[s], mdp.action_names[a], *cells)
    return titled("States and actions", made, len(allowed), most)


def _radii(ev: Evaluation) -> str:
    """Return a sentence on the proved errors of V, Q, A, rho and d."""
    if ev.mdp.arithmetic == "rational":
        return "Exact; numbers after ~ are rounded for display, --json has them exactly."
    radii = ((key, largest(getattr(ev.radius, key))) for key in QUANTITIES[:-1])
    shown = ", ".join(f"{key} {nearest(radius):.2g}" for key, radius in radii)
    return (
        f"Rounded to 7 digits, or to those that the error supports. Proved largest errors: {shown}."
    )
