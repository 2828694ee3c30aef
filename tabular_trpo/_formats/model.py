"""The model of a document: gamma, transitions and rho0 are read here, the model is checked by core.

A problem that core finds has the indices of its place as a path, such as ("P", 3, 1).  Here it gets
the names of the states and actions and its place in the document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from tabular_trpo._core import columns as core
from tabular_trpo._core import validate
from tabular_trpo._core.errors import InvalidMDPError, MemoryGuardError, Problem
from tabular_trpo._core.grid import ROW_TOLERANCE, normalized
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, brief
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.distributions import read_rho0
from tabular_trpo._formats.header import Scope
from tabular_trpo._formats.numbers import Number, has_bare, number, number_in, row_problem
from tabular_trpo._formats.problems import in_json
from tabular_trpo._formats.transitions import read_transitions, split_rows

ENTRY = 16  # bytes an entry of a dense rational table: one in P and one in r(s, a, s')
TERMINAL = 'A terminal state moves to itself: [{0}, "stay", {0}, "1", "0"]'


def read_model(
    scope: Scope, document: Mapping[str, object], normalize: bool
) -> tuple[MDP | None, Array | None]:
    """Read gamma, transitions and rho0 and build the model.

    normalize: whether rows are divided by their sums
    return:    the model, None where something is wrong with it; and the pairs (s, a) that occur,
               (S, A), None where an unknown state leaves them open
    raises:    MemoryGuardError for a model that would not fit, unless something else is wrong
    """
    report, size = scope.report, (len(scope.states), len(scope.actions))
    gamma = _gamma(scope, document["gamma"])
    if not all(size):
        report.close()  # what follows refers to states and actions by name
    rows = split_rows(report, document["transitions"])
    try:
        _guard(*size, scope.rational)
    except MemoryGuardError:
        report.close()
        raise
    read = read_transitions(scope, rows)
    rho0 = read_rho0(scope, document["rho0"])
    if read is None:
        found = Report()
        validate.simplex(found, "rho0", normalized(rho0)[0] if normalize else rho0, "s")
        report.merge(found, lambda problem: _of_rho0(problem, scope.states, rho0))
        return None, None
    (s, a, t, p, r), places = read
    table = core.Table(s, a, t, p, r, rho0, tuple(scope.states), tuple(scope.actions))
    mask = np.zeros(size, dtype=bool)
    mask[s, a] = True
    built = _build(table, mask, gamma, normalize)
    if isinstance(built, MDP):
        return built, mask
    report.merge(built, lambda problem: _in_document(problem, table, places))
    return None, mask


def _build(
    table: core.Table, mask: Array, gamma: Number, normalize: bool
) -> MDP | InvalidMDPError | Report:
    """Return the model, or what core finds wrong with it.

    The model is dense, or CSR where the dense table of a float model would be large and sparse.
    """
    try:
        P, r_next, _ = core.arrays(table, "auto")
        r = core.pair_rewards(table)
        rewards = r_next if r is None else r
        names = (table.state_names, table.action_names)
        return MDP(P, rewards, table.rho0, gamma, mask, *names, normalize=normalize)
    except InvalidMDPError as error:
        if error.code != "axes":
            return error
    # A document names its axes, so that their order is certain and the rows are wrong.
    found = Report()
    sums = validate.totals(P).reshape(mask.shape)
    validate.transitions(found, P, mask, sums, ROW_TOLERANCE)
    return found


def _in_document(problem: Problem, table: core.Table, places: Array) -> Problem:
    """Return a problem of core with its place and its names in the document.

    places: the position in the document of each row of the table
    """
    states, actions = table.state_names, table.action_names
    match problem.path:
        case "P", int(i), int(j):
            rows = np.flatnonzero((table.s == i) & (table.a == j))
            what = f"of state {in_json(states[i])}, action {in_json(actions[j])}"
            path = ("transitions", int(places[rows[0]]))
            names = [states[k] for k in table.t[rows]]
            return row_problem(problem, path, what, names, table.p[rows])
        case ("rho0",):
            return _of_rho0(problem, states, np.asarray(table.rho0))
        case "states", int(i):
            name = in_json(states[i])
            got, cure = f"= {name} has no transitions", TERMINAL.format(name)
            return replace(problem, where="", got=got, expected="at least one action", cure=cure)
    return problem


def _of_rho0(problem: Problem, states: Iterable[str], rho0: Array) -> Problem:
    return row_problem(problem, ("rho0",), "over the states", states, rho0)


def any_bare(document: Mapping[str, object]) -> bool:
    """Return whether a number of the model is bare, which makes it a float model."""
    rows, rho0 = document["transitions"], document["rho0"]
    values = [document["gamma"]]
    if isinstance(rows, list):
        values += [x for row in rows if isinstance(row, list) for x in row[3:]]
    if isinstance(rho0, dict):
        values += rho0.values()
    return has_bare(values)


def _gamma(scope: Scope, value: object) -> Number:
    """Return the discount; 0 in place of what is none, which is reported."""
    gamma: Number = 0
    for read in (number(value), number_in(scope.rational, value)):  # a double may be rounded to 1
        if isinstance(read, Problem):
            scope.report.note(read, ("gamma",))
            return 0
        for problem in validate.discount(read):
            got, cure = f"= {in_json(value)}", problem.cure
            if read != number(value):
                got, cure = f"{got}, as a double {brief(read)}", 'Use arithmetic="rational"'
            scope.report.note(replace(problem, got=got, cure=cure))
            return 0
        gamma = read
    return gamma


def _guard(n_states: int, n_actions: int, rational: bool) -> None:
    """Refuse a model that would not fit into memory."""
    entries, what = n_states * n_actions, "a table of rewards"
    cure = "Give the states fewer actions in common"
    if rational:
        entries, what = entries * n_states, "an exact table"
        cure = 'Read it with arithmetic="float" (--arithmetic float), which keeps no zeros'
    guard(entries * ENTRY, f"{what} over {n_states:,} states and {n_actions:,} actions", cure)
