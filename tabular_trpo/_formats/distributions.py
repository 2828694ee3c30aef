"""Distributions of a document: rho0 over the states, and each policy's rows over the actions.

A row that cannot be read is reported and replaced by a valid one, so that core's checks find what
is wrong with the others.
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from tabular_trpo._core.errors import Problem
from tabular_trpo._core.grid import normalized
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, zeros
from tabular_trpo._core.validate import Report, simplex
from tabular_trpo._formats.header import Scope, name_fault, unknown
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.numbers import Number, has_bare, number_in, row_problem, size_fault
from tabular_trpo._formats.problems import fault, in_json

ENTRY = 8  # bytes of an entry of a policy
QUOTE = "Quote it: the model is exact, and a bare number is a double"


def read_row(scope: Scope, path: Path, row: object, what: str) -> Array | None:
    """Return {name: probability, ...} as an array over all names, None where it cannot be read.

    what: what the names are of, "states" or "actions"
    """
    report, index = scope.report, scope.actions if what == "actions" else scope.states
    if not isinstance(row, dict) or not row:
        expected = f"an object of probabilities of {what} with at least one"
        report.note(fault("type", f"= {in_json(row)}", expected), path)
        return None
    read: dict[int, Number] = {}
    for name, value in row.items():
        if not isinstance(name, str) or name not in index:
            found: Number | Problem = unknown(name, index, what, is_key=True)
        elif scope.quoted and has_bare([value]):
            expected = 'an exact number such as "1/3"'
            found = fault("mixed_lanes", f"= {in_json(value)}", expected, QUOTE)
        else:
            found = number_in(scope.rational, value, unsigned=True)
        if isinstance(found, Problem):
            report.note(found, (*path, str(name)))
        else:
            read[index[name]] = found
    if len(read) < len(row):
        return None
    exact = [p for p in read.values() if isinstance(p, Fraction)]
    if (long := size_fault(exact)) is not None:
        report.note(long, path)
        return None
    out = zeros((len(index),), scope.rational)
    out[list(read)] = list(read.values())
    return out


def read_rho0(scope: Scope, row: object) -> Array:
    """Return the start distribution, (S,), its sum not yet checked; states not named have 0."""
    rho0 = read_row(scope, ("rho0",), row, "states")
    if rho0 is None:
        rho0 = zeros((len(scope.states),), scope.rational)
        rho0[0] += 1
    return rho0


def read_policies(
    scope: Scope, policies: object, mask: Array | None, normalize: bool
) -> Iterator[tuple[str, Array, float]]:
    """Yield the name of each policy, its checked array (S, A), and how far its sums were from 1.

    Every state has a row; actions that are not named have 0.

    mask:      the pairs that are allowed; None leaves that unchecked
    normalize: whether rows are divided by their sums
    """
    report, size = scope.report, (len(scope.states), len(scope.actions))
    if not isinstance(policies, dict):
        wrong = fault("type", f"= {in_json(policies)}", "an object of policies")
        report.note(wrong, ("policies",))
        return
    cure = "Give the states fewer actions in common, or fewer policies"
    guard(len(policies) * size[0] * size[1] * ENTRY, f"{len(policies)} policies", cure)
    for name, rows in policies.items():
        found = name_fault(name)
        if found is None and not isinstance(rows, dict):
            found = fault("type", f"= {in_json(rows)}", "an object with a row for each state")
        if found is not None:
            report.note(found, ("policies", str(name)))
            continue
        allowed = np.ones(size, dtype=bool) if mask is None else mask.copy()
        pi = _read_policy(scope, ("policies", name), rows, allowed)
        pi, off = normalized(pi) if normalize else (pi, 0.0)
        _check(scope, name, pi, allowed)
        yield name, pi, off


def _read_policy(scope: Scope, path: Path, rows: dict[object, object], allowed: Array) -> Array:
    """Return the rows of a policy, (S, A); what replaces a row is marked as allowed."""
    report, states = scope.report, scope.states
    for state in rows:
        if not isinstance(state, str) or state not in states:
            report.note(unknown(state, states, "states", is_key=True), (*path, str(state)))
    pi = zeros(allowed.shape, scope.rational)
    for state, s in states.items():
        if state in rows:
            row = read_row(scope, (*path, state), rows[state], "actions")
        else:
            got, row = f"has no row for state {in_json(state)}", None
            report.note(fault("missing_row", got, "a row for each state"), path)
        if row is None:
            pi[s, 0] += 1
            allowed[s, 0] = True
        else:
            pi[s] = row
    return pi


def _check(scope: Scope, name: str, pi: Array, allowed: Array) -> None:
    """Report the rows that are off the simplex or use actions that are not allowed."""
    states, actions = list(scope.states), list(scope.actions)
    found = Report()
    simplex(found, "pi", pi, "s a", allowed)

    def place(problem: Problem) -> Problem:
        _, s, *entry = problem.path
        path = ("policies", name, states[int(s)])
        if entry:
            return replace(problem, where="", path=(*path, actions[int(entry[0])]))
        return row_problem(problem, path, "over the actions", actions, pi[int(s)])

    scope.report.merge(found, place)
