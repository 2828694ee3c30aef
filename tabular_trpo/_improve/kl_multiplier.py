"""Rows under KL(p || q) that share a radius or a price such that the other adds up to a total."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from tabular_trpo._core.numbers import Array
from tabular_trpo._improve.kl_curves import (
    CURVES,
    LEAST,
    LEVEL,
    NEAR,
    PRICE,
    Parts,
    at_price,
    change,
    parts,
    priced,
    settle,
    start_at_price,
    start_within,
    within,
)
from tabular_trpo._improve.kl_rows import Rows

ENDS = {LEVEL: (-80.0, 6.4), PRICE: (-690.0, 690.0)}  # of x: KL up to 600
NEWTON = 9  # steps of x; 1 to 3 are usual
CLOSE = 5e-5  # a step of x this small leaves less than its square


def balance(rows: Rows, kind: int, weight: Array, total: float) -> tuple[float, Array]:
    """Return x and t: rows with log h = x such that log(weight @ lam) = total, or the reverse.

    kind: LEVEL, where the rows share their divergence, in [e^-80, 600], or PRICE
    """
    low, high = ENDS[kind]
    with np.errstate(all="ignore"):  # of rows whose variance is no double, or that lose their way
        x = min(max(_guess(rows, kind, weight, total), low), high)
        start = start_within if kind == LEVEL else start_at_price
        t = start(rows, math.exp(x))
        given = rows, kind, x, t, weight, total
        found = None if rows.outside else _together(*given) or _in_turn(*given)
    if found and low <= found[0] <= high:
        return found
    near: list[Array | None] = [None]

    def room(x: float) -> float:
        if kind == LEVEL:
            _, other, near[0] = within(rows, math.exp(x), near[0])
        else:
            _, other = at_price(rows, math.exp(x))
        return math.log(max(float(weight @ other), LEAST)) - total

    x = root(room, x, low, high)
    own = math.exp(x)
    return x, within(rows, own, near[0])[2] if kind == LEVEL else priced(rows, own)


def _guess(rows: Rows, kind: int, weight: Array, total: float) -> float:
    """Return x by the law of small steps and its next term.

    With sigma^2 and m the moments of a row, lam = sigma / sqrt(2 h) - (2/3) m / sigma^2 and
    h = sigma^2 / (2 lam^2) - (2/3) m / lam^3.
    """
    scale = weight.dot(np.sqrt(rows.variance) if kind == LEVEL else rows.variance)
    size = max(float(scale), LEAST)
    if kind == LEVEL:
        more = float(weight.dot(rows.third / rows.variance)) * math.exp(min(-total, 700.0)) / 1.5
        return 2 * (math.log(size) - total - math.log1p(max(-0.5, more))) - math.log(2)
    x = (math.log(size) - math.log(-math.expm1(-2 * math.exp(total)))) / 2
    more = float(weight.dot(rows.third)) / size * math.exp(-x) / 1.5
    x += math.log1p(max(-more, -0.5))
    return x if rows.outside is None else max(x, math.log(max(float(rows.out.max()), LEAST)))


def _together(
    rows: Rows, kind: int, x: float, t: Array, weight: Array, total: float
) -> tuple[float, Array] | None:
    """Take the steps of Newton for x and all t at once; None where a few do not get near."""
    for _ in range(NEWTON):
        at = parts(rows, t)
        own, slope = CURVES[kind](rows, at)
        move = _move(rows, kind, at, x - own, slope, weight, total)
        if math.isnan(move):
            break
        x += move
        share = change(kind, at, x - own, slope)
        t = t + t * share
        if abs(move) <= CLOSE and np.count_nonzero(np.abs(share) <= NEAR) == len(t):
            return x, t
    return None


def _in_turn(
    rows: Rows, kind: int, x: float, t: Array, weight: Array, total: float
) -> tuple[float, Array] | None:
    """Take them for all t, then for x, in turn: else rows with a rare best action may get lost."""
    for _ in range(NEWTON):
        t = settle(rows, kind, x, t)
        at = parts(rows, t)
        own, slope = CURVES[kind](rows, at)
        move = _move(rows, kind, at, x - own, slope, weight, total)
        if math.isnan(move):
            break
        low, high = ENDS[kind]
        x = min(max(x + move, low), high)
        if abs(move) <= CLOSE:
            return x, settle(rows, kind, x, t)
    return None


def _move(
    rows: Rows, kind: int, at: Parts, gap: Array, slope: Array, weight: Array, total: float
) -> float:
    """Return the step of Newton for x; NaN where there is none."""
    other, gradient = CURVES[1 - kind](rows, at)
    power = gradient / slope  # near a point the other is a power of the own
    reached = np.exp(other + power * gap)
    found, fall = float(weight.dot(reached)), float((weight * reached).dot(power))
    if not (0 < found < math.inf and -math.inf < fall < 0):
        return math.nan
    return (total - math.log(found)) * found / fall


def root(decreasing: Callable[[float], float], guess: float, low: float, high: float) -> float:
    """Return where a decreasing function is 0, or the end of [low, high] that is nearest to it."""
    step, down, up = 0.1, guess, guess
    while decreasing(down) < 0 and down > low:
        down, step = max(down - step, low), 2 * step
    while decreasing(up) > 0 and up < high:
        up, step = min(up + step, high), 2 * step
    if decreasing(down) <= 0:
        return down
    return up if decreasing(up) >= 0 else float(brentq(decreasing, down, up, xtol=1e-10))
