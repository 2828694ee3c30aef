"""A policy that goes where few transitions were observed, planned in the empirical model.

Problem: an estimate of L is as good as the transitions behind it, and a policy that has become
certain no longer observes what would correct it.

Method: the greedy policy of a model with the estimated transitions and the reward 1 / sqrt(n(s, a))
in place of the estimated one, by value iteration.  A pair that was never tried has the largest
value there is, 1 / (1 - gamma).  So the policy plans ways to rare pairs over many steps, where
random actions would need a time that grows exponentially with the distance.  Its data estimate any
policy, because rows of the empirical model are means over independent transitions whatever policy
chose them.

Source: model-based interval estimation with exploration bonus (Strehl and Littman 2008), with the
bonus as the only reward; optimism for untried pairs is R-max (Brafman and Tennenholtz 2002).
"""

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._sampled.counts import EmpiricalEvaluation

SWEEPS, PRECISION = 200, 1e-3
TIE = 1e-9  # relative difference of two values that counts as none


def exploring_policy(evaluation: EmpiricalEvaluation, allowed: Array) -> Array:
    """Return the policy that seeks pairs with few transitions, (S, A); ties are shared equally.

    evaluation: of any policy, by `TransitionCounts.estimate`
    allowed:    (S, A) bool
    """
    gamma, n = evaluation.gamma, evaluation.visits
    reward = np.where(n > 0, 1 / np.sqrt(np.maximum(n, 1.0)), 1 / (1 - gamma))
    reward = np.where(allowed, reward, -np.inf)
    V = np.zeros(len(n))
    for _ in range(SWEEPS):
        Q = reward + gamma * (evaluation.P @ V).reshape(n.shape)
        V, before = Q.max(axis=1), V
        if np.abs(V - before).max() <= PRECISION * np.abs(V).max():
            break
    best = Q >= V[:, None] - TIE * np.abs(V[:, None])
    return np.asarray(best / best.sum(axis=1, keepdims=True))
