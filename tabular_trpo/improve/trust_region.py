"""The trust regions of TRPO (2015): largest KL, mean KL, and the mean as a penalty."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tabular_trpo.core.numbers import Array
from tabular_trpo.exact.surrogate import Surrogate
from tabular_trpo.improve.greedy import greedy
from tabular_trpo.improve.kl_rows import Rows, at_price, root, rows_of, within
from tabular_trpo.improve.step import Step, floating, is_optimal, nonnegative, step_to

MOST = 600.0  # KL; beyond it exp(-KL) is no double, and nothing more is to be gained
LEAST = 1e-320  # stands for 0 in logarithms


def visited_rows(L: Surrogate, weighted: bool) -> tuple[Rows, Array, Array]:
    """Return the rows of visited states, with G itself or G / weight; which they are; the weights.

    raises: LaneError for a rational surrogate: KL steps have logarithms
    """
    floating(L)
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

    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    >>> max_kl(L, np.log(2.0)).pi_new.round(12)
    array([[0.5, 0.5]])
    """
    rows, at, _ = visited_rows(L, weighted=True)
    delta = nonnegative("delta", delta)
    lam = np.zeros(len(L.pi))
    found = {"delta": delta, "lam": lam}
    if delta == 0:
        return step_to(L, L.pi, found)
    q, prices, _ = within(rows, min(delta, MOST))
    lam[at] = prices * rows.unit
    return _inside(L, placed(L, at, q), found, "max_kl", delta)


def mean_kl(L: Surrogate, delta: Any) -> Step:
    """Return the step that maximises L(pi_new) subject to E_{s~d} KL(pi || pi_new) <= delta.

    TRPO (2015), equation (12); d = weight / sum(weight).  All visited states have one price lam.

    delta:  a number >= 0; 0 keeps pi
    return: multipliers delta, lam (of the advantage, not of rho A)
    raises: InvalidMDPError for delta < 0, NaN or infinite, or a batch; LaneError if rational

    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    >>> mean_kl(L, np.log(2.0)).pi_new.round(12)
    array([[0.5, 0.5]])
    """
    rows, at, weight = visited_rows(L, weighted=False)
    delta = nonnegative("delta", delta)
    if delta == 0 or is_optimal(L):
        return step_to(L, L.pi, {"delta": delta, "lam": 0.0})
    d = weight / weight.sum()

    def mean(lam: float) -> float:
        return float(d @ at_price(rows, lam)[1])

    def room(x: float) -> float:
        return math.log(max(mean(math.exp(x)), LEAST)) - math.log(delta)

    small = math.sqrt(float(d @ rows.deviation() ** 2)) / math.sqrt(2 * delta)
    lam = math.exp(root(room, math.log(max(small, float(rows.out.max()), LEAST)), -690, 690))
    # Where an action comes in from outside its row jumps between two neighbouring doubles: what is
    # between the policies on both sides of the root is no worse than either.
    near = far = lam
    for tries in range(50):
        if mean(near) >= delta >= mean(far):
            break
        near, far = (x * (1 + side * 2.0 ** (tries - 52)) for x, side in ((near, -1), (far, 1)))
    ends = [placed(L, at, at_price(rows, x)[0]) for x in (near, far)]
    above, below = mean(near), mean(far)
    share = (delta - below) / (above - below) if above > delta >= below else 1.0
    found = {"delta": delta, "lam": lam * rows.unit}
    return _inside(L, ends[1] + share * (ends[0] - ends[1]), found, "mean_kl", delta)


def mean_kl_penalty(L: Surrogate, C: Any) -> Step:
    """Return the step that maximises L(pi_new) - C E_{s~d} KL(pi || pi_new).

    TRPO (2015), section 4, with the mean for the largest divergence.  In each visited state the
    price of the advantage is C / sum(weight), which is C (1 - gamma).

    C:      a number >= 0; 0 is the greedy step
    return: multipliers C, lam
    raises: InvalidMDPError for C < 0, NaN or infinite, or a batch; LaneError if rational

    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    >>> mean_kl_penalty(L, 0.25).pi_new
    array([[0.25, 0.75]])
    """
    rows, at, weight = visited_rows(L, weighted=False)
    C = nonnegative("C", C)
    if C == 0:
        return greedy(L)
    lam = C / float(weight.sum()) if len(weight) else 0.0
    found = {"C": C, "lam": lam}
    moves = len(weight) and math.isfinite(lam / rows.unit)
    pi_new = placed(L, at, at_price(rows, lam / rows.unit)[0]) if moves else L.pi
    return no_worse(L, pi_new, found, lambda k, m, t: C * m)


def no_worse(
    L: Surrogate,
    pi_new: Array,
    found: dict[str, Any],
    penalty: Callable[[Any, Any, Any], Any] | None = None,
) -> Step:
    """Return the step, or that to pi itself where rounding left less than its objective, 0."""
    step = step_to(L, pi_new, found, penalty)
    return step if step.objective >= 0 else step_to(L, L.pi, found)


def _inside(L: Surrogate, pi_new: Array, found: dict[str, Any], name: str, delta: float) -> Step:
    """Return the step, drawn back by what rounding took it over delta: KL is convex in pi_new."""
    step = step_to(L, pi_new, found)
    for tries in range(16):
        over = getattr(step, name)
        if over <= delta:
            break
        share = min(delta / over, 1 - 1e-15 * 8**tries)  # rows are put on a grid, which adds to it
        step = step_to(L, L.pi + share * (step.pi_new - L.pi), found)
    return no_worse(L, step.pi_new, found)
