"""A block in which each policy of a model is checked and evaluated once.

A command that judges many pairs of few policies reads and evaluates each policy for several pairs.
Within `policies_once`, a check or an evaluation of an equal policy of an equal model returns the
first result; the results are released at the end of the block.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array

T = TypeVar("T")
MOST_KEPT = 2000  # keys; results of later policies are not kept, so that memory is bounded
_Known = dict[object, list[tuple[MDP, object]]]
_KNOWN: ContextVar[_Known | None] = ContextVar("results of policies", default=None)


@contextmanager
def policies_once(mdp: MDP, checked: Iterable[Array] = ()) -> Iterator[None]:
    """Check and evaluate equal policies of equal models once within the block.

    checked: policies (S, A) of `mdp` that were checked before, such as those of a model file
    """
    before = _KNOWN.set({})
    try:
        for pi in checked:
            remember_check(mdp, pi)
        yield
    finally:
        _KNOWN.reset(before)


def remembered(what: str, mdp: MDP, pi: Array, make: Callable[[], T]) -> T:
    """Return the result of `make`, or the one that this block holds for an equal policy.

    Only results for one model are kept, not those for a batch.

    what: the kind of the result, "check" or "evaluation"
    pi:   (S, A) in the arithmetic of the model
    """
    known = _KNOWN.get()
    if known is None or mdp.batch_shape:
        return make()
    # Doubles by their bytes: -0.0 equals 0.0, but a check refuses it.
    numbers = tuple(pi.ravel().tolist()) if mdp.arithmetic == "rational" else pi.tobytes()
    key = (what, mdp.arithmetic, numbers)
    entries = known.get(key, [])
    for model, made in entries:
        if model is mdp or _equal(model, mdp):
            return made  # type: ignore[return-value]
    new = make()
    if key in known or len(known) < MOST_KEPT:
        known.setdefault(key, entries).append((mdp, new))
    return new


def remember_check(mdp: MDP, pi: Array) -> Array:
    """Return a checked policy, kept as the result of its own check."""
    return remembered("check", mdp, pi, lambda: pi)


def _equal(x: MDP, y: MDP) -> bool:
    """Return whether two rational models are equal, as two readings of a float model are."""
    names = ("P", "r", "rho0", "gamma")
    return x.arithmetic == "rational" and all(
        np.array_equal(getattr(x, name), getattr(y, name)) for name in names
    )
