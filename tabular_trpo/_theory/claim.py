"""A theorem is data: a formula with its source; a claim is its value on one pair of policies."""

from collections.abc import Callable
from dataclasses import field
from textwrap import shorten
from typing import Any, final

import numpy as np

from tabular_trpo._core.deprecated import renamed_arguments, renamed_attribute
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import brief, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.string_enum import PlainStrEnum
from tabular_trpo._core.terminal import plain
from tabular_trpo._theory.center import traced_center
from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.quantities import Quantities
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Formula, Statement, trace
from tabular_trpo._theory.vocabulary import entries
from tabular_trpo._theory.wording import WORDS

LONGEST_SHOWN = 80  # characters of a formula in a `repr`


@final
class Exactness(PlainStrEnum):
    """The class of numbers that decides a theorem: rationals, with roots, or with logarithms."""

    RATIONAL = "rational"
    SQRT = "sqrt"
    LOG = "log"


@public
@final
@locked_dataclass(frozen=True, repr=False)
class Claim:
    """A theorem evaluated on one pair (or a batch of pairs): two numbers and their relation.

    lhs, rhs: (...) in the arithmetic of the pair; None where a side has no value
    relation: "==", "<=" or ">="

    >>> from fractions import Fraction
    >>> claim = Claim("my bound", "claim", "user", Fraction(1, 2), "<=", Fraction(3, 4))
    >>> claim, claim.slack
    (<Claim my bound: 1/2 <= 3/4>, Fraction(1, 4))
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

    def __repr__(self) -> str:
        """Return one line: the name and the two sides."""
        lhs, rhs = (
            f"{np.size(x)} numbers" if np.ndim(x) else brief(x) for x in (self.lhs, self.rhs)
        )
        return f"<Claim {plain(self.name)}: {lhs} {self.relation} {rhs}>"


@final
@locked_dataclass(frozen=True, eq=False)
class Traced:
    """An already traced formula: that of a misquotation, or of a copied or pickled theorem."""

    statement: Statement

    def __call__(self, p: Symbols) -> Statement:
        """Return the stored statement; the argument p is not used."""
        return self.statement


@renamed_arguments(around="center")
@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Theorem:
    """A statement about every pair of policies, one formula for every arithmetic.

    name:         not empty
    formula:      p -> (lhs, relation, rhs)
    precondition: p -> (lhs, relation, rhs), without which nothing is claimed; None for no condition
    center:       the number from which gap and penalty of a bound are measured, as text ("L") or as
                  a formula p -> number; see `Verdict.tightness`
    same_as:      name of the theorem that states the same number, or empty
    algebra:      whether it holds by algebra in its numbers, whatever the model
    quoted:       what the source states, in words or in its notation
    differs:      how the statement here differs from the source
    statement, condition, center_expression: the traced formulas
    mixture:      whether it is about mixture pairs only
    raises:       TypeError where a formula leaves the language or the name is no text;
                  InvalidMDPError where `center` is no number of a pair

    >>> Theorem("my bound", "claim", "user", lambda p: (p.eta_new, ">=", p.L - p.C * p.max_kl))
    <Theorem my bound: eta_new >= L - C*max_kl, claim>
    """

    name: str
    equation: str
    source: str
    formula: Any  # Formula, checked where it is traced
    precondition: Any = None  # Formula | None
    center: object = None
    same_as: str = ""
    algebra: bool = False
    quoted: str = ""
    differs: str = ""
    statement: Statement = field(init=False)
    condition: Statement | None = field(init=False)
    center_expression: Expression | None = field(init=False)
    mixture: bool = field(init=False)

    around = renamed_attribute("around", "center")
    centre = renamed_attribute("centre", "center_expression")

    def __post_init__(self) -> None:
        """Check the texts of the fields and trace the formulas."""
        check_title(self.name)
        center = traced_center(self.center)
        statement = trace(self.formula)
        condition = None if self.precondition is None else trace(self.precondition, "precondition")
        object.__setattr__(self, "statement", statement)
        object.__setattr__(self, "condition", condition)
        object.__setattr__(self, "center_expression", center)
        names = self.names() | (set() if center is None else center.names())
        object.__setattr__(self, "mixture", any(entry.mixture for entry in entries(names)))

    def _portable(self) -> dict[str, Traced | None]:
        """Return the formulas as traced statements, since functions of users cannot be pickled."""
        return {
            "formula": Traced(self.statement),
            "precondition": None if self.condition is None else Traced(self.condition),
        }

    def __call__(self, pair: Quantities) -> Claim:
        """Return the claim that this theorem makes on a pair; a batch of pairs gives batched sides.

        raises: InvalidMDPError for a theorem on mixtures where the pair is not a mixture
        """
        return self.at(pair, self.statement)

    @public
    def at(self, pair: Quantities, statement: Statement) -> Claim:
        """Return the claim of a statement, or of the precondition, evaluated at a pair."""
        if self.mixture and not pair.is_mixture:
            cure = "Build the pair by Pair.mixture(mdp, pi, target, alpha)"
            raise invalid("mixture", self.name, "is about mixtures only", "a mixture pair", cure)
        lhs, rhs = (side.value(pair) for side in (statement.lhs, statement.rhs))
        return self.claim(lhs, rhs, statement.relation)

    @public
    def claim(self, lhs: Any, rhs: Any, relation: str = "") -> Claim:
        """Return the claim of this theorem with the given numbers as its sides."""
        relation = relation or self.statement.relation
        return Claim(self.name, self.equation, self.source, lhs, relation, rhs)

    def text(self) -> tuple[str, str, str]:
        """Return the statement as texts (lhs, relation, rhs) in the formula language."""
        return str(self.statement.lhs), self.statement.relation, str(self.statement.rhs)

    def condition_text(self) -> str | None:
        """Return the precondition as certificates state it: a text, "mixture", or None."""
        return str(self.condition) if self.condition else "mixture" if self.mixture else None

    def names(self) -> set[str]:
        """Return the names of the quantities and functions in the statement and its condition."""
        return self.statement.names() | (self.condition.names() if self.condition else set())

    @property
    def exactness(self) -> Exactness:
        """The numbers that decide the theorem: "rational", "sqrt" (roots) or "log" (both)."""
        names = self.names()
        if any(entry.logarithms for entry in entries(names)):
            return Exactness.LOG
        return Exactness.SQRT if "sqrt" in names else Exactness.RATIONAL

    @property
    def sides(self) -> str:
        """The number of sides bounded: "two" for equations and absolute errors, else "one"."""
        two = self.statement.relation == "==" or _is_error(self.statement.lhs)
        return "two" if two else "one"

    def __repr__(self) -> str:
        """Return one line: the name, the formula (shortened if long) and the equation."""
        text = shorten(" ".join(self.text()), LONGEST_SHOWN, placeholder=" ...")
        return f"<Theorem {plain(self.name)}: {text}, {plain(self.equation)}>"


def _is_error(lhs: Expression) -> bool:
    """Return whether lhs is an absolute value, its maximum over the states, or a multiple of it."""
    match lhs.op, lhs.args:
        case "abs", _:
            return True
        case "max_s", [Expression(op="-", args=[x, _]) | x]:
            return _is_error(x)
        case "*", [_, x]:
            return _is_error(x)
    return False


def check_title(title: object) -> str:
    """Return the title of a claim; raise TypeError where it is no text or empty."""
    if not isinstance(title, str) or not title:
        raise TypeError(f'title = {shown(title)}, expected a text: write @tt.claim("my bound")')
    return title


def theorem(
    equation: str,
    source: str,
    center: str | None = None,
    when: Formula | None = None,
    same_as: str = "",
    algebra: bool = False,
) -> Callable[[Formula], Theorem]:
    """Return a decorator that makes a Theorem of a formula; the function name is its name."""

    def made(formula: Formula) -> Theorem:
        name = formula.__name__
        words = WORDS.get(name, ("", ""))
        return Theorem(name, equation, source, formula, when, center, same_as, algebra, *words)

    return made


@renamed_arguments(around="center")
@public
def claim(
    title: object, center: object = None, when: object = None
) -> Callable[[Formula], Theorem]:
    """Return a decorator that makes a claim of a formula, to be judged, certified or refuted.

    title:  name of the claim
    center: the number from which gap and penalty are measured (see `Verdict.tightness`), as text,
            "L" or "eta + sum_s(rho*A_bar)", or as a formula p -> number
    when:   a formula p -> (lhs, relation, rhs), without which the claim is vacuous
    raises: TypeError where a formula leaves the language or the title is no text;
            InvalidMDPError where `center` is no number of a pair

    >>> @claim("Theorem 1, constant 2", center="L")
    ... def weak(p):
    ...     return p.eta_new, ">=", p.L - 2 * p.eps * p.gamma / (1 - p.gamma) ** 2 * p.max_tv**2
    >>> weak.text()
    ('eta_new', '>=', 'L - 2*eps*gamma/(1 - gamma)**2*max_tv**2')
    """
    if not (when is None or callable(when)):
        raise TypeError(f"when = {shown(when)}, expected a function of p")
    name = check_title(title)  # here, where they were written, not where the formula follows
    traced_center(center)
    return lambda formula: Theorem(name, "claim", "user", formula, when, center)
