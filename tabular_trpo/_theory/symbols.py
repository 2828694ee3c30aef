"""The symbols of formulas, and formulas written as text, as expressions.

A claim is traced with `Symbols`.  The function `parsed` reads the formulas of the vocabulary and
those that a user writes as text.  Both give the same expressions.
"""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, final

from tabular_trpo._core.numbers import shown
from tabular_trpo._theory.expression import MOST_POWER, Expression, number
from tabular_trpo._theory.vocabulary import (
    ALIASES,
    ANY,
    FUNCTIONS,
    LITERAL,
    QUANTITIES,
    VocabularyEntry,
    entries,
)

RANK_NAMES = ("a scalar", "one number a state", "one number a state and action")
LONGEST = 1000  # characters
OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@final
class Symbols:
    """The argument p of a formula while it is traced; each attribute is a quantity or a function.

    >>> p = Symbols()
    >>> print(p.L - 4 * p.eps * (p.max_tv / (1 - p.gamma)) ** 2)
    L - 4*eps*(max_tv/(1 - gamma))**2
    """

    def __getattr__(self, name: str) -> Any:
        """Return the expression of the quantity, or the function, with this name."""
        name = ALIASES.get(name, name)
        if name in QUANTITIES:
            return _name(QUANTITIES[name])
        if name in FUNCTIONS:
            return lambda *args: _call(FUNCTIONS[name], args)
        known = ", ".join((*QUANTITIES, *FUNCTIONS))
        raise AttributeError(f"{name!r} is no quantity or function of a pair; known are {known}")


def _name(entry: VocabularyEntry) -> Expression:
    return Expression("name", (entry.name,), entry.rank)


def _call(function: VocabularyEntry, args: tuple[object, ...]) -> Expression:
    """Return the expression of a call, after a check of the arguments against the vocabulary."""
    name, found = function.name, tuple(map(number, args))
    if len(found) != len(function.takes):
        raise TypeError(f"{name} of {len(found)} values, expected {len(function.takes)}")
    for x, takes in zip(found, function.takes, strict=True):
        if takes == LITERAL:
            _check_literal(name, x)
        elif takes not in (ANY, x.rank):
            raise TypeError(f"{name} of {RANK_NAMES[x.rank]}, expected {RANK_NAMES[takes]}")
    rank = max(x.rank for x in found) if function.rank == ANY else function.rank
    body = (
        _read(_tree(function.formula), {"x": found[0], "law": _law}) if function.formula else None
    )
    return Expression(name, found, rank, body)


def with_args(e: Expression, args: Iterable[Any]) -> Expression:
    """Return e with other arguments, from which the body of a function call is made again."""
    if e.op in FUNCTIONS:
        return _call(FUNCTIONS[e.op], tuple(args))
    return Expression(e.op, tuple(args), e.rank)


def _check_literal(name: str, x: Expression) -> None:
    steps = name == "step_tv"
    if x.op != "number" or (steps and x.args[0] not in range(MOST_POWER + 1)):
        literal = f"an integer from 0 to {MOST_POWER}" if steps else "a number"
        raise TypeError(f"{name}({shown(x)}), expected {literal}, written out")


def _law(policy: Expression, steps: Expression) -> Expression:
    """Return the distribution of the state after a literal number of steps of a policy."""
    p = Symbols()
    law: Expression = p.rho0
    for _ in range(int(steps.args[0])):
        law = p.push_forward(law * policy)
    return law


@lru_cache(maxsize=1024)
def definition(entry: VocabularyEntry) -> Expression:
    """Return the formula of a vocabulary entry as an expression."""
    hidden = {found.name: _name(found) for found in entries(entry.words) if not found.takes}
    return number(_read(_tree(entry.formula), hidden))


def parsed(text: str) -> Expression:
    """Return the expression of a formula written as text; no part of the text runs as Python.

    raises: ValueError or TypeError where the text is not a formula of the language

    >>> parsed("eta + sum_s(rho*A_bar) - 0.5*max_tv**2")
    eta + sum_s(rho*A_bar) - 1/2*max_tv**2
    """
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters, expected at most {LONGEST}")
    try:
        return number(_read(_tree(text), {}))
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError("no formula") from None


@lru_cache(maxsize=1024)
def _tree(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def _read(node: ast.expr, bound: Mapping[str, Any]) -> Any:
    """Return the expression of a syntax tree; the names in `bound` stand for the given values."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return number(value)
        case ast.Name(id=name) if name in bound:
            return bound[name]
        case ast.Name(id=name) if _is_known(name):
            return getattr(Symbols(), name)
        case ast.UnaryOp(op=ast.USub(), operand=x):
            inner = number(_read(x, bound))
            return number(-inner.args[0]) if inner.op == "number" else -inner
        case ast.BinOp(left=x, op=ast.Pow(), right=ast.Constant(value=int() as n)):
            return number(_read(x, bound)) ** n
        case ast.BinOp(left=x, op=op, right=y) if type(op) in OPERATIONS:
            left, right = number(_read(x, bound)), number(_read(y, bound))
            if isinstance(op, ast.Div) and left.op == right.op == "number" and right.args[0]:
                return number(left.args[0] / right.args[0])  # a fraction written out
            return OPERATIONS[type(op)](left, right)
        case ast.Call(func=ast.Name(id=name) as f, args=args, keywords=[]) if (
            _is_known(name) or name in bound
        ):
            return _read(f, bound)(*(_read(x, bound) for x in args))
    raise ValueError(f"{ast.unparse(node)} is not of the language")


def _is_known(name: str) -> bool:
    return name in QUANTITIES or ALIASES.get(name, name) in FUNCTIONS
