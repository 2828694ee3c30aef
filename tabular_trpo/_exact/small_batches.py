"""Evaluation of batches of small models, by the method of `enclosure` in fewer operations.

Problem: V and rho of thousands of models with few states, where the time is that of numpy calls.
Method: up to MOST_ROWS state-action pairs and gamma <= MOST_GAMMA, one solve and its residual
suffice, without corrections.  Each factor of a product is split once, into a head on a fixed grid,
whose products are exact, and a small remainder in plain doubles.  Guarantee: the residual bounds of
`enclosure` plus the rounding of the remainders; radii are a few times wider.  Source: the splitting
of Ozaki, Ogita, Oishi and Rump (2012).
"""

import numpy as np

from tabular_trpo._core.linalg import twofold
from tabular_trpo._core.linalg.sliced import BITS, BLOCK, ROUND_1, cut, power_above
from tabular_trpo._core.linalg.twofold import Twofold
from tabular_trpo._core.numbers import Array
from tabular_trpo._exact.enclosure import (
    FLOOR,
    Model,
    Resolvent,
    U,
    Values,
    Visits,
    contraction_gap,
    enlarged,
    gamma_n,
)

MOST_ROWS = 256
MOST_GAMMA = 0.995


def suits(model: Model) -> bool:
    """Return whether this method applies: a batch within the limits, with all rows on the grid."""
    batched = isinstance(model.rows, np.ndarray) and model.rows.ndim == 3
    short = bool(np.all(model.gamma <= MOST_GAMMA)) and not model.off_size.any()
    return batched and model.rows.shape[1] <= MOST_ROWS and short


def enclose(model: Model, resolvent: Resolvent) -> tuple[Values, Visits]:
    """Return the values and the visitation of a batch of policies with proved error bounds.

    resolvent: a factorization of I - gamma P_pi with the solves `forward` and `backward`
    """
    gamma = model.gamma[..., None]
    V = resolvent.forward(np.einsum("bsa,bsa->bs", model.pi, model.r))
    rho = resolvent.backward(model.rho0)
    scaled = twofold.two_prod(V, gamma)
    w = twofold.two_prod(rho[..., None], model.pi)
    weights = Twofold(*(x.reshape(len(V), -1) for x in w))
    up, up_error, down, down_error = _products(model, scaled, weights)
    visits = _visits(model, rho, down, down_error)
    product = Twofold(*(x.reshape(model.r.shape) for x in up))
    return _values(model, resolvent, V, product, up_error, visits), visits


def _products(model: Model, f: Twofold, w: Twofold) -> tuple[Twofold, Array, Twofold, Array]:
    """Return P f, its error bound, w P and its error bound; products are sums of two doubles.

    The larger part of each product is exact, the smaller one rounded.
    """
    P = np.asarray(model.rows)
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
    step = max(1, 4 * BLOCK // (n_rows * n))
    buffers = np.empty((2, step, n_rows, n))
    for start in range(0, size, step):
        at = slice(start, start + step)
        high, low = buffers[:, : len(P[at])]
        cut(P[at], high, low, off_grid=False)
        np.matmul(high, F[at], out=up[at])
        np.matmul(low, f.hi[at, :, None], out=up_low[at])
        np.matmul(W[at], high, out=down[at])
        np.matmul(w.hi[at, None, :], low, out=down_low[at])
    # Rounding of the plain products: the head of P with the remainder of f or w, and the
    # remainder of P with all of f or w.
    up_error = gamma_n(n + 4) * (2 * grid_f[:, 0] + n * 2.0**-27 * most)
    down_error = gamma_n(n_rows + 4) * (2 * n_rows * grid_w[:, 0] + n * 2.0**-27 * mass)
    return (
        Twofold(up[..., 0], up[..., 1] + up_low[..., 0]),
        up_error,
        Twofold(down[:, 0], down[:, 1] + down_low[:, 0]),
        down_error,
    )


def _values(
    model: Model, resolvent: Resolvent, V: Array, Px: Twofold, error: Array, visits: Visits
) -> Values:
    """Return V, eta and A with error bounds, from the residual of V.

    Px, error: gamma P V, (B, S, A), and a bound (B,) of its error
    """
    shape, gamma = model.pi.shape, model.gamma
    most = np.max(np.abs(V), axis=-1) + np.max(np.abs(model.r), axis=(-2, -1))
    head = twofold.two_sum(Px.hi, model.r)
    tail = twofold.two_sum(head.hi, -V[..., None])
    advantage = Twofold(tail.hi, (head.lo + tail.lo) + Px.lo)
    residual = _weighted(model.pi, advantage.hi, advantage.lo, most)
    top, bottom = np.max(residual, axis=-1), np.min(residual, axis=-1)
    size = np.maximum(top, -bottom)
    # Remainders are below 2^-16 `most`; their plain sums have an error of a few u times that.
    tails = (gamma_n(shape[-1] + 8) * 2.0**-16 + 2.0**-68) * most
    slack = error + tails + FLOOR
    V_bound = enlarged((size + slack) / (1.0 - gamma), shape)
    A = advantage.hi + advantage.lo
    # If e is the error of V, the exact A less this A is gamma (P_a - P_pi) e - residual.
    span = np.minimum(
        2 * V_bound, (top - bottom + 2 * slack) / contraction_gap(np.asarray(resolvent.P_pi), gamma)
    )
    A_bound = enlarged((size + 2 * slack + span)[..., None, None] + 2 * U * np.abs(A), shape)
    # eta = rho0 . V + rho . residual with the exact rho and residual; the remaining error is a
    # product of two small errors.
    eta = _weighted(model.rho0[:, None], V[:, None], np.zeros_like(V[:, None]), most)[:, 0]
    eta = eta + np.einsum("bs,bs->b", visits.rho, residual)
    eta_bound = visits.bound * size + (slack + gamma_n(shape[-2] + 4) * size) * 2 / (1.0 - gamma)
    return Values(V, V_bound, eta, eta_bound + 2.0**-58 * most, A, A_bound)


def _weighted(pi: Array, high: Array, low: Array, most: Array) -> Array:
    """Return sum_a pi (high + low); products with the heads of `high` are exact, others rounded."""
    grid = power_above(2 * most)[:, None, None] * 2.0**-BITS
    head = np.rint(high / grid) * grid
    weight = (pi + ROUND_1) - ROUND_1
    exact = np.einsum("bsa,bsa->bs", weight, head)
    rest = np.einsum("bsa,bsa->bs", weight, (high - head) + low)
    return np.asarray(exact + (rest + np.einsum("bsa,bsa->bs", pi - weight, high + low)))


def _visits(model: Model, rho: Array, wP: Twofold, error: Array) -> Visits:
    """Return rho with a bound of the 1-norm of its error, from its residual.

    wP, error: sum_{s,a} rho pi P, (B, S), and a bound (B,) of its error in the 1-norm
    """
    gamma = model.gamma[..., None]
    flowed = twofold.two_prod(wP.hi, gamma)
    head = twofold.two_sum(flowed.hi, model.rho0)
    tail = twofold.two_sum(head.hi, -rho)
    residual = tail.hi + ((head.lo + tail.lo) + (flowed.lo + wP.lo * gamma))
    slack = error + 2.0**-70 * np.abs(rho).sum(axis=-1) + FLOOR
    bound = (np.abs(residual).sum(axis=-1) + slack) / (1.0 - model.gamma)
    return Visits(rho, enlarged(bound, model.pi.shape))
