"""The multipliers and parameters of steps: one record for each kind of constraint or penalty.

A record has the Lagrange multipliers of the step and the parameters that the solver was given.  Its
type identifies the problem that the step solves, for `duality_gap`, `step_certificate` and
`iterate`.  Each record is also a mapping from names to values, without fields that are None.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, final

from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._improve.status import SolverStatus

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _record(cls: type[T]) -> type[T]:
    """Return a class with annotated fields as a public, immutable record."""
    return public(locked(dataclass(frozen=True, slots=True)(cls)))


@_record
class Multipliers(Mapping[str, Any]):
    """The multipliers and parameters of a step, a mapping from names to values.

    Steps of `greedy` and `rwr` have an empty one.  This class is also the abstract base of the
    records of the other steps.

    >>> len(Multipliers()), dict(TVConstraint(0.5, [0.0, 2.0]))["delta"]
    (0, 0.5)
    """

    def _named(self) -> dict[str, Any]:
        """Return {name: value} of the fields that are not None."""
        values = {f.metadata.get("key", f.name): getattr(self, f.name) for f in fields(self)}
        return {key: value for key, value in values.items() if value is not None}

    def __getitem__(self, key: str) -> Any:
        """Return the value with a name."""
        return self._named()[key]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the values."""
        return iter(self._named())

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._named())


@final
@_record
class Mixture(Multipliers):
    """The mixture (1 - alpha) pi + alpha target of `conservative`.

    alpha:  the weight, in [0, 1]
    target: (S, A) policy; None where the new policy was rounded, so that it is no exact mixture
    eps:    max_s abs(sum_a target(a|s) A(s, a)) for a weight in closed form, else None

    >>> list(Mixture(0.5))
    ['alpha']
    """

    alpha: Scalar
    target: Array | None = None
    eps: OptionalScalar = None


@final
@_record
class TVPenalty(Multipliers):
    """The multipliers of `tv_penalty`, the optimum of gain - c max_s D_TV(pi(s), pi_new(s))^2.

    c: the coefficient of the penalty
    a: the largest total variation of the step
    m: (S,) multipliers of the total variation of each row, with sum 2 c a

    >>> TVPenalty(4, 0.25, [2.0]).m
    array([2.])
    """

    c: Scalar
    a: Scalar
    m: Array


@final
@_record
class TVConstraint(Multipliers):
    """The multipliers of `tv_constraint`, with max_s D_TV(pi(s), pi_new(s)) <= delta.

    delta: the radius
    m:     (S,) multipliers of the constraint of each row, the derivatives of the gain by delta

    >>> TVConstraint(0.25, [2.0]).m
    array([2.])
    """

    delta: Scalar
    m: Array


@final
@_record
class MeanTVConstraint(Multipliers):
    """The multiplier of `mean_tv_constraint`, with sum_s d(s) D_TV(pi(s), pi_new(s)) <= delta.

    delta: the radius
    lam:   the multiplier of the constraint, the derivative of the gain by delta; its key in the
           mapping is "price"

    >>> MeanTVConstraint(0.25, 2.0)["price"]
    2.0
    """

    delta: Scalar
    lam: Scalar = field(metadata={"key": "price"})


@final
@_record
class KLConstraint(Multipliers):
    """The multipliers of `max_kl` or `mean_kl`, with the largest or mean KL(pi || pi_new) <= delta.

    delta: the radius
    lam:   (S,) for `max_kl`, the multiplier of each row for the gains rho A; a number for
           `mean_kl`, the multiplier of each row for the gains A

    >>> KLConstraint(0.01, 2.0).lam
    2.0
    """

    delta: Scalar
    lam: Scalar


@final
@_record
class KLPenalty(Multipliers):
    """The multipliers of `minorize` or `mean_kl_penalty`: gain - C times the largest or mean KL.

    C:   the coefficient of the penalty
    d:   the divergence of each row in `minorize` before rounding; None for `mean_kl_penalty`
    lam: (S,) for `minorize`, the multiplier of each row, with sum C where d > 0; a number for
         `mean_kl_penalty`, C / sum(weight)

    >>> KLPenalty(4.0, None, 4.0)["C"]
    4.0
    """

    C: Scalar
    d: OptionalScalar
    lam: Scalar


@final
@_record
class ReverseKLPenalty(Multipliers):
    """The coefficient of `mirror`, the optimum of sum_a pi_new A - lam KL(pi_new || pi) by state.

    lam: the coefficient of the penalty

    >>> ReverseKLPenalty(2.0)["lam"]
    2.0
    """

    lam: Scalar


@final
@_record
class ParametricStep(Multipliers):
    """The parameters of a step of `natural`, `natural_fixed` or `vanilla` in a policy class.

    theta:         (S, A) or (K,) the new parameters
    step_length:   beta in theta + beta s, 0 for an unchanged theta
    quadratic_kl:  (beta s)'H(beta s) / 2 of the first trial
    damping:       the damping of conjugate gradients
    cg_iterations: the number of their iterations
    cg_residual:   norm(g - (H + damping I) s) / norm(g)
    cg_status:     the reason why they ended
    lam:           the multiplier of `natural_fixed`, else None

    >>> ParametricStep([[0.0, 0.0]], 0.0, 0.0, 0.0, 0, 0.0, SolverStatus.SOLVED)["step_length"]
    0.0
    """

    theta: Array
    step_length: float
    quadratic_kl: float
    damping: float
    cg_iterations: int
    cg_residual: float
    cg_status: SolverStatus
    lam: OptionalScalar = None
