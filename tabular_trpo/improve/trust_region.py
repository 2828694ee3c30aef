"""The trust regions of TRPO (2015): largest KL, mean KL, and the mean as a penalty."""

import math
from typing import Any

import numpy as np
from scipy.optimize import brentq

from tabular_trpo.core.errors import LaneError, Problem
from tabular_trpo.core.numbers import Array, is_rational
from tabular_trpo.exact.surrogate import Surrogate
from tabular_trpo.improve.greedy import greedy
from tabular_trpo.improve.kl_rows import Rows, at_price, rows_of, within
from tabular_trpo.improve.step import Step, is_optimal, nonnegative, single, step_to

MOST = 600.0  # KL; beyond it exp(-KL) is no double, and nothing more is to be gained


def visited_rows(L: Surrogate, weighted: bool) -> tuple[Rows, Array, Array]:
    """Return the rows of visited states, with G itself or G / weight; which they are; the weights.

    raises: LaneError for a rational surrogate: KL steps have logarithms
    """
    single(L)
    if is_rational(L.pi):
        cure = "Use mdp.to_float(), improve.lanes.in_floats, or a step with total variation"
        raise LaneError(Problem("lane", "surrogate", "is rational", "float for a KL step", cure))
    at = L.weight > 0
    G = L.G[at] if weighted else L.G[at] / L.weight[at][:, None]
    if L.allowed is not None:
        G = np.where(L.allowed[at], G, -np.inf)
    return rows_of(L.pi[at], G), at, L.weight[at]


def placed(L: Surrogate, at: Array, q: Array) -> Array:
    """Return the policy with new rows at visited states."""
    pi_new = L.pi.copy()
    pi_new[at] = q
    return pi_new


def max_kl(L: Surrogate, delta: Any) -> Step:
    """Return the step that maximises L(pi_new) subject to max_s KL(pi || pi_new) <= delta.

    TRPO (2015), equation (11).  Each visited state is a problem of its own.

    delta:  a number >= 0; 0 keeps pi
    return: multipliers delta, lam (S,)
    raises: InvalidMDPError for delta < 0, NaN or infinite, or a batch; LaneError if rational
    """
    rows, at, _ = visited_rows(L, weighted=True)
    delta = nonnegative(L, "delta", delta)
    lam = np.zeros(len(L.pi))
    if delta == 0:
        return step_to(L, L.pi, {"delta": delta, "lam": lam})
    q, lam[at], _ = within(rows, min(delta, MOST))
    return _inside(L, placed(L, at, q), {"delta": delta, "lam": lam}, "max_kl", delta)


def mean_kl(L: Surrogate, delta: Any) -> Step:
    """Return the step that maximises L(pi_new) subject to E_{s~d} KL(pi || pi_new) <= delta.

    TRPO (2015), equation (12); d = weight / sum(weight).  All visited states have one price lam.

    delta:  a number >= 0; 0 keeps pi
    return: multipliers delta, lam (of the advantage, not of rho A)
    raises: InvalidMDPError for delta < 0, NaN or infinite, or a batch; LaneError if rational
    """
    rows, at, weight = visited_rows(L, weighted=False)
    delta = nonnegative(L, "delta", delta)
    if delta == 0 or is_optimal(L):
        return step_to(L, L.pi, {"delta": delta, "lam": 0.0})
    d = weight / weight.sum()
    variance = (rows.p * (rows.g - rows.mean[:, None]) ** 2).sum(axis=-1)
    scale = max(math.sqrt(float(d @ variance) / (2 * delta)), float(rows.out.max()) * 1e-3)

    def room(x: float) -> float:
        mean = float(d @ at_price(rows, math.exp(x))[1])
        return math.log(max(mean, 1e-320) / delta)

    low = high = math.log(scale)
    while room(low) < 0 and low > -690:
        low = max(low - 1 - (high - low), -690.0)
    while room(high) > 0 and high < 690:
        high = min(high + 1 + (high - low), 690.0)
    x = low if room(low) <= 0 else high if room(high) >= 0 else brentq(room, low, high, xtol=1e-15)
    q, _ = at_price(rows, math.exp(x))
    found = {"delta": delta, "lam": math.exp(x)}
    return _inside(L, placed(L, at, q), found, "mean_kl", delta)


def mean_kl_penalty(L: Surrogate, C: Any) -> Step:
    """Return the step that maximises L(pi_new) - C E_{s~d} KL(pi || pi_new).

    TRPO (2015), section 4, with the mean for the largest divergence.  In each visited state the
    price of the advantage is C / sum(weight), which is C (1 - gamma).

    C:      a number >= 0; 0 is the greedy step
    return: multipliers C, lam
    raises: InvalidMDPError for C < 0, NaN or infinite, or a batch; LaneError if rational
    """
    rows, at, weight = visited_rows(L, weighted=False)
    C = nonnegative(L, "C", C)
    if C == 0:
        return greedy(L)
    if not len(weight):
        return step_to(L, L.pi, {"C": C, "lam": 0.0})
    lam = C / float(weight.sum())
    q, _ = at_price(rows, lam)
    return step_to(L, placed(L, at, q), {"C": C, "lam": lam}, lambda k, m, t: C * m)


def _inside(L: Surrogate, pi_new: Array, found: dict[str, Any], name: str, delta: float) -> Step:
    """Return the step, drawn back by what rounding took it over delta: KL is convex in pi_new."""
    step = step_to(L, pi_new, found)
    for tries in range(16):
        over = getattr(step, name)
        if over <= delta:
            break
        share = min(delta / over, 1 - 1e-15 * 8**tries)  # rows are put on a grid, which adds to it
        step = step_to(L, L.pi + share * (step.pi_new - L.pi), found)
    return step
