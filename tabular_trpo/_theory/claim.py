"""A theorem is data: a formula and its source; a claim is its value, a verdict its fate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NoReturn, final

import numpy as np

from tabular_trpo._core.deprecated import renamed_attribute
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.nearest import approximate
from tabular_trpo._core.numbers import OptionalScalar, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._theory.center import Centre, centred
from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.quantities import Quantities
from tabular_trpo._theory.trace import Formula, Statement, trace
from tabular_trpo._theory.vocabulary import entries
from tabular_trpo._theory.wording import WORDS


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Claim:
    """What a theorem says of one pair (or batch of pairs): two numbers and how they should relate.

    lhs, rhs: (...) in the arithmetic of the pair; None where a side has no value
    """

    name: str
    equation: str
    source: str
    lhs: Any
    relation: str
    rhs: Any

    @property
    def slack(self) -> Any:
        """Return rhs - lhs for "<=", else lhs - rhs: the claim holds where it is >= 0, or 0."""
        with np.errstate(invalid="ignore"):  # inf - inf is NaN: no value
            return self.rhs - self.lhs if self.relation == "<=" else self.lhs - self.rhs


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a claim; there are four ends, so a verdict is not a bool.

    status:    "proved", "refuted", "undecided" (a limit was reached: see `reason`), or "vacuous"
               (the precondition fails, a penalty is infinite, or a side has no value: see `reason`)
    slack_lo, slack_hi: certain bounds of the slack (see `Claim.slack`), equal where it is known
               exactly; None where it has no value
    arithmetic:      "float" (enclosed float64), "rational", or "enclosure" (exact logarithms and roots)
    tightness: gap / penalty, 1 at equality.  Of a bound around L, (L - lhs) / (L - rhs); of another
               "<=", lhs / rhs; None elsewhere and for 0 / 0
    """

    status: str
    slack_lo: OptionalScalar
    slack_hi: OptionalScalar
    arithmetic: str
    claim: Claim
    reason: str = ""
    tightness: float | None = None

    lane = renamed_attribute("lane", "arithmetic")

    def __bool__(self) -> NoReturn:
        """Refuse: undecided is not false, and vacuous is not true."""
        raise TypeError(
            'a verdict is no bool; compare verdict.status with "proved", "refuted", ...'
        )

    def __str__(self) -> str:
        """Return one line: status, name, arithmetic, and the slack or else the reason."""
        slack, end = self.slack_lo, self.reason
        if slack is not None:  # it may be beyond the largest float
            exact = isinstance(slack, Fraction)
            end = f"slack {approximate(slack, 6) if exact else format(slack, '.6g')}"
        return f"{self.status:9} {self.claim.name:33} {self.arithmetic:9} {end}"


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """The formula of a theorem that was copied or pickled: what tracing the first one gave."""

    statement: Statement

    def __call__(self, p: Any) -> Statement:
        """Return the statement."""
        return self.statement


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Theorem:
    """A statement about every pair of policies, one text for every arithmetic.

    name:         not empty
    formula:      p -> (lhs, relation, rhs)
    precondition: p -> (lhs, relation, rhs) under which alone it speaks, or None
    around:       "L" for a bound around the surrogate, or any formula of a number; see
                  `Verdict.tightness`
    same_as:      the name of the theorem that says the same number, or nothing
    algebra:      whether it holds by algebra in its numbers, whatever the model
    quoted:       what the source says, in words or in its notation
    differs:      what is said here that the source does not say, or says otherwise
    statement, condition, centre: the traced formulas
    mixture:      whether it speaks of mixture pairs only
    raises:       TypeError where a formula leaves the language or the name is no text;
                  InvalidMDPError where `around` is no number of a pair
    """

    name: str
    equation: str
    source: str
    formula: Any = field(repr=False)  # Formula
    precondition: Any = field(default=None, repr=False)  # Formula | None
    around: Centre = None
    same_as: str = ""
    algebra: bool = False
    quoted: str = ""
    differs: str = ""
    statement: Statement = field(init=False)
    condition: Statement | None = field(init=False)
    centre: Expression | None = field(init=False)
    mixture: bool = field(init=False)

    def __post_init__(self) -> None:
        """Check the words, trace the formulas."""
        check_words(self.name)
        centre = centred(self.around)
        statement = trace(self.formula)
        condition = None if self.precondition is None else trace(self.precondition, "precondition")
        object.__setattr__(self, "statement", statement)
        object.__setattr__(self, "condition", condition)
        object.__setattr__(self, "centre", centre)
        names = self.names() | (set() if centre is None else centre.names())
        object.__setattr__(self, "mixture", any(entry.mixture for entry in entries(names)))

    def _portable(self) -> dict[str, Any]:
        """Return the formulas as what they were traced to: functions of users cannot be pickled."""
        condition = self.condition
        return {
            "formula": Traced(self.statement),
            "precondition": None if condition is None else Traced(condition),
        }

    def __call__(self, pair: Quantities) -> Claim:
        """Evaluate both sides at a pair; a batch of pairs gives batched sides.

        raises: InvalidMDPError for a theorem on mixtures and a pair that is none
        """
        return self.at(pair, self.statement)

    @public
    def at(self, pair: Quantities, statement: Statement) -> Claim:
        """Evaluate the statement or the condition."""
        if self.mixture and not pair.is_mixture:
            cure = "Build the pair by Pair.mixture(mdp, pi, target, alpha)"
            got = "speaks of mixtures only"
            raise invalid("mixture", self.name, got, "a mixture pair", cure)
        lhs, rhs = (side.value(pair) for side in (statement.lhs, statement.rhs))
        return self.claim(lhs, rhs, statement.relation)

    @public
    def claim(self, lhs: Any, rhs: Any, relation: str = "") -> Claim:
        """Return the claim with these numbers as its sides."""
        relation = relation or self.statement.relation
        return Claim(self.name, self.equation, self.source, lhs, relation, rhs)

    def text(self) -> tuple[str, str, str]:
        """Return (lhs, relation, rhs) in the formula language of the certificates."""
        return str(self.statement.lhs), self.statement.relation, str(self.statement.rhs)

    def condition_text(self) -> str | None:
        """Return the precondition as certificates state it: a text, "mixture", or None."""
        return str(self.condition) if self.condition else "mixture" if self.mixture else None

    def names(self) -> set[str]:
        """Return the names of the quantities and functions in the statement and its condition."""
        return self.statement.names() | (self.condition.names() if self.condition else set())

    @property
    def exactness(self) -> str:
        """The numbers that decide it: "rational", "sqrt" (roots too) or "log" (logarithms too)."""
        names = self.names()
        return (
            "log"
            if any(entry.logarithms for entry in entries(names))
            else "sqrt"
            if "sqrt" in names
            else "rational"
        )

    @property
    def sides(self) -> str:
        """The sides it bounds: "two" of an equation or an absolute error on the left, or "one"."""
        two = self.statement.relation == "==" or _is_error(self.statement.lhs)
        return "two" if two else "one"


def _is_error(lhs: Expression) -> bool:
    """Return whether an absolute value, its largest over the states or a multiple is bounded."""
    match lhs.op, lhs.args:
        case "abs", _:
            return True
        case "max_s", [Expression(op="-", args=[x, _]) | x]:
            return _is_error(x)
        case "*", [_, x]:
            return _is_error(x)
    return False


def check_words(title: object) -> None:
    """Refuse a title that is no text."""
    if not isinstance(title, str) or not title:
        raise TypeError(f'title = {shown(title)}, expected a text: write @tt.claim("my bound")')


def theorem(
    equation: str,
    source: str,
    around: Centre = None,
    when: Formula | None = None,
    same_as: str = "",
    algebra: bool = False,
) -> Callable[[Formula], Theorem]:
    """Make a Theorem of a function; its name is the function's."""
    return lambda formula: Theorem(
        formula.__name__,
        equation,
        source,
        formula,
        when,
        around,
        same_as,
        algebra,
        *WORDS.get(formula.__name__, ("", "")),
    )


@public
def claim(title: Any, around: Centre = None, when: Any = None) -> Callable[[Formula], Theorem]:
    """Make a claim of one's own, to be judged, certified or refuted like any theorem.

    title:  what it is called
    around: the number that the bound lies around, as text or as a formula p -> number: "L", or
            "eta + sum_s(rho*A_bar)"; it tells the gap from the penalty, see `Verdict.tightness`
    when:   a formula that must hold for the claim to speak
    raises: TypeError where a formula leaves the language or the title is no text;
            InvalidMDPError where `around` is no number of a pair

    >>> @claim("Theorem 1, constant 2", around="L")
    ... def weak(p):
    ...     return p.eta_new, ">=", p.L - 2 * p.eps * p.gamma / (1 - p.gamma) ** 2 * p.max_tv**2
    >>> weak.text()
    ('eta_new', '>=', 'L - 2*eps*gamma/(1 - gamma)**2*max_tv**2')
    """
    if not (when is None or callable(when)):
        raise TypeError(f"when = {shown(when)}, expected a function of p")
    check_words(title)  # here, where they were written, not where the formula follows
    centred(around)
    return lambda formula: Theorem(title, "claim", "user", formula, when, around)
