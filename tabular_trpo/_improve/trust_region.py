"""The trust regions of TRPO (2015): (11), a bound of the largest KL, and (12), of the mean KL.

**Problem.** Over tables pi_new, with G = rho A, d = rho / sum(rho), KL_s = KL(pi(s) || pi_new(s)),

    `max_kl`           maximise <G, pi_new> subject to max_s KL_s <= delta    equation (11)
    `mean_kl`          maximise <G, pi_new> subject to d . KL <= delta        equation (12)
    `mean_kl_penalty`  maximise <G, pi_new> - C d . KL                        after section 4

The maximum is over visited states; states of weight 0 keep pi.

**Method.** (11) separates into one problem for each state, with its own multiplier.  The Lagrangian
of (12) is sum(rho) (sum_s d(s) (<A_s, q_s> - lam KL_s) + lam delta), which separates into states
that share lam; lam is the root of sum_s d(s) KL_s(lam) = delta (`kl_multiplier`).  The penalty has
lam = C / sum(rho).  The new row of a state is q_a = lam p_a / (nu - gain_a) on the support of the
old row p (`kl_rows`), with the gain G for (11) and A otherwise; nu is the root of one equation in
each state, found by an iteration of third order (`kl_curves`).

**Guarantee.** Divergence and objective are computed from the policy rounded to the grid 2^-53.  If
the divergence exceeds delta, the target radius is reduced, and after TRIES trials the step is
scaled back towards pi.  The objective is never negative.  The optimum is approximate, with relative
errors of about 1e-9.  Source: TRPO (2015), section 4.
"""

import math

import numpy as np

from tabular_trpo._core.numbers import Array, Scalar, largest
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._exact.divergence import kl_of_rows
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.kl_curves import (
    MULTIPLIER,
    solve_at_multiplier,
    solve_radius,
    t_at_multiplier,
)
from tabular_trpo._improve.kl_multiplier import solve_multiplier
from tabular_trpo._improve.kl_rows import KLRows, policy_at_multiplier, prepare_rows
from tabular_trpo._improve.multipliers import KLConstraint, KLPenalty, Multipliers
from tabular_trpo._improve.step import Penalty, Step, floating, make_step, nonnegative, visited

MOST = 600.0  # largest target KL; beyond it exp(-KL) underflows, and the gain is the largest one
INSIDE = 1 - 1e-12  # target over radius, so that rounding rarely exceeds the radius
TRIES = 16  # largest number of targets; the grid can change rows with rare actions


def visited_rows(L: Surrogate, weighted: bool) -> tuple[KLRows, slice | Array, Array]:
    """Return the rows of visited states in which some action is better than the policy.

    weighted: whether the gains of the rows are G = weight * A, or A
    return:   the N rows; an index of their states; their weights (N,)
    raises:   InvalidMDPError for a batch; ExactnessError for a rational surrogate, since KL steps
              have logarithms
    """
    floating(L)
    at = visited(L)
    G, weight = L.G[at], L.weight[at]
    if not weighted:
        G = G / weight[:, None]
    if L.allowed is not None:
        G = np.where(L.allowed[at], G, -np.inf)
    rows = prepare_rows(L.pi[at], G)
    if np.count_nonzero(rows.mean) == len(rows.mean):
        return rows, at, weight
    gains = (rows.span > 0) | (rows.excess > 0)
    return rows.take(gains), np.flatnonzero(L.weight > 0)[gains], weight[gains]


def placed(L: Surrogate, at: slice | Array, q: Array) -> Array:
    """Return pi (S, A) with the rows q (N, A) at the states of an index `at`."""
    if len(q) == len(L.pi):
        return q
    pi_new = L.pi.copy()
    pi_new[at] = q
    return pi_new


@public
def max_kl(L: Surrogate, delta: Scalar) -> Step:
    """Return the step that maximises L(pi_new) subject to max_s KL(pi(s) || pi_new(s)) <= delta.

    TRPO (2015), equation (11), with the maximum over visited states.  States are independent:
    pi_new(a|s) = lam(s) pi(a|s) / (nu(s) - G(s, a)) on the support of pi(s).

    delta:  the radius, a number >= 0; 0 keeps pi
    return: `Step` with `KLConstraint`, lam (S,)
    raises: InvalidMDPError for delta < 0, NaN or infinite, or a batch; ExactnessError for a
            rational surrogate; LimitError where a multiplier overflows

    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    >>> max_kl(L, np.log(2.0)).pi_new.round(12)
    array([[0.5, 0.5]])
    """
    rows, at, _ = visited_rows(L, weighted=True)
    delta = nonnegative("delta", delta)
    lam = np.zeros(len(L.pi))
    found = KLConstraint(delta, lam)
    if delta == 0 or not len(rows.p):
        return make_step(L, L.pi, found)
    target = min(delta * INSIDE, MOST)
    q, multipliers, _ = solve_radius(rows, target)
    for tries in range(TRIES):
        with np.errstate(over="ignore"):
            lam[at] = finite("lam", multipliers * rows.unit)
        step = no_worse(L, placed(L, at, q), found)
        if step.max_kl <= delta:
            return step
        over = kl_of_rows(L.pi[at], step.pi_new[at]) - delta
        high = over > 0
        target = max(target - 2.0**tries * float(largest(over)), target / 2)
        q[high], multipliers[high], _ = solve_radius(rows.take(high), target)
    return _scaled_back(L, step, found, "max_kl", delta)


@public
def mean_kl(L: Surrogate, delta: Scalar) -> Step:
    """Return the step that maximises L(pi_new) subject to E_{s~d} KL(pi || pi_new) <= delta.

    TRPO (2015), equation (12); d = weight / sum(weight).  All visited states share one multiplier:
    pi_new(a|s) = lam pi(a|s) / (nu(s) - A(s, a)) on the support of pi(s), with A = G / weight.

    delta:  the radius, a number >= 0; 0 keeps pi
    return: `Step` with `KLConstraint`, lam a number
    raises: InvalidMDPError for delta < 0, NaN or infinite, or a batch; ExactnessError for a
            rational surrogate; LimitError where a multiplier overflows

    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    >>> mean_kl(L, np.log(2.0)).pi_new.round(12)
    array([[0.5, 0.5]])
    """
    rows, at, weight = visited_rows(L, weighted=False)
    delta = nonnegative("delta", delta)
    if delta == 0 or not len(rows.p):
        return make_step(L, L.pi, KLConstraint(delta, 0.0))
    d = weight / np.add.reduce(L.weight)
    target = delta * INSIDE
    for tries in range(1 if rows.outside else TRIES):
        x, t = solve_multiplier(rows, MULTIPLIER, d, math.log(target))
        lam = math.exp(x)
        q = _between(rows, d, lam, target) if rows.outside else policy_at_multiplier(rows, lam, t)
        found = KLConstraint(delta, finite("lam", lam * rows.unit))
        step = no_worse(L, placed(L, at, q), found)
        if step.mean_kl <= delta:
            return step
        target = max(target - 2.0**tries * (step.mean_kl - delta), target / 2)
    return _scaled_back(L, step, found, "mean_kl", delta)


def _between(rows: KLRows, d: Array, lam: float, delta: float) -> Array:
    """Return rows (N, A) of mean divergence delta, a mixture of the rows for lam on both sides.

    Where an action outside the support enters, its row may jump between two adjacent doubles lam.
    Both sides maximise the Lagrangian for almost the same lam; it is concave, so the mixture does
    too.

    d: (N,) weights of the mean
    """
    near = far = lam
    for tries in range(50):
        pair = [solve_at_multiplier(rows, x) for x in (near, far)]
        (more, above), (less, below) = ((q, float(d @ kl)) for q, kl in pair)
        if above >= delta >= below:
            break
        near, far = (x * (1 + side * 2.0 ** (tries - 52)) for x, side in ((near, -1), (far, 1)))
    share = (delta - below) / (above - below) if above > delta >= below else 1.0
    return less + share * (more - less)


@public
def mean_kl_penalty(L: Surrogate, C: Scalar) -> Step:
    """Return the step that maximises L(pi_new) - C E_{s~d} KL(pi || pi_new).

    TRPO (2015), section 4, with the mean in place of the largest divergence; d = weight /
    sum(weight).  Each visited state maximises sum_a pi_new A - lam KL with lam = C / sum(weight),
    which is C (1 - gamma) for an exact surrogate.

    C:      a number >= 0; 0 gives the greedy step
    return: `Step` with `KLPenalty`, lam a number
    raises: InvalidMDPError for C < 0, NaN or infinite, or a batch; ExactnessError for a rational
            surrogate

    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    >>> mean_kl_penalty(L, 0.25).pi_new
    array([[0.25, 0.75]])
    """
    rows, at, _ = visited_rows(L, weighted=False)
    C = nonnegative("C", C)
    if C == 0:
        return greedy(L)
    total = float(np.add.reduce(L.weight))
    lam = C / total if total else 0.0
    scaled, pi_new = lam / rows.unit, L.pi
    if len(rows.p) and math.isfinite(scaled):
        pi_new = placed(L, at, policy_at_multiplier(rows, scaled, t_at_multiplier(rows, scaled)))
    return no_worse(L, pi_new, KLPenalty(C, None, lam), lambda k, m, t: C * m)


def no_worse(
    L: Surrogate, pi_new: Array, found: Multipliers, penalty: Penalty | None = None
) -> Step:
    """Return the step to pi_new, or to pi if the objective of pi_new is negative by rounding."""
    step = make_step(L, pi_new, found, penalty)
    return step if step.objective >= 0 else make_step(L, L.pi, found)


def _scaled_back(L: Surrogate, step: Step, found: Multipliers, name: str, delta: float) -> Step:
    """Return the step scaled back towards pi until its KL is at most delta, in TRIES trials.

    KL is convex in pi_new, so that scaling by delta / KL suffices without rounding.

    name: "max_kl" or "mean_kl"
    """
    for tries in range(TRIES):
        over = getattr(step, name)
        if over <= delta:
            break
        share = min(delta / over, 1 - 1e-15 * 8**tries)
        step = no_worse(L, L.pi + share * (step.pi_new - L.pi), found)
    return step
