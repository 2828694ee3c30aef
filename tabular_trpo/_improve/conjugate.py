"""Conjugate gradients for H x = b, where H is given by products H v and may be singular.

**Problem.** For a symmetric positive semidefinite H and b in its range, find x = H^+ b.

**Method.** Hestenes and Stiefel (1952) from x = 0, r = p = b: with alpha = r'r / p'H p,

    x <- x + alpha p,   r <- r - alpha H p,   p <- r + (new r'r / old r'r) p.

All iterates lie in span{b, H b, ...}, in which H^+ b is the only solution.  Three cases are handled
separately: b = 0, where the first alpha is 0 / 0; a direction without positive curvature p'H p, as
of an indefinite or sampled H; and a residual that no longer falls because of rounding.

**Guarantee.** The iterate with the smallest recursive residual is returned, with the residual
b - H x computed from x, and with the reason why the iteration ended.
"""

import math
from collections.abc import Callable
from typing import final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import LimitError, invalid
from tabular_trpo._core.numbers import Array, Scalar, frozen
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._families.arguments import size
from tabular_trpo._improve.status import SolverStatus
from tabular_trpo._improve.step import nonnegative

Product = Callable[[Array], Array]
ROUNDING = 2.0**-50  # relative curvature that is treated as 0


@final
@locked_dataclass(frozen=True, eq=False)
class Solution:
    """The result of `conjugate_gradient`.

    x:          of the shape of b
    iterations: steps taken
    residual:   norm(b - (H + damping I) x) / norm(b), computed from x; 0 for b = 0
    status:     "solved" where the residual is within the tolerance; "curvature" where a direction p
                has p'(H + damping I)p <= 0 up to rounding, so that alpha is undefined;
                "iterations" after the largest allowed number of iterations
    curvature:  smallest p'(H + damping I)p / p'p of all directions p; inf if there was none
    damping:    the damping that was given
    """

    x: Array
    iterations: int
    residual: float
    status: SolverStatus
    curvature: float
    damping: float


def conjugate_gradient(
    product: Product,
    b: object,
    *,
    damping: Scalar = 0.0,
    iterations: int | None = None,
    tolerance: float = 1e-12,
) -> Solution:
    """Return x with (H + damping I) x = b, by conjugate gradients from x = 0.

    Hestenes and Stiefel (1952); TRPO (2015), Appendix C.

    product:    v -> H v, H symmetric and positive semidefinite; v has the shape of b
    b:          any shape, finite
    damping:    a number >= 0
    iterations: the largest number; None for 2 b.size + 10 (without rounding b.size suffice)
    tolerance:  bound of the residual, relative to norm(b)
    return:     `Solution`
    raises:     InvalidMDPError for b, damping, iterations or tolerance out of range; LimitError
                where a product is not finite; ExactnessError for a rational b

    >>> H = np.array([[1.0, -1.0], [-1.0, 1.0]])  # singular, and b is in its range
    >>> conjugate_gradient(lambda v: H @ v, [2.0, -2.0]).x
    array([ 1., -1.])
    """
    b = read_as("b", b, rational=False)
    if not np.isfinite(b).all():
        raise invalid("not_finite", "b", "has NaN or inf", "finite numbers")
    damping = nonnegative("damping", damping)
    tolerance = nonnegative("tolerance", tolerance)
    most = 2 * b.size + 10 if iterations is None else size("iterations", iterations, 1)
    unit = float(np.max(np.abs(b), initial=0.0))
    if unit == 0:
        return Solution(frozen(np.zeros(b.shape)), 0, 0.0, SolverStatus.SOLVED, math.inf, damping)

    def damped(v: Array) -> Array:
        """Return (H + damping I) v."""
        with np.errstate(over="ignore", invalid="ignore"):
            Hv: Array = np.asarray(product(v)) + damping * v
        if Hv.shape != b.shape or not np.isfinite(Hv).all():
            got = f"has shape {Hv.shape}" if Hv.shape != b.shape else "has NaN or inf"
            raise LimitError.of("product", "H v", got, f"finite numbers, shape {b.shape}")
        return Hv

    scaled = b / unit  # of size 1, so that squares neither overflow nor underflow
    x, steps, status, least = _iterate(damped, scaled, most, tolerance)
    residual = float(np.linalg.norm(scaled - damped(x)) / np.linalg.norm(scaled))
    with np.errstate(over="ignore"):
        x = x * unit
    return Solution(frozen(x), steps, residual, status, least, damping)


def _iterate(
    product: Product, b: Array, most: int, tol: float
) -> tuple[Array, int, SolverStatus, float]:
    """Return the best x, the number of steps, the status, and the smallest curvature."""
    x, r, p = np.zeros(b.shape), b.copy(), b.copy()
    square = start = float(np.vdot(r, r))
    best, best_x, least, largest = square, x, math.inf, 0.0
    for step in range(most):
        if square <= tol**2 * start:
            return best_x, step, SolverStatus.SOLVED, least
        Hp = product(p)
        length = float(np.vdot(p, p))
        curvature = float(np.vdot(p, Hp))
        least = min(least, curvature / length)
        # The rounding error of H p is of the order of the largest eigenvalue times norm(p), and
        # norm(H p) / norm(p) is a lower bound of that eigenvalue.
        largest = max(largest, float(np.linalg.norm(Hp)) / math.sqrt(length))
        if curvature <= ROUNDING * largest * length:
            return best_x, step, SolverStatus.CURVATURE, least
        alpha = square / curvature
        x, r = x + alpha * p, r - alpha * Hp
        before, square = square, float(np.vdot(r, r))
        if square < best:
            best, best_x = square, x
        p = r + (square / before) * p
    solved = square <= tol**2 * start
    return best_x, most, SolverStatus.SOLVED if solved else SolverStatus.ITERATIONS, least
