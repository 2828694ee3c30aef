"""Closed forms of the worst case: the advantages for a step, and the direction of a small step.

Problems: (1) given a model and a step, find the rewards that make L - eta_new largest; (2) given a
model with rewards, find the small step that does.  Method: the objective of (1) is linear in the
advantages, a fractional knapsack at each state; that of (2) is quadratic in the step, solved by an
eigenvector.  Guarantee: the optimum up to rounding (`tests/falsify/test_worst.py`).  Formulas:
the performance difference eta_new - eta = sum_s rho_new(s) A_bar(s) (TRPO 2015, equation (2)) and
L - eta = sum_s rho(s) A_bar(s) (equation (3)).
"""

from collections.abc import Callable

import numpy as np

from tabular_trpo._core.linalg import dense
from tabular_trpo._core.numbers import Array
from tabular_trpo._theory.plain import FastPair, PairTables, evaluated

LEAST_MASS = 1e-12  # least probability of a state or an action at which the small step changes pi


def advantage(cases: PairTables, sign: Array) -> Array:
    """Return the advantages, at most 1 in size, for which sign (L - eta_new) is largest.

    L - eta_new = sum_s (rho - rho_new)(s) sum_a pi_new A is linear in A, whose only constraint is
    sum_a pi A = 0: a fractional knapsack at each state.  With the actions sorted by c / pi, where
    c = (rho - rho_new)(s) pi_new, A is 1 on the upper half of pi's mass and -1 on the lower half.

    sign:   (N,) 1 to maximise L - eta_new, -1 to minimise it
    return: (N, S, A) advantages A; with the reward r = A, V = 0 and A is the advantage of pi
    """
    moved = evaluated(cases, cases.pi).rho - evaluated(cases, cases.pi_new).rho
    return _filled(cases, (sign[:, None] * moved)[..., None] * cases.pi_new)


def _filled(cases: PairTables, c: Array) -> Array:
    """Return the A (N, S, A) with |A| <= 1 and sum_a pi A = 0 that maximises sum_a c A."""
    mass = np.where(cases.pi > 0, cases.pi, 1.0)
    order = np.argsort(-c / mass, axis=-1, kind="stable")
    pi = np.take_along_axis(cases.pi, order, axis=-1)
    after = np.cumsum(pi, axis=-1)
    split = (1.0 - after - (after - pi)) / np.where(pi > 0, pi, 1.0)
    free = np.sign(np.take_along_axis(c, order, axis=-1))  # where pi = 0 the advantage is free
    A = np.where(pi > 0, np.clip(split, -1.0, 1.0), free)
    out = np.empty_like(A)
    np.put_along_axis(out, order, A, axis=-1)
    return np.asarray(out)


def rewards_on_precondition_boundary(
    cases: PairTables, slack: Callable[[FastPair], Array]
) -> Array:
    """Return the advantages with |A| <= 1 that minimise eta_new subject to a precondition.

    eta_new - eta = sum rho_new A_bar and L - eta = sum rho A_bar.  For a given L, eta_new is least
    if A_bar is largest at the states of smallest rho_new / rho, smallest at those of largest
    rho_new / rho, and in between at a single state, chosen so that the slack is 0.

    slack:  by how much the precondition holds, (N,), increasing in L; it is taken to be linear in
            the advantages of one state
    return: (N, S, A) advantages, also valid as rewards with V = 0; where the precondition cannot
            hold, the advantages of the largest L
    """
    n, n_states, _ = cases.pi.shape
    old, new = evaluated(cases, cases.pi), evaluated(cases, cases.pi_new)
    order = np.argsort(new.rho / np.maximum(old.rho, LEAST_MASS), axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1)
    A = _filled(cases, cases.pi_new)

    def signed(kept: Array) -> Array:
        """Return A with A_bar largest at the first `kept` states, least at the rest, (N, S, A)."""
        return np.asarray((2 * np.clip(kept[:, None] - rank, 0.0, 1.0) - 1.0)[..., None] * A)

    knots = [cases.changed(r=signed(np.full(n, k))) for k in range(n_states + 1)]
    left = slack(FastPair(PairTables.joined(knots))).reshape(n_states + 1, n)
    first, at = np.argmax(left >= 0, axis=0), np.arange(n)
    above, below = left[first, at], left[np.maximum(first - 1, 0), at]
    with np.errstate(invalid="ignore"):  # penalties may be infinite
        spare = above / np.where(above > below, above - below, 1.0)
    return signed(np.where(first > 0, first - spare, np.where(left[0] >= 0, 0.0, n_states)))


def direction(cases: PairTables, sign: Array, level: bool = False) -> Array:
    """Return targets in the direction of the small step of largest (L - eta_new) / mean KL.

    For delta = pi_new - pi -> 0, L - eta_new = -delta' M delta with
    M = gamma rho(s) (P G)(s, a, u) A(u, b), and the mean KL is sum d delta^2 / (2 pi).  The worst
    delta is the top eigenvector of the symmetric part of -M in the metric of the mean KL, under
    the constraint that each row of delta sums to 0.

    sign:   (N,) 1 to maximise L - eta_new, -1 to minimise it
    level:  whether delta must also leave L unchanged
    return: (N, S, A) targets pi + t delta with the largest t that keeps probabilities >= 0; pi
            itself where no such step exists
    """
    n, n_states, n_actions = cases.pi.shape
    size = n_states * n_actions
    old = evaluated(cases, cases.pi)
    P_pi, _ = dense.close(cases.P, cases.r, cases.pi)
    G = np.linalg.inv(np.eye(n_states) - cases.gamma[:, None, None] * P_pi)
    weight = (cases.gamma[:, None] * old.rho)[..., None, None] * (cases.P @ G[:, None])
    M = np.einsum("nsau,nub->nsaub", weight, old.A).reshape(n, size, size)
    inside = (cases.pi > LEAST_MASS) & (old.d > LEAST_MASS)[..., None]
    metric = np.sqrt(np.where(inside, cases.pi, 0.0) / np.where(inside, old.d[..., None], 1.0))
    scale = metric.reshape(n, size)
    form = -sign[:, None, None] * scale[:, :, None] * M * scale[:, None, :]
    form = form + form.swapaxes(-1, -2)
    # Rows of delta sum to 0: y is orthogonal to sqrt(pi / d) within each state.
    basis = np.zeros((n, n_states, n_states, n_actions))
    states = np.arange(n_states)
    norm = np.sqrt((metric**2).sum(axis=-1, keepdims=True))
    basis[:, states, states] = metric / np.where(norm > 0, norm, 1.0)
    span = basis.reshape(n, n_states, size)
    project = np.eye(size) - span.swapaxes(-1, -2) @ span
    if level:
        rise = project @ (scale * (old.rho[..., None] * old.A).reshape(n, size))[..., None]
        square = np.sum(rise**2, axis=-2, keepdims=True)
        project = project - rise @ rise.swapaxes(-1, -2) / np.where(square > 0, square, 1.0)
    _, vectors = np.linalg.eigh(project @ form @ project)
    # With all eigenvalues <= 0 the top one may violate the constraint: its projection is about 0.
    top = (project @ vectors[..., -1:])[..., 0]
    top = np.where(np.abs(top).max(axis=-1, keepdims=True) > 0.1 / size, top, 0.0)
    delta = (top * scale).reshape(cases.pi.shape)
    down = np.where(delta < 0, cases.pi / np.where(delta < 0, -delta, 1.0), np.inf)
    longest = down.min(axis=(-2, -1))
    longest = np.where(np.isfinite(longest), longest, 0.0)
    target = np.maximum(cases.pi + longest[:, None, None] * delta, 0.0)
    total = target.sum(axis=-1, keepdims=True)
    valid = np.all(np.abs(total - 1.0) < 1e-9, axis=(-2, -1), keepdims=True)
    return np.where(valid, target / np.where(valid, total, 1.0), cases.pi)
