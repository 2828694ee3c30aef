"""The statuses of steps, of solvers, of verdicts on a step and of rules: strings with names."""

from enum import StrEnum
from typing import final

from tabular_trpo._core.public import public


class Status(StrEnum):
    """A string with a name, equal to and printed as the plain string (abstract: no members)."""

    __repr__ = str.__repr__


@public
@final
class StepStatus(Status):
    """What a step did.

    MOVED:    pi_new differs from pi
    OPTIMAL:  pi_new = pi, and no visited state has a better action
    STUCK:    pi_new = pi, although some visited state has a better action
    RESTORED: pi_new = pi, since a line search accepted no trial

    >>> StepStatus.MOVED == "moved", list(StepStatus)
    (True, ['moved', 'optimal', 'stuck', 'restored'])
    """

    MOVED = "moved"
    OPTIMAL = "optimal"
    STUCK = "stuck"
    RESTORED = "restored"


@public
@final
class Monotone(Status):
    """Whether eta_new >= eta is certain (PROVED), its contrary is (REFUTED), or neither.

    >>> list(Monotone)
    ['proved', 'refuted', 'undecided']
    """

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@public
@final
class SolverStatus(Status):
    """Why conjugate gradients ended.

    SOLVED:     the residual is within the tolerance
    CURVATURE:  a direction p has p'(H + damping I)p <= 0 up to rounding
    ITERATIONS: the allowed iterations are used up

    >>> list(SolverStatus)
    ['solved', 'curvature', 'iterations']
    """

    SOLVED = "solved"
    CURVATURE = "curvature"
    ITERATIONS = "iterations"


@final
class RuleName(Status):
    """What a stopping rule looks at."""

    ITERATIONS = "iterations"
    HALTED = "halted"
    GAIN = "gain"
    GAP = "gap"
