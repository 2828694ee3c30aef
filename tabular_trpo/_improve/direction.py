"""Which way a parametric step goes: along the gradient, or along H^-1 times the gradient."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.records import locked
from tabular_trpo._exact.surrogate import LocalObjective
from tabular_trpo._improve.conjugate import SOLVED, Product, conjugate_gradient
from tabular_trpo._improve.softmax_class import SoftmaxClass, normalised
from tabular_trpo._improve.step import nonnegative

SAME_POLICY = 1e-9


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """A direction s with largest entry 1: s = unit x, x the solution of H x = g.

    slope: g's, of the surrogate along s
    bend:  s'H s, of the mean KL along s, without damping
    """

    s: Array
    slope: float
    bend: float
    unit: float


def start(L: LocalObjective, theta: Any, given: SoftmaxClass | None) -> tuple[SoftmaxClass, Array]:
    """Return the class, the full table if none is given, and theta, checked to be that of L.pi.

    raises: InvalidMDPError, also where theta gives another policy; ExactnessError, LimitError
    """
    members = SoftmaxClass(L.pi.shape, None, L.allowed) if given is None else given
    members.check(L)
    theta = members.theta(theta)
    off = np.abs(members.policy(theta) - L.pi)
    if off.max() > SAME_POLICY:
        s, a = np.unravel_index(int(off.argmax()), off.shape)
        got = f"gives another policy than the surrogate's pi, off by {off.max():.3g} at [{s}, {a}]"
        cure = "Evaluate policy_class.policy(theta); mask actions of probability 0 by allowed"
        raise invalid("theta", "theta", got, f"at most {SAME_POLICY}", cure)
    return members, theta


def direction_of(
    L: LocalObjective,
    members: SoftmaxClass,
    theta: Array,
    kind: str,
    damping: Any,
    most: int | None,
    product: Product | None,
) -> tuple[Direction | None, dict[str, Any]]:
    """Return the direction, None where there is none, and the multipliers of a step not taken.

    kind:   "natural" or "vanilla"
    most, product: as `iterations` and `product` of `natural`
    raises: InvalidMDPError, ExactnessError; LimitError where the gradient overflows
    """
    damping = nonnegative("damping", damping)
    found = {"theta": frozen(theta.copy()), "step_length": 0.0, "quadratic_kl": 0.0}
    found |= {"damping": damping, "cg_iterations": 0, "cg_residual": 0.0, "cg_status": SOLVED}
    g = members.gradient(L, theta)
    finite("gradient", g)

    def analytic(v: Array) -> Array:
        return members.fisher_product(L.weight, theta, v)

    H, x = product or analytic, g
    if kind == "natural":
        scale = np.ones(g.shape)
        if members.features is None and damping == 0 and product is None:
            # In y = sqrt(w pi) x the table's H is a projection, solved in one step however rare a
            # state is.  Where w pi = 0 H has no entry; nor has g, if G is exact.
            heights = normalised("weight", L.weight)[:, None] * members.policy(theta)
            scale = np.where(heights > 0, 1 / np.sqrt(np.where(heights > 0, heights, 1.0)), 0.0)
        with np.errstate(over="ignore"):
            b = finite("scaled gradient", scale * g)
        solved = conjugate_gradient(
            lambda y: scale * H(scale * y), b, damping=damping, iterations=most
        )
        with np.errstate(over="ignore"):
            x = finite("direction", scale * solved.x)
        found["cg_iterations"], found["cg_residual"] = solved.iterations, solved.residual
        found["cg_status"] = solved.status
    largest = float(np.max(np.abs(x)))
    if largest == 0:
        return None, found
    s = x / largest
    bend = float(np.vdot(s, H(s)))
    if kind == "natural" and not bend > 0:
        return None, found
    return Direction(s, float(np.vdot(g, s)), bend, 1 / largest), found
