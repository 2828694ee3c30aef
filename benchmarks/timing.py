"""Paired timing: the subject and its yardstick in turn, so that a busy machine slows both."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison: median seconds of both, the median of their ratios, the goal."""

    name: str
    subject: float
    yardstick: float
    ratio: float
    goal: float | None


def seconds(action: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def shortest(action: Callable[[], object], least: float = 0.3) -> float:
    """Return the shortest wall time of several calls, which take `least` seconds together."""
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
    """Time both in turn after one warm-up each; garbage collection waits."""
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
