"""Former faults of the arithmetics as patches; `benchmarks.semantics --plant` must find each."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np

from tabular_trpo import check
from tabular_trpo._core import real
from tabular_trpo._falsify import score
from tabular_trpo._theory import certifiable
from tabular_trpo._theory.exact_ops import ExactOps
from tabular_trpo._theory.float_ops import FloatOps
from tabular_trpo._theory.interval_ops import IntervalOps

Fault = Callable[[], AbstractContextManager[Any]]


@contextmanager
def _padding_in_sums() -> Iterator[None]:
    """Let sums over actions include actions that are not allowed."""
    with (
        patch.object(ExactOps, "sum_a", ExactOps.sum_s),
        patch.object(FloatOps, "sum_a", FloatOps.sum_s),
        patch.object(IntervalOps, "sum_a", IntervalOps.sum_s),
    ):
        yield


@contextmanager
def _padding_as_operand() -> Iterator[None]:
    """Let exact operations read values of actions that are not allowed."""
    with patch.object(ExactOps, "operand", lambda self, x, table: x):
        yield


@contextmanager
def _number_over_infinity() -> Iterator[None]:
    """Let x / inf have no value in the checker."""
    ends = check._ends

    def old(f: Any, x: Any, y: Any) -> Any:
        if f is check.operator.truediv and float in map(type, y):
            raise ArithmeticError("a number over inf")
        return ends(f, x, y)

    with patch.object(check, "_ends", old):
        yield


@contextmanager
def _infinity_to_the_power_0() -> Iterator[None]:
    """Let inf**0 have no value in exact arithmetic."""
    power = real.Real.__pow__

    def old(self: Any, exponent: int) -> Any:
        if self.infinite and not exponent:
            raise ArithmeticError("inf ** 0 is undefined")
        return power(self, exponent)

    with patch.object(real.Real, "__pow__", old):
        yield


@contextmanager
def _log_of_0() -> Iterator[None]:
    """Let log 0 be -inf in floats and enclosures."""

    def plain(self: Any, x: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.log(x)

    with (
        patch.object(FloatOps, "log", plain),
        patch.object(IntervalOps, "log", lambda self, x: x.log()),
    ):
        yield


@contextmanager
def _power_0_is_a_number() -> Iterator[None]:
    """Let x**0 be the number 1 in the checker even if x is a vector or a table."""
    value = check._value

    def old(node: Any, env: Any, bits: int) -> Any:
        if isinstance(node, check.ast.BinOp) and isinstance(node.op, check.ast.Pow):
            if getattr(node.right, "value", None) == 0:
                return {(): (Fraction(1),) * 2}
        return value(node, env, bits)

    with patch.object(check, "_value", old):
        yield


@contextmanager
def _hidden_ties() -> Iterator[None]:
    """Let certificates contain claims whose equality only an identity shows."""
    with patch.object(certifiable, "settled", lambda statement, pair: True):
        yield


@contextmanager
def _log_of_irrationals() -> Iterator[None]:
    """Let exact arithmetic refuse logarithms of irrational numbers."""
    log = real.log

    def old(x: Any) -> Any:
        if isinstance(x, real.Real):
            raise TypeError("log takes an int or a Fraction, got a Real")
        return log(x)

    with patch.object(real, "log", old):
        yield


@contextmanager
def _infinite_scores() -> Iterator[None]:
    """Let the score of `falsify` be 0 where an infinite side refutes the claim."""
    with patch.object(score, "INFINITE", 0.0):
        yield


FAULTS: dict[str, Fault] = {
    made.__name__.strip("_").replace("_", "-"): made
    for made in (
        _padding_in_sums, _padding_as_operand, _number_over_infinity, _infinity_to_the_power_0,
        _log_of_0, _power_0_is_a_number, _hidden_ties, _log_of_irrationals,
        _infinite_scores,
    )
}  # fmt: skip
