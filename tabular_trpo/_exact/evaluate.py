"""Exact evaluation of a policy: V, Q, A, rho, d, eta, each with a proved radius."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo._core.budget import spend, work_limit
from tabular_trpo._core.errors import InvalidMDPError, LimitError, Problem
from tabular_trpo._core.grid import below_grid, largest_correction, off_grid_part
from tabular_trpo._core.linalg import dense, rational, sparse
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, frozen, zeros
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy_checks import check_policy, check_rows, policy_array
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact import small_batches as small
from tabular_trpo._exact.enclosure import Model, U, Values, Visits, enclose
from tabular_trpo._exact.evaluated_once import remembered
from tabular_trpo._exact.work import evaluation as work_of

CHUNK = 2**20  # entries of P evaluated at a time in a batch


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Radius:
    """Proved error bounds, each of the shape of its quantity; zeros in rational arithmetic."""

    V: Array
    Q: Array
    A: Array
    rho: Array
    d: Array
    eta: Scalar


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a policy is worth, exactly (rational arithmetic) or within `radius` (float arithmetic).

    V:      (..., S)     value                     V = r_pi + gamma P_pi V
    Q, A:   (..., S, A)  Q = r + gamma P V, A = Q - V; 0 at pairs that are not allowed
    rho:    (..., S)     unnormalised discounted visitation, sums to 1 / (1 - gamma)
    d:      (..., S)     (1 - gamma) rho, sums to 1
    eta:    (...)        expected discounted return rho0 . V
    radius: bounds of abs(stored - exact), entry by entry
    """

    mdp: MDP
    pi: Array
    V: Array
    Q: Array
    A: Array
    rho: Array
    d: Array
    eta: Scalar
    radius: Radius


@public
def evaluate(mdp: MDP, pi: Any, work: float | None = None) -> Evaluation:
    """Evaluate a policy by one factorization of I - gamma P_pi, forward for V and backward for rho.

    V = (I - gamma P_pi)^{-1} r_pi, rho = rho0 (I - gamma P_pi)^{-1}.  TRPO (2015), section 2.

    pi:     (..., S, A) in the arithmetic of `mdp`
    work:   the most exact arithmetic, in seconds of the estimate `exact_work`; see `work_limit`
    return: Evaluation
    raises: InvalidMDPError, ExactnessError for the policy; LimitError where float64 overflows, or the
            exact work would exceed its budget

    >>> mdp = MDP([[["1"]]], [["1"]], ["1"], "9/10")
    >>> evaluate(mdp, [["1"]]).eta
    Fraction(10, 1)
    """
    if mdp.batch_shape:
        return _batch(mdp, pi)
    pi = check_policy(mdp, pi)
    if mdp.arithmetic == "rational":
        with work_limit(work):
            return remembered(mdp, pi, _rational)
    return remembered(mdp, pi, _single)


def _single(mdp: MDP, pi: Array) -> Evaluation:
    """Evaluate a checked policy of one float model."""
    gamma = np.asarray(mdp.gamma)
    return _assembled(mdp, pi, _float(mdp.P, mdp.r, mdp.rho0, gamma, pi, mdp._below, mdp.mask))


def _batch(mdp: MDP, pi: Any) -> Evaluation:
    """Evaluate a batch part by part on all cores; parts are independent, so no digit changes."""
    batch = mdp.batch_shape
    count = int(np.prod(batch))
    policy = policy_array(mdp, pi)

    def flat(x: Array) -> Array:
        return x.reshape(count, *x.shape[len(batch) :])

    P, r, rho0, gamma, policy = (flat(x) for x in (mdp.P, mdp.r, mdp.rho0, mdp.gamma, policy))
    below = None if mdp._below is None else flat(mdp._below)
    # Parts do not depend on the number of cores: a large and a small part may round differently.
    most = max(1, CHUNK // (mdp.n_states**2 * mdp.n_actions))
    step = -(-count // -(-max(1, count) // most)) or 1

    per_state, per_pair = (count, mdp.n_states), (count, mdp.n_states, mdp.n_actions)
    values = (per_state, per_pair, per_pair, per_state, per_state, (count,))
    out = [np.empty(shape) for shape in (per_pair, *values, *values)]

    def part(i: int) -> None:
        at = slice(i, i + step)
        mass = None if below is None else below[at]
        rows = check_rows("pi", policy[at], mdp.mask)
        parts = _float(P[at], r[at], rho0[at], gamma[at], rows, mass, mdp.mask)
        for whole, x in zip(out, [rows, *parts], strict=True):
            whole[at] = x

    # LAPACK and the ufuncs release the interpreter lock.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            list(pool.map(part, range(0, count, step)))
        except InvalidMDPError:
            check_policy(mdp, pi)  # the same offenders, with their indices in the whole batch
            raise
    shaped = [x.reshape(*batch, *x.shape[1:]) for x in out]
    return _assembled(mdp, frozen(shaped[0]), shaped[1:])


def _assembled(mdp: MDP, pi: Array, arrays: Any) -> Evaluation:
    V, Q, A, rho, d, eta, r_V, r_Q, r_A, r_rho, r_d, r_eta = arrays
    for x in (V, Q, A, rho, d, r_V, r_Q, r_A, r_rho, r_d):
        frozen(x)
    for name, x in (("V", V), ("V", r_V), ("Q", Q), ("Q", r_Q), ("A", A)):
        finite(name, x)
    radius = Radius(r_V, r_Q, r_A, r_rho, r_d, r_eta[()])
    return Evaluation(mdp, pi, V, Q, A, rho, d, eta[()], radius)


def _float(
    P: Any, r: Array, rho0: Array, gamma: Array, pi: Array, below: Any, mask: Array
) -> list[Array]:
    """Return V Q A rho d eta and their radii for one model or one batch axis of models."""
    kernel: Any = dense if isinstance(P, np.ndarray) else sparse
    unit = _unit(r)
    scaled = r / unit[..., None, None] if np.any(unit != 1.0) else r
    n_states, n_actions = r.shape[-2:]
    P_pi, _ = kernel.close(P, scaled, pi)
    width = n_states if kernel is dense else int(np.diff(P.indptr).max())
    rows = P.reshape(*P.shape[:-3], -1, n_states) if kernel is dense else P
    terms = (width if kernel is dense else _longest(P_pi)) + 2 * n_actions + 8
    off_P = None if below is None else off_grid_part(rows)
    off_pi, off_rho0 = largest_correction(pi), largest_correction(rho0)
    off_size = 2 * (np.max(below_grid(pi), axis=-1) + below_grid(rho0))
    if below is not None:
        off_size = off_size + 2 * np.max(below, axis=(-2, -1))
    model = Model(rows, scaled, rho0, gamma, pi, off_P, off_pi, off_rho0, off_size, terms)
    resolvent = _factored(kernel, P_pi, gamma)
    method = small.enclose if small.suits(model) else enclose
    return _rounded(model, *method(model, resolvent), mask, unit)


def _factored(kernel: Any, P_pi: Any, gamma: Array) -> Any:
    """Factor I - gamma P_pi, or say that gamma is too close to 1 for doubles."""
    try:
        return kernel.solve(P_pi, gamma)
    except (RuntimeError, np.linalg.LinAlgError):  # of SuperLU and of LAPACK
        got = f"is singular in float64 at gamma = 1 - {float(np.min(1.0 - gamma)):.3g}"
        cure = "Use the rational arithmetic"
        raise LimitError(
            Problem("singular", "I - gamma P_pi", got, "a solvable system", cure)
        ) from None


def _unit(r: Array) -> Array:
    """Return the power of two that brings the rewards to about 1, or 1 where they are harmless."""
    exponent = np.minimum(np.frexp(np.max(np.abs(r), axis=(-2, -1)))[1], 1023)
    return np.where(np.abs(exponent) < 100, 1.0, np.ldexp(1.0, exponent))


def _longest(P_pi: Any) -> int:
    """Return the most terms in a row or column of a CSR matrix."""
    columns = np.bincount(P_pi.indices, minlength=P_pi.shape[1])
    return int(max(np.diff(P_pi.indptr).max(), columns.max()))


def _rounded(model: Model, v: Values, m: Visits, live: Array, unit: Array) -> list[Array]:
    """Round to doubles and give each quantity its radius; `unit` undoes the scaling."""
    V, A, eta = v.V, v.A, v.eta
    Q = A + V[..., None]
    rho = np.maximum(m.rho, 0.0)
    horizon = 1.0 - model.gamma
    d = rho * horizon[..., None]
    V_bound = v.V_bound[..., None]
    r_V = V_bound + 2 * U * np.abs(V)
    r_A = v.A_bound
    r_Q = r_A + r_V[..., None] + 2 * U * np.abs(Q)
    if not live.all():
        Q, A, r_Q, r_A = (np.where(live, x, 0.0) for x in (Q, A, r_Q, r_A))
    r_rho = np.broadcast_to(m.bound[..., None], rho.shape) + 2 * U * rho
    r_d = r_rho * horizon[..., None] * (1 + 4 * U) + 4 * U * d
    r_eta = v.eta_bound + 2 * U * np.abs(eta)
    out = [V, Q, A, rho, d, eta, r_V, r_Q, r_A, r_rho, r_d, r_eta]
    if np.any(unit != 1.0):
        for i in (0, 1, 2, 5, 6, 7, 8, 11):
            out[i] = _unscaled(out[i], unit, bound=i > 5)
    return [np.asarray(x) for x in out]


def _unscaled(x: Array, unit: Array, bound: bool) -> Array:
    """Undo the scaling: exact, except that below the smallest normal double it errs by one unit."""
    with np.errstate(over="ignore"):
        return x * unit.reshape(unit.shape + (1,) * (x.ndim - unit.ndim)) + 2.0**-1074 * bound


def _rational(mdp: MDP, pi: Array) -> Evaluation:
    """Evaluate in rationals; the residual of both solves was checked to be 0."""
    rows = mdp._rows
    assert rows is not None
    if mdp.n_states > rational.MAX_STATES:
        got = f"has {mdp.n_states} states"
        raise LimitError(
            Problem("size", "the rational arithmetic", got, "fewer states", "Use to_float()")
        )
    cost = work_of(mdp, pi)
    size = f"{mdp.n_states} states, {mdp.n_actions} actions, values of {cost.digits} digits"
    spend(cost.seconds, f"an exact evaluation ({size})")
    chain = rational.ClosedChain(rows, pi, mdp.gamma)
    solution = chain.forward((pi * mdp.r).sum(axis=-1))
    V = solution.fractions()
    zero: Any = Fraction(0)
    values = rational.action_values(rows, solution, mdp.r, mdp.gamma)
    Q, A = (np.where(mdp.mask, x, zero) for x in values)
    rho = chain.backward(mdp.rho0).fractions()
    d = (1 - mdp.gamma) * rho
    eta = rational.dot(rational.CommonDenominator.of(mdp.rho0), solution)
    for x in (V, Q, A, rho, d):
        frozen(x)
    per_state, per_pair = (frozen(zeros(x.shape, rational=True)) for x in (V, Q))
    radius = Radius(per_state, per_pair, per_pair, per_state, per_state, zero)
    return Evaluation(mdp, pi, V, Q, A, rho, d, eta, radius)
