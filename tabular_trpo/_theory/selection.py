"""The selection of theorems to judge: the whole table, named theorems, or claims of the user."""

from collections.abc import Iterable
from difflib import get_close_matches

from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._core.numbers import shown
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.theorems import THEOREMS

Choice = Iterable[Theorem | str] | None


def chosen(theorems: Choice = None) -> tuple[Theorem, ...]:
    """Return the selected theorems, in the order given.

    theorems: theorems, claims, or names of the table; the whole table for None
    raises:   InvalidMDPError for an unknown name; TypeError for another kind of item

    >>> [theorem.equation for theorem in chosen(["trpo_bound", "pinsker"])]
    ['TRPO (8), Theorem 1', 'Pinsker']
    """
    if theorems is None:
        return THEOREMS
    if isinstance(theorems, str | Theorem) or not isinstance(theorems, Iterable):
        raise TypeError(f"theorems = {shown(theorems)}, expected a list of theorems or names")
    return tuple(_one(theorem) for theorem in theorems)


def _one(theorem: object) -> Theorem:
    if isinstance(theorem, Theorem):
        return theorem
    if not isinstance(theorem, str):
        cure = '@tt.claim("title") makes a theorem of a function'
        raise TypeError(f"theorems has {shown(theorem)}, expected a Theorem or a name. {cure}")
    table = {listed.name: listed for listed in THEOREMS}
    if theorem not in table:
        close = ", ".join(get_close_matches(theorem, table, n=3) or table)
        raise InvalidMDPError.of(
            "theorem", "theorems", f"has {shown(theorem)}", f"names as {close}"
        )
    return table[theorem]
