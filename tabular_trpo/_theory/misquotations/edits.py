"""Edits that turn a theorem into a misquotation: another factor, part, side or precondition.

An edit changes the traced formula of the theorem, so a misquotation differs from its theorem only
in the misquoted part.  A part is given as text in the formula language or as a function of the
quantities p.  Equal parts of two formulas are one object (see `expression`), so a part is found by
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
    """The statement of a theorem and its precondition, as an edit reads and changes them."""

    statement: Statement
    condition: Statement | None


Edit = Callable[[Quotation], Quotation]
# the theorem, how it is misquoted, edits, a pair that refutes the result
Rows = tuple[tuple[str, str, *tuple[Edit, ...], Fixture], ...]
Rule = Callable[[Expression], Expression | None]  # the new expression, or None to look deeper


def replaced(old: Part, new: Part) -> Edit:
    """Return the edit that replaces the part `old` by `new`.

    The edit changes the right side, or the left side where `old` does not occur on the right.
    """
    before, after = _expression(old), _expression(new)
    return _one_side(lambda e: after if e is before else None)


def without(factor: Part) -> Edit:
    """Return the edit that drops a factor or divisor, on the right side or else on the left."""
    dropped = _expression(factor)

    def rule(e: Expression) -> Expression | None:
        match e.op, e.args:
            case "*", (x, Expression() as y) if x is dropped:
                return y
            case "*" | "/", (Expression() as x, y) if y is dropped:
                return x
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
    """Return the edit that replaces the right side of the statement."""
    rhs = _expression(side)
    return lambda quoted: quoted._replace(statement=replace(quoted.statement, rhs=rhs))


def stated(formula: Part) -> Edit:
    """Return the edit that replaces the statement and keeps the precondition."""
    return lambda quoted: quoted._replace(statement=_statement(formula))


def when(formula: Part) -> Edit:
    """Return the edit that replaces the precondition by another formula."""
    return lambda quoted: quoted._replace(condition=_statement(formula))


def always(quoted: Quotation) -> Quotation:
    """Return the quotation without its precondition."""
    return quoted._replace(condition=None)


def exchanged(quoted: Quotation) -> Quotation:
    """Return the quotation with its left and right sides exchanged."""
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
    """Return the edit that rewrites the right side, or the left side if the right does not change.

    raises: ValueError where neither side changes
    """

    def edit(quoted: Quotation) -> Quotation:
        statement = quoted.statement
        if (rhs := _rewritten(statement.rhs, rule)) is not statement.rhs:
            return quoted._replace(statement=replace(statement, rhs=rhs))
        if (lhs := _rewritten(statement.lhs, rule)) is not statement.lhs:
            return quoted._replace(statement=replace(statement, lhs=lhs))
        raise ValueError(f"{statement} has no such part")

    return edit


def _rewritten(e: Expression, rule: Rule) -> Expression:
    """Return e after a rule is applied from the root down; a replaced part is not searched."""
    made = rule(e)
    if made is None:
        args = [_rewritten(x, rule) if isinstance(x, Expression) else x for x in e.args]
        return with_args(e, args)
    if made.rank != e.rank:
        raise ValueError(f"{made} has another rank than {e}")
    return made


def _times(e: Expression, factor: Expression) -> Expression:
    """Return factor * e; a numeric factor is multiplied into the first number of e."""
    if factor.op != "number":
        return factor * e
    folded = _folded(e, factor.args[0])
    return e / number(1 / factor.args[0]) if folded is None else folded


def _folded(e: Expression, c: Fraction) -> Expression | None:
    """Return c * e with c multiplied into a numeric factor of e; None if e has no such factor."""
    match e.op, e.args:
        case "number", (q,):
            return number(q * c)
        case "*", (Expression() as x, Expression() as y):
            if (first := _folded(x, c)) is not None:
                return y if first is number(1) else first * y
            if (second := _folded(y, c)) is not None:
                return x if second is number(1) else x * second
        case "/", (Expression() as x, Expression() as y):
            if (first := _folded(x, c)) is not None:
                return first / y
            return x / number(y.args[0] / c) if y.op == "number" else None
    return None
