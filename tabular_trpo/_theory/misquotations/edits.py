"""Edits that turn a theorem into a misquotation: another factor, part, side or precondition.

An edit acts on the traced formula of the theorem, so a misquotation differs from its theorem in
nothing but what is misquoted.  A part is given as text in the formula language or as a function of
the quantities p; the same part of two formulas is one object (`expression`), so it is found by
identity.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple, final

from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.fixtures import Fixture
from tabular_trpo._theory.symbols import Symbols, parsed, with_args
from tabular_trpo._theory.trace import Formula, Statement, trace

Part = str | Formula  # p -> number


@final
class Quotation(NamedTuple):
    """The statement of a theorem and its precondition, as they are quoted."""

    statement: Statement
    condition: Statement | None


Edit = Callable[[Quotation], Quotation]
# the theorem, how it is misquoted, edits, a pair that refutes the result
Rows = tuple[tuple[str, str, *tuple[Edit, ...], Fixture], ...]
Rule = Callable[[Expression], Expression | None]  # the new expression, or None to look deeper


def replaced(old: Part, new: Part) -> Edit:
    """Return the edit that puts `new` in the place of `old`.

    The right side is edited, or the left side where `old` does not occur on the right.
    """
    before, after = _expression(old), _expression(new)
    return _one_side(lambda e: after if e is before else None)


def without(factor: Part) -> Edit:
    """Return the edit that drops a factor or a divisor, on one side as `replaced`."""
    dropped = _expression(factor)

    def rule(e: Expression) -> Expression | None:
        match e.op, e.args:
            case "*", (x, y) if x is dropped:
                return y  # type: ignore[no-any-return]
            case "*" | "/", (x, y) if y is dropped:
                return x  # type: ignore[no-any-return]
        return None

    return _one_side(rule)


def scaled(factor: Part) -> Edit:
    """Return the edit that multiplies the penalty by a factor.

    The penalty is the second term of the right side, or the whole right side where that has one
    term; of max_s(x - y) <= 0 it is y.

    >>> from tabular_trpo._theory.statements.coupling import trpo_bound
    >>> print(scaled("1/2")(Quotation(trpo_bound.statement, None)).statement)
    eta_new >= L - 2*eps*gamma*max_tv**2/(1 - gamma)**2
    """
    by = _expression(factor)

    def rule(e: Expression) -> Expression | None:
        match e.op, e.args:
            case ("max_s", _) | ("number", (0,)):
                return None
            case "+" | "-", (x, y):
                return Expression(e.op, (x, _times(y, by)), e.rank)
        return _times(e, by)

    return _one_side(rule)


def right(side: Part) -> Edit:
    """Return the edit that replaces the right side."""
    rhs = _expression(side)
    return lambda quoted: quoted._replace(statement=replace(quoted.statement, rhs=rhs))


def stated(formula: Part) -> Edit:
    """Return the edit that replaces the statement and keeps the precondition."""
    return lambda quoted: quoted._replace(statement=_statement(formula))


def when(formula: Part) -> Edit:
    """Return the edit that replaces the precondition."""
    return lambda quoted: quoted._replace(condition=_statement(formula))


def always(quoted: Quotation) -> Quotation:
    """Drop the precondition."""
    return quoted._replace(condition=None)


def exchanged(quoted: Quotation) -> Quotation:
    """Exchange the two sides."""
    lhs, relation, rhs = quoted.statement.rhs, quoted.statement.relation, quoted.statement.lhs
    return quoted._replace(statement=Statement(lhs, relation, rhs))


def _expression(part: Part) -> Expression:
    return parsed(part) if isinstance(part, str) else number(part(Symbols()))


def _statement(formula: Part) -> Statement:
    if not isinstance(formula, str):
        return trace(formula)
    lhs, relation, rhs = re.split("(==|<=|>=)", formula)
    return Statement(parsed(lhs), relation, parsed(rhs))


def _one_side(rule: Rule) -> Edit:
    """Return the edit that rewrites the right side, or the left one where the right stays as it is.

    raises: ValueError where both sides stay as they are
    """

    def edit(quoted: Quotation) -> Quotation:
        statement = quoted.statement
        for name, side in (("rhs", statement.rhs), ("lhs", statement.lhs)):
            made = _rewritten(side, rule)
            if made is not side:
                return quoted._replace(statement=replace(statement, **{name: made}))
        raise ValueError(f"{statement} has no such part")

    return edit


def _rewritten(e: Expression, rule: Rule) -> Expression:
    """Apply a rule from the root down; what it changes is not searched further."""
    made = rule(e)
    if made is None:
        args = (_rewritten(x, rule) if isinstance(x, Expression) else x for x in e.args)
        return with_args(e, args)
    if made.rank != e.rank:
        raise ValueError(f"{made} has another rank than {e}")
    return made


def _times(e: Expression, factor: Expression) -> Expression:
    """Return the product; a numeric factor is multiplied into the first number of e."""
    if factor.op != "number":
        return factor * e
    folded = _folded(e, factor.args[0])
    return e / number(1 / factor.args[0]) if folded is None else folded


def _folded(e: Expression, c: Fraction) -> Expression | None:
    """Return c * e where a factor of e is a number, written with that number multiplied by c."""
    match e.op, e.args:
        case "number", (q,):
            return number(q * c)
        case "*", (x, y):
            if (first := _folded(x, c)) is not None:
                return y if first is number(1) else first * y
            if (second := _folded(y, c)) is not None:
                return x if second is number(1) else x * second
        case "/", (x, y):
            if (first := _folded(x, c)) is not None:
                return first / y
            return x / number(y.args[0] / c) if y.op == "number" else None
    return None
