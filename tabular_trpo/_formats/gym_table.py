"""The table P of a toy-text environment: checked, read, and equal outcomes merged.

P[s][a] is a list of outcomes (probability, next_state, reward, terminated).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tabular_trpo._core.errors import Problem, invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import UNSIGNED, kind_of, shown
from tabular_trpo._core.validate import label, refuse

OUTCOME = "(probability, next_state, reward, terminated)"
Rows = dict[tuple[int, int], list[tuple[float, int, float, bool]]]  # by (s, a)


def read_rows(table: object) -> Rows:
    """Return the outcomes of P by (s, a), each checked; sums of probabilities are left to `MDP`.

    raises: InvalidMDPError naming s and a of each wrong row

    >>> read_rows([[[(1, 0, 2, False)]]])
    {(0, 0): [(1.0, 0, 2.0, False)]}
    """
    states = {s: _by_index(f"P[s={s}]", row) for s, row in sorted(_by_index("P", table).items())}
    n_states, n_actions = 1 + max(states), 1 + max(a for row in states.values() for a in row)
    if (s := next((s for s in range(n_states) if s not in states), None)) is not None:
        raise invalid("missing", f"P[s={s}]", "is missing", f"all states 0 to {n_states - 1}")
    missing = (
        (s, next(a for a in range(n_actions) if a not in row))
        for s, row in states.items()
        if len(row) < n_actions
    )
    expected = f"a list for all actions 0 to {n_actions - 1}"
    cure = "An empty list says that the action is not allowed in that state"
    refuse(
        Problem("missing", label("P", pair, "s a"), "is missing", expected, cure)
        for pair in missing
    )
    rows = {(s, a): row[a] for s, row in states.items() for a in range(n_actions)}
    refuse(
        x for pair, row in rows.items() for x in _problems(label("P", pair, "s a"), row, n_states)
    )
    expected = "one action at least that has one"
    cure = "Give a terminal state an outcome that stays there: (1.0, s, 0.0, True)"
    refuse(
        Problem("no_action", f"P[s={s}]", "has no outcome", expected, cure)
        for s, row in states.items()
        if not any(row.values())
    )
    return {
        pair: [(nearest(p), int(t), nearest(r), bool(over)) for p, t, r, over in row]
        for pair, row in rows.items()
    }


def _by_index(where: str, value: object) -> dict[int, Any]:
    """Return a dict, or a list, by its indices."""
    if isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping) or not value:
        got = "is empty" if isinstance(value, Mapping) else f"is a {type(value).__name__}"
        raise invalid("type", where, got, "a dict by the indices 0, 1, ...")
    refuse(
        Problem("index", where, f"has the key {shown(key)}", "integer indices 0, 1, ...")
        for key in value
        if kind_of(key) != "int" or key < 0
    )
    return {int(key): item for key, item in value.items()}


def _problems(where: str, row: object, n_states: int) -> Iterator[Problem]:
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
        if kind_of(t) != "int" or not 0 <= t < n_states:
            expected = f"an integer 0 to {n_states - 1}"
            yield Problem("index", f"{at} next_state", f"= {shown(t)}", expected)
        if not isinstance(terminated, (bool, np.bool_)):
            yield Problem("type", f"{at} terminated", f"= {shown(terminated)}", "True or False")


def merge(rows: Rows) -> list[tuple[int, int, int, float, float]]:
    """Return rows (s, a, s', probability, mean reward), each (s, a, s') once.

    An outcome that terminates has s' = S, the number of states.

    >>> merge({(0, 0): [(0.5, 0, 1.0, False), (0.25, 0, 4.0, False), (0.25, 0, 8.0, True)]})
    [(0, 0, 0, 0.75, 2.0), (0, 0, 1, 0.25, 8.0)]
    """
    n_states = 1 + max(s for s, _ in rows)
    merged: dict[tuple[int, int, int], list[tuple[float, float]]] = {}
    for (s, a), row in rows.items():
        for p, t, r, terminated in row:
            target = n_states if terminated and p > 0 else t
            merged.setdefault((s, a, target), []).append((p, r))
    return [(*key, *_mean(parts)) for key, parts in merged.items()]


def _mean(parts: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the probability of an outcome that is listed several times, and its mean reward."""
    live = [(p, r) for p, r in parts if p > 0] or parts
    total = sum(p for p, _ in live)
    if len({r for _, r in live}) == 1 or total == 0:
        return total, live[0][1]
    return total, sum(p * r for p, r in live) / total
