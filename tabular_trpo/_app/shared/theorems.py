"""The theorems that the arguments of a command select."""

from collections.abc import Sequence

from tabular_trpo._app.shared.arguments import chosen
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.theorems import THEOREMS


def chosen_theorems(names: Sequence[str]) -> tuple[Theorem, ...]:
    """Return the theorems with these names, in the order of THEOREMS; all of them for no names.

    raises: UsageError for an unknown name
    """
    return tuple(chosen("theorem", names, ((theorem.name, theorem) for theorem in THEOREMS)))
