"""A budget for exact arithmetic: the cost of an operation is estimated before it begins.

The digits of rationals grow, so the time of an exact solve does not follow from the size of a model
alone.  Each operation states the seconds that it needs by the estimate of `exact.work`, and one
beyond the budget is refused.  The seconds are those of the estimate and not of a clock, so the same
work is refused on every machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from numbers import Real
from typing import final

from tabular_trpo._core.errors import LimitError, invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import shown
from tabular_trpo._core.public import public
from tabular_trpo._core.readable import readable

DEFAULT = 20.0  # seconds of one operation where no budget was set
COMMAND = 60.0  # of all operations of a command
CURE = (
    "Use the float arithmetic (--arithmetic float, to_float()), or allow more work "
    "(--work, tt.work_limit)"
)


@final
@readable
@dataclass(slots=True)
class Budget:
    """Seconds of exact arithmetic: those allowed, and those spent."""

    limit: float
    spent: float = 0.0


_current: ContextVar[Budget | None] = ContextVar("work", default=None)


@public
@contextmanager
def work_limit(seconds: float | None) -> Iterator[Budget | None]:
    """Limit the exact arithmetic inside the `with` block, in seconds of the estimate.

    seconds: of all operations together, infinity for no limit; None changes nothing
    yields:  Budget, whose `spent` are the seconds so far
    raises:  InvalidMDPError for a negative number, TypeError for a value that is not a number

    >>> with work_limit(2.5) as budget:
    ...     spend(1.0, "a solve")
    ...     budget.spent
    1.0
    """
    if seconds is None:
        yield _current.get()
        return
    if isinstance(seconds, bool) or not isinstance(seconds, Real):
        raise TypeError(f"work_limit: seconds = {shown(seconds)}, expected a number or None")
    if not seconds >= 0:  # NaN, too
        raise invalid("work", "work", f"= {shown(seconds)}", "a number of seconds >= 0")
    budget = Budget(nearest(seconds))
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)


def spend(seconds: float, what: str) -> None:
    """Take seconds from the budget for an operation, before it begins.

    raises: LimitError where the budget does not suffice
    """
    budget = _current.get() or Budget(DEFAULT)
    if budget.spent + seconds > budget.limit:
        before = f" after {budget.spent:.2g} s" if budget.spent else ""
        got = f"needs about {seconds:.2g} s of exact arithmetic{before}"
        raise LimitError.of("work", what, got, f"at most {budget.limit:g} s in all", CURE)
    budget.spent += seconds
