"""A nearly optimal policy in plain doubles, as the start of exact policy iteration.

Problem: an iteration of policy iteration propagates a reward by one state, so that where rewards
are rare there are as many factorizations as states on the longest path to a reward.

Method: every evaluation is followed by value iteration on the states whose successors improved,
those of the largest value first (prioritised sweeping: Dijkstra 1959; Moore and Atkeson 1993),
which propagates improvements through the whole graph between two factorizations.  With V <= T V at
the start, where T is the optimal Bellman operator, each update raises V(s) to Q(s, a) and records
a; then V <= T_pi V for the recorded policy pi, so V_pi >= V.

Guarantee: none; `optimal` evaluates the result with proved bounds and continues from it.

Rewards are shifted to be nonnegative and scaled, so that all sums have terms of one sign: V is
accurate relative to its own size however small it is, and gains are compared with that size.
"""

from collections.abc import Callable
from functools import partial
from heapq import heapify, heappop, heappush
from typing import final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.linalg import dense, sparse
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, elementwise, is_rational
from tabular_trpo._core.overflow import unit_of
from tabular_trpo._core.records import locked_dataclass

NOISE = 2.0**-48  # relative to the terms of a sum: smaller gains are treated as rounding errors
# {relative growth of its improvement at which a state is queued again: updates so far, as a mean
# over states, at which this threshold ends}; smaller thresholds propagate what larger ones omit.
THRESHOLDS = {0.25: 8.0, 2.0**-5: 1.0, 2.0**-8: 1.0}
LARGEST = 2.0**960  # of a scaled value, so that values 2^-2000 times as large do not underflow
MOST_SOLVES = 40
FULL = 0.1  # share of nonzero entries above which dense arithmetic is faster
NEAREST_1 = 1 - 2.0**-40  # the largest discount; a rational one may be closer to 1


@final
@locked_dataclass(frozen=True)
class ScaledModel:
    """A single model in doubles with scaled rewards.

    P:     CSR (S*A, S), rows s*A + a
    r:     (S, A)
    gamma: the discount, at most NEAREST_1
    mask:  (S, A) bool: the allowed actions
    """

    P: sp.csr_array
    r: Array
    gamma: float
    mask: Array


def scaled_model(mdp: MDP, r: Array, shifted: bool = True) -> ScaledModel:
    """Return a single model in doubles with rewards r (S, A), scaled so that V is below LARGEST.

    shifted: whether the smallest reward is subtracted, which moves all values by one constant;
             otherwise the largest reward must be positive
    """
    P = mdp.P
    if not mdp.is_sparse:
        rows = P.reshape(-1, mdp.n_states)
        at = np.nonzero(rows)
        data = rows[at]
        data = elementwise(nearest, data, np.float64) if is_rational(data) else data
        P = sp.csr_array((data, at), shape=rows.shape)
    gamma = min(nearest(mdp.gamma), NEAREST_1)
    r = r if is_rational(r) else r / unit_of(r)  # differences of the largest doubles overflow
    lowest = np.min(r[mdp.mask]) if shifted else 0 * r[0, 0]
    above = np.where(mdp.mask, r, lowest) - lowest
    most = np.max(above)
    if most > 0:
        # No value exceeds most / (1 - gamma), so no larger cost is optimal, and it is truncated.
        above = np.maximum(above, -most * (int(1 / (1 - gamma)) + 1)) / most
    if is_rational(above):
        above = elementwise(nearest, above, np.float64)
    return ScaledModel(P, above * (LARGEST * (1 - gamma)), gamma, mdp.mask)


def start(mdp: MDP) -> Array:
    """Return the actions, (..., S), of a nearly optimal policy, without a proof.

    >>> start(MDP([[[0, 1], [1, 0]], [[0, 1], [1, 0]]], [[0, 0], [1, 0]], [1, 0], "1/2"))
    array([0, 0])
    """
    r = np.where(mdp.mask, mdp.r, np.min(mdp.r[..., mdp.mask]))
    if mdp.batch_shape:
        above = r / 2 - np.min(r, axis=(-2, -1), keepdims=True) / 2  # r - min(r) may overflow
        gamma = mdp.gamma[..., None, None]
        first = np.argmax(_masked(above, mdp.mask), axis=-1)
        V = np.zeros(first.shape)
        return _sweeps(above, lambda V: gamma * dense.expect(mdp.P, V), mdp.mask, V, first)
    model = scaled_model(mdp, mdp.r)
    return improve(model, np.argmax(_masked(model.r, mdp.mask), axis=-1))[0]


def improve(model: ScaledModel, actions: Array) -> tuple[Array, Array]:
    """Return nearly optimal actions (S,) and V (S,), by policy iteration with propagation.

    V is that of the returned actions, or of the previous ones after MOST_SOLVES evaluations.

    actions: (S,) indices of allowed actions, where the iteration starts
    """
    into, last = None, np.full(len(actions), -1.0)
    for _ in range(MOST_SOLVES):
        V = solve(model, actions)
        if not np.any(V > last * (1 + 8 * NOISE)):
            break  # only rounding errors remain
        last = V
        Q = _masked(model.r + expect(model, V), model.mask)
        best, _, up = _better(Q, model.r, V)
        if not up.any():
            break
        if model.P.nnz > FULL * len(V) * model.r.size:
            better = _sweeps(model.r, partial(expect, model), model.mask, V, actions)
        else:
            into = into or _Columns(model)
            better = _propagate(into, V, Q, np.where(up, best, actions), np.flatnonzero(up))
        if np.array_equal(better, actions):
            break
        actions = better
    return actions, V


def solve(model: ScaledModel, actions: Array) -> Array:
    """Return V of a deterministic policy, (S,), at least 0.

    actions: (S,) indices
    """
    n_states, n_actions = model.r.shape
    chain = model.P[np.arange(n_states) * n_actions + actions]
    r_pi = np.take_along_axis(model.r, actions[:, None], axis=1)[:, 0]
    if chain.nnz > FULL * n_states**2:
        return np.maximum(dense.solve(chain.toarray(), model.gamma).forward(r_pi), 0.0)
    return np.maximum(sparse.solve(chain, model.gamma).forward(r_pi), 0.0)


def expect(model: ScaledModel, V: Array) -> Array:
    """Return gamma P V, (S, A)."""
    return np.asarray(model.gamma * (model.P @ V).reshape(model.r.shape))


def _masked(Q: Array, mask: Array) -> Array:
    """Return Q (..., S, A) with -inf at pairs that are not allowed."""
    return np.where(mask, Q, -np.inf)


def _better(Q: Array, r: Array, V: Array) -> tuple[Array, Array, Array]:
    """Return the best actions (..., S), their Q, and whether it exceeds V by more than NOISE."""
    best = np.argmax(Q, axis=-1)
    top, reward = (np.take_along_axis(x, best[..., None], axis=-1)[..., 0] for x in (Q, r))
    return best, top, top - V > NOISE * (top + 2 * np.maximum(-reward, 0.0))


def _sweeps(
    r: Array, expect: Callable[[Array], Array], mask: Array, V: Array, actions: Array
) -> Array:
    """Return the actions (..., S) after value iteration on all states at once.

    It ends where no improvement V - first grows by the largest threshold, or after S iterations.

    expect: V -> gamma P V
    """
    first = V
    for _ in range(V.shape[-1]):
        best, top, up = _better(_masked(r + expect(V), mask), r, V)
        actions = np.where(up, best, actions)
        grown = up & (top - V > max(THRESHOLDS) * (V - first))
        V = np.where(up, top, V)
        if not grown.any():
            break
    return actions


@final
class _Columns:
    """The transitions into each state, as Python lists, which are faster for single entries."""

    def __init__(self, model: ScaledModel) -> None:
        """Store the columns of gamma P, and the rounding noise of each pair of state and action."""
        into = sp.csc_array(model.P)
        self.ends, self.pairs = into.indptr.tolist(), into.indices.tolist()
        self.weights = (model.gamma * into.data).tolist()
        self.noise = (2 * NOISE * np.maximum(-model.r, 0.0)).ravel().tolist()


def _propagate(into: _Columns, V: Array, Q: Array, actions: Array, states: Array) -> Array:
    """Return the actions (S,) after value iteration on single states, largest values first.

    into:   the transitions into each state
    V, Q:   (S,), (S, A) values before the updates
    states: indices of the states that improve first
    """
    n_actions = Q.shape[1]
    q, now, taken = Q.ravel().tolist(), V.tolist(), actions.tolist()
    first, raised = list(now), V.copy()
    raised[states] = Q[states, actions[states]]
    best = raised.tolist()  # the values after the next update of each state
    used = 0
    for threshold, most in THRESHOLDS.items():
        queue = [(-value, s) for s, value in enumerate(best) if value > now[s]]
        waiting = {s: -value for value, s in queue}
        heapify(queue)
        while queue and used < most * len(now):
            s = heappop(queue)[1]
            if waiting.pop(s, None) is None:
                continue
            used += 1
            gain = best[s] - now[s]
            now[s] = best[s]
            for i in range(into.ends[s], into.ends[s + 1]):
                pair = into.pairs[i]
                q[pair] = value = q[pair] + into.weights[i] * gain
                u = pair // n_actions
                if value <= best[u] or value - now[u] <= NOISE * value + into.noise[pair]:
                    continue
                best[u], taken[u] = value, pair % n_actions
                grown = value - now[u] > threshold * (now[u] - first[u])
                if grown and value > waiting.get(u, 0.0) * (1 + threshold):
                    waiting[u] = value
                    heappush(queue, (-value, u))
    return np.array(taken)
