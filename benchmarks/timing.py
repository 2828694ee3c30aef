"""Paired timing: subject and yardstick are timed alternately, so that other load affects both."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison: median seconds of subject and yardstick, the median ratio, its upper goal."""

    name: str
    subject: float
    yardstick: float
    ratio: float
    goal: float | None


def seconds(action: Callable[[], object]) -> float:
    """Return the wall time of one call in seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def shortest(action: Callable[[], object], least: float = 0.3) -> float:
    """Return the shortest wall time of calls that together take at least `least` seconds."""
    best, spent = float("inf"), 0.0
    while spent < least:
        best = min(best, seconds(action))
        spent += best
    return best


def paired(
    name: str,
    subject: Callable[[], object],
    yardstick: Callable[[], object],
    goal: float | None,
    repeats: int = 7,
) -> Row:
    """Return the row of two functions timed alternately, after one untimed call of each.

    Garbage collection is switched off meanwhile.
    """
    subject()
    yardstick()
    gc.disable()
    try:
        pairs = [(seconds(subject), seconds(yardstick)) for _ in range(repeats)]
    finally:
        gc.enable()
    ratio = statistics.median(a / b for a, b in pairs)
    return Row(
        name, *(statistics.median(column) for column in zip(*pairs, strict=True)), ratio, goal
    )
