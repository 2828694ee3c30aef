"""Models from rows (s, a, s', probability, reward).

`collect` reads the rows into the columns of a `Table`, resolving names; `arrays` fills P and
r(s, a, s') in a dense or a sparse layout.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.arithmetic import common_arithmetic
from tabular_trpo._core.array_input import precision
from tabular_trpo._core.build import guard_dense
from tabular_trpo._core.errors import Problem, invalid
from tabular_trpo._core.memory import guard, limit
from tabular_trpo._core.names import read_names
from tabular_trpo._core.numbers import (
    Array,
    entry,
    is_rational,
    is_sparse,
    kind_of,
    read_array,
    shown,
    zeros,
)
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.validate import Report

# Below this fill of P products and factorizations in CSR are faster; small tables stay dense.
DENSE_FILL, SMALL = 1 / 16, 2**14
LAYOUTS = ("auto", "dense", "csr")
ROWS = "rows (s, a, s', probability, reward)"


@final
@locked_dataclass(frozen=True)
class Table:
    """Transitions as columns: indices s, a, t = s', numbers p, r (int64 where all are whole)."""

    s: Array
    a: Array
    t: Array
    p: Array
    r: Array
    rho0: object
    state_names: tuple[str, ...]
    action_names: tuple[str, ...]


def _lookup(names: Sequence[str]) -> dict[object, int]:
    """Return the index of each name; an index stands for itself."""
    return {i: i for i in range(len(names))} | {x: i for i, x in enumerate(names)}


def _indices(name: str, column: Sequence[Any], names: Sequence[str] | None) -> Array:
    """Return the indices of a column of names or indices."""
    if names is None:
        lookup, expected = {}, "an integer index >= 0"
    else:
        lookup, expected = _lookup(names), f"one of the {len(names)} {name} names"
    bad = [i for i, x in enumerate(column) if not (_in(lookup, x) if lookup else _is_index(x))]
    named = names is None and all(isinstance(column[i], str) for i in bad)
    cure = "Names need state_names= or action_names=" if named else ""
    report = Report()
    for i in bad:
        where, got = f"transitions[{i}] {name}", f"= {shown(column[i])}"
        report.note(Problem("index", where, got, expected, cure))
    report.close()
    values = [lookup[x] if lookup else int(x) for x in column]
    large = next((i for i, index in enumerate(values) if index >= 2**63), None)
    if large is not None:
        where, got = f"transitions[{large}] {name}", f"= {shown(column[large])}"
        raise invalid("index", where, got, "an index below 2^63")
    return np.array(values, dtype=np.int64)


def _is_index(x: Any) -> bool:
    return kind_of(x) == "int" and x >= 0


def _in(lookup: Mapping[object, int], x: object) -> bool:
    return (isinstance(x, str) or kind_of(x) == "int") and x in lookup


def collect(
    transitions: Iterable[Sequence[object]],
    rho0: object,
    state_names: Iterable[str] | None,
    action_names: Iterable[str] | None,
) -> Table:
    """Read rows into columns, resolving names and refusing wrong rows.

    rho0: (S,), or a mapping from state names or indices to probabilities
    """
    s, a, t, p, r = zip(*_rows(transitions), strict=True)
    named = {"state_names": state_names, "action_names": action_names}
    S, A = (None if x is None else read_names(what, x) for what, x in named.items())
    i, j, k = (_indices(n, c, names) for n, c, names in (("s", s, S), ("a", a, A), ("s'", t, S)))
    n_states = len(S) if S is not None else int(max(i.max(), k.max())) + 1
    n_actions = len(A) if A is not None else int(j.max()) + 1
    size = f"a model of {n_states} states and {n_actions} actions"
    guard(n_states * (64 + 16 * n_actions), size, "Number states and actions without gaps")
    states = read_names("state_names", S, n_states)
    start = _start(rho0, states) if isinstance(rho0, Mapping) else rho0
    actions = read_names("action_names", A, n_actions)
    return Table(i, j, k, *_numbers(list(p), list(r)), start, states, actions)


def _rows(transitions: Iterable[Sequence[object]]) -> list[tuple[object, ...]]:
    """Return the transitions as tuples of five fields."""
    if hasattr(transitions, "columns"):  # iterating a table gives its column names
        got, cure = "are a table with labels", "Give table.itertuples(index=False)"
        raise invalid("labels", "transitions", got, ROWS, cure)
    try:
        rows = [tuple(row) for row in transitions]
    except TypeError:
        raise invalid("shape", "transitions", "are not rows", ROWS) from None
    if not rows:
        raise invalid("shape", "transitions", "are empty", ROWS)
    for i, row in enumerate(rows):
        if len(row) != 5:
            raise invalid("shape", f"transitions[{i}]", f"has {len(row)} fields", ROWS)
    return rows


def _start(rho0: Mapping[object, object], states: Sequence[str]) -> list[object]:
    """Return the start distribution as a list; states by name or index, 0 where none is given."""
    lookup = _lookup(states)
    out: list[object] = [0] * len(states)
    found: set[int] = set()
    for state, mass in rho0.items():
        if not _in(lookup, state) or lookup[state] in found:
            raise invalid("index", "rho0", f"names {shown(state)}", "each state at most once")
        found.add(lookup[state])
        out[lookup[state]] = mass
    return out


def _numbers(p: list[object], r: list[object]) -> tuple[Array, Array]:
    """Return probabilities and rewards in one arithmetic; where all are whole, as int64."""
    names = ("transitions[] probability", "transitions[] reward")
    read = {name: read_array(name, column) for name, column in zip(names, (p, r), strict=True)}
    for name, (_, array) in read.items():
        if array.ndim != 1:
            got = f"is an array of shape {array.shape[1:]}"
            raise invalid("shape", entry(name, (0,)), got, "one number")
    kinds = {name: kind for name, (kind, _) in read.items()}
    arrays = common_arithmetic(kinds, {name: array for name, (_, array) in read.items()}, names[:1])
    one, two = (
        array.astype(np.int64) if kinds[name] == "int" and not is_rational(array) else array
        for name, array in arrays.items()
    )
    given = np.asarray(p)  # its dtype says by how much the rows may differ from 1
    return given if given.dtype.kind == "f" and precision(given.dtype) > 2.0**-52 else one, two


def arrays(table: Table, layout: object) -> tuple[Any, Any, Array]:
    """Return P and r(s, a, s'), dense or CSR, and the mask of the pairs that occur.

    raises: InvalidMDPError for a layout that is not possible, and for repeated triples
    """
    n_states, n_actions = len(table.state_names), len(table.action_names)
    rational = is_rational(table.p)
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise invalid("layout", "layout", f"= {shown(layout)}", f"one of {', '.join(LAYOUTS)}")
    if layout == "csr" and rational:
        cure = 'Give every number as a float, or take layout="dense"'
        raise invalid("layout", "layout", "= 'csr'", "dense: exact numbers", cure)
    pairs = table.s * n_actions + table.a
    keys = pairs * n_states + table.t
    order = np.argsort(keys, kind="stable")
    report = Report()
    report.add(
        np.diff(keys[order]) == 0, lambda i: _repeated(table, *order[[i[0], i[0] + 1]].tolist())
    )
    report.close()
    mask = np.zeros((n_states, n_actions), dtype=bool)
    mask[table.s, table.a] = True
    dense = layout == "dense" or (layout == "auto" and _filled(len(keys), n_states**2 * n_actions))
    if rational or dense:
        guard_dense(n_states, n_actions, rational)
        empty, at = zeros((n_states, n_actions, n_states), rational), (table.s, table.a, table.t)
        P, r_next = empty.astype(table.p.dtype), empty.astype(table.r.dtype)
        P[at], r_next[at] = table.p, table.r
        return P, r_next, mask
    places, shape = (pairs, table.t), (n_states * n_actions, n_states)
    sparse = [sp.csr_array((x, places), shape=shape) for x in (table.p, table.r)]
    return sparse[0], sparse[1], mask


def _repeated(table: Table, first: int, row: int) -> Problem:
    """Return the problem of a row whose triple (s, a, s') an earlier row has."""
    s, a, t = (int(column[row]) for column in (table.s, table.a, table.t))
    names = (table.state_names[s], table.action_names[a], table.state_names[t])
    got = f"repeats (s, a, s') = {names} of transitions[{first}]"
    cure = "Add the probabilities of equal outcomes, or split them by a state of their own"
    where, path = f"transitions[{row}]", ("transitions", row)
    return Problem("duplicate", where, got, "each triple once", cure, path)


def _filled(n_transitions: int, n_entries: int) -> bool:
    """Return whether P is better dense: small, or filled enough, and within memory.

    >>> _filled(2200, 1100**2 * 2), _filled(1100**2, 1100**2 * 2), _filled(20, 10**2 * 2)
    (False, True, True)
    """
    fits = 8 * n_entries <= limit()
    return n_entries <= SMALL or (fits and n_transitions >= DENSE_FILL * n_entries)


def possible_rewards(r_next: Any, P: Any) -> Any:
    """Return r(s, a) where no possible transition's reward depends on s', else r(s, a, s').

    Rewards in CSR are returned as they are.
    """
    if is_sparse(P):
        return r_next
    first = np.argmax(P != 0, axis=-1)
    r = np.take_along_axis(r_next, first[..., None], axis=-1)
    same = (P == 0) | (r_next == r)
    return r[..., 0] if np.all(same.astype(bool)) else r_next


def pair_rewards(table: Table) -> Array | None:
    """Return r(s, a), (S, A); None where a pair has two rewards, or a row probability 0."""
    r = zeros((len(table.state_names), len(table.action_names)), is_rational(table.r))
    r[table.s, table.a] = table.r
    one = np.all(table.p != 0) and np.array_equal(r[table.s, table.a], table.r)
    return r if one else None
