"""The rows [s, a, s', probability, reward] of a document, read into columns.

Rows that cannot be read are reported and replaced by a valid row, so that core's checks of the
model find what is wrong with the rest.
"""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.numbers import Array, zeros
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.header import Index, unknown
from tabular_trpo._formats.numbers import read_column, size_fault
from tabular_trpo._formats.problems import fault, in_json

WIDTH = 5
ROW = '["s", "a", "s\'", "probability", "reward"]'


@final
class Columns(NamedTuple):
    """Transitions as columns: indices s, a, t, numbers p, r of one arithmetic.

    `row` is the position in the document, -1 for a row that replaces what could not be read.
    """

    s: Array
    a: Array
    t: Array
    p: Array
    r: Array
    row: Array


def split_rows(report: Report, rows: object) -> list[tuple[object, ...]]:
    """Return the five columns as they are written; rows of a wrong shape end the reading."""
    listed = rows if isinstance(rows, list) else []
    if not listed:
        wrong = fault("type", f"= {in_json(rows)}", f"a list of at least one row {ROW}")
        report.note(wrong, ("transitions",))
    bad = [i for i, row in enumerate(listed) if not isinstance(row, list) or len(row) != WIDTH]
    for i in bad:
        report.note(fault("shape", f"= {in_json(listed[i])}", f"a list {ROW}"), ("transitions", i))
    if bad or not listed:
        report.close()  # every later check would miss what stood in these rows
    return list(zip(*listed, strict=True))


def read_transitions(
    report: Report, columns: list[tuple[object, ...]], states: Index, actions: Index, rational: bool
) -> Columns | None:
    """Return the columns read; None where an unknown state leaves the model open.

    Unknown names and bad numbers are reported.  A pair (s, a) with one of them, and all pairs of a
    state with an unknown action, get one valid row, s to s with probability 1.
    """
    s = _indices(report, columns, 0, states, "states")
    a = _indices(report, columns, 1, actions, "actions")
    t = _indices(report, columns, 2, states, "states")
    p, bad_p = read_column(report, columns[3], 3, rational, unsigned=True)
    r, bad_r = read_column(report, columns[4], 4, rational, unsigned=False)
    if np.any(s < 0):
        return None
    bad = t < 0
    bad[bad_p + bad_r] = True
    broken = np.zeros((len(states), len(actions)), dtype=bool)
    broken[s[bad], a[bad]] = True
    broken[s[a < 0]] = True
    if rational:
        _check_sizes(report, Columns(s, a, t, p, r, np.arange(len(s))), broken)
    kept = np.flatnonzero(~broken[s, a])
    at, by = np.nonzero(broken)
    one = zeros(at.shape, rational) + 1
    pairs = ((s, at), (a, by), (t, at), (p, one), (r, one))
    return Columns(
        *(np.concatenate([read[kept], valid]) for read, valid in pairs),
        row=np.concatenate([kept, np.full(at.shape, -1)]),
    )


def _indices(
    report: Report, columns: list[tuple[object, ...]], k: int, index: Index, what: str
) -> Array:
    """Return the positions of the names in a column, -1 for an unknown one, which is reported."""
    # A list among the names has no hash, and True would be found as 1.
    found = [index.get(x, -1) if isinstance(x, str) else -1 for x in columns[k]]
    positions = np.array(found, dtype=np.int64)
    for i in np.flatnonzero(positions < 0).tolist():
        report.note(unknown(columns[k][i], index, what), ("transitions", i, k))
    return positions


def _check_sizes(report: Report, c: Columns, broken: Array) -> None:
    """Report the pairs whose exact numbers are too long together, and mark them as broken."""
    pairs = c.s * broken.shape[1] + c.a
    order = np.argsort(pairs, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(pairs[order])) + 1):
        pair = c.s[rows[0]], c.a[rows[0]]
        columns: Sequence[Array] = () if broken[pair] else (c.p, c.r)
        faults = filter(None, (size_fault(column[rows].tolist()) for column in columns))
        if (found := next(faults, None)) is not None:
            report.note(found, ("transitions", int(rows[0])))
            broken[pair] = True
