"""A proof that a step in total variation is optimal: its duality gap, 0 in rationals.

For every price m >= 0 of TV and every row q, moving mass from a to the best action gains at most
max_b G(b) - G(a), so

    <G, q - pi> - m D_TV(pi, q) <= phi(m) = sum_a pi(a) max(0, max_b G(b) - G(a) - m),

and what the prices leave of the penalty or the budget bounds the rest (weak duality).
"""

from typing import Any

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.numbers import Array, is_rational, shown
from tabular_trpo._core.policy import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import best_action
from tabular_trpo._improve.step import Step, nonnegative, single

ROUNDING = 2.0**-40  # of a float row, by which it may lie outside its constraint
KINDS: dict[frozenset[str], str] = {
    frozenset({"c", "a", "m"}): "penalty",
    frozenset({"delta", "m"}): "max",
    frozenset({"delta", "price"}): "mean",
}


@public
def optimality_gap(L: Surrogate, step: Step) -> Any:
    """Return how far a step of `total_variation` may be from its optimum; 0 proves it optimal.

    sum_s phi_s(m_s) + rest - what the step attains, with the multipliers m of the step; rest is
    max_{0 <= a <= 1} (a sum(m) - c a^2) for `tv_penalty`, delta sum(m) for `tv_constraint`, and
    delta price with m_s = price d(s) for `mean_tv_constraint`.  Gain and distance of the step are
    computed anew from its policy; only its multipliers are taken as they are, and whatever they
    are, the gap is an upper bound of what the step misses.

    L:      the surrogate that the step was made for
    return: a Fraction in rational arithmetic, else a float with its rounding
    raises: InvalidMDPError for a step of another kind, and for one that moves a row of weight 0,
            leaves its constraint, or has a negative price

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> from tabular_trpo._improve.total_variation import tv_penalty
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> L = surrogate(evaluate(mdp, [["1/2", "1/2"]]))
    >>> optimality_gap(L, tv_penalty(L, 4))
    Fraction(0, 1)
    """
    single(L)
    found = step.multipliers
    kind = KINDS.get(frozenset(found))
    if kind is None:
        raise _wrong("multipliers", f"has {sorted(found)}", "those of a step of total_variation")
    new = _policy(L, step)
    gain, tv = L.gain(new), abs(new - L.pi).sum(axis=-1) / 2
    visited = np.flatnonzero(L.weight > 0).tolist()
    d = L.weight / L.weight[visited].sum() if len(visited) else L.weight
    if kind == "mean":
        length, price = d @ tv, nonnegative("price", found["price"], is_rational(L.pi))
        m = d * price
    else:
        length, m = max(tv), _prices(L, found["m"])
        price = m.sum()
    bound = sum((phi(L, s, m[s]) for s in visited), start=0 * gain)
    if kind == "penalty":
        c = nonnegative("c", found["c"], is_rational(L.pi))
        best = price / (2 * c) if price < 2 * c else 1
        return bound + best * price - c * best**2 - (gain - c * length**2)
    delta = nonnegative("delta", found["delta"], is_rational(L.pi))
    if length > delta + (0 if is_rational(L.pi) else ROUNDING):
        raise _wrong("TV", f"= {shown(length)}", f"at most delta = {shown(delta)}")
    return bound + delta * price - gain


def phi(L: Surrogate, s: int, m: Any) -> Any:
    """Return the most that state s gains where each unit of moved mass costs m."""
    top = L.G[s, best_action(L, L.G, s)]
    excess = top - L.G[s] - m
    return (L.pi[s] * np.where(excess > 0, excess, 0 * excess)).sum()


def _policy(L: Surrogate, step: Step) -> Array:
    new = read_as("pi_new", step.pi_new, is_rational(L.pi), unsigned=True)
    if new.shape != L.pi.shape:
        raise shape_error("pi_new", new.shape, f"(S, A) = {L.pi.shape}")
    new = check_rows("pi_new", new, L.allowed)
    moved = (new != L.pi).any(axis=-1) & ~(L.weight > 0)
    if moved.any():
        s = int(np.flatnonzero(moved)[0])
        raise _wrong(f"pi_new[s={s}]", "moves in a state of weight 0", "the row of pi")
    return new


def _prices(L: Surrogate, given: Any) -> Array:
    m = read_as("m", given, is_rational(L.pi))
    if m.shape != L.weight.shape:
        raise shape_error("m", m.shape, f"(S,) = {L.weight.shape}")
    if not bool(np.all((m >= 0) & (m < np.inf))):
        raise _wrong("m", "has a negative or infinite price", "finite prices >= 0")
    return m


def _wrong(where: str, got: str, expected: str) -> InvalidMDPError:
    return invalid("step", where, got, expected)
