"""The multiplier of TRPO (12) and the radius of Algorithm 1: one number that all states share.

**Problem.** Two steps couple their rows; `kl_rows` has the divergence h and the multiplier lam of a
row as functions of its number t:

    mean_kl:   maximise sum_s w_s <A_s, q_s> subject to sum_s w_s KL(p_s || q_s) <= delta.  The
               Lagrangian sum_s w_s (<A_s, q_s> - lam KL(p_s || q_s)) + lam delta separates into
               rows with the same lam.  Its maximum over the rows, the dual function of lam, is
               convex with the derivative delta - sum_s w_s h_s, which is 0 at the optimum.
    minorize:  maximise sum_s <G_s, q_s> - C max_s KL(p_s || q_s).  Every row has the same radius d,
               and sum_s lam_s = C, since lam_s is the derivative of the best gain of row s by d.

Let x = log lam for mean_kl, log d for minorize; this is the shared quantity, and `other` is the
second one, h or lam.  The rows have t_s(x), so that one equation in x remains,
log(weight @ other(t(x))) = total, with total = log delta or log C.  Its left side falls strictly.

**Method.** x and all t_s are iterated together: t takes a step of third order in each row
(`kl_curves`), and x takes Newton's step, for which other_s is a local power of the shared quantity,
with exponent (d log other / d log t) / (d log shared / d log t).  Where that does not converge, all
rows are solved before each step of x.  Where an action outside the support may enter a row, or both
fail, the equation is bracketed and solved by Brent's method, which converges since it is monotone.

**Guarantee.** The error of x is about 2.5e-9 (Newton) or 1e-10 (Brent).  `trust_region` checks the
divergence of the new policy and reduces the target where rounding exceeds the radius.  Source: TRPO
(2015), Algorithm 1 and equation (12); Boyd and Vandenberghe (2004), section 5.5.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from tabular_trpo._core.numbers import Array
from tabular_trpo._improve import kl_curves as curves
from tabular_trpo._improve.kl_curves import MULTIPLIER, RADIUS, Parts, parts
from tabular_trpo._improve.kl_rows import KLRows

ENDS = {RADIUS: (-80.0, 6.4), MULTIPLIER: (-690.0, 690.0)}  # of x: divergences up to 600
NEWTON = 9  # largest number of steps of x; 1 to 3 are usual
CLOSE = 5e-5  # size of the last step of x; the error is less than its square


def solve_multiplier(rows: KLRows, kind: int, weight: Array, total: float) -> tuple[float, Array]:
    """Return x, the logarithm of the radius or multiplier that all rows share, and t (N,).

    kind:   RADIUS: log h = x in each row and log(weight @ lam) = total, h in [e^-80, 600];
            MULTIPLIER: log lam = x in each row and log(weight @ h) = total
    weight: (N,) positive
    total:  the logarithm of the given sum; multipliers are in `rows.unit`
    """
    low, high = ENDS[kind]
    with np.errstate(all="ignore"):  # a variance may underflow, and an iteration may diverge
        x = min(max(_small_step_guess(rows, kind, weight, total), low), high)
        start = curves.start_at_radius if kind == RADIUS else curves.start_at_multiplier
        t = start(rows, math.exp(x))
        given = rows, kind, x, t, weight, total
        found = None if rows.outside else _joint_newton(*given) or _alternating_newton(*given)
    if found and low <= found[0] <= high:
        return found
    near: Array | None = None

    def excess_total(x: float) -> float:
        """Return log(weight @ other) at x, less the given total."""
        nonlocal near
        if kind == RADIUS:
            _, other, near = curves.solve_radius(rows, math.exp(x), near)
        else:
            _, other = curves.solve_at_multiplier(rows, math.exp(x))
        return math.log(max(float(weight @ other), curves.LEAST)) - total

    x = root(excess_total, x, low, high)
    own = math.exp(x)
    if kind == RADIUS:
        return x, curves.solve_radius(rows, own, near)[2]
    return x, curves.t_at_multiplier(rows, own)


def _small_step_guess(rows: KLRows, kind: int, weight: Array, total: float) -> float:
    """Return a first x, from two terms of the expansion for small steps.

    With the variance sigma^2 and the third central moment m of g in a row,
    lam = sigma / sqrt(2 h) - (2/3) m / sigma^2 and h = sigma^2 / (2 lam^2) - (2/3) m / lam^3.

    kind, weight, total: as for `solve_multiplier`
    """
    scale = weight.dot(np.sqrt(rows.variance) if kind == RADIUS else rows.variance)
    size = max(float(scale), curves.LEAST)
    if kind == RADIUS:
        more = float(weight.dot(rows.third / rows.variance)) * math.exp(min(-total, 700.0)) / 1.5
        return 2 * (math.log(size) - total - math.log1p(max(-0.5, more))) - math.log(2)
    x = (math.log(size) - math.log(-math.expm1(-2 * math.exp(total)))) / 2
    more = float(weight.dot(rows.third)) / size * math.exp(-x) / 1.5
    x += math.log1p(max(-more, -0.5))
    if rows.outside is None:
        return x
    return max(x, math.log(max(float(rows.excess.max()), curves.LEAST)))


def _joint_newton(
    rows: KLRows, kind: int, x: float, t: Array, weight: Array, total: float
) -> tuple[float, Array] | None:
    """Return x and t (N,) by simultaneous steps of x and t; None without convergence.

    x, t: where the iteration starts; kind, weight, total: as for `solve_multiplier`
    """
    for _ in range(NEWTON):
        at = parts(rows, t)
        own, slope = curves.CURVES[kind](rows, at)
        move = _shared_step(rows, kind, at, x - own, slope, weight, total)
        if math.isnan(move):
            break
        x += move
        share = curves.newton_step(kind, at, x - own, slope)
        t = t + t * share
        if abs(move) <= CLOSE and np.count_nonzero(np.abs(share) <= curves.NEAR) == len(t):
            return x, t
    return None


def _alternating_newton(
    rows: KLRows, kind: int, x: float, t: Array, weight: Array, total: float
) -> tuple[float, Array] | None:
    """Return x and t (N,), solving for t before each step of x; None without convergence.

    Rows with a rare best action may need this.

    x, t: where the iteration starts; kind, weight, total: as for `solve_multiplier`
    """
    for _ in range(NEWTON):
        t = curves.solve_rows(rows, kind, x, t)
        at = parts(rows, t)
        own, slope = curves.CURVES[kind](rows, at)
        move = _shared_step(rows, kind, at, x - own, slope, weight, total)
        if math.isnan(move):
            break
        low, high = ENDS[kind]
        x = min(max(x + move, low), high)
        if abs(move) <= CLOSE:
            return x, curves.solve_rows(rows, kind, x, t)
    return None


def _shared_step(
    rows: KLRows, kind: int, at: Parts, gap: Array, slope: Array, weight: Array, total: float
) -> float:
    """Return Newton's step for x, NaN where it is undefined.

    at:         the quantities of the rows at t
    gap, slope: (N,) x less the log of the shared quantity at t, and the derivative of this log
    """
    other, gradient = curves.CURVES[1 - kind](rows, at)
    power = gradient / slope  # exponent of the other quantity as a local power of the shared one
    reached = np.exp(other + power * gap)
    found, fall = float(weight.dot(reached)), float((weight * reached).dot(power))
    if not (0 < found < math.inf and -math.inf < fall < 0):
        return math.nan
    return (total - math.log(found)) * found / fall


def root(decreasing: Callable[[float], float], guess: float, low: float, high: float) -> float:
    """Return the zero of a decreasing function, or the end of [low, high] that is nearest to it.

    guess: where the search for a bracket starts
    """
    step, down, up = 0.1, guess, guess
    while decreasing(down) < 0 and down > low:
        down, step = max(down - step, low), 2 * step
    while decreasing(up) > 0 and up < high:
        up, step = min(up + step, high), 2 * step
    if decreasing(down) <= 0:
        return down
    return up if decreasing(up) >= 0 else float(brentq(decreasing, down, up, xtol=1e-10))
