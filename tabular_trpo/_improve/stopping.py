"""Rules that end a run of `iterate`, each with the guarantee that holds at its end.

In every case eta* - eta <= max_s V* - V <= max A / (1 - gamma), which is `Record.gap` (Puterman
1994, section 6.3).  Only `gap_at_most` makes this bound at most a given number.
"""

from fractions import Fraction
from typing import final

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import OptionalScalar, Scalar, read_array, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._improve.status import RuleName, StepStatus


@public
@final
@locked_dataclass(frozen=True)
class Rule:
    """A rule that ends a run of `iterate` after a step, made by one of four functions.

    name:      "iterations", "halted", "gain" or "gap", by `iterations`, `halted`, `gain_at_most`
               and `gap_at_most`
    bound:     the number that the rule compares with, None for "halted"
    guarantee: what is proved of the last policy.  In each case `Record.gap` bounds the distance to
               the optimum, eta* - eta <= max A / (1 - gamma); only "gap" makes it at most `bound`

    >>> iterations(3).name, halted().guarantee
    ('iterations', 'the policy is a fixed point of the step')
    """

    name: RuleName
    bound: OptionalScalar
    guarantee: str

    def holds(self, i: int, status: StepStatus, gain: OptionalScalar, gap: Scalar) -> bool:
        """Return whether the run ends after this step.

        i:      the number of the step, from 1
        status: the status of the step
        gain:   the largest certified lower bound of its gain, or None without one
        gap:    certified upper bound of max_s V*(s) - V(s) at the new policy
        """
        match self.name:
            case RuleName.ITERATIONS:
                return bool(i >= self.bound)
            case RuleName.HALTED:
                return status != StepStatus.MOVED
            case RuleName.GAIN:
                return gain is None or bool(gain <= self.bound)
            case RuleName.GAP:
                return bool(gap <= self.bound)


@public
def iterations(most: object) -> Rule:
    """Return the rule that ends a run after a number of steps, without a guarantee of its result.

    most:   an integer >= 1
    raises: InvalidMDPError for other values

    >>> iterations(3).bound
    3
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise invalid("range", "iterations", f"= {shown(most)}", "an integer >= 1")
    return Rule(RuleName.ITERATIONS, most, "no more than the bounds of each step")


@public
def halted() -> Rule:
    """Return the rule that ends a run after a step with pi_new = pi.

    The policy is then a fixed point, if the step is a function of the policy.  Neither "optimal"
    (for the surrogate, which ignores states that are not visited) nor "stuck" implies that the
    policy is optimal; `Record.gap` bounds max_s V* - V.

    >>> halted().name
    'halted'
    """
    return Rule(RuleName.HALTED, None, "the policy is a fixed point of the step")


@public
def gain_at_most(tol: object) -> Rule:
    """Return the rule that ends a run after a step whose largest certified gain is at most `tol`.

    A step without a certified gain ends the run too.  The policy need not be near the optimum: the
    bounds may be too weak to certify a larger gain.

    tol:    a finite number >= 0
    raises: InvalidMDPError for other values

    >>> gain_at_most("1/100").bound
    Fraction(1, 100)
    """
    guarantee = "the last step had a certified gain of at most tol"
    return Rule(RuleName.GAIN, _tolerance(tol), guarantee)


@public
def gap_at_most(tol: object) -> Rule:
    """Return the rule that ends a run where max A / (1 - gamma) <= tol.

    Then V*(s) - V(s) <= tol at every s, and eta* - eta <= tol.  Puterman (1994), section 6.3.

    tol:    a finite number >= 0
    raises: InvalidMDPError for other values

    >>> gap_at_most("1/100").bound
    Fraction(1, 100)
    """
    guarantee = "V* - V <= tol at every state, hence eta* - eta <= tol"
    return Rule(RuleName.GAP, _tolerance(tol), guarantee)


def _tolerance(tol: object) -> Fraction:
    """Return the tolerance as a Fraction, for exact comparisons with Fractions and floats."""
    number: Scalar = read_array("tol", tol)[1][()]
    try:
        got = Fraction(number)
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        got = Fraction(-1)
    if got < 0:
        raise invalid("range", "tol", f"= {shown(tol)}", "a finite number >= 0")
    return got
