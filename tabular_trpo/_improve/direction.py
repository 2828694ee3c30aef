"""The direction of a parametric step: the gradient g, or the natural gradient H^+ g.

**Problem.** Find x with (H + damping I) x = g, for the gradient g of the surrogate in theta and the
Hessian H of the mean KL, which is the Fisher information (`softmax_class`).

**Method.** Conjugate gradients from 0 (`conjugate`).  H is singular, since adding a constant to the
logits of a state changes no probability, but g is in its range, so that x = H^+ g.  In the full
table without damping the scaling y = sqrt(w pi) x makes H a projection, which one iteration solves.

**Guarantee.** The record of the step has the residual and the status of the solve.  Source: Kakade
(2001); TRPO (2015), Appendix C.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import final

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.surrogate import LocalObjective
from tabular_trpo._improve.conjugate import Product, Solution, conjugate_gradient
from tabular_trpo._improve.multipliers import ParametricStep
from tabular_trpo._improve.softmax_class import SoftmaxClass, normalised
from tabular_trpo._improve.status import SolverStatus
from tabular_trpo._improve.step import nonnegative

SAME_POLICY = 1e-9  # largest difference of the policy of theta and that of the surrogate
Report = Callable[..., ParametricStep]


@final
@locked_dataclass(frozen=True, eq=False)
class Direction:
    """A direction s = unit x with largest absolute entry 1, where H x = g, or x = g.

    s:         of the shape of theta
    slope:     g . s, the derivative of the surrogate along s
    curvature: s'H s, the second derivative of the mean KL along s, without damping
    unit:      1 / max abs(x)
    """

    s: Array
    slope: float
    curvature: float
    unit: float


def start(
    L: LocalObjective, theta: object, policy_class: SoftmaxClass | None
) -> tuple[SoftmaxClass, Array]:
    """Return the policy class and theta after a check that theta has the policy L.pi.

    theta:        of the shape `policy_class.theta_shape`
    policy_class: None for the full table
    raises: InvalidMDPError for another shape, NaN, a batch, or a theta with another policy;
            ExactnessError for rational numbers; LimitError where logits overflow
    """
    if policy_class is None:
        policy_class = SoftmaxClass(L.pi.shape, None, L.allowed)
    policy_class.check(L)
    theta = policy_class.theta(theta).copy()
    off = np.abs(policy_class.policy(theta) - L.pi)
    if off.max() > SAME_POLICY:
        s, a = np.unravel_index(int(off.argmax()), off.shape)
        got = f"gives another policy than the surrogate's pi, off by {off.max():.3g} at [{s}, {a}]"
        cure = "Evaluate policy_class.policy(theta); mask actions of probability 0 by allowed"
        raise invalid("theta", "theta", got, f"at most {SAME_POLICY}", cure)
    return policy_class, theta


def direction_of(
    L: LocalObjective,
    policy_class: SoftmaxClass,
    theta: Array,
    kind: str,
    damping: Scalar,
    most: int | None,
    product: Product | None,
) -> tuple[Direction | None, Report]:
    """Return the direction, and a function that makes the record of the step.

    The direction is None where g = 0, or where H has no positive curvature along it.  The function
    returns a `ParametricStep` from theta, step_length and quadratic_kl.

    kind:    "natural" or "vanilla"
    most:    the largest number of iterations of conjugate gradients, or None
    product: v -> H v in place of the analytic one, or None
    raises:  InvalidMDPError for a damping < 0 or weights < 0; ExactnessError for rational numbers;
             LimitError where the gradient or the direction overflows
    """
    damping = nonnegative("damping", damping)
    g = policy_class.gradient(L, theta)
    finite("gradient", g)

    def analytic(v: Array) -> Array:
        """Return H v, the product of the Fisher information."""
        return policy_class.fisher_product(L.weight, theta, v)

    H, x = product or analytic, g
    solved = Solution(g, 0, 0.0, SolverStatus.SOLVED, math.inf, damping)
    if kind == "natural":
        scale = np.ones(g.shape)
        if policy_class.features is None and damping == 0 and product is None:
            # In y = sqrt(w pi) x the H of the full table is a projection: one step solves it for
            # any weights.  Where w pi = 0 the entries of H are 0, and those of g if G is exact.
            w_pi = normalised("weight", L.weight)[:, None] * policy_class.policy(theta)
            scale = np.where(w_pi > 0, 1 / np.sqrt(np.where(w_pi > 0, w_pi, 1.0)), 0.0)
        with np.errstate(over="ignore"):
            b = finite("scaled gradient", scale * g)
        solved = conjugate_gradient(
            lambda y: scale * H(scale * y), b, damping=damping, iterations=most
        )
        with np.errstate(over="ignore"):
            x = finite("direction", scale * solved.x)
    report = partial(
        ParametricStep,
        damping=damping,
        cg_iterations=solved.iterations,
        cg_residual=solved.residual,
        cg_status=solved.status,
    )
    largest = float(np.max(np.abs(x)))
    if largest == 0:
        return None, report
    s = x / largest
    curvature = float(np.vdot(s, H(s)))
    if kind == "natural" and not curvature > 0:
        return None, report
    return Direction(s, float(np.vdot(g, s)), curvature, 1 / largest), report
