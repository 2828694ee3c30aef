"""Batches of small models with short horizons: the method of `enclosure` in fewer operations.

Up to MOST_ROWS state-action pairs and gamma <= MOST_GAMMA, one exact slice of each factor and one correction
reach the last digit, so the general loop over slices and sweeps is not needed.  The bounds are the same.
"""

from typing import Any

import numpy as np

from tabular_trpo.core.linalg import twofold
from tabular_trpo.core.linalg.sliced import BITS, BLOCK, cut, power_above
from tabular_trpo.core.linalg.twofold import Twofold
from tabular_trpo.core.numbers import Array
from tabular_trpo.exact.enclosure import (
    FLOOR,
    U,
    Model,
    Values,
    Visits,
    enlarged,
    gamma_n,
    model_slack,
)

MOST_ROWS = 256
MOST_GAMMA = 0.995


def suits(model: Model) -> bool:
    """Tell whether the model is a batch that this method is made for."""
    batched = isinstance(model.rows, np.ndarray) and model.rows.ndim == 3
    return batched and model.rows.shape[1] <= MOST_ROWS and bool(np.all(model.gamma <= MOST_GAMMA))


def enclose(model: Model, resolvent: Any) -> tuple[Values, Visits]:
    """Return V, A and rho with proved bounds; see `enclosure.enclose`."""
    gamma = model.gamma[..., None]
    V = resolvent.forward(np.einsum("bsa,bsa->bs", model.pi, model.r))
    rho = resolvent.backward(model.rho0)
    scaled = twofold.two_prod(V, np.broadcast_to(gamma, V.shape))
    w = twofold.two_prod(np.broadcast_to(rho[..., None], model.pi.shape), model.pi)
    weights = Twofold(*(x.reshape(len(V), -1) for x in w))
    up, up_error, down, down_error = _products(model, scaled, weights)
    return (
        _values(model, resolvent, V, Twofold(*(x.reshape(model.r.shape) for x in up)), up_error),
        _visits(model, resolvent, rho, down, down_error),
    )


def _products(model: Model, f: Twofold, w: Twofold) -> tuple[Twofold, Array, Twofold, Array]:
    """Return P f and w P, each as an exact head and a small tail, with bounds of their errors."""
    P, off_grid = model.rows, model.below_P is not None
    size, n_rows, n = P.shape
    most = np.max(np.abs(f.hi), axis=-1)
    mass = np.abs(w.hi).sum(axis=-1)
    grid_f, grid_w = (power_above(x * 1.0001)[:, None] * 2.0**-BITS for x in (most, mass))
    F, W = np.empty((size, n, 2)), np.empty((size, 2, n_rows))
    F[..., 0] = np.rint(f.hi / grid_f) * grid_f
    F[..., 1] = (f.hi - F[..., 0]) + f.lo
    W[:, 0] = np.trunc(w.hi / grid_w) * grid_w
    W[:, 1] = (w.hi - W[:, 0]) + w.lo
    up, up_low = np.empty((size, n_rows, 2)), np.empty((size, n_rows, 1))
    down, down_low = np.empty((size, 2, n)), np.empty((size, 1, n))
    step = max(1, BLOCK // (n_rows * n))
    buffers = np.empty((2, step, n_rows, n))
    for start in range(0, size, step):
        at = slice(start, start + step)
        high, low = buffers[:, : len(P[at])]
        cut(P[at], high, low, off_grid)
        np.matmul(high, F[at], out=up[at])
        np.matmul(low, f.hi[at, :, None], out=up_low[at])
        np.matmul(W[at], high, out=down[at])
        np.matmul(w.hi[at, None, :], low, out=down_low[at])
    # Rounding of the plain products: P1 with what is below the grid of f or w, P2 <= 2^-27 with all of it.
    up_error = gamma_n(n + 4) * (2 * grid_f[:, 0] + n * 2.0**-27 * most)
    down_error = gamma_n(n_rows + 4) * (2 * n_rows * grid_w[:, 0] + 2.0**-26 * mass)
    return (
        Twofold(up[..., 0], up[..., 1] + up_low[..., 0]),
        up_error,
        Twofold(down[:, 0], down[:, 1] + down_low[:, 0]),
        down_error,
    )


def _values(model: Model, resolvent: Any, V: Array, Px: Twofold, error: Array) -> Values:
    shape = model.pi.shape
    most = np.max(np.abs(V), axis=-1) + np.max(np.abs(model.r), axis=(-2, -1))
    head = twofold.two_sum(Px.hi, model.r)
    tail = twofold.two_sum(head.hi, -V[..., None])
    advantage = Twofold(tail.hi, (head.lo + tail.lo) + Px.lo)
    residual = twofold.total(twofold.scale(advantage, model.pi)).hi
    correction = resolvent.forward(residual)
    moved = resolvent.step(correction)
    size = np.abs(residual) + np.abs(correction) + np.abs(moved)
    after = np.abs(residual - (correction - moved)) + gamma_n(model.n_terms) * size
    # The small tails are below 2^-20 most, so adding them in plain doubles errs by at most 4 u of that.
    slack = error + 2.0**-70 * most + model_slack(model, most) + FLOOR
    bound = np.max(after, axis=-1) + slack
    V_bound = enlarged(bound / (1.0 - model.gamma), shape)
    gamma = model.gamma[..., None]
    shift = ((model.rows @ correction[..., None])[..., 0] * gamma).reshape(shape)
    A = advantage.hi + (advantage.lo + (shift - correction[..., None]))
    plain = gamma_n(model.n_terms) * 2 * np.max(np.abs(correction), axis=-1)
    drift = bound + slack + 2 * V_bound + plain
    return Values(
        twofold.two_sum(V, correction),
        V_bound,
        A,
        enlarged(drift[..., None, None] + 2 * U * np.abs(A), shape),
    )


def _visits(model: Model, resolvent: Any, rho: Array, wP: Twofold, error: Array) -> Visits:
    gamma = np.broadcast_to(model.gamma[..., None], rho.shape)
    mass = np.abs(rho).sum(axis=-1)
    flowed = twofold.two_prod(wP.hi, gamma)
    head = twofold.two_sum(flowed.hi, model.rho0)
    tail = twofold.two_sum(head.hi, -rho)
    residual = tail.hi + ((head.lo + tail.lo) + (flowed.lo + wP.lo * gamma))
    correction = resolvent.backward(residual)
    moved = resolvent.step_back(correction)
    size = np.abs(residual) + np.abs(correction) + np.abs(moved)
    after = np.abs(residual - (correction - moved)) + gamma_n(model.n_terms) * size
    slack = error + 2.0**-70 * mass + model_slack(model, mass) + 2 * model.below_rho0 + FLOOR
    bound = enlarged((after.sum(axis=-1) + slack) / (1.0 - model.gamma), model.pi.shape)
    return Visits(twofold.two_sum(rho, correction), bound)
