"""Branches that share their random numbers: the exact law of pairs, and products of returns."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple, final

import numpy as np

from tabular_trpo._core.errors import LimitError, Problem
from tabular_trpo._core.grid import below_grid, renormalise_largest
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, is_rational, is_sparse, zeros
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._sampled.contributions import sum_by_index

MOST_STATES = 24  # a pair of states is a state of the coupled chain


def expected(mdp: MDP, f: Array) -> Array:
    """Return sum_s' P(s'|s, a) f(s'), (S, A), in either arithmetic and layout."""
    return np.asarray(_rows(mdp) @ f).reshape(mdp.r.shape)


def paid(mdp: MDP, f: Array | None) -> Array:
    """Return sum_s' P(s'|s, a) x f(s'), (S, A), x the reward met; f = x itself where None."""
    if mdp.r_next is None:
        return np.asarray(mdp.r * (mdp.r * mdp.mask if f is None else expected(mdp, f)))
    other = mdp.r_next if f is None else f
    return np.asarray((mdp.P * mdp.r_next * other).sum(axis=-1)).reshape(mdp.r.shape)


def monotone_coupling(p: list[Any], q: list[Any]) -> Iterator[tuple[int, int, Any]]:
    """Yield (i, j, probability) of what two rows draw when one uniform is inverted in both.

    >>> list(monotone_coupling([0.5, 0.5], [0.25, 0.75]))
    [(0, 0, 0.25), (0, 1, 0.25), (1, 1, 0.5)]
    """
    i, j = 0, 0
    one, other = list(accumulate(p)), list(accumulate(q))
    at: Any = 0
    while i < len(p) and j < len(q):
        end = min(one[i], other[j])
        if end > at:
            yield i, j, end - at
            at = end
        i, j = i + (one[i] <= end), j + (other[j] <= end)


def coupled_second_moments(mdp: MDP, pi: Array, horizon: int | None) -> Array:
    """Return E Q_hat(s, a) Q_hat(s, b) of two branches with common random numbers, (S, A, A).

    horizon: steps of a branch; None where both stop at one geometric time
    raises:  LimitError above MOST_STATES states
    """
    S, A = pi.shape
    if S > MOST_STATES:
        got, cure = f"has {S} states", "Ask for independent branches (common=False)"
        most = f"at most {MOST_STATES} for common random numbers"
        raise LimitError(Problem("size", "mdp", got, most, cure))
    law = _law(mdp, pi)
    rational, f = is_rational(pi), mdp.gamma

    def products(V: Array, W: Array, ff: Any) -> Array:
        """Return E R R' of all pairs of pairs, W being E R R' of pairs of states later on."""
        later = law.x_pays * V[law.y] + law.y_pays * V[law.x]
        each = law.x_pays * law.y_pays + f * later + ff * W[law.x, law.y]
        return sum_by_index(law.pair, law.chance * each, (S * A) ** 2, rational)

    V, W = zeros((S,), rational), zeros((S, S), rational)
    if horizon is None:
        V = evaluate(mdp, pi).V
        # W = own + gamma (coupled chain) W is the V of a model whose states are pairs.
        chain = zeros((S * S, S * S), rational)
        np.add.at(chain, (law.of[law.pair], law.x * S + law.y), law.drawn[law.pair] * law.chance)
        own = _averaged(law, products(V, W, f), S, rational)
        start = zeros((S * S,), rational)
        start[0] += 1
        model = MDP(chain[:, None], own.reshape(-1, 1), start, f)
        W = evaluate(model, zeros((S * S, 1), rational) + 1).V.reshape(S, S)
        ff = f
    else:
        ff = f * f
        for _ in range(horizon - 1):
            W = _averaged(law, products(V, W, ff), S, rational)
            V = (pi * (mdp.r + f * expected(mdp, V))).sum(axis=1)
    same = np.arange(S)
    return np.asarray(products(V, W, ff).reshape(S, A, S, A)[same, :, same])


def _averaged(law: "_Law", products: Array, S: int, rational: bool) -> Array:
    """Return E R R' of pairs of states, the actions drawn by one uniform."""
    return sum_by_index(law.of, law.drawn * products, S * S, rational).reshape(S, S)


@final
class _Law(NamedTuple):
    """All pairs of (state, action) pairs, and where one uniform takes both.

    of, drawn:      for each pair of pairs, the pair of states, and the chance of both actions
    pair:           for each outcome, the pair of pairs
    x, y, chance:   the successors and their probability
    x_pays, y_pays: the rewards on the way
    """

    of: Array
    drawn: Array
    pair: Array
    x: Array
    y: Array
    chance: Array
    x_pays: Array
    y_pays: Array


def _law(mdp: MDP, pi: Array) -> _Law:
    S, A = pi.shape
    rational = is_rational(pi)
    rows = _whole(mdp.P.toarray() if mdp.is_sparse else mdp.P.reshape(S * A, S))
    acts = _whole(pi)
    drawn = zeros((S, A, S, A), rational)
    for s in range(S):
        for t in range(S):
            for a, b, both in monotone_coupling(acts[s], acts[t]):
                drawn[s, a, t, b] = both
    met = [
        (k * S * A + m, i, j, both)
        for k in range(S * A)
        for m in range(S * A)
        for i, j, both in monotone_coupling(rows[k], rows[m])
    ]
    pair, x, y = np.array([entry[:3] for entry in met], dtype=np.intp).T
    chance = np.array([entry[3] for entry in met], dtype=object if rational else float)
    first, second = pair // (S * A), pair % (S * A)
    pays = mdp.r if mdp.r_next is None else mdp.r_next
    pays = pays.toarray() if is_sparse(pays) else pays
    r = pays.reshape(S * A, -1)
    r = np.broadcast_to(r, (S * A, S))
    everything = np.arange((S * A) ** 2)
    of = everything // (S * A) // A * S + everything % (S * A) // A
    return _Law(of, drawn.reshape(-1), pair, x, y, chance, r[first, x], r[second, y])


def _whole(table: Array) -> list[list[Any]]:
    """Return rows whose partial sums lose nothing: as Fractions where an entry is below 2^-53."""
    if is_rational(table) or not below_grid(table).any():
        return list(table.tolist())
    return [renormalise_largest([Fraction(x) for x in row]) for row in table.tolist()]


def _rows(mdp: MDP) -> Any:
    return mdp.P if mdp.is_sparse else mdp.P.reshape(-1, mdp.n_states)
