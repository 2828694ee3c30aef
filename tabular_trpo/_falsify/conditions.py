"""How far pairs are from satisfying a precondition, on whole batches, in plain doubles.

The excess of a pair is (lhs - rhs) / (sum of the sizes of the terms) for a precondition lhs <= rhs;
a pair whose excess is at most `SLACK` counts as satisfying it, since rounding may cause that much.
"""

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.sums import flattened
from tabular_trpo._falsify.totals import total
from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.plain import FastPair
from tabular_trpo._theory.trace import Statement

SLACK = 1e-12  # largest excess that is attributed to rounding


def violation(statement: Statement) -> Expression:
    """Return an expression that is <= 0 where the statement holds; for "==" it is 0 there."""
    lhs, rhs = statement.lhs, statement.rhs
    return rhs - lhs if statement.relation == ">=" else lhs - rhs


def requirements(condition: Statement) -> tuple[Expression, ...]:
    """Return expressions that are all <= 0 where a condition holds; for "==" one that is 0 there.

    >>> from tabular_trpo._theory.trace import trace
    >>> requirements(trace(lambda p: (p.smaller(p.L - p.eta, 1 - 2 * p.gamma), ">=", 0)))
    (0 - (L - eta), 0 - (1 - 2*gamma))
    """
    if condition.relation == "==":
        return (violation(condition),)
    less, more = condition.lhs, condition.rhs
    if condition.relation == ">=":
        less, more = more, less
    return tuple(less - x for x in _operands(more))


def _operands(e: Expression) -> tuple[Expression, ...]:
    """Return the operands of nested calls of `smaller`, or (e,) if e is no such call."""
    return _operands(e.args[0]) + _operands(e.args[1]) if e.op == "smaller" else (e,)


def excess(condition: Statement | None, p: FastPair) -> Array:
    """Return by how much a precondition fails on each pair, as a share of its terms, (N,).

    return: <= 0 where it holds, inf where an infinite side violates it, NaN where it has no value;
            -inf if there is no precondition
    """
    worst: Array = np.full(len(p.tables), -np.inf)
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
