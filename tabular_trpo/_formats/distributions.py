"""Distributions of a document: rho0 over the states, and each policy's rows over the actions.

Rows that cannot be read are reported and replaced by a valid one, so that core's checks find what
is wrong with the rest.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tabular_trpo._core.errors import Problem
from tabular_trpo._core.memory import guard
from tabular_trpo._core.normalize import normalized
from tabular_trpo._core.numbers import Array, zeros
from tabular_trpo._core.validate import Report, simplex
from tabular_trpo._formats.header import Index, name_fault, unknown
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.numbers import Number, has_bare, number_in, row_problem, size_fault
from tabular_trpo._formats.problems import fault, in_json

ENTRY = 8  # bytes of an entry of a policy
QUOTE = "Quote it: the model is exact, and a bare number is a double"


def read_row(
    report: Report, path: Path, row: object, index: Index, what: str, quoted: bool, rational: bool
) -> Array | None:
    """Return {name: probability, ...} as an array over all names, None where it cannot be read.

    quoted: whether bare numbers are refused, because the model is exact
    """
    if not isinstance(row, dict) or not row:
        expected = f"an object of probabilities of {what} with at least one"
        report.note(fault("type", f"= {in_json(row)}", expected), path)
        return None
    read: dict[int, Number] = {}
    for name, value in row.items():
        if not isinstance(name, str) or name not in index:
            found: Number | Problem = unknown(name, index, what, is_key=True)
        elif quoted and has_bare([value]):
            expected = 'an exact number such as "1/3"'
            found = fault("mixed_lanes", f"= {in_json(value)}", expected, QUOTE)
        else:
            found = number_in(rational, value, unsigned=True)
        if isinstance(found, Problem):
            report.note(found, (*path, str(name)))
        else:
            read[index[name]] = found
    if len(read) < len(row):
        return None
    if rational and (long := size_fault(list(read.values()))) is not None:
        report.note(long, path)
        return None
    out = zeros((len(index),), rational)
    out[list(read)] = list(read.values())
    return out


def read_rho0(report: Report, row: object, states: Index, rational: bool) -> Array:
    """Return the start distribution, (S,), its sum not yet checked; states not named have 0."""
    rho0 = read_row(report, ("rho0",), row, states, "states", rational, rational)
    if rho0 is None:
        rho0 = zeros((len(states),), rational)
        rho0[0] += 1
    return rho0


def read_policies(
    report: Report,
    policies: object,
    states: Index,
    actions: Index,
    mask: Array | None,
    quoted: bool,
    rational: bool,
    normalize: bool,
) -> Iterator[tuple[str, Array, float]]:
    """Yield the name of each policy, its checked array (S, A), and how far its sums were from 1.

    Every state has a row; actions that are not named have 0.

    mask:      the pairs that are allowed; None leaves that unchecked
    quoted:    whether bare numbers are refused, because the model is exact
    normalize: whether rows are divided by their sums
    """
    if not isinstance(policies, dict):
        problem = fault("type", f"= {in_json(policies)}", "an object of policies")
        report.note(problem, ("policies",))
        return
    cure = "Give the states fewer actions in common, or fewer policies"
    n_bytes = len(policies) * len(states) * len(actions) * ENTRY
    guard(n_bytes, f"{len(policies)} policies", cure)
    for name, rows in policies.items():
        path: Path = ("policies", str(name))
        found = name_fault(name)
        if found is None and not isinstance(rows, dict):
            found = fault("type", f"= {in_json(rows)}", "an object with a row for each state")
        if found is not None:
            report.note(found, path)
            continue
        for state in rows:
            if not isinstance(state, str) or state not in states:
                report.note(unknown(state, states, "states", is_key=True), (*path, str(state)))
        pi = zeros((len(states), len(actions)), rational)
        allowed = np.ones(pi.shape, dtype=bool) if mask is None else mask.copy()
        for state, s in states.items():
            if state in rows:
                at = (*path, state)
                row = read_row(report, at, rows[state], actions, "actions", quoted, rational)
            else:
                got, row = f"has no row for state {in_json(state)}", None
                report.note(fault("missing_row", got, "a row for each state"), path)
            if row is None:
                pi[s, 0] += 1
                allowed[s, 0] = True
            else:
                pi[s] = row
        pi, off = normalized(pi) if normalize else (pi, 0.0)
        _check(report, path, pi, allowed, list(states), list(actions))
        yield name, pi, off


def _check(
    report: Report, path: Path, pi: Array, allowed: Array, states: list[str], actions: list[str]
) -> None:
    """Report the rows that are off the simplex or use actions that are not allowed."""
    found = Report()
    simplex(found, "pi", pi, "s a", allowed)
    report.hidden += found.hidden
    for problem in found.problems:
        match problem.path:
            case "pi", int(s), int(a):
                place = (*path, states[s], actions[a])
                report.note(replace(problem, where="", path=place))
            case "pi", int(s):
                place = (*path, states[s])
                report.note(row_problem(problem, place, "over the actions", actions, pi[s]))
