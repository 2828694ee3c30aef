"""Steps with KL(pi_new || pi): natural policy gradient and mirror descent, in closed form."""

from typing import Any

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.numbers import shown
from tabular_trpo._core.public import public
from tabular_trpo._exact.divergence import kl_of_rows
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.kl_curves import LEAST
from tabular_trpo._improve.multipliers import ReverseKLPenalty
from tabular_trpo._improve.step import Step, nonnegative, read_like, single, step_to
from tabular_trpo._improve.trust_region import no_worse, placed, visited_rows


@public
def mirror(L: Surrogate, lam: Any) -> Step:
    """Return the step pi_new proportional to pi exp(A / lam) at visited states, A = G / weight.

    It maximises sum_a pi_new A - lam KL(pi_new || pi) in each state: natural policy gradient in a
    softmax table (Kakade 2001), mirror descent.  An action of probability 0 stays at 0.
    The objective is the gain less lam sum_s weight KL(pi_new || pi).

    lam:    a number >= 0; 0 is the greedy step
    return: multipliers lam
    raises: InvalidMDPError for lam < 0, NaN or infinite, or a batch; ExactnessError if rational

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._exact.evaluate import evaluate
    >>> from tabular_trpo._exact.surrogate import surrogate
    >>> ev = evaluate(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), [[0.5, 0.5]])
    >>> mirror(surrogate(ev), 1.0).pi_new.round(4)
    array([[0.2689, 0.7311]])
    """
    rows, at, weight = visited_rows(L, weighted=False)
    lam = nonnegative("lam", lam)
    if lam == 0:
        return greedy(L)
    price = max(lam / rows.unit, LEAST)
    with np.errstate(over="ignore", under="ignore"):  # exp(-inf) = 0: far worse actions vanish
        q = rows.p * np.exp(-rows.g / price)
    q /= q.sum(axis=-1, keepdims=True)
    cost = lam * float(weight @ kl_of_rows(q, rows.p))
    return no_worse(L, placed(L, at, q), ReverseKLPenalty(lam), lambda k, m, t: cost)


@public
def rwr(L: Surrogate, u: Any) -> Step:
    """Return the reward-weighted step pi_new proportional to pi u at visited states.

    Peters & Schaal (2007); with u any positive increasing function of Q(s, .) no state loses.
    Exact in rational arithmetic.

    u:      (S, A) weights >= 0 in the arithmetic of the surrogate
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
    return step_to(L, pi_new)
