"""The table of all theorems, in reading order; the modules of `statements` define them."""

from collections.abc import Sequence
from types import ModuleType

from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.statements import (
    average,
    constrained,
    coupling,
    divergences,
    gradients,
    horizon,
    identities,
    mean_kl,
    mixtures,
    models,
    monotone,
)


def _statements(module: ModuleType) -> tuple[Theorem, ...]:
    """Return the theorems of a module in the order of their definition."""
    return tuple(thing for thing in vars(module).values() if isinstance(thing, Theorem))


TOPICS = {
    "Identities": _statements(identities),
    "Divergences": _statements(divergences),
    "Theorem 1 and its proof": _statements(coupling),
    "Mixtures": _statements(mixtures),
    "Mean steps and spans": _statements(constrained),
    "KL divergence": _statements(mean_kl),
    "Gradients": _statements(gradients),
    "Monotone steps": _statements(monotone),
    "Models and soft values": _statements(models),
    "Finite horizon": _statements(horizon),
    "Average reward": _statements(average),
}
THEOREMS = tuple(theorem for topic in TOPICS.values() for theorem in topic)


def distinct(theorems: Sequence[Theorem]) -> tuple[Theorem, ...]:
    """Return the theorems except those that state the same number as another one in the list.

    >>> len(THEOREMS) - len(distinct(THEOREMS))
    7
    """
    names = {theorem.name for theorem in theorems}
    return tuple(theorem for theorem in theorems if theorem.same_as not in names)
