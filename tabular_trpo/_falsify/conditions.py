"""How far a pair is from meeting a precondition, on whole batches, in plain doubles."""

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.sums import flattened
from tabular_trpo._falsify.totals import total
from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.plain import PlainPair
from tabular_trpo._theory.trace import Statement

SLACK = 1e-12  # of the terms, by which a precondition may fail in doubles


def violation(statement: Statement) -> Expression:
    """Return what is at most 0 where the statement holds; for "==", what is 0."""
    lhs, rhs = statement.lhs, statement.rhs
    return rhs - lhs if statement.relation == ">=" else lhs - rhs


def requirements(condition: Statement) -> tuple[Expression, ...]:
    """Return what is at most 0, each of it, where a condition holds; for "==", what is 0.

    >>> from tabular_trpo._theory.trace import trace
    >>> requirements(trace(lambda p: (p.smaller(p.L - p.eta, 1 - 2 * p.gamma), ">=", 0)))
    (0 - (L - eta), 0 - (1 - 2*gamma))
    """
    if condition.relation == "==":
        return (violation(condition),)
    less, more = condition.lhs, condition.rhs
    if condition.relation == ">=":
        less, more = more, less
    return tuple(less - x for x in _joined(more))


def _joined(e: Expression) -> tuple[Expression, ...]:
    """Return the numbers of which an expression is the smallest."""
    return _joined(e.args[0]) + _joined(e.args[1]) if e.op == "smaller" else (e,)


def excess(condition: Statement | None, p: PlainPair) -> Array:
    """Return by which share of its terms a precondition fails at most, (N,); NaN for no value.

    return: at most 0 where it is met, which -inf always is; inf where a side is out of reach
    """
    worst: Array = np.full(len(p.cases), -np.inf)
    if condition is None:
        return worst
    with np.errstate(all="ignore"):
        for wrong in requirements(condition):
            value = np.broadcast_to(wrong.value(p), worst.shape)
            if condition.relation == "==":
                value = np.abs(value)
            _, size = total(flattened(wrong), p)
            share = value / np.where(size > 0, size, 1.0)
            worst = np.maximum(worst, np.where(np.isinf(value), value, share))
    return worst
