"""Algorithm 1 of TRPO (2015): the surrogate less a penalty on the largest divergence."""

import math
from typing import Any

import numpy as np
from scipy.optimize import brentq

from tabular_trpo.core.numbers import Array
from tabular_trpo.exact.surrogate import Surrogate
from tabular_trpo.improve.greedy import greedy
from tabular_trpo.improve.kl_rows import Rows, within
from tabular_trpo.improve.step import Step, nonnegative, step_to
from tabular_trpo.improve.trust_region import placed, visited_rows

LOW, HIGH = -80.0, 6.4  # of log d: KL up to 600


def minorize(L: Surrogate, C: Any) -> Step:
    """Return the step that maximises L(pi_new) - C max_s KL(pi || pi_new).

    TRPO (2015), Algorithm 1; with C = `tt.penalty(ev)` the return cannot fall.  With
    F(d) = sum_s max {G_s . q : KL(pi_s || q) <= d} - C d, concave, the prices at d* add up to C.
    Where F'(0) <= 0, as for every deterministic policy if gamma >= 1/5, the step is "stuck".

    C:      a number >= 0; 0 is the greedy step
    return: multipliers C, d = max_kl that was aimed at, lam (S,)
    raises: InvalidMDPError for C < 0, NaN or infinite, or a batch; LaneError if rational

    >>> from tabular_trpo.core.mdp import MDP
    >>> from tabular_trpo.exact.evaluate import evaluate
    >>> from tabular_trpo.exact.surrogate import surrogate
    >>> ev = evaluate(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), [[0.5, 0.5]])
    >>> minorize(surrogate(ev), 4.0).pi_new.round(4)
    array([[0.382, 0.618]])
    """
    rows, at, _ = visited_rows(L, weighted=True)
    C = nonnegative(L, "C", C)
    if C == 0:
        return greedy(L)
    zero = np.zeros(len(L.pi))
    slope = _slope_at_zero(rows)
    if not slope > C:
        return step_to(L, L.pi, {"C": C, "d": 0.0, "lam": zero}, lambda k, m, t: C * k)
    start: list[Array | None] = [None]

    def steepness(x: float) -> float:
        _, lam, start[0] = within(rows, math.exp(x), start[0])
        return math.log(max(float(lam.sum()), 1e-320)) - math.log(C)

    x = _root(steepness, _small_step(rows, C))
    q, lam, _ = within(rows, math.exp(x), start[0])
    zero[at] = lam
    return step_to(
        L, placed(L, at, q), {"C": C, "d": math.exp(x), "lam": zero}, lambda k, m, t: C * k
    )


def _slope_at_zero(rows: Rows) -> float:
    """Return F'(0) + C: infinite if a row is mixed and uneven, else what its even rows can gain."""
    return math.inf if (rows.span > 0).any() else float(rows.out.sum())


def _small_step(rows: Rows, C: float) -> float:
    """Return log of d* ~ (sum_s sigma_s)^2 / (2 C^2), sigma_s the deviation of G_s under pi_s."""
    variance = (rows.p * (rows.g - rows.mean[:, None]) ** 2).sum(axis=-1)
    sigma = float(np.sqrt(variance).sum())
    return min(max(2 * math.log(sigma / C) - math.log(2), LOW + 1), HIGH - 1) if sigma else 0.0


def _root(decreasing: Any, guess: float) -> float:
    """Return where a decreasing function of log d is 0, or the end of the range."""
    low = high = guess
    while decreasing(low) < 0 and low > LOW:
        low = max(2 * low - guess - 0.1, LOW)
    while decreasing(high) > 0 and high < HIGH:
        high = min(2 * high - guess + 0.1, HIGH)
    if decreasing(low) <= 0:
        return low
    return high if decreasing(high) >= 0 else float(brentq(decreasing, low, high, xtol=1e-9))
