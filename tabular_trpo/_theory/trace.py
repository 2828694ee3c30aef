"""Tracing: a formula is run once on symbols, and what it returns is a statement of the language.

A formula is a Python function of one argument `p` that returns (lhs, relation, rhs).  The traced
statement gives its text, which certificates state and `check` reads, and its value in every
arithmetic.  What the language lacks raises while tracing.
"""

from collections.abc import Callable
from typing import Any, final

from tabular_trpo._core.numbers import shown
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.vocabulary import SCALAR

Sides = tuple[Any, str, Any]  # (lhs, relation, rhs)
Formula = Callable[[Any], Any]
RELATIONS = ("==", "<=", ">=")


@final
@locked_dataclass(frozen=True, eq=False)
class Statement:
    """A traced formula: two expressions and a relation."""

    lhs: Expression
    relation: str
    rhs: Expression

    def __str__(self) -> str:
        """Return ``lhs relation rhs``."""
        return f"{self.lhs} {self.relation} {self.rhs}"

    def names(self) -> set[str]:
        """Return the names of quantities and functions on both sides."""
        return self.lhs.names() | self.rhs.names()


def trace(formula: Formula, name: str = "formula") -> Statement:
    """Run a formula once on symbols.

    name:    how errors call it
    formula: of one argument, returning (lhs, relation, rhs) or anything with those attributes
    raises:  TypeError for what is no statement of the language
    """
    if not callable(formula):
        raise TypeError(f"{name} = {shown(formula)}, expected a function of p")
    made = returned = formula(Symbols())
    if not isinstance(made, tuple):
        made = tuple(getattr(made, part, None) for part in ("lhs", "relation", "rhs"))
    if len(made) != 3 or type(made[1]) is not str or made[1] not in RELATIONS:
        expected = f"(lhs, relation, rhs) with a relation among {' '.join(RELATIONS)}"
        if isinstance(returned, list | tuple) and all(isinstance(x, tuple) for x in returned):
            expected = f"one {expected}; two are joined as (p.smaller(x, y), '>=', 0)"
        raise TypeError(f"a formula returned {shown(returned)}, expected {expected}")
    lhs, rhs = number(made[0]), number(made[2])
    if lhs.rank != SCALAR or rhs.rank != SCALAR:
        text = f"{lhs} {made[1]} {rhs}"
        raise TypeError(f"{text} compares many numbers, expected scalars: use max_s or sum_s")
    return Statement(lhs, made[1], rhs)
