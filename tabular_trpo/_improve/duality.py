"""The duality gap of a step in total variation, which proves it optimal where the gap is 0.

**Problem.** Bound how much the objective of a step is below the optimum of its problem
(`total_variation`), from the multipliers that the step reports.

**Method.** Weak duality.  For every multiplier m >= 0 of the total variation of a row and every row
q, mass that moves from action a gains at most max_b G(b) - G(a), so

    <G, q - pi> - m D_TV(pi, q) <= phi(m) = sum_a pi(a) max(0, max_b G(b) - G(a) - m).

Summed over rows with multipliers m_s, the objective of every feasible policy is at most
sum_s phi_s(m_s) + rest, where rest is the largest value of sum_s m_s D_TV(s), less the penalty or
within the constraint:

    `tv_penalty`:          max_{0 <= a <= 1} (a sum_s m_s - c a^2)
    `tv_constraint`:       delta sum_s m_s
    `mean_tv_constraint`:  delta lam, with m_s = lam d(s)

**Guarantee.** The gap is this bound less the objective of the step.  For any multipliers it is an
upper bound of the optimum less the objective; it is 0 exactly for an optimal step with optimal
multipliers (strong duality of concave programs).  Steps of `total_variation` have gap 0 in rational
arithmetic.  Source: Boyd and Vandenberghe (2004), section 5.2.
"""

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.numbers import Array, Scalar, is_rational, shown
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import best_action
from tabular_trpo._improve.multipliers import MeanTVConstraint, TVConstraint, TVPenalty
from tabular_trpo._improve.step import Step, nonnegative, read_like, single

ROUNDING = 2.0**-40  # by which rounding of float rows may violate a constraint


@public
def duality_gap(L: Surrogate, step: Step) -> Scalar:
    """Return the duality gap of a step in total variation, a bound of the optimum less its value.

    sum_s phi_s(m_s) + rest - (gain - penalty), where phi_s(m) = sum_a pi(a|s) max(0,
    max_b G(s, b) - G(s, a) - m), the m_s are the multipliers of the step, and rest is
    max_{0 <= a <= 1} (a sum(m) - c a^2) for `tv_penalty`, delta sum(m) for `tv_constraint`, and
    delta lam with m_s = lam d(s) for `mean_tv_constraint`.  A gap of 0 proves a step optimal: weak
    duality (Boyd and Vandenberghe 2004, section 5.2).  Gain and distance are computed from
    step.pi_new; of the other fields only the multipliers are used.

    L:      the surrogate that the step was made for
    step:   a step of `tv_penalty`, `tv_constraint` or `mean_tv_constraint`
    return: a Fraction in rational arithmetic, else a float with rounding errors
    raises: InvalidMDPError for a step of another kind, and for one that moves a row of weight 0,
            violates its constraint, or has a negative multiplier; ExactnessError for a step in the
            other arithmetic

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> from tabular_trpo.improve import tv_penalty
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> L = surrogate(evaluate(mdp, [["1/2", "1/2"]]))
    >>> duality_gap(L, tv_penalty(L, 4))
    Fraction(0, 1)
    """
    rational, found = is_rational(single(L).pi), step.multipliers
    if not isinstance(found, TVPenalty | TVConstraint | MeanTVConstraint):
        expected = "those of a step in total variation"
        raise _wrong("multipliers", f"has {sorted(found)}", expected)
    new = _policy(L, step)
    gain, tv = L.gain(new), abs(new - L.pi).sum(axis=-1) / 2
    visited = np.flatnonzero(L.weight > 0).tolist()
    if isinstance(found, MeanTVConstraint):
        d = L.weight / L.weight[visited].sum() if len(visited) else L.weight
        length, total = d @ tv, nonnegative("lam", found.lam, rational)
        m = d * total
    else:
        length, m = max(tv), _row_multipliers(L, found.m)
        total = m.sum()
    bound = sum((phi(L, s, m[s]) for s in visited), start=0 * gain)
    if isinstance(found, TVPenalty):
        c = nonnegative("c", found.c, rational)
        best = total / (2 * c) if total < 2 * c else 1
        return bound + best * total - c * best**2 - (gain - c * length**2)
    delta = nonnegative("delta", found.delta, rational)
    if length > delta + (0 if rational else ROUNDING):
        raise _wrong("TV", f"= {shown(length)}", f"at most delta = {shown(delta)}")
    return bound + delta * total - gain


def phi(L: Surrogate, s: int, m: Scalar) -> Scalar:
    """Return the dual function phi_s(m) = sum_a pi(a|s) max(0, max_b G(s, b) - G(s, a) - m)."""
    excess = L.G[s, best_action(L, L.G, s)] - L.G[s] - m
    return (L.pi[s] * np.where(excess > 0, excess, 0 * excess)).sum()


def _policy(L: Surrogate, step: Step) -> Array:
    """Return the new policy of a step (S, A), checked to keep rows of weight 0."""
    new = check_rows("pi_new", read_like("pi_new", step.pi_new, L, unsigned=True), L.allowed)
    moved = (new != L.pi).any(axis=-1) & ~(L.weight > 0)
    if moved.any():
        s = int(np.flatnonzero(moved)[0])
        raise _wrong(f"pi_new[s={s}]", "differs in a state of weight 0", "the row of pi")
    return new


def _row_multipliers(L: Surrogate, given: object) -> Array:
    """Return multipliers (S,) after a check that they are finite and >= 0."""
    m = read_as("m", given, is_rational(L.pi))
    if m.shape != L.weight.shape:
        raise shape_error("m", m.shape, f"(S,) = {L.weight.shape}")
    if not bool(np.all((m >= 0) & (m < np.inf))):
        raise _wrong("m", "has a negative or infinite multiplier", "finite multipliers >= 0")
    return m


def _wrong(where: str, got: str, expected: str) -> InvalidMDPError:
    """Return the error of an invalid part of a step."""
    return invalid("step", where, got, expected)
