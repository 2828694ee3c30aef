"""Algorithm 1 of TRPO (2015): the surrogate less a penalty on the largest KL divergence.

**Problem.** Over tables pi_new maximise <G, pi_new - pi> - C max_s KL(pi(s) || pi_new(s)), with
G = rho A.

**Method.** With f_s(d) = max {<G_s, q - pi_s> : KL(pi_s || q) <= d}, the gain of row s within the
radius d, the problem is to maximise F(d) = sum_s f_s(d) - C d, which is concave.  f_s' is the
multiplier lam_s(d) of row s (`kl_rows`), so at the optimum sum_s lam_s(d) = C, one equation in d
that `kl_multiplier` solves.  If in every row the gains of all actions of the support are equal,
f_s'(0) is the excess of the best other action, which is finite; if their sum is at most C, d = 0 is
optimal and the step is "stuck".  With C = 4 eps gamma / (1 - gamma)^2 this holds for every
deterministic policy if gamma >= 1/5.

**Guarantee.** The objective is never negative, so that for C >= 4 eps gamma / (1 - gamma)^2 the
return does not fall (TRPO 2015, Theorem 1).  The optimum is approximate; `tv_penalty` solves the
problem in total variation exactly.
"""

import math

import numpy as np

from tabular_trpo._core.numbers import Scalar, ones
from tabular_trpo._core.public import public
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.kl_curves import RADIUS
from tabular_trpo._improve.kl_multiplier import solve_multiplier
from tabular_trpo._improve.kl_rows import policy_at_radius
from tabular_trpo._improve.multipliers import KLPenalty
from tabular_trpo._improve.step import Step, nonnegative
from tabular_trpo._improve.trust_region import no_worse, placed, visited_rows


@public
def minorize(L: Surrogate, C: Scalar) -> Step:
    """Return the step that maximises L(pi_new) - C max_s KL(pi(s) || pi_new(s)).

    TRPO (2015), Algorithm 1, with the maximum over visited states; with C = `tt.penalty(ev)`, which
    is 4 eps gamma / (1 - gamma)^2, the return does not fall.  States of weight 0 keep pi.

    C:      a number >= 0; 0 gives the greedy step
    return: `Step` with `KLPenalty`
    raises: InvalidMDPError for C < 0, NaN or infinite, or a batch; ExactnessError for a rational
            surrogate

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> ev = evaluate(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), [[0.5, 0.5]])
    >>> minorize(surrogate(ev), 4.0).pi_new.round(4)
    array([[0.382, 0.618]])
    """
    rows, at, _ = visited_rows(L, weighted=True)
    C = nonnegative("C", C)
    if C == 0:
        return greedy(L)
    lam = np.zeros(len(L.pi))
    mixed = rows.mean.any()  # a row with different gains on its support: f_s rises like sqrt(d)
    if not mixed and float(rows.excess.sum()) * rows.unit <= C:
        return no_worse(L, L.pi, KLPenalty(C, 0.0, lam), lambda k, m, t: C * k)
    total = math.log(C) - math.log(rows.unit)
    x, t = solve_multiplier(rows, RADIUS, ones(len(rows.p)), total)
    d = math.exp(x)
    q, multipliers = policy_at_radius(rows, d, t)
    lam[at] = multipliers * rows.unit
    return no_worse(L, placed(L, at, q), KLPenalty(C, d, lam), lambda k, m, t: C * k)
