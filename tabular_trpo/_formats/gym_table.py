"""The table P of a toy-text environment: read, checked, and equal outcomes put together."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tabular_trpo._core.errors import MOST_PROBLEMS, InvalidMDPError, Problem, invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import UNSIGNED, kind_of, shown
from tabular_trpo._core.validate import label

OUTCOME = "(probability, next_state, reward, terminated)"
Merged = dict[tuple[int, int, int], tuple[float, float]]


def read_table(table: Any) -> tuple[Merged, int, int]:
    """Return {(s, a, s'): (probability, mean reward)}, and the numbers of states and actions.

    An outcome that terminates has s' = the number of states, which is one more than the last.

    raises: InvalidMDPError naming s and a of each wrong row; sums are left to `MDP`

    >>> read_table([[[(0.5, 0, 1, False), (0.25, 0, 4, False), (0.25, 0, 8, True)]]])
    ({(0, 0, 0): (0.75, 2.0), (0, 0, 1): (0.25, 8.0)}, 1, 1)
    """
    rows = read_rows(table)
    n_states, n_actions = 1 + max(s for s, _ in rows), 1 + max(a for _, a in rows)
    merged: dict[tuple[int, int, int], list[tuple[float, float]]] = {}
    for (s, a), outcomes in rows.items():
        for p, t, r, terminated in outcomes:
            target = n_states if terminated and p > 0 else int(t)
            merged.setdefault((s, a, target), []).append((nearest(p), nearest(r)))
    return {key: _together(parts) for key, parts in merged.items()}, n_states, n_actions


def _together(parts: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the probability of an outcome that is listed several times, and its mean reward."""
    live = [(p, r) for p, r in parts if p > 0] or parts
    total = sum(p for p, _ in live)
    if len({r for _, r in live}) == 1 or total == 0:
        return total, live[0][1]
    return total, sum(p * r for p, r in live) / total


def read_rows(table: Any) -> dict[tuple[int, int], list[Any]]:
    """Return the rows of P by (s, a), every outcome checked by itself; sums are left to `MDP`.

    raises: InvalidMDPError naming s and a of each wrong row

    >>> read_rows([[[(1.0, 0, 2.0, False)]]])
    {(0, 0): [(1.0, 0, 2.0, False)]}
    """
    states = _by_index("P", table)
    by_state = {s: _by_index(f"P[s={s}]", states[s]) for s in sorted(states)}
    n_states, n_actions = 1 + max(states), 1 + max(a for row in by_state.values() for a in row)
    if len(states) < n_states:
        s = next(s for s in range(n_states) if s not in states)
        raise InvalidMDPError(
            Problem("missing", f"P[s={s}]", "is missing", f"all states 0 to {n_states - 1}")
        )
    _refuse(
        Problem(
            "missing",
            f"P[s={s}, a={next(a for a in range(n_actions) if a not in row)}]",
            "is missing",
            f"a list for all actions 0 to {n_actions - 1}",
            "An empty list says that the action is not allowed in that state",
        )
        for s, row in by_state.items()
        if len(row) < n_actions
    )
    rows = {(s, a): row[a] for s, row in by_state.items() for a in range(n_actions)}
    _refuse(x for pair, row in rows.items() for x in _faults(label("P", pair, "s a"), row, states))
    cure = "Give a terminal state an outcome that stays there: (1.0, s, 0.0, True)"
    _refuse(
        Problem("no_action", f"P[s={s}]", "has no outcome", "one action at least that has", cure)
        for s, row in by_state.items()
        if not any(row.values())
    )
    return rows


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise InvalidMDPError(found[:MOST_PROBLEMS], max(0, len(found) - MOST_PROBLEMS))


def _by_index(where: str, value: Any) -> dict[int, Any]:
    """Return a dict, or a list, by its indices."""
    if isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping) or not value:
        got = "is empty" if isinstance(value, Mapping) else f"is a {type(value).__name__}"
        raise invalid("type", where, got, "a dict by the indices 0, 1, ...")
    _refuse(
        Problem("index", where, f"has the key {shown(key)}", "integer indices 0, 1, ...")
        for key in value
        if kind_of(key) != "int" or key < 0
    )
    return {int(key): item for key, item in value.items()}


def _faults(where: str, row: Any, states: Mapping[int, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the outcomes of a pair, taken one by one."""
    if not isinstance(row, (list, tuple)):
        yield Problem("type", where, f"is a {type(row).__name__}", f"a list of {OUTCOME}")
        return
    for i, outcome in enumerate(row):
        at = f"{where}[{i}]"
        if not isinstance(outcome, (list, tuple)) or len(outcome) != 4:
            yield Problem("shape", at, f"= {shown(outcome)}", OUTCOME)
            continue
        p, t, r, terminated = outcome
        for name, x in (("probability", p), ("reward", r)):
            if isinstance(x, str) or kind_of(x) == "bad":
                yield Problem("type", f"{at} {name}", f"= {shown(x)}", "a real number")
            elif not math.isfinite(nearest(x)):
                yield Problem("not_finite", f"{at} {name}", f"= {shown(x)}", "a finite number")
            elif name == "probability" and math.copysign(1.0, x) < 0:
                yield Problem("negative", f"{at} {name}", f"= {shown(x)}", UNSIGNED)
        if kind_of(t) != "int" or int(t) not in states:
            expected = f"an integer 0 to {len(states) - 1}"
            yield Problem("index", f"{at} next_state", f"= {shown(t)}", expected)
        if not isinstance(terminated, (bool, np.bool_)):
            yield Problem("type", f"{at} terminated", f"= {shown(terminated)}", "True or False")
