"""A block in which each policy of a model is evaluated once, however often it is asked for.

A command that judges many pairs of few policies evaluates each policy for several pairs.  Within
`evaluated_once()`, `evaluate` returns the record that it made before for an equal policy of an
equal model; the records are released at the end of the block.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array

T = TypeVar("T")
MOST_KEPT = 1000  # records; later ones are made anew, so that memory is bounded
_Known = dict[object, list[tuple[MDP, object]]]
_KNOWN: ContextVar[_Known | None] = ContextVar("evaluations", default=None)


@contextmanager
def evaluated_once() -> Iterator[None]:
    """Evaluate equal policies of equal models once within the block."""
    before = _KNOWN.set({})
    try:
        yield
    finally:
        _KNOWN.reset(before)


def remembered(mdp: MDP, pi: Array, evaluation: Callable[[MDP, Array], T]) -> T:
    """Return the evaluation of a checked policy: one that was made in this block, or a new one.

    pi: (S, A), as `check_policy` returns it
    """
    known = _KNOWN.get()
    if known is None:
        return evaluation(mdp, pi)
    entries = known.setdefault((mdp.arithmetic, tuple(pi.ravel().tolist())), [])
    for model, made in entries:
        if model is mdp or _equal(model, mdp):
            return made  # type: ignore[return-value]
    new = evaluation(mdp, pi)
    if len(known) <= MOST_KEPT:
        entries.append((mdp, new))
    return new


def _equal(x: MDP, y: MDP) -> bool:
    """Whether rational models are the same one, as two readings of a float model are."""
    names = ("P", "r", "rho0", "gamma")
    return x.arithmetic == "rational" and all(
        np.array_equal(getattr(x, name), getattr(y, name)) for name in names
    )
