"""The claims that the checker can decide, which encloses irrational numbers and uses no identities.

The checker computes exactly with + - * /, maxima and roots of perfect squares.  It encloses
logarithms, other roots and the results computed from them in intervals that shrink with the
precision.  An interval around 0 never shows the sign of the number: the checker cannot go on where
that number is under a root, multiplied by infinity, or the slack of a claim.  This module finds
those cases in exact arithmetic.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import final

import numpy as np

from tabular_trpo._core import real
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.numbers import Array, Scalar, elementwise
from tabular_trpo._core.real import Real
from tabular_trpo._theory.expression import Expression, Values
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.trace import Statement

ENTRYWISE = ("+", "-", "*", "/", "smaller", "ratio")
GIVEN = ("number", "name")


def settled(statement: Statement, pair: Pair) -> bool:
    """Return whether enclosures can show the sign of the slack of a statement on an exact pair.

    raises: ArithmeticError, ValueError where a side has no value
    """
    view, slack = _CheckerView(pair), statement.lhs - statement.rhs
    hidden = view.enclosed(slack) & view.equals(slack, 0)
    return view.followed and not hidden.any()


@final
class _CheckerView:
    """The parts of formulas on one exact pair, each exact or enclosed in the checker."""

    def __init__(self, pair: Pair) -> None:
        """Store the pair; `followed` becomes False at a part that the checker cannot evaluate."""
        self.pair, self.followed = pair, True
        self._known: Values = {}
        self._enclosed: dict[Expression, Array] = {}

    def value(self, e: Expression, rank: int | None = None) -> Array:
        """Return the exact value of e as an object array, with axes appended up to `rank`."""
        value = np.asarray(e.value(self.pair, self._known), dtype=object)
        return _spread(value, 0 if rank is None else rank - e.rank)

    def equals(self, e: Expression, x: Scalar, rank: int | None = None) -> Array:
        """Return a mask of the entries of e that equal x or cannot be distinguished from x."""
        return _each(_equal, self.value(e, rank), x)

    def enclosed(self, e: Expression, rank: int | None = None) -> Array:
        """Return a mask of the entries of e that the checker has as an interval, not exactly."""
        if e not in self._enclosed:
            self._enclosed[e] = self._find(e) & ~_infinite(self.value(e))
        return _spread(self._enclosed[e], 0 if rank is None else rank - e.rank)

    def _find(self, e: Expression) -> Array:
        if e.body is not None:
            return self.enclosed(e.body)
        parts = [x for x in e.args if isinstance(x, Expression)]
        irrational = _each(lambda x, _: isinstance(x, Real), self.value(e), None)
        if e.op in GIVEN:
            return irrational
        masks = [self.enclosed(x, e.rank if e.op in ENTRYWISE else None) for x in parts]
        match e.op:
            case "sqrt" | "log":
                self._stop(masks[0] & self.equals(parts[0], 0))
                return masks[0] | irrational
            case "**":
                return np.asarray(masks[0] & (e.args[1] > 0))
            case "+" | "-" | "neg" | "abs":
                return np.asarray(np.logical_or.reduce(np.broadcast_arrays(*masks)))
            case "*" | "/":
                return self._product(e, parts, masks)
            case "ratio":
                nothing, none = (self.equals(x, 0, e.rank) for x in parts)
                self._stop(none & ~(nothing & ~masks[0]) & (masks[1] | (masks[0] & nothing)))
                return self._product(e, parts, masks)
            case "smaller":
                best = [self.equals(x, self.value(e), e.rank) for x in parts]
                return np.asarray((masks[0] & best[0]) | (masks[1] & best[1]))
        return self._reduced(e.op, parts[0], masks[0])

    def _product(self, e: Expression, parts: list[Expression], masks: list[Array]) -> Array:
        """Return the mask of the enclosed entries of a product or quotient e.

        An exact factor 0 makes the result exact, and so does an infinite divisor; an enclosed 0
        does not.
        """
        zeros = [self.equals(x, 0, e.rank) for x in parts]
        ends = [_infinite(self.value(x, e.rank)) for x in parts]
        for i, j in ((0, 1), (1, 0)):
            self._stop(masks[i] & zeros[i] & ends[j])
        hidden = zeros[0] & ~masks[0]
        hidden = hidden | (zeros[1] & ~masks[1] if e.op == "*" else ends[1])
        return (masks[0] | masks[1]) & ~hidden

    def _reduced(self, op: str, x: Expression, mask: Array) -> Array:
        """Return the mask of the enclosed entries of a sum or maximum of x.

        A sum is enclosed if one of its terms is, a maximum if an entry that attains it is.
        """
        reduce = getattr(self.pair, op)
        if op not in ("max_s", "max_a"):
            return _each(_differ, reduce(elementwise(lambda x: Fraction(int(x)), mask)), 0)
        values = self.value(x)
        best = np.asarray(reduce(values), dtype=object)
        found = mask & _each(_equal, values, _spread(best, values.ndim - best.ndim))
        if op == "max_a":
            found = found & self.pair.mdp.mask
        return np.asarray(found.any(axis=-1))

    def _stop(self, at: Array) -> None:
        self.followed &= not at.any()


def _spread(value: Array, rank: int) -> Array:
    return value.reshape(value.shape + (1,) * rank) if value.ndim else value


def _each(test: Callable[[Scalar, Scalar], bool], x: Scalar, y: Scalar) -> Array:
    return np.asarray(np.frompyfunc(test, 2, 1)(x, y), dtype=bool)


def _infinite(x: Array) -> Array:
    return _each(lambda value, _: real.is_infinite(value), x, None)


def _equal(x: Scalar, y: Scalar) -> bool:
    try:
        return bool(x == y)
    except LimitError:
        return True


def _differ(x: Scalar, y: Scalar) -> bool:
    return bool(x != y)
