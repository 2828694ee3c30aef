"""A valid document of two states, and ways to spoil it."""

import copy
from typing import Any

REMOVED = object()

# "b" has one action only; the reward of ("a", "go") depends on the next state.
BASE: dict[str, Any] = {
    "format": "tabular-trpo-mdp",
    "version": 1,
    "why": "A valid model to spoil.",
    "gamma": "9/10",
    "states": ["a", "b"],
    "actions": ["stay", "go"],
    "rho0": {"a": "1/3", "b": "2/3"},
    "transitions": [
        ["a", "stay", "a", "1", "0"],
        ["a", "go", "a", "1/4", "-1"],
        ["a", "go", "b", "3/4", "1/2"],
        ["b", "stay", "b", "1", "5"],
    ],
    "policies": {"half": {"a": {"stay": "1/2", "go": "1/2"}, "b": {"stay": "1"}}},
    "expected": {"policy": "half", "V": {"a": "0", "b": "50"}, "pair": ["half", "uniform"]},
}


def spoiled(place: str, value: Any, document: Any = BASE) -> Any:
    """Return the document with one value replaced, appended, or (REMOVED) taken out.

    place: the steps to it, parted by spaces: "transitions 0 3"
    """
    document = copy.deepcopy(document)
    *steps, last = (int(step) if step.isdigit() else step for step in place.split())
    at: Any = document
    for step in steps:
        at = at[step]
    if value is REMOVED:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(value)
    else:
        at[last] = value
    return document


def as_floats(document: Any) -> Any:
    """Return the document with every exact number as a bare double."""
    if isinstance(document, dict):
        return {k: as_floats(v) if k != "why" else v for k, v in document.items()}
    if isinstance(document, list):
        return [as_floats(x) for x in document]
    if isinstance(document, str) and document.lstrip("-")[:1].isdigit():
        top, _, bottom = document.partition("/")
        return float(top) / float(bottom or 1)
    return document
