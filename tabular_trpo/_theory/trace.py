"""Tracing: a formula is run once on symbols, and its result is a statement of the language.

A formula is a Python function of one argument `p` that returns (lhs, relation, rhs).  The traced
statement gives its text, which certificates state and `check` reads, and its value in every
arithmetic.  An operation that the language lacks raises an error while tracing.
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
    """A traced formula: two scalar expressions, lhs and rhs, and a relation "==", "<=" or ">="."""

    lhs: Expression
    relation: str
    rhs: Expression

    def __str__(self) -> str:
        """Return the text ``lhs relation rhs`` in the formula language."""
        return f"{self.lhs} {self.relation} {self.rhs}"

    def names(self) -> set[str]:
        """Return the names of the quantities and functions in lhs and rhs."""
        return self.lhs.names() | self.rhs.names()


def trace(formula: Formula, name: str = "formula") -> Statement:
    """Return the statement of a formula, which is run once on symbols.

    name:    the name of the formula in error messages
    formula: function of p that returns (lhs, relation, rhs) or an object with these attributes
    raises:  TypeError where the result is not a statement of the language
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
