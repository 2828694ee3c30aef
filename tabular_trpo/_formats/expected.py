"""The block "expected": what was computed by hand, for tests to compare with."""

from collections.abc import Iterable
from typing import Any

from tabular_trpo._formats.header import HALF, Index, unknown, unknown_key
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.numbers import number
from tabular_trpo._formats.report import Fault, Report, nearest, shown
from tabular_trpo._theory.vocabulary import HIDDEN, QUANTITIES, SCALAR, STATE

_ENTRIES = (*QUANTITIES.values(), *HIDDEN.values())
SCALARS = ("eta_star", *(entry.name for entry in _ENTRIES if entry.rank == SCALAR))
VECTORS = tuple(entry.name for entry in _ENTRIES if entry.rank == STATE)
KEYS = ("policy", "pair", "optimal", "note", *SCALARS, *VECTORS)


def read_expected(
    report: Report, block: Any, states: Index, actions: Index, policies: Iterable[str]
) -> dict[str, Any]:
    """Return the block with its numbers read: strings as Fractions, bare numbers as floats."""
    if not isinstance(block, dict):
        report.add(("expected",), Fault("type", f"= {shown(block)}", "an object"))
        return {}
    read: dict[str, Any] = {}
    named = {name: i for i, name in enumerate([*policies, "uniform"])}
    for key, value in block.items():
        path: Path = ("expected", str(key))
        read[key] = value
        if key in SCALARS:
            read[key] = _number(report, path, value)
        elif key in VECTORS:
            members = _members(report, path, value, states)
            read[key] = {s: _number(report, (*path, s), x) for s, x in members.items()}
        elif key == "optimal":
            read[key] = _members(report, path, value, states)
            for state, names in read[key].items():
                _names(report, (*path, state), names, actions, "actions")
        elif key == "pair":
            _names(report, path, value, named, "policies", 2)
        elif key == "policy":
            if not isinstance(value, str) or value not in named:
                report.add(path, unknown(value, named, "policies"))
        elif key == "note":
            if not isinstance(value, str) or HALF.search(value):
                report.add(path, Fault("type", f"= {shown(value)}", "a text"))
        else:
            near = nearest(key, KEYS)
            report.add(path, Fault("unknown_key", "is nothing to expect", ", ".join(KEYS), near))
    return read


def _number(report: Report, path: Path, value: Any) -> Any:
    result = number(value)
    if isinstance(result, Fault):
        report.add(path, result)
    return result


def _members(report: Report, path: Path, block: Any, states: Index) -> dict[str, Any]:
    if not isinstance(block, dict):
        report.add(path, Fault("type", f"= {shown(block)}", "an object over the states"))
        return {}
    for state in block:
        if state not in states:
            report.add((*path, str(state)), unknown_key(state, states, "states"))
    return dict(block)


def _names(
    report: Report, path: Path, names: Any, index: Index, what: str, count: int | None = None
) -> None:
    """Report what is no list of known names, `count` of them or at least one."""
    if not isinstance(names, list) or not names or len(names) != (count or len(names)):
        report.add(path, Fault("type", f"= {shown(names)}", f"a list of {count or 'some'} {what}"))
        return
    for i, name in enumerate(names):
        if not isinstance(name, str) or name not in index:
            report.add((*path, i), unknown(name, index, what))
