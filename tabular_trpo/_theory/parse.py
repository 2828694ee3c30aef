"""A formula written as text, in the language of the certificates, as an expression."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.trace import KNOWN, Symbols

LONGEST = 1000  # characters
OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def parsed(text: str) -> Expression:
    """Return the expression that a text states; nothing of it is run as Python.

    raises: ValueError or TypeError for what is no formula of the language

    >>> parsed("eta + sum_s(rho*A_bar) - 0.5*max_tv**2")
    eta + sum_s(rho*A_bar) - 1/2*max_tv**2
    """
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters, expected at most {LONGEST}")
    try:
        return number(_read(ast.parse(text.strip(), mode="eval").body))
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError("no formula") from None


def _read(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return number(value)
        case ast.Name(id=name) if name in KNOWN:
            return getattr(Symbols(), name)
        case ast.UnaryOp(op=ast.USub(), operand=x):
            inner = number(_read(x))
            return number(-inner.args[0]) if inner.op == "number" else -inner
        case ast.BinOp(left=x, op=ast.Pow(), right=ast.Constant(value=int() as n)):
            return number(_read(x)) ** n
        case ast.BinOp(left=x, op=op, right=y) if type(op) in OPERATIONS:
            left, right = number(_read(x)), number(_read(y))
            if isinstance(op, ast.Div) and left.op == right.op == "number" and right.args[0]:
                return number(left.args[0] / right.args[0])  # a fraction written out
            return OPERATIONS[type(op)](left, right)
        case ast.Call(func=ast.Name(id="abs"), args=[x], keywords=[]):
            return abs(number(_read(x)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in KNOWN:
            return getattr(Symbols(), name)(*map(_read, args))
    raise ValueError(f"{ast.unparse(node)} is not of the language")
