"""Expressions over the quantities of a pair: one tree for the text and for every arithmetic."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, Protocol, final
from weakref import WeakValueDictionary

import numpy as np

from tabular_trpo._core.nearest import written
from tabular_trpo._core.numbers import shown

SCALAR, STATE, TABLE = 0, 1, 2
RANK_NAMES = ("a scalar", "one number a state", "one number a state and action")

LITERAL_FUNCTIONS = ("step_tv", "L_mix")  # of a number that is written out
MOST_POWER = 32  # check.py stops there
_LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3, "**": 4}
_ATOM = 5
KEPT = ("next", "push", "move", "shift", "sum_a", "max_a", "span_a")  # dear, and often met again


class Arithmetic(Protocol):
    """What evaluating an expression asks of a pair, beside names and functions.

    kept: where values of KEPT calls stay for the next formula, or None
    """

    kept: "Values | None"

    def constant(self, c: Fraction) -> Any:
        """Return a constant in the arithmetic of the arithmetic."""

    def spread(self, x: Any, rank: int) -> Any:
        """Return x with `rank` more axes of length 1, to combine with values of a higher rank."""

    def times(self, x: Any, y: Any) -> Any:
        """Return x y, where 0 times infinity is 0."""

    def over(self, x: Any, y: Any) -> Any:
        """Return x / y, which has no value where y is 0 or both are infinite."""

    def power(self, x: Any, n: int) -> Any:
        """Return x**n, where x**0 is 1."""

    def operand(self, x: Any, table: bool) -> Any:
        """Return a value as an operand: a table has 1 at the actions that are not allowed."""


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class Expression:
    """A number, a name, an operation or a function call; `rank` says what the value ranges over.

    Equal expressions are one object, so what occurs twice is evaluated once.

    op:   "number", "name", "+", "-", "*", "/", "**", "neg" or a function of the language
    args: expressions; the literal for "number", "name", `step_tv`, `L_mix` and exponents
    """

    op: str
    args: tuple[Any, ...]
    rank: int

    def __new__(cls, op: str, args: tuple[Any, ...], rank: int) -> "Expression":
        """Return the expression that says the same, if there is one."""
        parts = (id(x) if isinstance(x, Expression) else (type(x), x) for x in args)
        key = (op, rank, *parts)  # the parts live as long as the whole
        found = _MADE.get(key)
        return _MADE.setdefault(key, object.__new__(cls)) if found is None else found

    def __reduce__(self) -> tuple[Any, ...]:
        """Make it anew in another process."""
        return Expression, (self.op, self.args, self.rank)

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
        """Return self to a power that is a literal from 0 to 32."""
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
        """Refuse: an expression has no value until it meets a pair."""
        raise TypeError("a formula cannot branch on a quantity: it is one text for every pair")

    def __eq__(self, other: object) -> bool:
        """Refuse, as `bool` does; relations are the middle part of what a formula returns."""
        raise TypeError('compare by returning (lhs, "==", rhs), expected no == inside a formula')

    __hash__ = object.__hash__

    def __str__(self) -> str:
        """Return the text in Python syntax, with no parentheses that are not needed."""
        return _text(self, 0)

    __repr__ = __str__

    def names(self) -> set[str]:
        """Return the names of quantities and functions that occur."""
        if self.op == "name":
            return {self.args[0]}
        inner = (x.names() for x in self.args if isinstance(x, Expression))
        return {self.op}.union(*inner)

    def value(self, p: Arithmetic, known: "Values | None" = None) -> Any:
        """Return the value at the quantities `p` of a pair, in the arithmetic of its arithmetic.

        Floats without a value become NaN or infinite in silence; rationals raise ArithmeticError.

        known: what former calls at the same pair have found, and room for more
        """
        with np.errstate(all="ignore"):
            return _value(self, p, {} if known is None else known)


_MADE: "WeakValueDictionary[tuple[Any, ...], Expression]" = WeakValueDictionary()
Operand = Expression | int | float | Fraction
Values = dict[Expression, Any]


def number(x: object) -> Expression:
    """Return a literal; a float stands for the decimal that it prints as.

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
        f"a formula met {shown(x)}, expected a quantity, an int, a Fraction or a decimal"
    )


def _binary(op: str, x: Operand, y: Operand) -> Expression:
    left, right = number(x), number(y)
    return Expression(op, (left, right), joint_rank(left, right))


def joint_rank(x: Expression, y: Expression) -> int:
    """Return the rank of an elementwise operation: a scalar serves all, a vector every action."""
    return max(x.rank, y.rank)


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


def _value(e: Expression, p: Arithmetic, known: Values) -> Any:
    """Evaluate; a part that occurs twice is one object and is evaluated once."""
    store = known if p.kept is None or e.op not in KEPT else p.kept
    if e not in store:
        store[e] = _compute(e, p, known)
    return store[e]


def _compute(e: Expression, p: Arithmetic, known: Values) -> Any:
    if e.op == "number":
        return p.constant(e.args[0])
    if e.op == "name":
        return getattr(p, e.args[0])
    if e.op in LITERAL_FUNCTIONS:
        literal = e.args[0].args[0]
        return getattr(p, e.op)(int(literal) if e.op == "step_tv" else literal)
    values = [
        p.operand(_value(x, p, known), x.rank == TABLE) for x in e.args if isinstance(x, Expression)
    ]
    if e.op == "**":
        return p.power(values[0], e.args[1])
    if len(values) == 2:
        ranks = [e.rank - x.rank for x in e.args]
        values = [p.spread(v, n) if n else v for n, v in zip(ranks, values, strict=True)]
    match e.op, values:
        case "+", [x, y]:
            return x + y
        case "-", [x, y]:
            return x - y
        case "*", [x, y]:
            return p.times(x, y)
        case "/", [x, y]:
            return p.over(x, y)
        case "neg", [x]:
            return -x
        case "abs", [x]:
            return abs(x)
    return getattr(p, e.op)(*values)
