"""V, A and rho of one policy in float64, with proved error bounds.

Problem.  V = M^{-1} r_pi and rho = rho0 M^{-1} with M = I - gamma P_pi, and bounds of the errors of
the computed V, rho, eta = rho0 . V and A = r + gamma P V - V.

Method.  Iterative refinement (Wilkinson 1963) with one factorization of M: solve; evaluate the
residual to about 27 digits from P, r and pi (`_core.linalg.sliced`), so that the rounding of P_pi
does not enter; solve for a correction c.  The residual after the correction is res - M c, so small
that plain doubles with a rounding bound suffice.  Corrections end where the bound is below GOAL or
close to the rounding of the residual.  Rewards of extreme size are scaled by a power of two, which
is exact.

Guarantee.  M^{-1} >= 0 has row sums 1 / (1 - gamma).  So for any x with the residual
res = r_pi + gamma P_pi x - x:  abs(V - x) <= max abs(res) / (1 - gamma); for any m with residual
e = rho0 + gamma m P_pi - m:  sum abs(rho - m) <= sum abs(e) / (1 - gamma).  Residuals are bounded
with their rounding, so the bounds are proved for every input.
"""

from typing import Any, NamedTuple, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.linalg import twofold
from tabular_trpo._core.linalg.dense import BatchResolvent, DenseResolvent
from tabular_trpo._core.linalg.sliced import Product, products
from tabular_trpo._core.linalg.sparse import SparseResolvent
from tabular_trpo._core.linalg.twofold import Twofold
from tabular_trpo._core.numbers import Array

Resolvent = DenseResolvent | BatchResolvent | SparseResolvent
Matrix = Array | sp.csr_array

U = 2.0**-53
GOAL = 2.0**-76  # relative error bound below which no further correction is made
# Bounds the sum of all underflows: data are scaled to about 1, with at most 2^40 operations.
FLOOR = 2.0**-1000
SWEEPS = 4  # largest number of corrections


@final
class Model(NamedTuple):
    """The data of one evaluation, rewards scaled by a power of two to about 1.

    rows:     transition probabilities P, (..., S*A, S) or CSR (S*A, S)
    r, pi:    (..., S, A); rho0: (..., S); gamma: (...)
    off_*:    exact rows of P, pi, rho0 minus the floats (`_core.grid`); None for P on the grid
    off_size: (...) bound of the sum of the 1-norms of a row of each; 0 for rows on the grid
    n_terms:  number of terms of the longest plain sum
    """

    rows: Matrix
    r: Array
    rho0: Array
    gamma: Array
    pi: Array
    off_P: Matrix | None
    off_pi: Array
    off_rho0: Array
    off_size: Array
    n_terms: int


@final
class Values(NamedTuple):
    """V (..., S), eta (...) and A (..., S, A), with error bounds before rounding to doubles.

    V_bound and eta_bound (...) bound the error of each entry, A_bound (..., S, A) entry by entry.
    """

    V: Array
    V_bound: Array
    eta: Array
    eta_bound: Array
    A: Array
    A_bound: Array


@final
class Visits(NamedTuple):
    """rho (..., S), and a bound (...) of the 1-norm of its error before rounding to doubles."""

    rho: Array
    bound: Array


def gamma_n(n: int) -> float:
    """Return 2 n u / (1 - n u), twice the bound of the relative rounding error of n operations.

    Higham (2002), Lemma 3.1; the bound of a sum of n terms does not depend on their order.
    """
    return 2 * n * U / (1 - n * U)


def enclose(model: Model, resolvent: Resolvent) -> tuple[Values, Visits]:
    """Return the values and the visitation of a policy with proved error bounds.

    resolvent: a factorization of I - gamma P_pi, with the solves `forward` and `backward` and the
               products `step` and `step_back` with gamma P_pi
    """
    V = resolvent.forward(np.einsum("...sa,...sa->...s", model.pi, model.r))
    rho = resolvent.backward(model.rho0)
    up, down = _products(model, V, rho)
    return _values(model, resolvent, V, up), _visits(model, resolvent, rho, down)


def _products(model: Model, f: Array | None, rho: Array | None) -> Any:
    """Return gamma P f and rho(s) pi(a|s) P as unrounded products.

    A product is None where its factor f or rho, (..., S), is None.
    """
    shape, gamma = model.pi.shape, model.gamma[..., None]
    scaled = weights = None
    if f is not None:
        scaled = twofold.two_prod(f, gamma)
    if rho is not None:
        w = twofold.two_prod(rho[..., None], model.pi)
        w = Twofold(w.hi, w.lo + rho[..., None] * model.off_pi)
        weights = Twofold(*(part.reshape(*shape[:-2], -1) for part in w))
    return products(model.rows, scaled, weights, model.off_P)


def _values(model: Model, resolvent: Resolvent, correction: Array, product: Product) -> Values:
    """Return V, eta and A with error bounds, by refinement of a first solution.

    correction: (..., S) the first solution for V
    product:    gamma P times it, unrounded
    """
    shape, gamma = model.pi.shape, model.gamma[..., None]
    one_minus_gamma = 1.0 - model.gamma
    r_most = np.max(np.abs(model.r), axis=(-2, -1))
    Px = x = Twofold(np.zeros(shape), np.zeros(shape))
    P_error = np.zeros(shape[:-2])
    for sweep in range(SWEEPS):
        if sweep:
            product, _ = _products(model, correction, None)
        part = Twofold(*(x.reshape(shape) for x in product.value))
        Px = twofold.add(Px, part) if sweep else part  # gamma P x
        P_error = P_error + product.error
        x = twofold.plus(x, correction) if sweep else Twofold(correction, np.zeros_like(correction))
        most = np.max(np.abs(x.hi), axis=-1) + r_most
        advantage = twofold.plus(twofold.plus(Px, model.r), -x.hi[..., None])
        advantage = Twofold(advantage.hi, advantage.lo - x.lo[..., None])
        residual = twofold.total(twofold.scale(advantage, model.pi)).hi
        residual = residual + (model.off_pi * advantage.hi).sum(axis=-1)
        correction = resolvent.forward(residual)
        moved = resolvent.step(correction)
        size_c = np.max(np.abs(correction), axis=-1)
        # gamma P_pi c rounds in proportion to P_pi abs(c) <= max abs(c), not to c - gamma P_pi c.
        size = np.max(np.abs(residual), axis=-1) + 2 * size_c
        after = np.max(np.abs(residual - (correction - moved)), axis=-1)
        after = after + gamma_n(model.n_terms) * size
        # Twofold operations behind a residual: at most 10 of magnitude 2 most, and the sum over a.
        rounding = (32 + 4 * shape[-1].bit_length()) * twofold.UNIT * most
        slack = P_error + off_slack(model, most, size_c) + rounding + FLOOR
        bound = after + slack
        V_bound = enlarged(bound / one_minus_gamma, shape)
        # A is updated by the correction in plain doubles; the rounding of that update must be
        # below the rounding of A.
        plain = (gamma_n(model.n_terms) + 2 * model.off_size) * 2 * size_c
        small = plain <= U * np.max(np.abs(advantage.hi), axis=(-2, -1)) + FLOOR
        settled = (V_bound <= GOAL * most + FLOOR / one_minus_gamma) | (bound <= 2 * slack)
        if np.all(settled & small):
            break
    V = twofold.plus(x, correction)
    shift = (_expect(model.rows, correction) * gamma).reshape(shape) - correction[..., None]
    A = advantage.hi + (advantage.lo + shift)
    span = 2 * np.minimum(V_bound, _span_bound(resolvent, bound, V_bound, model.gamma, A))
    drift = bound + slack + span + plain
    eta = twofold.total(twofold.scale(V, model.rho0)).hi + (model.off_rho0 * V.hi).sum(axis=-1)
    A_bound = enlarged(drift[..., None, None] + 2 * U * np.abs(A), shape)
    return Values(V.hi, V_bound, eta, V_bound + 2.0**-58 * most, A, A_bound)


def enlarged(bound: Array, shape: tuple[int, ...]) -> Array:
    """Return a bound enlarged for the rounding of its evaluation, sums of S nonnegative terms.

    shape: (..., S, A)
    """
    return np.asarray(bound * (1.0 + (shape[-2] + 256) * 2 * U))


def _expect(rows: Matrix, f: Array) -> Array:
    """Return P f in plain doubles, (..., S*A)."""
    return np.asarray(rows @ f if rows.ndim == 2 and f.ndim == 1 else (rows @ f[..., None])[..., 0])


def off_slack(model: Model, most: Array, correction: Array) -> Array:
    """Return a bound (...) of the errors due to rows off the grid, 0 for rows on it.

    Those are the rounding of products with `off_*`, and of P_pi, which is computed in floats.

    most, correction: (...) magnitudes of the vectors in the unrounded and the plain products
    """
    return np.asarray(model.off_size * (gamma_n(model.n_terms + 8) * 4 * most + 4 * correction))


def _span_bound(
    resolvent: Resolvent, bound: Array, V_bound: Array, gamma: Array, A: Array
) -> Array:
    """Return a bound (...) of half the span of V's error.

    That is `bound` / (1 - gamma tau), see `contraction_gap`, or V_bound where that is already below
    the rounding of A.

    bound: (...) of the largest absolute residual
    """
    most = np.max(np.abs(A), axis=(-2, -1))
    if np.all(V_bound <= U * most) or not isinstance(resolvent.P_pi, np.ndarray):
        return V_bound
    return np.asarray(bound / contraction_gap(resolvent.P_pi, gamma))


def contraction_gap(P_pi: Array, gamma: Array) -> Array:
    """Return 1 - gamma tau, rounded down, with tau = 1 - sum_j min_i P_pi(i, j).

    tau is an upper bound of Dobrushin's ergodicity coefficient, span(P_pi f) <= tau span(f).
    """
    # P_pi is rounded: each exact entry is at least (1 - 2 A u) of the stored one, or is below the
    # grid.  1 - gamma tau is summed from positive parts, so that its relative error is a few u.
    common = np.min(P_pi, axis=-2).sum(axis=-1) * (1.0 - 2.0**-30)
    common = np.maximum(common - 2 * P_pi.shape[-1] * U, 0.0)
    return np.asarray(((1.0 - gamma) + gamma * common) * (1 - 2.0**-30))


def _visits(model: Model, resolvent: Resolvent, correction: Array, product: Product) -> Visits:
    """Return rho and a bound of the 1-norm of its error, by refinement of a first solution.

    correction: (..., S) the first solution for rho
    product:    rho(s) pi(a|s) P for it, unrounded
    """
    shape = model.pi.shape
    one_minus_gamma = 1.0 - model.gamma
    gamma = model.gamma[..., None]
    mP = m = Twofold(np.zeros(shape[:-1]), np.zeros(shape[:-1]))
    P_error = np.zeros(shape[:-2])
    for sweep in range(SWEEPS):
        if sweep:
            _, product = _products(model, None, correction)
        mP = twofold.add(mP, product.value) if sweep else product.value
        P_error = P_error + product.error
        m = twofold.plus(m, correction) if sweep else Twofold(correction, np.zeros_like(correction))
        mass = np.abs(m.hi).sum(axis=-1)
        flowed = twofold.plus(twofold.scale(mP, gamma), model.rho0)
        residual = twofold.add(twofold.plus(flowed, model.off_rho0), twofold.minus(m))
        correction = resolvent.backward(residual.hi)
        moved = resolvent.step_back(correction)
        size = np.abs(residual.hi) + np.abs(correction) + np.abs(moved)
        after = np.abs(residual.hi - (correction - moved)) + gamma_n(model.n_terms) * size
        slack = model.gamma * P_error + off_slack(model, mass, np.abs(correction).sum(axis=-1))
        slack = slack + 72 * twofold.UNIT * mass + FLOOR
        error = after.sum(axis=-1) + slack
        bound = enlarged(error / one_minus_gamma, shape)
        if np.all((bound <= GOAL * mass) | (error <= 2 * slack)):
            break
    return Visits(twofold.plus(m, correction).hi, bound)
