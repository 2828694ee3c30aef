"""Steps in closed form: mirror descent under KL(pi_new || pi), and reward-weighted regression.

**Problem.** In each visited state maximise <A, q> - lam KL(q || p) over the simplex, p = pi(s): the
penalty of TRPO (2015) with the arguments of KL exchanged.

**Method.** The objective is concave, with A_a - lam (log(q_a / p_a) + 1) = nu at its maximum on the
support of p, so q is proportional to p exp(A / lam).  Outside the support q is 0, since KL(q || p)
is infinite otherwise.  Reward-weighted regression has a weight u in place of exp(A / lam).

**Guarantee.** `rwr` is exact in rational arithmetic; `mirror` has floating point rounding.  Source:
Kakade (2001); Peters and Schaal (2007).
"""

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.numbers import Scalar, shown
from tabular_trpo._core.public import public
from tabular_trpo._exact.divergence import kl_of_rows
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.kl_curves import LEAST
from tabular_trpo._improve.multipliers import ReverseKLPenalty
from tabular_trpo._improve.step import Step, make_step, nonnegative, read_like, single
from tabular_trpo._improve.trust_region import no_worse, placed, visited_rows


@public
def mirror(L: Surrogate, lam: Scalar) -> Step:
    """Return the step pi_new proportional to pi exp(A / lam) at visited states, A = G / weight.

    This pi_new maximises sum_a pi_new A - lam KL(pi_new || pi) in each state: mirror descent, and
    natural policy gradient in a softmax table (Kakade 2001).  Actions of probability 0 stay at 0.
    The objective is the gain less lam sum_s weight KL(pi_new || pi).

    lam:    a number >= 0; 0 gives the greedy step
    return: `Step` with `ReverseKLPenalty`
    raises: InvalidMDPError for lam < 0, NaN or infinite, or a batch; ExactnessError for a rational
            surrogate

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> ev = evaluate(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), [[0.5, 0.5]])
    >>> mirror(surrogate(ev), 1.0).pi_new.round(4)
    array([[0.2689, 0.7311]])
    """
    rows, at, weight = visited_rows(L, weighted=False)
    lam = nonnegative("lam", lam)
    if lam == 0:
        return greedy(L)
    scaled = max(lam / rows.unit, LEAST)
    with np.errstate(over="ignore", under="ignore"):  # exp(-inf) = 0 for far worse actions
        q = rows.p * np.exp(-rows.g / scaled)
    q /= q.sum(axis=-1, keepdims=True)
    cost = lam * float(weight @ kl_of_rows(q, rows.p))
    return no_worse(L, placed(L, at, q), ReverseKLPenalty(lam), lambda k, m, t: cost)


@public
def rwr(L: Surrogate, u: object) -> Step:
    """Return the reward-weighted step pi_new proportional to pi u at visited states.

    Reward-weighted regression (Peters & Schaal 2007): pi_new(a|s) = pi(a|s) u(s, a) / sum_b
    pi(b|s) u(s, b).  If u is a positive increasing function of Q(s, .), no state has a negative
    gain.  Exact in rational arithmetic.

    u:      (S, A) weights >= 0 in the arithmetic of the surrogate
    return: `Step` without multipliers
    raises: InvalidMDPError for another shape, negative or NaN weights, and visited states in which
            every action of pi has weight 0; ExactnessError for the other arithmetic

    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[0.5, 0.5]]), 0.0)
    >>> rwr(L, [[1.0, 3.0]]).pi_new
    array([[0.25, 0.75]])
    """
    single(L)
    u = read_like("u", u, L)
    bad = ~((u >= 0) & (u < np.inf))
    if bad.any():
        at, more = tuple(np.argwhere(bad)[0].tolist()), int(bad.sum()) - 1
        place, got = f"u[s={at[0]}, a={at[1]}]", f"= {shown(u[at])}"
        raise InvalidMDPError(Problem("range", place, got, "a finite number >= 0"), hidden=more)
    q = L.pi * u
    total = q.sum(axis=-1)
    visited = L.weight > 0
    if (empty := np.flatnonzero(visited & (total == 0))).size:
        got, expected = "is 0 wherever pi is positive", "a positive weight"
        problem = Problem("range", f"u[s={empty[0]}]", got, expected, "Shift u upwards")
        raise InvalidMDPError(problem, hidden=len(empty) - 1)
    pi_new = L.pi.copy()
    pi_new[visited] = q[visited] / total[visited][:, None]
    return make_step(L, pi_new)
