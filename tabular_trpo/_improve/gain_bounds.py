"""The rungs: every statement of the table that bounds the gain of a step from below.

They are read off the traced statements and not written again, so that a theorem which joins the
table joins every run.  A bound that asks for the values or the visits of the new policy is left
out: who knows those knows the gain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any, final

from tabular_trpo._core import real
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.real import Real
from tabular_trpo._core.records import locked
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.judge import bounds
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.vocabulary import needs_new_evaluation

BITS = 512  # at which the sign of a precondition is given up, and the rung with it


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """A lower bound of eta_new - eta, by a theorem, from the old policy's quantities and pi_new."""

    theorem: Theorem
    gain: Expression

    @property
    def name(self) -> str:
        """The name of the theorem."""
        return self.theorem.name


def rungs(theorems: Iterable[Theorem] = THEOREMS) -> tuple[Rung, ...]:
    """Return the rungs of a table, in its order.

    With p = sum_s rho sum_a (pi_new - pi) A, which is L - eta, a statement is a rung if it reads

        eta_new - eta >= x           gain x
        eta_new >= L - x             gain p - x
        abs(eta_new - L) <= x        gain p - x
        abs(eta_new - eta - q) <= x  gain q - x
        x <= y                       gain p - y, where x is the penalty of a rung: the ladder
        -max_s(V - V_new) >= 0       gain 0, since eta = rho0 . V

    >>> [rung.name for rung in rungs()[:4]]
    ['trpo_bound', 'trpo_kl_bound', 'trpo_kl_bound_half', 'coupling_span']
    """
    found: list[Rung] = []
    penalties: set[str] = set()
    for theorem in theorems:
        gain = _gain(theorem, penalties)
        if gain is not None and not needs_new_evaluation(gain.names()):
            found.append(Rung(theorem, gain))
    return tuple(found)


def _gain(theorem: Theorem, penalties: set[str]) -> Expression | None:
    lhs, relation, rhs = theorem.text()
    right = theorem.statement.rhs
    if relation == ">=":
        if lhs == "eta_new - eta":
            return right
        if lhs == "-max_s(V - V_new)" or (lhs, rhs) == ("eta_new", "eta"):
            return number(0)
        if lhs == "eta_new" and right.op == "-" and str(right.args[0]) == "L":
            return _penalised(theorem, right.args[1], penalties)
    if relation == "<=":
        if lhs == "abs(eta_new - L)" or lhs in penalties:
            return _penalised(theorem, right, penalties)
        if lhs.startswith("abs(eta_new - eta - "):
            promise: Expression = theorem.statement.lhs.args[0].args[1]
            return promise - right
    return None


def _penalised(theorem: Theorem, penalty: Expression, known: set[str]) -> Expression | None:
    """Return the gain at L less a penalty; None where an earlier rung has the same penalty."""
    p, text = Symbols(), str(penalty)
    if text in known:
        return None
    if theorem.condition is None and not theorem.mixture:
        known.add(text)
    promise: Expression = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.A))
    return promise - penalty


RUNGS = rungs()


def certified(pair: Pair, ladder: Iterable[Rung] = RUNGS) -> dict[str, Any]:
    """Return {theorem: certain lower bound of eta_new - eta} of the rungs that speak of the pair.

    Fractions and exact Reals in rational arithmetic; in float arithmetic the lower ends of enclosures.
    A rung is left out where its precondition is not proved, and where it has no finite value.

    >>> from tabular_trpo._core.mdp import MDP
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> certified(Pair(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]]))["coupling_eps_cpi"]
    Fraction(3, 10)
    """
    rational = pair.mdp.arithmetic == "rational"
    quantities: Any = pair if rational else pair.enclosed()
    found: dict[str, Any] = {}
    for rung in ladder:
        if rung.theorem.mixture and not pair.is_mixture:
            continue
        try:
            condition = rung.theorem.condition
            if condition is not None:
                status, *_ = bounds(rung.theorem.at(quantities, condition), BITS)
                if status != "proved":
                    continue
            gain = rung.gain.value(quantities)
        except (LimitError, ArithmeticError, ValueError):  # open, or without a value
            continue
        gain = float(gain.lo) if isinstance(gain, Interval) else gain
        if isfinite(gain) if isinstance(gain, float) else not real.is_infinite(gain):
            found[rung.name] = gain
    return found


def best(found: dict[str, Any]) -> tuple[str | None, Any]:
    """Return the largest bound and its theorem, the first of the table among equals.

    >>> best({"a": 1, "b": 2, "c": 2})
    ('b', 2)
    """
    name: str | None = None
    gain: Any = None
    for key, value in found.items():
        if name is None or _exceeds(value, gain):
            name, gain = key, value
    return name, gain


def _exceeds(x: Any, y: Any) -> bool:
    try:
        return bool(real.sign(x - y, BITS) > 0) if isinstance(x - y, Real) else bool(x > y)
    except LimitError:  # too near to tell: then either is the best
        return False
