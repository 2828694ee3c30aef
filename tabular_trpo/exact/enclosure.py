"""V, Q, A, rho, d, eta of one policy in float64, with error bounds that are proved.

Facts used.  M = I - gamma P_pi has M^{-1} >= 0 and row sums of M^{-1} equal to 1 / (1 - gamma).  So for any x
with residual res = r_pi + gamma P_pi x - x:  abs(V - x) <= max abs(res) / (1 - gamma); for any m with residual
e = rho0 + gamma m P_pi - m:  sum abs(rho - m) <= sum abs(e) / (1 - gamma).

Method.  Solve with one factorization; evaluate the residual to about 27 digits from P, r and pi themselves
(`core.linalg.sliced`, so the rounding of P_pi does not enter); correct with the same factorization.  The residual
after the correction c is res - M c, small enough that a plain evaluation with its rounding bound suffices.
Repeat while the bound is worth improving.  Rewards are scaled by a power of two, which is exact.
"""

from typing import Any, NamedTuple

import numpy as np

from tabular_trpo.core.linalg import twofold
from tabular_trpo.core.linalg.sliced import Product, products
from tabular_trpo.core.linalg.twofold import Twofold
from tabular_trpo.core.numbers import Array

U = 2.0**-53
GOAL = 2.0**-76  # relative bound at which another correction is not worth a product
FLOOR = (
    2.0**-1000
)  # swallows every underflow: data are scaled to about 1 and at most 2^40 operations follow
SWEEPS = 4


class Model(NamedTuple):
    """The data of one evaluation, scaled: rows of P (..., S*A, S) or CSR, r, rho0, gamma, pi, and slack for rows below the grid."""

    rows: Any
    r: Array
    rho0: Array
    gamma: Array
    pi: Array
    below_P: Any
    below_pi: Array
    below_rho0: Array
    n_terms: int


class Values(NamedTuple):
    """V as a Twofold with its bound, and the advantages with theirs."""

    V: Twofold
    V_bound: Array
    A: Array
    A_bound: Array


class Visits(NamedTuple):
    """rho as a Twofold with a bound of its 1-norm error."""

    rho: Twofold
    bound: Array


def gamma_n(n: int) -> float:
    """Return twice n u / (1 - n u): the rounding of a sum of n terms, whatever the order."""
    return 2 * n * U / (1 - n * U)


def enclose(model: Model, resolvent: Any) -> tuple[Values, Visits]:
    """Return V, A and rho of the chain with proved bounds.

    resolvent: factorization with `forward`, `backward`, `step` (gamma P_pi f) and `step_back` (gamma w P_pi)
    """
    V = resolvent.forward((model.pi * model.r).sum(axis=-1))
    rho = resolvent.backward(model.rho0)
    up, down = products(model.rows, V, _spread(rho, model.pi), model.below_P is not None)
    assert up is not None
    assert down is not None
    return _values(model, resolvent, V, up), _visits(model, resolvent, rho, down)


def _spread(rho: Array, pi: Array) -> Twofold:
    """Return rho(s) pi(a|s) without error, (..., S*A)."""
    w = twofold.two_prod(np.broadcast_to(rho[..., None], pi.shape), pi)
    return Twofold(*(part.reshape(*pi.shape[:-2], -1) for part in w))


def _values(model: Model, resolvent: Any, correction: Array, product: Product) -> Values:
    """Refine V from its first solve and the first exact product; bound V and A."""
    shape, gamma = model.pi.shape, model.gamma[..., None]
    horizon = 1.0 - model.gamma
    x = Twofold(np.zeros(shape[:-1]), np.zeros(shape[:-1]))
    Px = Twofold(np.zeros(shape), np.zeros(shape))
    P_error = np.zeros(shape[:-2])
    for sweep in range(SWEEPS):
        if sweep:
            again, _ = products(model.rows, correction, None, model.below_P is not None)
            assert again is not None
            product = again
        Px = twofold.add(
            Px, Twofold(product.value.hi.reshape(shape), product.value.lo.reshape(shape))
        )
        P_error = P_error + product.error
        x = twofold.plus(x, correction)
        most = np.max(np.abs(x.hi), axis=-1) + np.max(np.abs(model.r), axis=(-2, -1))
        advantage = _advantage(model, Px, x)
        residual = twofold.total(_weighted(advantage, model.pi))
        correction = resolvent.forward(residual.hi)
        moved = resolvent.step(correction)
        size = np.abs(residual.hi) + np.abs(correction) + np.abs(moved)
        after = np.abs(residual.hi - (correction - moved)) + gamma_n(model.n_terms) * size
        # Twofold operations behind one residual: at most 10 of magnitude 2 most, and the sum over actions.
        rounding = (32 + 4 * shape[-1].bit_length()) * twofold.UNIT * most
        slack = model.gamma * P_error + _model_slack(model, most) + rounding + FLOOR
        bound = np.max(after, axis=-1) + slack
        V_bound = _up(bound / horizon, shape)
        if np.all((V_bound <= GOAL * most + FLOOR / horizon) | (bound <= 2 * slack)):
            break
    V = twofold.plus(x, correction)
    moved_rows = (_expect(model.rows, correction) * gamma).reshape(shape)
    shift = moved_rows - correction[..., None]
    A = advantage.hi + (advantage.lo + shift)
    rounding = gamma_n(model.n_terms) * 2 * np.max(np.abs(correction), axis=-1)[
        ..., None, None
    ] + 2 * U * np.abs(A)
    drift = (
        bound
        + 2 * np.minimum(V_bound, _span_bound(resolvent, bound, V_bound, model.gamma, A))
        + slack
    )
    return Values(V, V_bound, A, _up(drift[..., None, None] + rounding, shape))


def _up(bound: Array, shape: tuple[int, ...]) -> Array:
    """Enlarge a bound for the rounding of its own evaluation: sums of at most S nonnegative terms."""
    return np.asarray(bound * (1.0 + (shape[-2] + 256) * 2 * U))


def _advantage(model: Model, Px: Twofold, x: Twofold) -> Twofold:
    """Return r + gamma P x - x in twofold arithmetic, (..., S, A)."""
    gamma = np.broadcast_to(model.gamma[..., None, None], Px.hi.shape)
    out = twofold.plus(twofold.scale(Px, gamma), model.r)
    return twofold.add(out, Twofold(-x.hi[..., None], -x.lo[..., None]))


def _weighted(x: Twofold, weights: Array) -> Twofold:
    return twofold.scale(x, weights)


def _expect(rows: Any, f: Array) -> Array:
    return np.asarray(rows @ f if rows.ndim == 2 and f.ndim == 1 else (rows @ f[..., None])[..., 0])


def _model_slack(model: Model, most: Array) -> Array:
    """Bound what rows with mass below the grid add: their largest entry is not quite the float stored."""
    slack = np.max(model.below_pi, axis=-1) * 4 * most
    if model.below_P is not None:
        slack = slack + np.max(model.below_P, axis=(-2, -1)) * 4 * most
    return np.asarray(slack)


def _span_bound(resolvent: Any, bound: Array, V_bound: Array, gamma: Array, A: Array) -> Array:
    """Bound half the span of V's error by the Dobrushin coefficient: span(res) / (1 - gamma tau) / 2.

    tau = 1 - sum_j min_i P_pi(i, j).  Worth its price only where V's own bound would show in A.
    """
    most = np.max(np.abs(A), axis=(-2, -1))
    if np.all(V_bound <= U * most) or not isinstance(resolvent.P_pi, np.ndarray):
        return V_bound
    # P_pi was rounded in closing: each entry is at least (1 - 2 A u) of what is stored.
    common = np.min(resolvent.P_pi, axis=-2).sum(axis=-1) * (1.0 - 2.0**-30)
    return np.asarray(bound / (1.0 - gamma * (1.0 - common)) * (1 + 2.0**-40))


def _visits(model: Model, resolvent: Any, correction: Array, product: Product) -> Visits:
    """Refine rho from its first solve and the first exact product; bound sum abs(error)."""
    shape = model.pi.shape
    horizon = 1.0 - model.gamma
    m = Twofold(np.zeros(shape[:-1]), np.zeros(shape[:-1]))
    mP = Twofold(np.zeros(shape[:-1]), np.zeros(shape[:-1]))
    P_error = np.zeros(shape[:-2])
    gamma = np.broadcast_to(model.gamma[..., None], m.hi.shape)
    for sweep in range(SWEEPS):
        if sweep:
            w = _spread(correction, model.pi)
            _, again = products(model.rows, None, w, model.below_P is not None)
            assert again is not None
            product = again
        mP = twofold.add(mP, product.value)
        P_error = P_error + product.error
        m = twofold.plus(m, correction)
        mass = np.abs(m.hi).sum(axis=-1)
        residual = twofold.add(twofold.plus(twofold.scale(mP, gamma), model.rho0), twofold.minus(m))
        correction = resolvent.backward(residual.hi)
        moved = resolvent.step_back(correction)
        size = np.abs(residual.hi) + np.abs(correction) + np.abs(moved)
        after = np.abs(residual.hi - (correction - moved)) + gamma_n(model.n_terms) * size
        slack = model.gamma * P_error + _model_slack(model, mass) + 2 * model.below_rho0
        slack = slack + 64 * twofold.UNIT * mass + FLOOR
        error = after.sum(axis=-1) + slack
        bound = _up(error / horizon, shape)
        if np.all((bound <= GOAL * mass) | (error <= 2 * slack)):
            break
    return Visits(twofold.plus(m, correction), bound)
