"""When a run ends: rules with names, and what each of them guarantees."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import read_array, shown
from tabular_trpo._core.records import locked


@final
@locked
@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule looks at after a step.

    i:              the number of the step, from 1
    status:         of the step
    certified_gain: the best certified lower bound of its gain, None where no rung speaks
    gap:            certain upper bound of max_s V*(s) - V(s) at the new policy
    """

    i: int
    status: str
    certified_gain: Any
    gap: Any


@final
@locked
@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that ends a run after a step.

    name:      "iterations", "halted", "gain" or "gap"
    bound:     the number that it compares with
    guarantee: what is certain where it ends a run.  In each case `Record.gap` bounds the distance
               to the optimum, eta* - eta <= max A / (1 - gamma); only "gap" promises its size
    """

    name: str
    bound: Any
    guarantee: str

    def met(self, facts: Facts) -> bool:
        """Return whether the run ends after this step."""
        if self.name == "iterations":
            return bool(facts.i >= self.bound)
        if self.name == "halted":
            return facts.status != "moved"
        if self.name == "gain":
            gain = facts.certified_gain
            return gain is None or bool(gain <= self.bound)
        return bool(facts.gap <= self.bound)


def iterations(most: Any) -> Rule:
    """End after so many steps; guarantees nothing beyond the bounds of each record.

    raises: InvalidMDPError for what is no integer >= 1

    >>> iterations(3).name
    'iterations'
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise invalid("range", "iterations", f"= {shown(most)}", "an integer >= 1")
    return Rule("iterations", most, "no more than the bounds of each step")


def halted() -> Rule:
    """End where a step moves nothing.

    The step is a function of the policy, so that all later steps would be the same.  Neither
    "optimal" (of the surrogate, which ignores states that are not visited) nor "stuck" says that
    the policy is optimal; the gap tells.
    """
    return Rule("halted", None, "the policy is a fixed point of the step")


def gain_at_most(tol: Any) -> Rule:
    """End after a step whose best certified gain is at most `tol`, or that has none.

    Says that the certificates have run out, not that the policy is near the optimum.

    raises: InvalidMDPError for a negative or infinite number, or none
    """
    return Rule("gain", _tolerance(tol), "the last step had a certified gain of at most tol")


def gap_at_most(tol: Any) -> Rule:
    """End where V* - V <= max A / (1 - gamma) <= tol at every state.  Puterman (1994).

    raises: InvalidMDPError for a negative or infinite number, or none

    >>> gap_at_most("1/100").bound
    Fraction(1, 100)
    """
    return Rule("gap", _tolerance(tol), "V* - V <= tol at every state, hence eta* - eta <= tol")


def _tolerance(tol: Any) -> Any:
    """Return the tolerance as a Fraction, which compares exactly with every arithmetic."""
    number: Any = read_array("tol", tol)[1][()]
    text = f"= {shown(tol)}"
    try:
        got = Fraction(number)
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        raise invalid("range", "tol", text, "a finite number >= 0") from None
    if got < 0:
        raise invalid("range", "tol", text, "a finite number >= 0")
    return got
