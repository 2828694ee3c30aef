"""Gain bounds: the statements of the theorem table that bound the gain of a step from below.

**Problem.** Bound eta_new - eta from below in quantities of the old policy and the rows of pi_new,
as does the lower bound M of TRPO (2015), (10), which Algorithm 1 maximises.

**Method.** Statements of theorems are expressions, from which the bounds are derived
(`gain_bounds`), so that every theorem added to the table certifies runs.  Statements with the
values or the visitation of the new policy are left out, since these determine the gain itself.

**Guarantee.** Bounds are exact in rational arithmetic; in float arithmetic they are the lower ends
of enclosures.
"""

from collections.abc import Iterable
from math import isfinite
from typing import final

from tabular_trpo._core import real
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.numbers import OptionalScalar, Scalar
from tabular_trpo._core.public import public
from tabular_trpo._core.real import Real
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.judge import bounds
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.vocabulary import entries

BITS = 512  # precision up to which the sign of a precondition is decided


@public
@final
@locked_dataclass(frozen=True, eq=False)
class GainBound:
    """A lower bound of eta_new - eta by a theorem, in quantities of the old policy and pi_new.

    theorem: the statement from which the bound is derived
    gain:    the bound, an expression in the quantities of `vocabulary`

    >>> gain_bounds()[0].name, str(gain_bounds()[0].gain)
    ('trpo_bound', ...)
    """

    theorem: Theorem
    gain: Expression

    @property
    def name(self) -> str:
        """The name of the theorem in the table."""
        return self.theorem.name


@public
def gain_bounds(theorems: Iterable[Theorem] | None = None) -> tuple[GainBound, ...]:
    """Return the gain bounds of a table of theorems, by default of `THEOREMS`, in its order.

    With p = sum_s rho sum_a (pi_new - pi) A, which is L - eta, a statement of one of these forms
    gives a bound:

        eta_new - eta >= x           gain x
        eta_new >= L - x             gain p - x
        abs(eta_new - L) <= x        gain p - x
        abs(eta_new - eta - q) <= x  gain q - x
        x <= y                       gain p - y, where x is the penalty of an earlier bound
        -max_s(V - V_new) >= 0       gain 0, since eta = rho0 . V

    The forms are those of TRPO (2015), Theorem 1 and equation (10), and of related theorems.

    >>> [bound.name for bound in gain_bounds()[:4]]
    ['trpo_bound', 'trpo_kl_bound', 'trpo_kl_bound_half', 'coupling_span']
    """
    found: list[GainBound] = []
    penalties: set[str] = set()
    for theorem in THEOREMS if theorems is None else theorems:
        gain = _gain(theorem, penalties)
        if gain is None or any(one.needs_new_evaluation for one in entries(gain.names())):
            continue
        found.append(GainBound(theorem, gain))
    return tuple(found)


def _gain(theorem: Theorem, penalties: set[str]) -> Expression | None:
    """Return the lower bound of eta_new - eta that a statement gives, or None."""
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
            predicted: Expression = theorem.statement.lhs.args[0].args[1]
            return predicted - right
    return None


def _penalised(theorem: Theorem, penalty: Expression, penalties: set[str]) -> Expression | None:
    """Return L - eta less a penalty; None where an earlier bound has the same penalty.

    penalties: those of earlier bounds as text, to which this one is added if it holds for all pairs
    """
    p, text = Symbols(), str(penalty)
    if text in penalties:
        return None
    if theorem.condition is None and not theorem.mixture:
        penalties.add(text)
    predicted: Expression = p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.A))
    return predicted - penalty


GAIN_BOUNDS = gain_bounds()


def certified(pair: Pair, candidates: Iterable[GainBound] = GAIN_BOUNDS) -> dict[str, Scalar]:
    """Return {theorem: certain lower bound of eta_new - eta} of the bounds that apply to the pair.

    Values are Fractions and exact Reals in rational arithmetic, the lower ends of enclosures in
    float arithmetic.  A bound is left out where its precondition is not proved, or where its value
    is not finite.

    >>> from tabular_trpo._core.mdp import MDP
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> certified(Pair(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]]))["coupling_eps_cpi"]
    Fraction(3, 10)
    """
    quantities = pair if pair.mdp.arithmetic == "rational" else pair.enclosed()
    found: dict[str, Scalar] = {}
    for bound in candidates:
        theorem = bound.theorem
        if theorem.mixture and not pair.is_mixture:
            continue
        try:
            if theorem.condition is not None:
                status, *_ = bounds(theorem.at(quantities, theorem.condition), BITS)
                if status != "proved":
                    continue
            gain = bound.gain.value(quantities)
        except (LimitError, ArithmeticError, ValueError):  # undecided, or undefined
            continue
        gain = float(gain.lo) if isinstance(gain, Interval) else gain
        if isfinite(gain) if isinstance(gain, float) else not real.is_infinite(gain):
            found[bound.name] = gain
    return found


def largest(found: dict[str, Scalar]) -> tuple[str | None, OptionalScalar]:
    """Return the name and the value of the largest bound, the first of equal ones.

    For no bounds it is (None, None).

    >>> largest({"a": 1, "b": 2, "c": 2})
    ('b', 2)
    """
    best: tuple[str | None, OptionalScalar] = None, None
    for name, value in found.items():
        if best[0] is None or _exceeds(value, best[1]):
            best = name, value
    return best


def _exceeds(x: Scalar, y: Scalar) -> bool:
    """Return whether x > y; False where exact reals are too close to compare."""
    try:
        return bool(real.sign(x - y, BITS) > 0) if isinstance(x - y, Real) else bool(x > y)
    except LimitError:
        return False
