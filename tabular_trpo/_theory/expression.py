"""Expressions over the quantities of a pair: one tree for the text and for every arithmetic."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from operator import add, neg, sub
from typing import Any, Protocol, final
from weakref import WeakValueDictionary

import numpy as np

from tabular_trpo._core.nearest import written
from tabular_trpo._core.numbers import Scalar, shown
from tabular_trpo._theory.ops import Ops
from tabular_trpo._theory.vocabulary import SCALAR, TABLE

MOST_POWER = 32  # check.py stops there
_LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3, "**": 4}
_ATOM = 5
# Calls whose values are expensive and occur in many formulas.
KEPT = ("expect_next", "push_forward", "transition_l1", "sum_a", "max_a")


class Point(Protocol):
    """The pair at which expressions are evaluated; its attributes are the quantities.

    ops:  the operations of its arithmetic
    kept: values of KEPT calls for the next formula, or None
    """

    ops: Ops[Scalar]
    kept: "Values | None"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class Expression:
    """A number, a name, an operation or a function call of the formula language.

    `rank` is that of the value: 0 a number, 1 one number a state, 2 one a state and action.  Equal
    expressions are one object, so a part that occurs twice is evaluated once.

    op:   "number", "name", "+", "-", "*", "/", "**", "neg" or a function of the language
    args: expressions; the literal for "number", "name" and exponents
    body: in a call of a function that has a formula, that formula with these arguments
    """

    op: str
    args: tuple[Any, ...]
    rank: int
    body: "Expression | None" = None

    def __new__(
        cls, op: str, args: tuple[Any, ...], rank: int, body: "Expression | None" = None
    ) -> "Expression":
        """Return the equal expression that exists already, or a new one."""
        parts = (id(x) if isinstance(x, Expression) else (type(x), x) for x in args)
        key = (op, rank, *parts)  # the parts live as long as the whole
        found = _MADE.get(key)
        return _MADE.setdefault(key, object.__new__(cls)) if found is None else found

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the parts, so that equal expressions are one object in the receiving process."""
        return Expression, (self.op, self.args, self.rank, self.body)

    def __add__(self, other: "Operand") -> "Expression":
        """Return self + other."""
        return _binary("+", self, other)

    def __radd__(self, other: "Operand") -> "Expression":
        """Return other + self."""
        return _binary("+", other, self)

    def __sub__(self, other: "Operand") -> "Expression":
        """Return self - other."""
        return _binary("-", self, other)

    def __rsub__(self, other: "Operand") -> "Expression":
        """Return other - self."""
        return _binary("-", other, self)

    def __mul__(self, other: "Operand") -> "Expression":
        """Return self * other."""
        return _binary("*", self, other)

    def __rmul__(self, other: "Operand") -> "Expression":
        """Return other * self."""
        return _binary("*", other, self)

    def __truediv__(self, other: "Operand") -> "Expression":
        """Return self / other."""
        return _binary("/", self, other)

    def __rtruediv__(self, other: "Operand") -> "Expression":
        """Return other / self."""
        return _binary("/", other, self)

    def __pow__(self, exponent: int) -> "Expression":
        """Return self to the power of a literal integer from 0 to 32."""
        if type(exponent) is not int or not 0 <= exponent <= MOST_POWER:
            raise TypeError(
                f"exponent = {shown(exponent)}, expected an integer from 0 to {MOST_POWER}"
            )
        return Expression("**", (self, exponent), self.rank)

    def __neg__(self) -> "Expression":
        """Return -self."""
        return Expression("neg", (self,), self.rank)

    def __abs__(self) -> "Expression":
        """Return abs(self)."""
        return Expression("abs", (self,), self.rank)

    def __bool__(self) -> bool:
        """Raise TypeError: an expression has no truth value without a pair."""
        raise TypeError("a formula cannot branch on a quantity: it is one text for every pair")

    def __eq__(self, other: object) -> bool:
        """Raise TypeError; a relation is the middle element of the tuple that a formula returns."""
        raise TypeError('compare by returning (lhs, "==", rhs), expected no == inside a formula')

    __hash__ = object.__hash__

    def __str__(self) -> str:
        """Return the text in Python syntax, without unnecessary parentheses."""
        return _text(self, 0)

    __repr__ = __str__

    def names(self) -> set[str]:
        """Return the names of the quantities and functions that occur in the expression."""
        if self.op == "name":
            return {self.args[0]}
        inner = (x.names() for x in self.args if isinstance(x, Expression))
        return {self.op}.union(*inner)

    def value(self, p: Point, known: "Values | None" = None) -> Scalar:
        """Return the value at a pair, in the arithmetic of the pair.

        Where a float pair has no value the result is NaN, without a warning.

        known:  values of expressions from earlier calls at the same pair, which this call extends
        raises: ArithmeticError or ValueError where a rational pair or an enclosed one has no value
        """
        with np.errstate(all="ignore"):
            return _value(self, p, {} if known is None else known)


_MADE: "WeakValueDictionary[tuple[Any, ...], Expression]" = WeakValueDictionary()
Operand = Expression | int | float | Fraction
Values = dict[Expression, Scalar]


def number(x: object) -> Expression:
    """Return x as an expression; a float stands for the decimal that it prints as.

    >>> str(number(0.1)), str(number(Fraction(1, 3)))
    ('1/10', '1/3')
    """
    if isinstance(x, Expression):
        return x
    if isinstance(x, float | Decimal) and isfinite(x):
        return Expression("number", (Fraction(written(x)),), SCALAR)
    if isinstance(x, int | Fraction) and not isinstance(x, bool):  # of any size, beyond doubles too
        return Expression("number", (Fraction(x),), SCALAR)
    raise TypeError(
        f"a formula contains {shown(x)}, expected a quantity, an int, a Fraction or a decimal"
    )


def _binary(op: str, x: Operand, y: Operand) -> Expression:
    left, right = number(x), number(y)
    # A scalar serves every state, a number a state every action.
    return Expression(op, (left, right), max(left.rank, right.rank))


def _text(e: Expression, level: int) -> str:
    own = _LEVEL.get(e.op, _ATOM)
    match e.op:
        case "number":
            q: Fraction = e.args[0]
            text = written(q)
            own = _LEVEL["/"] if q.denominator > 1 else _LEVEL["neg"] if q < 0 else _ATOM
        case "name":
            text = e.args[0]
        case "neg":
            text = f"-{_text(e.args[0], own)}"
        case "**":
            text = f"{_text(e.args[0], own + 1)}**{e.args[1]}"
        case "+" | "-" | "*" | "/":
            space = " " if own == _LEVEL["+"] else ""
            left, right = _text(e.args[0], own), _text(e.args[1], own + 1)
            text = f"{left}{space}{e.op}{space}{right}"
        case _:
            text = f"{e.op}({', '.join(_text(x, 0) for x in e.args)})"
    return text if own >= level else f"({text})"


def _value(e: Expression, p: Point, known: Values) -> Scalar:
    """Return the value of e at p, computed once for a part that occurs more than once."""
    store = known if p.kept is None or e.op not in KEPT else p.kept
    if e not in store:
        store[e] = _compute(e, p, known)
    return store[e]


def _compute(e: Expression, p: Point, known: Values) -> Scalar:
    ops = p.ops
    if e.body is not None:
        return _value(e.body, p, known)
    if e.op == "number":
        return ops.constant(e.args[0])
    if e.op == "name":
        return getattr(p, e.args[0])
    values = []  # a comprehension would take a frame of the stack at each level
    for x in e.args:
        if isinstance(x, Expression):
            values.append(ops.operand(_value(x, p, known), x.rank == TABLE))
    if e.op == "**":
        return ops.power(values[0], e.args[1])
    if len(values) == 2:
        ranks = [e.rank - x.rank for x in e.args]
        values = [ops.spread(v, n) if n else v for n, v in zip(ranks, values, strict=True)]
    operation = _OPERATIONS.get(e.op)
    return operation(*values) if operation else getattr(ops, _METHODS.get(e.op, e.op))(*values)


_OPERATIONS: dict[str, Callable[..., Scalar]] = {"+": add, "-": sub, "neg": neg, "abs": abs}
_METHODS = {"*": "times", "/": "over"}
