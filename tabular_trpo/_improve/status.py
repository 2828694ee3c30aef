"""Enumerations of strings: statuses of steps and solvers, verdicts on a step, names of rules."""

from typing import final

from tabular_trpo._core.public import public
from tabular_trpo._core.string_enum import PlainStrEnum


@public
@final
class StepStatus(PlainStrEnum):
    """The outcome of a policy step.

    MOVED:    pi_new differs from pi
    OPTIMAL:  pi_new = pi, and no visited state has a better action
    STUCK:    pi_new = pi, although some visited state has a better action
    RESTORED: pi_new = pi, because a line search accepted no trial

    >>> StepStatus.MOVED == "moved", list(StepStatus)
    (True, ['moved', 'optimal', 'stuck', 'restored'])
    """

    MOVED = "moved"
    OPTIMAL = "optimal"
    STUCK = "stuck"
    RESTORED = "restored"


@public
@final
class Monotone(PlainStrEnum):
    """The verdict on eta_new >= eta: PROVED, REFUTED where eta_new < eta is proved, or UNDECIDED.

    >>> list(Monotone)
    ['proved', 'refuted', 'undecided']
    """

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@public
@final
class SolverStatus(PlainStrEnum):
    """The reason why conjugate gradients ended.

    SOLVED:     the residual is within the tolerance
    CURVATURE:  a direction p has p'(H + damping I)p <= 0 up to rounding
    ITERATIONS: the largest allowed number of iterations was reached

    >>> list(SolverStatus)
    ['solved', 'curvature', 'iterations']
    """

    SOLVED = "solved"
    CURVATURE = "curvature"
    ITERATIONS = "iterations"


@final
class RuleName(PlainStrEnum):
    """The name of a stopping rule.

    ITERATIONS: after a number of steps
    HALTED:     after a step with pi_new = pi
    GAIN:       where the largest certified gain is at most a tolerance
    GAP:        where the bound of max_s V* - V is at most a tolerance
    """

    ITERATIONS = "iterations"
    HALTED = "halted"
    GAIN = "gain"
    GAP = "gap"
