"""Distributions of a document: rho0 over the states, and each policy's rows over the actions."""

from typing import Any

import numpy as np

from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, zeros
from tabular_trpo._formats.header import Index, name_fault, unknown_key
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.numbers import Number, double, is_bare, is_negative, number, row_fault
from tabular_trpo._formats.report import Fault, Report, shown
from tabular_trpo._formats.transitions import negative_fault

BYTES = 8  # an entry of a policy
QUOTE = "Quote it: the model is exact, and a bare number is a double"


def read_row(
    report: Report, path: Path, row: Any, index: Index, what: str, quoted: bool, rational: bool
) -> dict[int, Number]:
    """Read {name: probability, ...} into {position: number} of one arithmetic; {} for a faulty row.

    quoted: whether bare numbers are refused
    """
    if not isinstance(row, dict) or not row:
        expected = f"an object of probabilities of {what} with at least one"
        report.add(path, Fault("type", f"= {shown(row)}", expected))
        return {}
    read: dict[int, Number] = {}
    for name, value in row.items():
        result = _probability(value, quoted, rational)
        if not isinstance(name, str) or name not in index:
            result = unknown_key(name, index, what)
        if isinstance(result, Fault):
            report.add((*path, str(name)), result)
        else:
            read[index[name]] = result
    if len(read) < len(row):
        return {}
    fault = row_fault(list(read.values()), f"over the {what}", list(row), report.normalize)
    if fault is not None:
        report.add(path, fault)
    return read


def _probability(value: object, quoted: bool, rational: bool) -> Number | Fault:
    if quoted and is_bare(value):
        return Fault("mixed_lanes", f"= {shown(value)}", 'an exact number such as "1/3"', QUOTE)
    result = number(value)
    if isinstance(result, Fault):
        return result
    if is_negative(value, result):
        return negative_fault(value)
    return result if rational else double(result)


def read_rho0(report: Report, row: Any, states: Index, rational: bool) -> Array:
    """Return the start distribution, (S,); states that are not named have 0."""
    rho0 = zeros((len(states),), rational)
    for s, p in read_row(report, ("rho0",), row, states, "states", rational, rational).items():
        rho0[s] = p
    return rho0


def read_policies(
    report: Report,
    policies: Any,
    states: Index,
    actions: Index,
    mask: Array | None,
    quoted: bool,
    rational: bool,
) -> dict[str, Array]:
    """Return each policy as an array (S, A); every state has a row, actions not named have 0.

    mask:   the pairs that are allowed; None leaves that unchecked
    quoted: whether bare numbers are refused, because the model is exact
    """
    if not isinstance(policies, dict):
        report.add(("policies",), Fault("type", f"= {shown(policies)}", "an object of policies"))
        return {}
    cure = "Give the states fewer actions in common, or fewer policies"
    what = f"{report.source}: {len(policies)} policies"
    guard(len(policies) * len(states) * len(actions) * BYTES, what, cure)
    read: dict[str, Array] = {}
    for name, rows in policies.items():
        path: Path = ("policies", str(name))
        fault = name_fault(name)
        if fault is None and not isinstance(rows, dict):
            fault = Fault("type", f"= {shown(rows)}", "an object with a row for each state")
        if fault is not None:
            report.add(path, fault)
            continue
        pi = read[name] = zeros((len(states), len(actions)), rational)
        for state, row in rows.items():
            if not isinstance(state, str) or state not in states:
                report.add((*path, str(state)), unknown_key(state, states, "states"))
                continue
            at = (*path, state)
            entries = read_row(report, at, row, actions, "actions", quoted, rational)
            for a, p in entries.items():
                pi[states[state], a] = p
            if mask is not None:
                _check_allowed(report, at, entries, actions, mask[states[state]])
        for state in states:
            if state not in rows:
                got = f"has no row for state {shown(state)}"
                report.add(path, Fault("missing_row", got, "a row for each state"))
    return read


def _check_allowed(
    report: Report, path: Path, row: dict[int, Number], actions: Index, allowed: Array
) -> None:
    names = list(actions)
    there = ", ".join(shown(names[a]) for a in np.flatnonzero(allowed)[:20])
    for a, p in row.items():
        if p and not allowed[a]:
            fault = Fault("disallowed", f"= {p}", f"0: that state has the actions {there}")
            report.add((*path, names[a]), fault)
