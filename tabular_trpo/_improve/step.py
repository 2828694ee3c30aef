"""The record of one step, and the way every solver makes it from the policy that it found."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import ExactnessError, Problem, invalid
from tabular_trpo._core.extrema import maximum
from tabular_trpo._core.numbers import Array, Scalar, frozen, is_rational, largest, ones, shown
from tabular_trpo._core.policy import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.divergence import kl_of_rows
from tabular_trpo._exact.surrogate import LocalObjective

Objective = TypeVar("Objective", bound=LocalObjective)
MOVED, OPTIMAL, STUCK, RESTORED = "moved", "optimal", "stuck", "restored"


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A new policy, what the surrogate promises of it, and how far it is from the old one.

    pi_new:      (S, A) in the arithmetic of the surrogate
    gain:        L(pi_new) - eta, as the surrogate predicts it
    max_kl, mean_kl: of KL(pi || pi_new) over visited states (weight > 0); the mean is under
                 weight / sum(weight)
    max_tv:      largest total variation over visited states
    objective:   what the step maximised: the gain, less a penalty if the step has one
    status:      "moved"; "optimal" where no visited state has a better action; "stuck" where one
                 has, and yet pi_new = pi; "restored" where a line search found nothing
    multipliers: what else the solver found, by name: prices of constraints, coefficients, alpha
    backtracks:  of a line search, else None
    """

    pi_new: Array
    gain: Scalar
    max_kl: Scalar
    mean_kl: Scalar
    max_tv: Scalar
    objective: Scalar
    status: str
    multipliers: dict[str, Any] = field(default_factory=dict)
    backtracks: int | None = None


def step_to(
    L: LocalObjective,
    pi_new: Array,
    multipliers: dict[str, Any] | None = None,
    penalty: Callable[[Any, Any, Any], Any] | None = None,
    status: str | None = None,
    backtracks: int | None = None,
) -> Step:
    """Return the step to a policy: its rows checked, its gain and its distances computed.

    penalty: what the objective takes off the gain, from max_kl, mean_kl and max_tv
    raises:  InvalidMDPError for rows off the simplex or on actions that are not allowed
    """
    pi_new = frozen(check_rows("pi_new", pi_new, L.allowed))
    at = visited(L)
    old, new, weight = L.pi[at], pi_new[at], L.weight[at]
    gain = L.gain(pi_new)
    kl, moved = kl_of_rows(old, new), abs(new - old)
    if is_rational(L.pi):
        max_kl = maximum(kl) if len(kl) else 0
        max_tv = max(moved.sum(axis=-1), default=Fraction(0)) / 2
        mean_kl = sum((w * k for w, k in zip(weight, kl, strict=True)), Fraction(0))
    else:
        max_kl, max_tv = largest(kl), largest(moved.dot(ones(moved.shape[1]))) / 2
        mean_kl = weight.dot(kl)
    mean_kl = mean_kl / np.add.reduce(weight) if len(kl) else mean_kl
    objective = gain if penalty is None else gain - penalty(max_kl, mean_kl, max_tv)
    if status is None:
        still = not max_tv and not (pi_new != L.pi).any()
        status = MOVED if not still else OPTIMAL if is_optimal(L) else STUCK
    found = multipliers or {}
    return Step(pi_new, gain, max_kl, mean_kl, max_tv, objective, status, found, backtracks)


def visited(L: LocalObjective) -> Any:
    """Return an index of the states with weight > 0; where they are all, one that takes no copy."""
    seen = L.weight > 0
    return slice(None) if np.count_nonzero(seen) == len(seen) else seen


def is_optimal(L: LocalObjective) -> bool:
    """Return whether no policy has a larger surrogate: all mass is on best actions already."""
    G = L.G if L.allowed is None else np.where(L.allowed, L.G, L.G.min(axis=-1, keepdims=True))
    return not bool(((G.max(axis=-1, keepdims=True) > L.G) & (L.pi > 0)).any())


def single(L: Objective) -> Objective:
    """Return the surrogate of one model; refuse a batch.

    raises: InvalidMDPError
    """
    if L.pi.ndim != 2 or L.G.shape != L.pi.shape or L.weight.shape != L.pi.shape[:1]:
        raise shape_error("surrogate", L.G.shape, f"(S, A) like pi {L.pi.shape}, weight (S,)")
    return L


def floating(L: Objective) -> Objective:
    """Return the surrogate of one model in floats; refuse a rational one, and a batch.

    raises: InvalidMDPError, ExactnessError
    """
    if is_rational(single(L).pi):
        cure = "Use mdp.to_float(), improve.arithmetics.in_floats, or a step with total variation"
        expected = "float for a step with logarithms"
        raise ExactnessError(Problem("lane", "surrogate", "is rational", expected, cure))
    return L


def nonnegative(name: str, value: Any, rational: bool = False) -> Any:
    """Return a number such as delta or C as a Fraction or a Python float; inf is refused too.

    A Python float overflows without the warning of a numpy one.

    raises: InvalidMDPError for negative, NaN or infinite numbers, ExactnessError for the other arithmetic
    """
    if type(value) is float and not rational and 0 <= value < math.inf:
        return value
    number = read_as(name, value, rational)
    if number.ndim:
        raise shape_error(name, number.shape, "() one number")
    got = number[()]
    if not 0 <= got < math.inf:
        raise invalid("range", name, f"= {shown(got)}", "a finite number >= 0")
    return got if rational else float(got)
