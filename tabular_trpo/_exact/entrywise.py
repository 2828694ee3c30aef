"""Proofs that actions are suboptimal, by bounds of V* that are relative to each entry.

Problem: the radius of V in `evaluate` is one number for all states.  Where rewards are rare it is
larger than the values of states far from them, and no action there is proved suboptimal.

Method: with rewards shifted to be nonnegative, any hi and lo with

    r + gamma P hi <= hi  at all pairs,      r + gamma P lo >= lo  at the pairs of a policy

satisfy lo <= V* <= hi, and an action with r + gamma P hi < lo is suboptimal.  Candidates are
hi = x + c w and lo = x - c w, where x is V of the policy and w is V* at a discount gamma' slightly
larger than gamma, for which w - gamma P w >= (gamma' - gamma) P w is positive slack at all pairs.

Guarantee: both conditions are checked in doubles with a bound of the rounding of each sum; how x
and w were computed does not matter.  Source: super- and subsolutions of the Bellman equation,
Puterman (1994), Theorem 6.2.2.
"""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array
from tabular_trpo._exact import warm_start

U = 2.0**-53
# Bounds underflow in a sum of products; values are scaled to 2^960 (`warm_start.LARGEST`).
FLOOR = 2.0**-1000
NEARER = (2.0**-10, 2.0**-5, 2.0**-16)  # discounts tried: 1 - gamma' = (1 - gamma) (1 - nearer)


def suboptimal(mdp: MDP, actions: Array) -> Array:
    """Return the actions of a single float model that are proved suboptimal, (S, A) bool.

    actions: (S,) indices of a nearly optimal policy; the better it is, the more actions are proved
    """
    found = np.zeros(mdp.mask.shape, dtype=bool)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        model = warm_start.scaled_model(mdp, mdp.r)
    small = (model.r > 0) & (model.r < FLOOR)
    if mdp._below is not None or model.gamma != mdp.gamma or small.any():
        return found  # the scaled doubles do not represent the model exactly
    if not np.all(np.isfinite(model.r)):
        return found
    actions, x = warm_start.improve(model, actions)
    for nearer in NEARER:
        gamma = 1.0 - (1.0 - model.gamma) * (1.0 - nearer)
        w = warm_start.improve(replace(model, gamma=gamma), actions)[1]
        found |= _proved(model, actions, x, w)
        if np.all((mdp.mask & ~found).sum(axis=1) == 1):
            break
    return found


def _proved(model: warm_start.ScaledModel, actions: Array, x: Array, w: Array) -> Array:
    """Return the pairs, (S, A) bool, that x + c w and x - c w prove suboptimal.

    No pair is returned where a condition on the two bounds fails.

    actions: (S,); x, w: (S,) approximate values of them at the discounts gamma and gamma'
    """
    # Relative error bound of products, sums and scaled rewards, not counting underflow.
    part = 2 * U * (int(np.diff(model.P.indptr).max()) + 16)
    up, down = 1 + part, 1 - part
    taken = (np.arange(len(x)), actions)
    flow = warm_start.expect(model, x)
    slack = w[:, None] - warm_start.expect(model, w) * up
    over = (model.r + flow) * (1 + 4 * part) - x[:, None]
    under = x - (model.r + flow)[taken] * (1 - 4 * part)
    over[taken] = np.maximum(over[taken], under)
    tight = model.mask & (over > 0) & (x[:, None] > FLOOR)
    if np.any(slack[tight] <= 0):
        return np.zeros(model.mask.shape, dtype=bool)
    c = 2 * nearest(np.max(over[tight] / slack[tight], initial=0.0))
    hi, lo = (x + c * w) * (1 + 2 * U), np.maximum(x - c * w, 0.0)
    Q = (model.r + warm_start.expect(model, hi)) * up
    below = (model.r + warm_start.expect(model, lo))[taken] * down
    # hi + underflow and lo - underflow satisfy the conditions in spite of a FLOOR in each sum.
    underflow = FLOOR / (1 - model.gamma)
    if np.any(model.mask & (hi[:, None] < Q - FLOOR)) or np.any(below < lo - FLOOR):
        return np.zeros(model.mask.shape, dtype=bool)
    return np.asarray(model.mask & (Q + 8 * underflow < lo[:, None] * down))


def least_reward_only(mdp: MDP) -> Array:
    """Return the states, (S,) bool, from which every reachable pair has the least reward.

    Every policy earns the least reward in each step from there, so all allowed actions are optimal.
    """
    P = mdp.P if mdp.is_sparse else sp.csr_array(mdp.P.reshape(-1, mdp.n_states))
    n_states, n_actions = mdp.mask.shape
    pairs = np.repeat(np.arange(P.shape[0]), np.diff(P.indptr))
    rich = np.flatnonzero(np.any(mdp.mask & (mdp.r > np.min(mdp.r[mdp.mask])), axis=1))
    # Edges from s' back to s, and from one more node to every state with a larger reward.
    tails = np.concatenate([P.indices, np.full(len(rich), n_states)])
    heads = np.concatenate([pairs // n_actions, rich])
    back = sp.csr_array((np.ones(len(tails)), (tails, heads)), shape=(n_states + 1,) * 2)
    out = np.ones(n_states + 1, dtype=bool)
    out[breadth_first_order(back, n_states, return_predecessors=False)] = False
    return out[:n_states]
