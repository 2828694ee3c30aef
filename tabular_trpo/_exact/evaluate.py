"""Exact evaluation of a policy: V, Q, A, rho, d, eta, each with a proved radius.

Problem.  With M = I - gamma P_pi:  V = M^{-1} r_pi,  rho = rho0 M^{-1},  eta = rho0 . V,
Q = r + gamma P V,  A = Q - V,  d = (1 - gamma) rho.  TRPO (2015), section 2.

Method.  One factorization of M and two solves with it, forward for V and backward for rho.

Guarantee.  In rationals the residuals of both solves are exactly 0, and M is invertible since
gamma < 1, so the solutions are exact; radii are 0.  In floats M^{-1} >= 0 has row sums
1 / (1 - gamma), so the largest residual divided by 1 - gamma bounds the error of V, and the 1-norm
of the residual divided by 1 - gamma that of rho; `enclosure` evaluates these residuals to about 27
digits and proves a radius for every number.  Batches are evaluated in parts on all cores, by
`small_batches` where it applies.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from types import ModuleType
from typing import cast, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.budget import spend, work_limit
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.grid import below_grid, largest_correction, off_grid_part
from tabular_trpo._core.linalg import dense, rational, sparse
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, brief, frozen, zeros
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policies_once import remembered
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact import small_batches
from tabular_trpo._exact.enclosure import Matrix, Model, Resolvent, U, Values, Visits, enclose
from tabular_trpo._exact.work import evaluation as work_of

CHUNK = 2**20  # entries of P evaluated at a time in a batch


@public
@final
@locked_dataclass(frozen=True)
class Radius:
    """Proved error bounds of an `Evaluation`, entry by entry; zeros in rational arithmetic.

    V, rho, d: (..., S); Q, A: (..., S, A); eta: (...)

    >>> mdp = MDP([[[1.0]]], [[1.0]], [1.0], 0.9)
    >>> radius = evaluate(mdp, [[1.0]]).radius
    >>> bool(radius.eta < 1e-14), radius.V.shape
    (True, (1,))
    """

    V: Array
    Q: Array
    A: Array
    rho: Array
    d: Array
    eta: Scalar


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The values and visitation of a policy, exact or, in float arithmetic, within `radius`.

    mdp:    the model
    pi:     (..., S, A)  the policy
    V:      (..., S)     value, V = r_pi + gamma P_pi V
    Q, A:   (..., S, A)  Q = r + gamma P V, A = Q - V; 0 at pairs that are not allowed
    rho:    (..., S)     unnormalised discounted visitation, sums to 1 / (1 - gamma)
    d:      (..., S)     (1 - gamma) rho, sums to 1
    eta:    (...)        expected discounted return rho0 . V
    radius: bounds of abs(stored - exact), entry by entry

    >>> evaluate(MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/2", "1/2"]])
    <Evaluation: S=1, A=2, eta 1, rational>
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

    def __repr__(self) -> str:
        """Return the sizes and eta on one line."""
        return f"<Evaluation: {sizes(self.pi)}, {etas(self.eta)}, {self.mdp.arithmetic}>"


def sizes(pi: Array) -> str:
    """Return the batch shape, S and A of an array (..., S, A) as text for a `repr`."""
    *batch, S, A = pi.shape
    return f"batch {tuple(batch)}, S={S}, A={A}" if batch else f"S={S}, A={A}"


def etas(eta: Scalar, name: str = "eta") -> str:
    """Return eta of one model, or its range over a batch, as text for a `repr`."""
    if np.ndim(eta) and np.size(eta):
        return f"{name} {brief(np.min(eta))} to {brief(np.max(eta))}"
    return f"{name} {brief(eta)}"


@public
def evaluate(mdp: MDP, pi: object, work: float | None = None) -> Evaluation:
    """Return V, Q, A, rho, d and eta of a policy, each with a proved radius.

    V = (I - gamma P_pi)^{-1} r_pi, rho = rho0 (I - gamma P_pi)^{-1}, Q = r + gamma P V, A = Q - V,
    d = (1 - gamma) rho, eta = rho0 . V.  TRPO (2015), section 2.

    pi:     (..., S, A) in the arithmetic of `mdp`
    work:   limit of exact arithmetic, in seconds of the estimate `exact_work`; see `work_limit`
    return: `Evaluation`
    raises: InvalidMDPError for rows off the simplex, another shape or actions that are not allowed;
            ExactnessError for a policy in the other arithmetic; LimitError where float64 overflows,
            or where the exact work would exceed its limit

    >>> mdp = MDP([[["1"]]], [["1"]], ["1"], "9/10")
    >>> evaluate(mdp, [["1"]]).eta
    Fraction(10, 1)
    """
    pi = check_policy(mdp, pi)
    with work_limit(work if mdp.arithmetic == "rational" else None):
        return evaluate_checked(mdp, pi)


def evaluate_checked(mdp: MDP, pi: Array) -> Evaluation:
    """Return the evaluation of a policy (..., S, A) that `check_policy` returned.

    raises: LimitError where float64 overflows, or where the exact work would exceed its limit
    """
    if mdp.batch_shape:
        return _batch(mdp, pi)
    evaluation = _rational if mdp.arithmetic == "rational" else _single
    return remembered("evaluation", mdp, pi, lambda: evaluation(mdp, pi))


def _single(mdp: MDP, pi: Array) -> Evaluation:
    """Return the evaluation of a checked policy (S, A) in one float model."""
    gamma = np.asarray(mdp.gamma)
    return _assembled(mdp, pi, _float(mdp.P, mdp.r, mdp.rho0, gamma, pi, mdp._below, mdp.mask))


def _batch(mdp: MDP, pi: Array) -> Evaluation:
    """Return the evaluation of a checked policy in a batch of models, in parts on all cores."""
    batch = mdp.batch_shape
    count = int(np.prod(batch))

    def flat(x: Array) -> Array:
        """Return x with its batch axes as one."""
        return x.reshape(count, *x.shape[len(batch) :])

    P, r, rho0, gamma, policy = (flat(x) for x in (mdp.P, mdp.r, mdp.rho0, mdp.gamma, pi))
    below = None if mdp._below is None else flat(mdp._below)
    # Rounding may depend on the size of a part, so the parts do not depend on the number of cores.
    most = max(1, CHUNK // (mdp.n_states**2 * mdp.n_actions))
    step = -(-count // -(-max(1, count) // most)) or 1

    per_state, per_pair = (count, mdp.n_states), (count, mdp.n_states, mdp.n_actions)
    values = (per_state, per_pair, per_pair, per_state, per_state, (count,))
    out = [np.empty(shape) for shape in (*values, *values)]

    def part(i: int) -> None:
        """Evaluate the models from index i to i + step, into `out`."""
        at = slice(i, i + step)
        mass = None if below is None else below[at]
        parts = _float(P[at], r[at], rho0[at], gamma[at], policy[at], mass, mdp.mask)
        for whole, x in zip(out, parts, strict=True):
            whole[at] = x

    # LAPACK and the ufuncs release the interpreter lock.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(part, range(0, count, step)))
    return _assembled(mdp, pi, [x.reshape(*batch, *x.shape[1:]) for x in out])


def _assembled(mdp: MDP, pi: Array, arrays: list[Array]) -> Evaluation:
    """Return the record of V Q A rho d eta and their radii; LimitError where one overflows."""
    V, Q, A, rho, d, eta, *bounds = map(frozen, arrays)
    for name, x in (("V", V), ("V", bounds[0]), ("Q", Q), ("Q", bounds[1]), ("A", A)):
        finite(name, x)
    bounds[5] = bounds[5][()]
    return Evaluation(mdp, pi, V, Q, A, rho, d, eta[()], Radius(*bounds))


def _float(
    P: Matrix,
    r: Array,
    rho0: Array,
    gamma: Array,
    pi: Array,
    below: Array | None,
    mask: Array,
) -> list[Array]:
    """Return V Q A rho d eta, then their radii, of one model or of one batch axis of models."""
    n_states, n_actions = r.shape[-2:]
    unit = _unit(r)
    scaled = r / unit[..., None, None] if np.any(unit != 1.0) else r
    kernel: ModuleType = sparse
    rows = P
    if isinstance(P, np.ndarray):
        kernel, rows = dense, P.reshape(*P.shape[:-3], -1, n_states)
    P_pi, _ = kernel.close(P, scaled, pi)
    terms = (n_states if kernel is dense else _longest(P_pi)) + 2 * n_actions + 8
    off_P = None if below is None else off_grid_part(rows)
    off_pi, off_rho0 = largest_correction(pi), largest_correction(rho0)
    off_size = 2 * (np.max(below_grid(pi), axis=-1) + below_grid(rho0))
    if below is not None:
        off_size = off_size + 2 * np.max(below, axis=(-2, -1))
    model = Model(rows, scaled, rho0, gamma, pi, off_P, off_pi, off_rho0, off_size, terms)
    resolvent = _factored(kernel, P_pi, gamma)
    method = small_batches.enclose if small_batches.suits(model) else enclose
    return _rounded(model, *method(model, resolvent), mask, unit)


def _factored(kernel: ModuleType, P_pi: Matrix, gamma: Array) -> Resolvent:
    """Return a factorization of I - gamma P_pi; LimitError where it is singular in doubles."""
    try:
        return cast("Resolvent", kernel.solve(P_pi, gamma))
    except (RuntimeError, np.linalg.LinAlgError):  # of SuperLU and of LAPACK
        got = f"is singular in float64 at gamma = 1 - {float(np.min(1.0 - gamma)):.3g}"
        expected, cure = "a solvable system", "Use the rational arithmetic"
        raise LimitError.of("singular", "I - gamma P_pi", got, expected, cure) from None


def _unit(r: Array) -> Array:
    """Return the powers of two (...) by which rewards are divided to be about 1; 1 if moderate."""
    exponent = np.minimum(np.frexp(np.max(np.abs(r), axis=(-2, -1)))[1], 1023)
    return np.where(np.abs(exponent) < 100, 1.0, np.ldexp(1.0, exponent))


def _longest(P_pi: sp.csr_array) -> int:
    """Return the largest number of stored entries in a row or a column of P_pi."""
    columns = np.bincount(P_pi.indices, minlength=P_pi.shape[1])
    return int(max(np.diff(P_pi.indptr).max(), columns.max()))


def _rounded(model: Model, v: Values, m: Visits, mask: Array, unit: Array) -> list[Array]:
    """Return V Q A rho d eta in doubles, then their radii, with the scaling by `unit` undone."""
    V, A, eta = v.V, v.A, v.eta
    Q = A + V[..., None]
    rho = np.maximum(m.rho, 0.0)
    one_minus_gamma = (1.0 - model.gamma)[..., None]
    d = rho * one_minus_gamma
    V_bound = v.V_bound[..., None]
    r_V = V_bound + 2 * U * np.abs(V)
    r_A = v.A_bound
    r_Q = r_A + r_V[..., None] + 2 * U * np.abs(Q)
    if not mask.all():
        Q, A, r_Q, r_A = (np.where(mask, x, 0.0) for x in (Q, A, r_Q, r_A))
    r_rho = np.broadcast_to(m.bound[..., None], rho.shape) + 2 * U * rho
    r_d = r_rho * one_minus_gamma * (1 + 4 * U) + 4 * U * d
    r_eta = v.eta_bound + 2 * U * np.abs(eta)
    out = [V, Q, A, rho, d, eta, r_V, r_Q, r_A, r_rho, r_d, r_eta]
    if np.any(unit != 1.0):
        for i in (0, 1, 2, 5, 6, 7, 8, 11):
            out[i] = _unscaled(out[i], unit, bound=i > 5)
    return [np.asarray(x) for x in out]


def _unscaled(x: Array, unit: Array, bound: bool) -> Array:
    """Return x times `unit`, enlarged by the smallest double if x is a bound, for underflow."""
    with np.errstate(over="ignore"):
        return x * unit.reshape(unit.shape + (1,) * (x.ndim - unit.ndim)) + 2.0**-1074 * bound


def _rational(mdp: MDP, pi: Array) -> Evaluation:
    """Return the exact evaluation; the residuals of both solves are checked to be 0."""
    rows = mdp._rows
    assert rows is not None
    if mdp.n_states > rational.MAX_STATES:
        got = f"has {mdp.n_states} states"
        where, cure = "the rational arithmetic", "Use to_float()"
        raise LimitError.of("size", where, got, "fewer states", cure)
    cost = work_of(mdp, pi)
    size = f"{mdp.n_states} states, {mdp.n_actions} actions, values of {cost.digits} digits"
    spend(cost.seconds, f"an exact evaluation ({size})")
    chain = rational.ClosedChain(rows, pi, mdp.gamma)
    solution = chain.forward((pi * mdp.r).sum(axis=-1))
    V = solution.fractions()
    zero: Scalar = Fraction(0)
    values = rational.action_values(rows, solution, mdp.r, mdp.gamma)
    Q, A = (np.where(mdp.mask, x, zero) for x in values)
    rho = chain.backward(mdp.rho0).fractions()
    d = (1 - mdp.gamma) * rho
    eta = rational.dot(rational.CommonDenominator.of(mdp.rho0), solution)
    state, pair = (zeros(x.shape, rational=True) for x in (V, Q))
    radius = Radius(state, pair, pair, state, state, zero)
    return Evaluation(mdp, pi, V, Q, A, rho, d, eta, radius)
