"""Conjugate gradients for H x = b where H is known by its products, singular H included.

What trips the usual ten lines: b = 0 (0 / 0), an H that is singular or, by damping of the wrong
sign or sampling, not positive, and a residual that cannot fall further while x turns to noise.
Here x starts at 0 and never leaves span{b, H b, ...}, so for singular H and b in its range the
answer is H^+ b; the iterate with the smallest residual is returned, with the reason of the end.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import LimitError, Problem, invalid
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.records import locked
from tabular_trpo._families.arguments import size
from tabular_trpo._improve.step import nonnegative

Product = Callable[[Array], Array]
SOLVED, CURVATURE, ITERATIONS = "solved", "curvature", "iterations"
ROUNDING = 2.0**-50


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The answer of `conjugate_gradient`, and how far it is to be trusted.

    x:          of the shape of b
    iterations: steps taken
    residual:   norm(b - (H + damping I) x) / norm(b), computed anew from x; 0 for b = 0
    status:     "solved" where the residual met the tolerance; "curvature" where a direction p has
                p'(H + damping I)p <= 0 up to rounding, so that no step along it makes sense;
                "iterations" where they ran out
    curvature:  smallest p'(H + damping I)p / p'p that was met, inf where none was
    damping:    as given
    """

    x: Array
    iterations: int
    residual: float
    status: str
    curvature: float
    damping: float


def conjugate_gradient(
    product: Product,
    b: Any,
    *,
    damping: Any = 0.0,
    iterations: int | None = None,
    tolerance: float = 1e-12,
) -> Solution:
    """Return x with (H + damping I) x = b, by conjugate gradients from x = 0.

    Hestenes & Stiefel (1952); TRPO (2015), Appendix C.

    product:    v -> H v, H symmetric and positive semidefinite; v has the shape of b
    b:          any shape, finite
    damping:    a number >= 0
    iterations: at most so many; None for 2 b.size + 10, where exact arithmetic needs b.size
    tolerance:  of the residual, relative to b
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
        return Solution(frozen(np.zeros(b.shape)), 0, 0.0, SOLVED, math.inf, damping)

    def damped(v: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            Hv: Array = np.asarray(product(v)) + damping * v
        if Hv.shape != b.shape or not np.isfinite(Hv).all():
            got = f"has shape {Hv.shape}" if Hv.shape != b.shape else "has NaN or inf"
            raise LimitError(Problem("product", "H v", got, f"finite numbers, shape {b.shape}"))
        return Hv

    scaled = b / unit  # of size 1, so that squares neither overflow nor vanish
    x, steps, status, least = _iterate(damped, scaled, most, tolerance)
    residual = float(np.linalg.norm(scaled - damped(x)) / np.linalg.norm(scaled))
    with np.errstate(over="ignore"):
        x = x * unit
    return Solution(frozen(x), steps, residual, status, least, damping)


def _iterate(product: Product, b: Array, most: int, tol: float) -> tuple[Array, int, str, float]:
    """Return the best x, the steps taken, why they ended, and the least curvature met."""
    x, r, p = np.zeros(b.shape), b.copy(), b.copy()
    square = start = float(np.vdot(r, r))
    best, best_x, least, largest = square, x, math.inf, 0.0
    for step in range(most):
        if square <= tol**2 * start:
            return best_x, step, SOLVED, least
        Hp = product(p)
        length = float(np.vdot(p, p))
        bend = float(np.vdot(p, Hp))
        least = min(least, bend / length)
        # What a product with H loses to rounding is of the order of its largest eigenvalue, of
        # which the longest product so far is a lower bound: less than that is no curvature.
        largest = max(largest, float(np.linalg.norm(Hp)) / math.sqrt(length))
        if bend <= ROUNDING * largest * length:
            return best_x, step, CURVATURE, least
        alpha = square / bend
        x, r = x + alpha * p, r - alpha * Hp
        before, square = square, float(np.vdot(r, r))
        if square < best:
            best, best_x = square, x
        p = r + (square / before) * p
    return best_x, most, SOLVED if square <= tol**2 * start else ITERATIONS, least
