"""Second moments of returns that share their random numbers, exactly.

Problem: Var of a difference of two branches of a vine needs E Q_hat(s, a) Q_hat(s, b), where both
branches invert the same uniforms.  Method: one uniform inverted in two rows p and q draws (i, j)
with the probability that the intervals of outcome i of p and outcome j of q have in common
(`monotone_coupling`).  Two coupled copies of the chain are a chain on pairs of states, in which
W(s, t) = E R R' of returns from s and t satisfies, with x, y the rewards and primes one step later,

    E R R' = E x y + gamma E (x V(t') + y V(s')) + gamma W(s', t')        (geometric stopping)

with gamma^2 in the last term for a horizon; a return from an absorbing state is its tail, with
certainty.  That is a policy evaluation with S^2 states, solved by
`evaluate`, or a recursion over the horizon.  Guarantee: exact in rational arithmetic; size: up to
MOST_STATES states.  Source: Glasserman and Yao (1992) on when the covariance is positive.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.grid import below_grid, renormalise_largest
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, is_rational, zeros
from tabular_trpo._exact.evaluate import evaluate_checked
from tabular_trpo._sampled.contributions import sum_by_index
from tabular_trpo._sampled.episodes import absorbing
from tabular_trpo._sampled.one_step import dense_tables, expect_next

MOST_STATES = 24  # a pair of states is a state of the coupled chain


def monotone_coupling(
    p: Sequence[Scalar], q: Sequence[Scalar]
) -> Iterator[tuple[int, int, Scalar]]:
    """Yield (i, j, probability) of the outcomes of two rows when one uniform is inverted in both.

    >>> list(monotone_coupling([0.5, 0.5], [0.25, 0.75]))
    [(0, 0, 0.25), (0, 1, 0.25), (1, 1, 0.5)]
    """
    i, j = 0, 0
    ends_p, ends_q = list(accumulate(p)), list(accumulate(q))
    at: Scalar = 0
    while i < len(p) and j < len(q):
        end = min(ends_p[i], ends_q[j])
        if end > at:
            yield i, j, end - at
            at = end
        i, j = i + (ends_p[i] <= end), j + (ends_q[j] <= end)


def coupled_second_moments(mdp: MDP, pi: Array, horizon: int | None) -> Array:
    """Return E Q_hat(s, a) Q_hat(s, b) of two branches with common random numbers, (S, A, A).

    horizon: number of steps T of a branch; None where both stop at one geometric time
    raises:  LimitError above MOST_STATES states
    """
    S, A = pi.shape
    if S > MOST_STATES:
        got, cure = f"has {S} states", "Ask for independent branches (common=False)"
        most = f"at most {MOST_STATES} for common random numbers"
        raise LimitError.of("size", "mdp", got, most, cure)
    law = _coupled_law(mdp, pi)
    rational, gamma = is_rational(pi), mdp.gamma

    def pair_products(V: Array, W: Array, last: Scalar) -> Array:
        """Return E R R' of all pairs of pairs, from E R = V and E R R' = W one step later."""
        cross = law.reward_x * V[law.y] + law.reward_y * V[law.x]
        each = law.reward_x * law.reward_y + gamma * cross + last * W[law.x, law.y]
        return sum_by_index(law.pair, law.chance * each, (S * A) ** 2, rational)

    def state_products(V: Array, W: Array, last: Scalar) -> Array:
        """Return E R R' of pairs of states, the actions drawn by one uniform."""
        weighted = law.drawn * pair_products(V, W, last)
        return sum_by_index(law.of, weighted, S * S, rational).reshape(S, S)

    ends, V = absorbing(mdp)  # without steps left, a return is the tail of an absorbing state
    W, last = V[:, None] * V, gamma if horizon is None else gamma * gamma
    # Where one of two states is absorbing, its return is certain, and W = V V'.
    either = ends[:, None] | ends

    if horizon is None:
        V = evaluate_checked(mdp, pi).V
        # W = own + gamma (coupled chain) W is the V of a model whose states are pairs.
        chain = zeros((S * S, S * S), rational)
        np.add.at(chain, (law.of[law.pair], law.x * S + law.y), law.drawn[law.pair] * law.chance)
        own = state_products(V, 0 * W, last)
        at = np.flatnonzero(either)
        chain[at] *= 0
        chain[at, at] += 1
        own = np.where(either, (1 - gamma) * V[:, None] * V, own)
        start = zeros((S * S,), rational)
        start[0] += 1
        model = MDP(chain[:, None], own.reshape(-1, 1), start, gamma)
        W = evaluate_checked(model, zeros((S * S, 1), rational) + 1).V.reshape(S, S)
    else:
        for _ in range(horizon - 1):
            W = state_products(V, W, last)
            V = np.where(ends, V, (pi * (mdp.r + gamma * expect_next(mdp, V))).sum(axis=1))
            W = np.where(either, V[:, None] * V, W)
    same = np.arange(S)
    found = np.asarray(pair_products(V, W, last).reshape(S, A, S, A)[same, :, same])
    return np.where(ends[:, None, None], (V * V)[:, None, None], found)


@final
class _CoupledLaw(NamedTuple):
    """All pairs of (state, action) pairs, and the joint law of both successors of one uniform.

    of, drawn:    for each pair of pairs, the pair of states, and the probability of both actions
    pair:         for each outcome, the pair of pairs
    x, y, chance: the two successors and their probability
    reward_x, reward_y: the rewards of the two transitions
    """

    of: Array
    drawn: Array
    pair: Array
    x: Array
    y: Array
    chance: Array
    reward_x: Array
    reward_y: Array


def _coupled_law(mdp: MDP, pi: Array) -> _CoupledLaw:
    S, A = pi.shape
    N, rational = S * A, is_rational(pi)
    P, r = (x.reshape(N, S) for x in dense_tables(mdp))
    rows, policy = _exact_rows(P), _exact_rows(pi)
    drawn = zeros((S, A, S, A), rational)
    for s in range(S):
        for t in range(S):
            for a, b, both in monotone_coupling(policy[s], policy[t]):
                drawn[s, a, t, b] = both
    outcomes = [
        (k * N + m, x, y, chance)
        for k in range(N)
        for m in range(N)
        for x, y, chance in monotone_coupling(rows[k], rows[m])
    ]
    pair, x, y = np.array([entry[:3] for entry in outcomes], dtype=np.intp).T
    chance = np.array([entry[3] for entry in outcomes], dtype=object if rational else float)
    first, second = np.divmod(np.arange(N * N), N)
    of = first // A * S + second // A
    rewards = r[first[pair], x], r[second[pair], y]
    return _CoupledLaw(of, drawn.reshape(-1), pair, x, y, chance, *rewards)


def _exact_rows(table: Array) -> list[list[Scalar]]:
    """Return rows whose partial sums are exact: as Fractions where an entry is below 2^-53."""
    if is_rational(table) or not below_grid(table).any():
        return list(table.tolist())
    return [renormalise_largest([Fraction(x) for x in row]) for row in table.tolist()]
