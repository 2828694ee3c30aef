"""The rows [s, a, s', probability, reward] of a document, as columns that have been checked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.grid import ROW_TOLERANCE
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.records import locked
from tabular_trpo._formats.header import Index, unknown
from tabular_trpo._formats.line_numbers import Path
from tabular_trpo._formats.numbers import (
    Number,
    as_arithmetic,
    is_bare,
    is_negative,
    numbers,
    row_fault,
    size_fault,
)
from tabular_trpo._formats.report import Fault, Report, shown

Names = tuple[list[str], list[str]]

WIDTH = 5
ROW = '["s", "a", "s\'", "probability", "reward"]'
ONCE = (
    "each triple once",
    "Add the probabilities; an outcome with two rewards takes their mean, or two next states",
)
TERMINAL = 'A terminal state moves to itself: ["{0}", "stay", "{0}", "1", "0"]'


@final
@locked
@dataclass(frozen=True, slots=True)
class Columns:
    """Transitions as columns; s, a, t are indices (-1 for an unknown name), p and r as read.

    `broken` are the rows that have a problem; `bare` says whether a number was a bare JSON number.
    """

    s: Array
    a: Array
    t: Array
    p: Sequence[Number] | Array
    r: Sequence[Number] | Array
    broken: set[int]
    bare: bool


def read_columns(report: Report, rows: Any, states: Index, actions: Index) -> Columns:
    """Read the rows, reporting wrong shapes, unknown names and bad or negative numbers."""
    if not isinstance(rows, list) or not rows:
        report.fail(
            ("transitions",), Fault("type", f"= {shown(rows)}", f"a list of at least one row {ROW}")
        )
    bad = [i for i, row in enumerate(rows) if not isinstance(row, list) or len(row) != WIDTH]
    for i in bad:
        report.add(("transitions", i), Fault("shape", f"= {shown(rows[i])}", f"a list {ROW}"))
    if bad:
        report.stop()  # every later check would miss what stood in these rows
    columns = list(zip(*rows, strict=True))
    broken: set[int] = set()
    codes: list[Array] = []
    for k, (index, what) in enumerate(
        [(states, "states"), (actions, "actions"), (states, "states")]
    ):
        code = _codes(columns[k], index)
        for i in np.flatnonzero(code < 0).tolist():
            report.add(("transitions", i, k), unknown(columns[k][i], index, what))
            broken.add(i)
        codes.append(code)
    p, bad_p = numbers(report, columns[3], _place(3))
    r, bad_r = numbers(report, columns[4], _place(4))
    negative = _negative(columns[3], p)
    for i in negative:
        report.add(_place(3)(i), negative_fault(columns[3][i]))
    broken |= bad_p | bad_r | set(negative)
    bare = any(isinstance(c, np.ndarray) for c in (p, r)) or any(
        is_bare(x) for c in columns[3:] for x in c
    )
    return Columns(codes[0], codes[1], codes[2], p, r, broken, bare)


def _place(column: int) -> Callable[[int], Path]:
    return lambda i: ("transitions", i, column)


def _codes(names: Sequence[Any], index: Index) -> Array:
    # A list among the names has no hash, and True would be found as 1.
    get = index.get
    return np.array([get(x, -1) if isinstance(x, str) else -1 for x in names], dtype=np.int64)


def _negative(given: Sequence[object], p: Sequence[Number] | Array) -> list[int]:
    if isinstance(p, np.ndarray):
        return np.flatnonzero(np.signbit(p)).tolist()
    return [i for i, (x, y) in enumerate(zip(given, p, strict=True)) if is_negative(x, y)]


def negative_fault(value: object) -> Fault:
    """Return the fault of a probability with a minus sign; -0.0 counts, as a lost sign would."""
    return Fault("negative", f"= {shown(value)}", "a probability, without a minus sign")


def to_arithmetic(report: Report, columns: Columns, rational: bool) -> tuple[Array, Array]:
    """Return p and r as arrays of one arithmetic."""
    p = as_arithmetic(report, columns.p, rational, _place(3))
    return p, as_arithmetic(report, columns.r, rational, _place(4))


def check_rows(
    report: Report, columns: Columns, p: Array, r: Array, states: Index, actions: Index
) -> Array | None:
    """Report triples given twice, probabilities that do not sum to 1, and states without an action.

    A state with an unknown action is left out, since its rows may be incomplete.

    return: the pairs (s, a) that occur, (S, A) bool; None when an unknown state leaves that open
    """
    if np.any(columns.s < 0):
        return None
    open_states = columns.s[columns.a < 0]
    rows = np.flatnonzero(~np.isin(columns.s, open_states))
    mask: Array = np.zeros((len(states), len(actions)), dtype=bool)
    mask[columns.s[rows], columns.a[rows]] = True
    mask[open_states] = True
    if len(rows):
        order = rows[np.lexsort((columns.t[rows], columns.a[rows], columns.s[rows]))]
        same_pair = (np.diff(columns.s[order]) == 0) & (np.diff(columns.a[order]) == 0)
        names = (list(states), list(actions))
        _check_once(report, columns, order, same_pair, names)
        starts = np.concatenate([[0], np.flatnonzero(~same_pair) + 1])
        for first, last in _suspects(p, order, starts):
            _check_sum(report, columns, p, r, order[first:last], names)
    state_names = list(states)
    for s in np.flatnonzero(~mask.any(axis=1)).tolist():
        got = f"= {shown(state_names[s])} has no transitions"
        cure = TERMINAL.format(state_names[s])
        report.add(("states", s), Fault("no_action", got, "at least one action", cure))
    return mask


def _check_once(
    report: Report, columns: Columns, order: Array, same_pair: Array, names: Names
) -> None:
    again = same_pair & (np.diff(columns.t[order]) == 0) & (columns.t[order[1:]] >= 0)
    for k in np.flatnonzero(again).tolist():
        i, j = int(order[k + 1]), int(order[k])
        triple = (names[0][columns.s[i]], names[1][columns.a[i]], names[0][columns.t[i]])
        got = f"repeats {', '.join(map(shown, triple))} of transitions[{j}]"
        report.add(("transitions", i), Fault("duplicate", got, *ONCE))


def _check_sum(
    report: Report, columns: Columns, p: Array, r: Array, rows: Array, names: Names
) -> None:
    if not columns.broken.isdisjoint(rows.tolist()):
        return
    first = int(rows.min())
    labels = [names[0][t] for t in columns.t[rows].tolist()]
    state, action = names[0][columns.s[first]], names[1][columns.a[first]]
    what = f"of state {shown(state)}, action {shown(action)}"
    fault = row_fault(p[rows].tolist(), what, labels, report.normalize)
    if fault is None and r.dtype == object:
        fault = size_fault(r[rows].tolist())
    if fault is not None:
        report.add(("transitions", first), fault)


def _suspects(p: Array, order: Array, starts: Array) -> Iterator[tuple[int, int]]:
    """Yield the bounds in `order` of the rows to look at: of all exact ones, of bad float ones."""
    ends = np.append(starts[1:], len(order))
    if p.dtype != object:
        off = np.abs(np.add.reduceat(p[order], starts) - 1.0)
        bad = off > ROW_TOLERANCE / 2  # which of them are beyond it is for an exact sum to say
        starts, ends = starts[bad], ends[bad]
    yield from zip(starts.tolist(), ends.tolist(), strict=True)
