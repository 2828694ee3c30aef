"""Algorithm 1 of TRPO (2015): the surrogate less a penalty on the largest divergence."""

import math
from typing import Any

import numpy as np

from tabular_trpo._core.numbers import ones
from tabular_trpo._core.public import public
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.kl_curves import RADIUS
from tabular_trpo._improve.kl_multiplier import solve_multiplier
from tabular_trpo._improve.kl_rows import policy_at_radius
from tabular_trpo._improve.step import Step, nonnegative
from tabular_trpo._improve.trust_region import no_worse, placed, visited_rows


@public
def minorize(L: Surrogate, C: Any) -> Step:
    """Return the step that maximises L(pi_new) - C max_s KL(pi || pi_new).

    TRPO (2015), Algorithm 1; with C = `tt.penalty(ev)` the return cannot fall.  With
    F(d) = sum_s max {G_s . q : KL(pi_s || q) <= d} - C d, concave, the prices at d* add up to C.
    Where F'(0) <= 0, as for every deterministic policy if gamma >= 1/5, the step is "stuck".

    C:      a number >= 0; 0 is the greedy step
    return: multipliers C, d = max_kl that was aimed at, lam (S,)
    raises: InvalidMDPError for C < 0, NaN or infinite, or a batch; ExactnessError if rational

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._exact.evaluate import evaluate
    >>> from tabular_trpo._exact.surrogate import surrogate
    >>> ev = evaluate(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), [[0.5, 0.5]])
    >>> minorize(surrogate(ev), 4.0).pi_new.round(4)
    array([[0.382, 0.618]])
    """
    rows, at, _ = visited_rows(L, weighted=True)
    C = nonnegative("C", C)
    if C == 0:
        return greedy(L)
    lam = np.zeros(len(L.pi))
    found = {"C": C, "d": 0.0, "lam": lam}
    mixed = rows.mean.any()  # such a row gains like the root of d, at first for any price
    if not mixed and float(rows.excess.sum()) * rows.unit <= C:
        return no_worse(L, L.pi, found, lambda k, m, t: C * k)
    total = math.log(C) - math.log(rows.unit)
    x, t = solve_multiplier(rows, RADIUS, ones(len(rows.p)), total)
    q, prices = policy_at_radius(rows, math.exp(x), t)
    lam[at] = prices * rows.unit
    found["d"] = math.exp(x)
    return no_worse(L, placed(L, at, q), found, lambda k, m, t: C * k)
