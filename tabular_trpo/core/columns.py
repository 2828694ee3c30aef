"""Models given as rows (s, a, s', probability, reward): names resolved, duplicates refused, arrays made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from typing import Any, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo.core.build import guard_dense
from tabular_trpo.core.errors import MOST_PROBLEMS, InvalidMDPError, Problem
from tabular_trpo.core.numbers import Array, fractions, kind_of, read_array, zeros

DENSE_ENTRIES = 2**22


@final
@dataclass(frozen=True, slots=True)
class Table:
    """Transitions as columns: indices s, a, t, and numbers p, r of one lane."""

    s: Array
    a: Array
    t: Array
    p: Array
    r: Array
    rho0: Any
    state_names: tuple[str, ...]
    action_names: tuple[str, ...]


def _indices(name: str, column: Sequence[Any], names: Sequence[str] | None) -> Array:
    if names is not None:
        lookup = {x: i for i, x in enumerate(names)}
        lookup.update({i: i for i in range(len(names))})  # type: ignore[misc]
        bad = [i for i, x in enumerate(column) if isinstance(x, bool) or not _in(lookup, x)]
        expected = f"one of the {len(names)} {name} names"
    else:
        bad = [
            i
            for i, x in enumerate(column)
            if isinstance(x, bool) or not isinstance(x, Integral) or x < 0
        ]
        expected = "an integer index >= 0"
    if bad:
        problems = [
            Problem("index", f"transitions[{i}] {name}", f"= {column[i]!r}", expected)
            for i in bad[:MOST_PROBLEMS]
        ]
        raise InvalidMDPError(problems, max(0, len(bad) - MOST_PROBLEMS))
    values = column if names is None else [lookup[x] for x in column]
    try:
        return np.array([int(x) for x in values], dtype=np.int64)
    except OverflowError:
        raise InvalidMDPError(Problem("index", name, "does not fit 64 bits", expected)) from None


def _in(lookup: Mapping[Any, int], x: Any) -> bool:
    return isinstance(x, (str, Integral)) and x in lookup


def collect(
    transitions: Iterable[tuple[Any, Any, Any, Any, Any]],
    rho0: Any,
    state_names: Sequence[str] | None,
    action_names: Sequence[str] | None,
) -> Table:
    """Read rows into columns, resolving names and refusing wrong rows."""
    rows = [tuple(row) for row in transitions]
    wrong = next((i for i, row in enumerate(rows) if len(row) != 5), None)
    if not rows or wrong is not None:
        where = "transitions" if wrong is None else f"transitions[{wrong}]"
        got = "are empty" if wrong is None else f"has {len(rows[wrong])} fields"
        raise InvalidMDPError(Problem("shape", where, got, "rows (s, a, s', probability, reward)"))
    s, a, t, p, r = zip(*rows, strict=True)
    i, j, k = (
        _indices(n, c, names)
        for n, c, names in (("s", s, state_names), ("a", a, action_names), ("s'", t, state_names))
    )
    n_states = len(state_names) if state_names is not None else int(max(i.max(), k.max())) + 1
    n_actions = len(action_names) if action_names is not None else int(j.max()) + 1
    states = tuple(state_names or [str(x) for x in range(n_states)])
    if isinstance(rho0, Mapping):
        unknown = [x for x in rho0 if x not in states]
        if unknown:
            raise InvalidMDPError(Problem("index", "rho0", f"names {unknown[0]!r}", "a state"))
        rho0 = [rho0.get(x, 0) for x in states]
    actions = tuple(action_names or [str(x) for x in range(n_actions)])
    return Table(i, j, k, *_numbers(list(p), list(r)), rho0, states, actions)


def _numbers(p: list[Any], r: list[Any]) -> tuple[Array, Array]:
    exact = any(kind_of(x) == "exact" for x in p) or any(kind_of(x) == "exact" for x in r)
    columns = [read_array("probability", p)[1], read_array("reward", r)[1]]
    if exact:
        columns = [fractions(n, c) for n, c in zip(("probability", "reward"), columns, strict=True)]
    return columns[0], columns[1]


def arrays(table: Table, layout: str) -> tuple[Any, Any, Array | None]:
    """Return P, r(s, a, s') or r(s, a), and the mask of the pairs that occur."""
    n_states, n_actions = len(table.state_names), len(table.action_names)
    rational = table.p.dtype == object
    pairs = table.s * n_actions + table.a
    keys = pairs * n_states + table.t
    order = np.argsort(keys, kind="stable")
    again = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(again):
        row = order[again[0] + 1]
        names = (
            table.state_names[table.s[row]],
            table.action_names[table.a[row]],
            table.state_names[table.t[row]],
        )
        cure = "Add the probabilities of equal outcomes, or split them by a state of their own"
        got = f"repeats (s, a, s') = {names}"
        raise InvalidMDPError(
            Problem("duplicate", f"transitions[{row}]", got, "each triple once", cure),
            len(again) - 1,
        )
    allowed = np.zeros(n_states * n_actions, dtype=bool)
    allowed[pairs] = True
    mask = allowed.reshape(n_states, n_actions)
    dense = (
        layout == "dense"
        or rational
        or (layout == "auto" and n_states**2 * n_actions <= DENSE_ENTRIES)
    )
    if dense:
        guard_dense(n_states, n_actions, rational)
        P = zeros((n_states, n_actions, n_states), rational)
        r_next = zeros((n_states, n_actions, n_states), rational)
        P[table.s, table.a, table.t] = table.p
        r_next[table.s, table.a, table.t] = table.r
        return P, _shortest(r_next, P), mask
    shape = (n_states * n_actions, n_states)
    P = sp.csr_array((table.p, (pairs, table.t)), shape=shape)
    return P, sp.csr_array((table.r, (pairs, table.t)), shape=shape), mask


def _shortest(r_next: Array, P: Array) -> Array:
    """Return r(s, a) where the reward of each pair is the same for every next state, else r(s, a, s')."""
    first = np.argmax(P != 0, axis=-1)
    r = np.take_along_axis(r_next, first[..., None], axis=-1)
    same = (P == 0) | (r_next == r)
    return r[..., 0] if np.all(same.astype(bool)) else r_next
