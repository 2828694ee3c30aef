"""The record of one policy step, and `step_to`, which computes it from a new policy.

A step is described by its predicted gain L(pi_new) - eta and by its distances from the old policy,
the largest and the mean KL and the largest total variation, which bound eta_new - L (TRPO 2015,
Theorem 1).  In rational arithmetic all are exact.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import ExactnessError, invalid
from tabular_trpo._core.extrema import maximum
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, frozen, is_rational, largest, ones, shown
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.divergence import kl_of_rows
from tabular_trpo._exact.surrogate import LocalObjective
from tabular_trpo._improve.multipliers import Multipliers
from tabular_trpo._improve.status import StepStatus

Objective = TypeVar("Objective", bound=LocalObjective)
Penalty = Callable[[Scalar, Scalar, Scalar], Scalar]
NO_MULTIPLIERS = Multipliers()


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Step:
    """A policy step: the new policy, its predicted gain, and its distances from the old policy.

    pi_new:      (S, A) in the arithmetic of the surrogate
    gain:        L(pi_new) - eta = sum_{s,a} G (pi_new - pi)
    max_kl, mean_kl: the largest and the mean KL(pi || pi_new) over visited states (weight > 0);
                 the mean is under weight / sum(weight)
    max_tv:      largest total variation over visited states
    objective:   the maximised objective: the gain, less the penalty of the step if it has one
    status:      "moved" where pi_new differs from pi; else "optimal" if no visited state has a
                 better action, "restored" after a line search that accepted no trial, or "stuck"
    multipliers: the multipliers and parameters of the step, a record that is also a mapping
    backtracks:  number of rejected trials of a line search, None without a line search

    >>> from tabular_trpo import Surrogate
    >>> L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[0.5, 0.5]]), 0.0)
    >>> step_to(L, [[0.25, 0.75]])
    Step(moved, gain 0.25, max_kl 0.143841, mean_kl 0.143841, max_tv 0.25)
    """

    pi_new: Array
    gain: Scalar
    max_kl: Scalar
    mean_kl: Scalar
    max_tv: Scalar
    objective: Scalar
    status: StepStatus
    multipliers: Multipliers = NO_MULTIPLIERS
    backtracks: int | None = None

    def __repr__(self) -> str:
        """Return one line: the status, the gain and the distances."""
        names = ("gain", "max_kl", "mean_kl", "max_tv")
        numbers = (f"{name} {nearest(getattr(self, name)):.6g}" for name in names)
        return f"Step({self.status}, {', '.join(numbers)})"


@public
def step_to(L: LocalObjective, pi_new: object, multipliers: Multipliers = NO_MULTIPLIERS) -> Step:
    """Return the step to a given policy, for methods that are not part of the package.

    The rows are checked, and the gain L(pi_new) - eta (TRPO 2015, equation (3)) and the distances
    from L.pi are computed.

    L:           the surrogate of the old policy
    pi_new:      (S, A) in the arithmetic of L
    multipliers: the record of the step; with `Mixture(alpha, target)` `iterate` uses the bounds for
                 mixtures as well
    return:      `Step`
    raises:      InvalidMDPError for another shape, and for rows off the simplex or on actions that
                 are not allowed; ExactnessError for the other arithmetic

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> L = surrogate(evaluate(mdp, [["1/2", "1/2"]]))
    >>> step_to(L, [["1/4", "3/4"]]).gain
    Fraction(1, 2)
    """
    return make_step(L, read_like("pi_new", pi_new, L, unsigned=True), multipliers)


def make_step(
    L: LocalObjective,
    pi_new: Array,
    multipliers: Multipliers = NO_MULTIPLIERS,
    penalty: Penalty | None = None,
    status: StepStatus | None = None,
    backtracks: int | None = None,
) -> Step:
    """Return the step to a policy (S, A) in the arithmetic of L.

    penalty: (max_kl, mean_kl, max_tv) -> the penalty that is subtracted from the gain, or None
    status:  None to determine it from pi_new and L
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
        unmoved = StepStatus.OPTIMAL if still and is_optimal(L) else StepStatus.STUCK
        status = unmoved if still else StepStatus.MOVED
    return Step(pi_new, gain, max_kl, mean_kl, max_tv, objective, status, multipliers, backtracks)


def visited(L: LocalObjective) -> slice | Array:
    """Return an index of the states with weight > 0, a slice (no copy) if those are all states."""
    seen = L.weight > 0
    return slice(None) if np.count_nonzero(seen) == len(seen) else seen


def is_optimal(L: LocalObjective) -> bool:
    """Return whether pi maximises the surrogate, with all mass on actions of the largest G."""
    G = L.G if L.allowed is None else np.where(L.allowed, L.G, L.G.min(axis=-1, keepdims=True))
    return not bool(((G.max(axis=-1, keepdims=True) > L.G) & (L.pi > 0)).any())


def read_like(name: str, value: object, L: LocalObjective, unsigned: bool = False) -> Array:
    """Return a table of numbers (S, A) in the arithmetic of the surrogate.

    name:     the name of the table in errors
    unsigned: whether the numbers are probabilities, for which "-0" is an error
    raises:   InvalidMDPError for another shape, ExactnessError for the other arithmetic
    """
    table = read_as(name, value, is_rational(L.pi), unsigned)
    if table.shape != L.pi.shape:
        raise shape_error(name, table.shape, f"(S, A) = {L.pi.shape}")
    return table


def single(L: Objective) -> Objective:
    """Return the surrogate after a check that it is of a single model.

    raises: InvalidMDPError for a batch
    """
    if L.pi.ndim != 2 or L.G.shape != L.pi.shape or L.weight.shape != L.pi.shape[:1]:
        raise shape_error("surrogate", L.G.shape, f"(S, A) like pi {L.pi.shape}, weight (S,)")
    return L


def floating(L: Objective) -> Objective:
    """Return the surrogate after a check that it is of a single model, in floats.

    raises: InvalidMDPError for a batch, ExactnessError for a rational surrogate
    """
    if is_rational(single(L).pi):
        cure = "Use mdp.to_float(), tt.improve.in_floats(step), or a step in total variation"
        expected = "float for a step with logarithms"
        raise ExactnessError.of("lane", "surrogate", "is rational", expected, cure)
    return L


def nonnegative(name: str, value: object, rational: bool = False) -> Scalar:
    """Return a number such as delta or C as a Fraction or a Python float.

    Python floats overflow without the warning of numpy scalars.

    name:   the name of the number in errors
    raises: InvalidMDPError for negative, NaN or infinite numbers; ExactnessError for the other
            arithmetic
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
