"""The direction of a parametric step: the gradient g, or the natural gradient H^-1 g."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.records import locked
from tabular_trpo._exact.surrogate import LocalObjective
from tabular_trpo._improve.conjugate import Product, conjugate_gradient
from tabular_trpo._improve.multipliers import ParametricStep
from tabular_trpo._improve.softmax_class import SoftmaxClass, normalised
from tabular_trpo._improve.status import SolverStatus
from tabular_trpo._improve.step import nonnegative

SAME_POLICY = 1e-9
NO_WORK = (0, 0.0, SolverStatus.SOLVED)


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """A direction s = unit x with largest entry 1, where H x = g, or x = g.

    slope:     g's, the derivative of the surrogate along s
    curvature: s'H s, the second derivative of the mean KL along s, without damping
    """

    s: Array
    slope: float
    curvature: float
    unit: float


def start(
    L: LocalObjective, theta: Any, policy_class: SoftmaxClass | None
) -> tuple[SoftmaxClass, Array]:
    """Return the policy class, by default the full table, and theta, checked to give L.pi.

    raises: InvalidMDPError, also where theta gives another policy; ExactnessError, LimitError
    """
    if policy_class is None:
        policy_class = SoftmaxClass(L.pi.shape, None, L.allowed)
    policy_class.check(L)
    theta = policy_class.theta(theta)
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
    damping: Any,
    most: int | None,
    product: Product | None,
) -> tuple[Direction | None, ParametricStep]:
    """Return the direction, None where there is none, and the record of a step of length 0.

    kind:   "natural" or "vanilla"
    most, product: as `iterations` and `product` of `natural`
    raises: InvalidMDPError, ExactnessError; LimitError where the gradient overflows
    """
    damping = nonnegative("damping", damping)
    g = policy_class.gradient(L, theta)
    finite("gradient", g)

    def analytic(v: Array) -> Array:
        return policy_class.fisher_product(L.weight, theta, v)

    H, x, solved = product or analytic, g, None
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
    work = (solved.iterations, solved.residual, solved.status) if solved else NO_WORK
    found = ParametricStep(frozen(theta.copy()), 0.0, 0.0, damping, *work)
    largest = float(np.max(np.abs(x)))
    if largest == 0:
        return None, found
    s = x / largest
    curvature = float(np.vdot(s, H(s)))
    if kind == "natural" and not curvature > 0:
        return None, found
    return Direction(s, float(np.vdot(g, s)), curvature, 1 / largest), found
