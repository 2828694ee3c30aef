"""The block "expected": values computed by hand, for tests to compare with."""

from collections.abc import Iterable

from tabular_trpo._core.errors import Problem
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.header import Index, check_text, unknown
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.numbers import Number, number
from tabular_trpo._formats.problems import fault, in_json, suggestion
from tabular_trpo._theory.vocabulary import HIDDEN, QUANTITIES, SCALAR, STATE

_ENTRIES = (*QUANTITIES.values(), *HIDDEN.values())
SCALARS = ("eta_star", *(entry.name for entry in _ENTRIES if entry.rank == SCALAR))
VECTORS = tuple(entry.name for entry in _ENTRIES if entry.rank == STATE)
OTHERS = ("policy", "pair", "optimal", "note")
KEYS = f"{', '.join(OTHERS)}, or a quantity of formulas that is a number or one a state"


def read_expected(
    report: Report, block: object, states: Index, actions: Index, policies: Iterable[str]
) -> dict[str, object]:
    """Return the block with its numbers read: strings as Fractions, bare numbers as floats."""
    if not isinstance(block, dict):
        report.note(fault("type", f"= {in_json(block)}", "an object"), ("expected",))
        return {}
    read: dict[str, object] = dict(block)
    named = {name: i for i, name in enumerate([*policies, "uniform"])}
    for key, value in block.items():
        path: Path = ("expected", str(key))
        if key in SCALARS:
            read[key] = _number(report, path, value)
        elif key in VECTORS:
            entries = _entries(report, path, value, states)
            read[key] = {s: _number(report, (*path, s), x) for s, x in entries.items()}
        elif key == "optimal":
            read[key] = entries = _entries(report, path, value, states)
            for state, names in entries.items():
                _check_names(report, (*path, state), names, actions, "actions")
        elif key == "pair":
            _check_names(report, path, value, named, "policies", 2)
        elif key == "policy":
            if not isinstance(value, str) or value not in named:
                report.note(unknown(value, named, "policies"), path)
        elif key == "note":
            check_text(report, value, ("expected", "note"))
        else:
            near = suggestion(key, (*OTHERS, *SCALARS, *VECTORS))
            report.note(fault("unknown_key", "is nothing to expect", KEYS, near), path)
    return read


def _number(report: Report, path: Path, value: object) -> Number:
    """Return a number, 0 in place of what is none, which is reported."""
    read = number(value)
    if isinstance(read, Problem):
        report.note(read, path)
        return 0.0
    return read


def _entries(report: Report, path: Path, block: object, states: Index) -> dict[str, object]:
    """Return {state: value}, its keys checked."""
    if not isinstance(block, dict):
        report.note(fault("type", f"= {in_json(block)}", "an object over the states"), path)
        return {}
    for state in block:
        if state not in states:
            report.note(unknown(state, states, "states", is_key=True), (*path, str(state)))
    return dict(block)


def _check_names(
    report: Report, path: Path, names: object, index: Index, what: str, count: int | None = None
) -> None:
    """Report a value that is not a list of `count` known names, or of one at least."""
    if not isinstance(names, list) or not names or len(names) != (count or len(names)):
        expected = f"a list of {count or 'some'} {what}"
        report.note(fault("type", f"= {in_json(names)}", expected), path)
        return
    for i, name in enumerate(names):
        if not isinstance(name, str) or name not in index:
            report.note(unknown(name, index, what), (*path, i))
