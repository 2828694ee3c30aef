"""The rows [s, a, s', probability, reward] of a document, read into columns.

Rows that cannot be read are reported and replaced by a valid row, so that core's checks of the
model find what is wrong with the rest.
"""

from collections.abc import Sequence

import numpy as np

from tabular_trpo._core.numbers import Array, zeros
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.header import Index, Scope, unknown
from tabular_trpo._formats.numbers import read_column, size_fault
from tabular_trpo._formats.problems import fault, in_json

WIDTH = 5
ONCE = (
    "each triple once",
    "Add the probabilities of equal outcomes, or split them by a state of their own",
)
ROW = '["s", "a", "s\'", "probability", "reward"]'


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
        report.close()  # later checks would report what these rows lack
    return list(zip(*listed, strict=True))


def read_transitions(
    scope: Scope, columns: list[tuple[object, ...]]
) -> tuple[list[Array], Array] | None:
    """Return the columns read, and where each row is in the document; None for an unknown state.

    The columns are indices s, a, s' and numbers p, r in the arithmetic of the scope.

    Unknown names, bad numbers and repeated transitions are reported.  A pair (s, a) with an unknown
    name or a bad number, and all pairs of a state with an unknown action, get one valid row
    instead, from s to s with probability 1, which has the place -1.
    """
    names = (("states", scope.states), ("actions", scope.actions), ("states", scope.states))
    s, a, t = (_indices(scope.report, columns[k], k, *name) for k, name in enumerate(names))
    p, bad_p = read_column(scope.report, columns[3], 3, scope.rational, unsigned=True)
    r, bad_r = read_column(scope.report, columns[4], 4, scope.rational, unsigned=False)
    if np.any(s < 0):
        return None
    bad = t < 0
    bad[bad_p + bad_r] = True
    broken = np.zeros((len(scope.states), len(scope.actions)), dtype=bool)
    broken[s[bad], a[bad]] = True
    broken[s[a < 0]] = True
    repeats = _merge_repeats(scope, (s, a, t), p)
    if scope.rational:
        _check_sizes(scope.report, (s, a), (p, r), broken)
    kept = np.setdiff1d(np.flatnonzero(~broken[s, a]), repeats)
    at, by = np.nonzero(broken)
    one = zeros(at.shape, scope.rational) + 1
    pairs = ((s, at), (a, by), (t, at), (p, one), (r, one))
    read = [np.concatenate([column[kept], valid]) for column, valid in pairs]
    return read, np.concatenate([kept, at * 0 - 1])


def _indices(report: Report, names: Sequence[object], k: int, what: str, index: Index) -> Array:
    """Return the positions of the names of column k, -1 for an unknown one, which is reported."""
    # A list among the names has no hash, and True would be found as 1.
    found = [index.get(x, -1) if isinstance(x, str) else -1 for x in names]
    positions = np.array(found, dtype=np.int64)
    for i in np.flatnonzero(positions < 0).tolist():
        report.note(unknown(names[i], index, what), ("transitions", i, k))
    return positions


def _merge_repeats(scope: Scope, triples: tuple[Array, Array, Array], p: Array) -> Array:
    """Report transitions (s, a, s') that are given again; return their rows.

    Their probabilities are added to those of the first, so that the sum of the row is checked.
    """
    states, actions = [*scope.states], [*scope.actions]
    s, a, t = triples
    rows = np.flatnonzero((a >= 0) & (t >= 0))
    order = rows[np.lexsort((t[rows], a[rows], s[rows]))]
    again = np.all([np.diff(column[order]) == 0 for column in triples], axis=0)
    repeats = order[1:][again]
    pairs = list(zip(order[:-1][again].tolist(), repeats.tolist(), strict=True))
    for first, i in pairs:
        triple = ", ".join(map(in_json, (states[s[i]], actions[a[i]], states[t[i]])))
        problem = fault("duplicate", f"repeats {triple} of transitions[{first}]", *ONCE)
        scope.report.note(problem, ("transitions", i))
    for first, i in reversed(pairs):
        p[first] += p[i]
    return repeats


def _check_sizes(
    report: Report, pairs: tuple[Array, Array], numbers: tuple[Array, Array], broken: Array
) -> None:
    """Report the pairs (s, a) whose exact numbers are too long together; mark them as broken."""
    s, a = pairs
    keys = s * broken.shape[1] + a
    order = np.argsort(keys, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
        first = int(rows[0])
        faults = (size_fault(column[rows].tolist()) for column in numbers)
        found = None if broken[s[first], a[first]] else next(filter(None, faults), None)
        if found is not None:
            report.note(found, ("transitions", first))
            broken[s[first], a[first]] = True
