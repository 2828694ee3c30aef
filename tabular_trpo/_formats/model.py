"""The model of a document: transitions, rho0 and gamma read, then built and checked by core.

Core names the offenders by their indices; here they get their names and places in the document.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core import columns as core
from tabular_trpo._core import validate
from tabular_trpo._core.errors import InvalidMDPError, MemoryGuardError, Problem
from tabular_trpo._core.grid import ROW_TOLERANCE
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, brief
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.distributions import read_rho0
from tabular_trpo._formats.header import Index
from tabular_trpo._formats.numbers import Number, has_bare, number, number_in, row_problem
from tabular_trpo._formats.problems import in_json
from tabular_trpo._formats.transitions import Columns, read_transitions, split_rows

ENTRY = 16  # bytes an entry of a dense rational table: one in P and one in r(s, a, s')
TERMINAL = 'A terminal state moves to itself: [{0}, "stay", {0}, "1", "0"]'


@final
class ReadModel(NamedTuple):
    """What a document says of its model; what is wrong is in the report.

    mdp:      None where something is wrong
    mask:     the pairs (s, a) that occur, (S, A); None where an unknown state leaves them open
    rational: whether the numbers were read in rational arithmetic
    quoted:   whether every number of the model is exact in the document
    """

    mdp: MDP | None
    mask: Array | None
    rational: bool
    quoted: bool


def read_model(
    report: Report,
    document: Mapping[str, object],
    states: Index,
    actions: Index,
    arithmetic: str,
    normalize: bool,
) -> ReadModel:
    """Read gamma, transitions and rho0 and build the model.

    arithmetic: "float" reads exact numbers as doubles.  A float document that is asked for in
                rational arithmetic is read in floats all the same: its rational reading is the
                `to_rational` of the model.
    normalize:  whether rows are divided by their sums
    raises:     MemoryGuardError for a model that would not fit, unless something else is wrong
    """
    quoted = not _any_bare(document)
    rational = quoted and arithmetic != "float"
    gamma = _gamma(report, document["gamma"], rational)
    if not states or not actions:
        report.close()  # what follows names states and actions
    rows = split_rows(report, document["transitions"])
    try:
        _guard(len(states), len(actions), rational)
    except MemoryGuardError:
        report.close()
        raise
    columns = read_transitions(report, rows, states, actions, rational)
    rho0 = read_rho0(report, document["rho0"], states, rational)
    if columns is None:
        return ReadModel(None, None, rational, quoted)
    mask = np.zeros((len(states), len(actions)), dtype=bool)
    mask[columns.s, columns.a] = True
    names = (tuple(states), tuple(actions))
    table = core.Table(*columns[:5], rho0, *names)
    mdp, found = _built(table, mask, gamma, normalize)
    if found is not None:
        report.hidden += found.hidden
        for problem in found.problems:
            report.note(_in_document(problem, columns, table))
    return ReadModel(mdp, mask, rational, quoted)


def _built(
    table: core.Table, mask: Array, gamma: Number, normalize: bool
) -> tuple[MDP | None, InvalidMDPError | Report | None]:
    """Return the model, or what core finds wrong with it.

    The model is dense, or CSR where the dense table of a float model would be large and sparse.
    """
    try:
        P, r_next, _ = core.arrays(table, "auto")
        r = core.pair_rewards(table)
        rewards = r_next if r is None else r
        names = (table.state_names, table.action_names)
        return MDP(P, rewards, table.rho0, gamma, mask, *names, normalize=normalize), None
    except InvalidMDPError as error:
        if error.code != "axes":
            return None, error
        # A document names its axes, so that their order is certain and the rows are wrong.
        found = Report()
        sums = validate.totals(P).reshape(mask.shape)
        validate.transitions(found, P, mask, sums, ROW_TOLERANCE)
        return None, found


def _in_document(problem: Problem, c: Columns, table: core.Table) -> Problem:
    """Return a problem of core with its place and its names in the document."""
    states, actions = table.state_names, table.action_names
    match problem.path:
        case "P", int(s), int(a):
            rows = np.flatnonzero((c.s == s) & (c.a == a))
            what = f"of state {in_json(states[s])}, action {in_json(actions[a])}"
            path = ("transitions", int(c.row[rows[0]]))
            return row_problem(problem, path, what, [states[t] for t in c.t[rows]], c.p[rows])
        case ("rho0",):
            return row_problem(problem, ("rho0",), "over the states", states, table.rho0)
        case "transitions", int(i):
            same = (c.s == c.s[i]) & (c.a == c.a[i]) & (c.t == c.t[i])
            triple = ", ".join(map(in_json, (states[c.s[i]], actions[c.a[i]], states[c.t[i]])))
            got = f"repeats {triple} of transitions[{c.row[np.argmax(same)]}]"
            return replace(problem, where="", got=got, path=("transitions", int(c.row[i])))
        case "states", int(s):
            name = in_json(states[s])
            got, cure = f"= {name} has no transitions", TERMINAL.format(name)
            return replace(problem, where="", got=got, expected="at least one action", cure=cure)
    return problem


def _any_bare(document: Mapping[str, object]) -> bool:
    """Return whether a number of the model is a bare JSON number."""
    rows, rho0 = document["transitions"], document["rho0"]
    values = [document["gamma"]]
    if isinstance(rows, list):
        values += [x for row in rows if isinstance(row, list) for x in row[3:]]
    if isinstance(rho0, dict):
        values += rho0.values()
    return has_bare(values)


def _gamma(report: Report, value: object, rational: bool) -> Number:
    """Return the discount; 0 in place of what is none, which is reported."""
    gamma: Number = 0
    for read in (number(value), number_in(rational, value)):  # a double may be rounded to 1
        if isinstance(read, Problem):
            report.note(read, ("gamma",))
            return 0
        for problem in validate.discount(read):
            got, cure = f"= {in_json(value)}", problem.cure
            if read != number(value):
                got, cure = f"{got}, as a double {brief(read)}", 'Use arithmetic="rational"'
            report.note(replace(problem, got=got, cure=cure))
            return 0
        gamma = read
    return gamma


def _guard(n_states: int, n_actions: int, rational: bool) -> None:
    """Refuse a model that would not fit into memory."""
    pairs = f"{n_states:,} states and {n_actions:,} actions"
    if rational:
        cure = 'Read it with arithmetic="float" (--arithmetic float), which keeps no zeros'
        guard(n_states * n_states * n_actions * ENTRY, f"an exact table over {pairs}", cure)
    else:
        cure = "Give the states fewer actions in common"
        guard(n_states * n_actions * ENTRY, f"a table of rewards over {pairs}", cure)
