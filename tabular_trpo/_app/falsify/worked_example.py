"""A pair and a claim in numbers that a person can check by hand, for eyes and for machines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any, final

from tabular_trpo._core import real
from tabular_trpo._core.nearest import written
from tabular_trpo._core.records import locked
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import SCALAR, Expression
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.trace import RANKS
from tabular_trpo._theory.verdict import Verdict

OPERATIONS = ("number", "name", "+", "-", "*", "/", "**", "neg")
DIGITS, BITS = 10, 64  # of an enclosure as it is printed, and as it is computed
LONGEST = 120  # characters of a fraction that is printed whole

# name -> what it is, from which others; what is shown always comes first
WHENCE: dict[str, tuple[str, tuple[str, ...]]] = {
    "gamma": ("", ()),
    "V": ("sum_a pi (r + gamma P V)", ()),
    "V_new": ("sum_a pi_new (r + gamma P V_new)", ()),
    "A": ("r + gamma P V - V", ("V",)),
    "rho": ("rho0 + gamma rho P_pi", ()),
    "A_bar": ("sum_a pi_new A", ("A",)),
    "eta": ("sum_s rho0 V", ("V",)),
    "eta_new": ("sum_s rho0 V_new", ("V_new",)),
    "L": ("eta + sum_s rho A_bar", ("eta", "rho", "A_bar")),
    "rho_new": ("rho0 + gamma rho_new P_new", ()),
    "d": ("(1 - gamma) rho", ("rho",)),
    "Q": ("r + gamma P V", ("V",)),
    "A_bar_target": ("sum_a target A", ("A",)),
    "tv": ("sum_a abs(pi - pi_new) / 2", ()),
    "kl": ("sum_a pi log(pi / pi_new)", ()),
    "eps": ("max_sa abs(A)", ("A",)),
    "eps_cpi": ("max_s abs(A_bar)", ("A_bar",)),
    "eps_target": ("max_s abs(A_bar_target)", ("A_bar_target",)),
    "max_tv": ("max_s tv", ("tv",)),
    "mean_tv": ("sum_s d tv", ("d", "tv")),
    "max_kl": ("max_s kl", ("kl",)),
    "mean_kl": ("sum_s d kl", ("d", "kl")),
    "C": ("4 eps gamma / (1 - gamma)^2", ("eps",)),
    "M": ("L - C max_kl", ("L", "C", "max_kl")),
}
ALWAYS = tuple(WHENCE)[: tuple(WHENCE).index("L") + 1]
GIVEN = ("rho0", "r", "pi", "pi_new")  # parts of the model, shown anyway


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """What a claim says of a pair, part by part.

    parts:    {name or function call: value}: what the claim speaks of and what that rests on,
              each after what it rests on; arrays for vectors and tables, None for no value
    lhs, rhs: the sides
    verdict:  of `judge`, with the slack
    """

    pair: Pair
    parts: Mapping[str, Any]
    lhs: Any
    rhs: Any
    verdict: Verdict

    def of(self, rank: int) -> dict[str, Any]:
        """Return the scalars (0), the vectors over states (1) or the tables (2)."""
        mine = {name: x for name, x in self.parts.items() if RANKS.get(name, SCALAR) == rank}
        return {name: x for name, x in mine.items() if x is not None or rank == SCALAR}


def by_hand(claim: Theorem, pair: Pair) -> Hand:
    """Return the numbers that a claim rests on, on a rational pair."""
    names: dict[str, None] = {}
    for name in ALWAYS:
        _need(name, names)
    parts = {name: _named(name, pair) for name in names}
    for x in _expressions(claim):
        if x.op == "name":
            before = dict(names)
            _need(x.args[0], names)
            parts |= {name: _named(name, pair) for name in names if name not in before}
        elif x.rank == SCALAR:
            parts[str(x)] = _value(x, pair)
    lhs, rhs = (_value(x, pair) for x in (claim.statement.lhs, claim.statement.rhs))
    return Hand(pair, parts, lhs, rhs, judge(claim, pair))


def _need(name: str, known: dict[str, None]) -> None:
    """Add a name, after those that it rests on."""
    for other in WHENCE.get(name, ("", ()))[1]:
        _need(other, known)
    if name not in GIVEN:
        known.setdefault(name)


def _expressions(claim: Theorem) -> Iterator[Expression]:
    """Yield the names and the function calls of a claim, in the order of its text, inner first."""
    for made in (claim.statement, claim.condition):
        if made is not None:
            yield from _inside(made.lhs)
            yield from _inside(made.rhs)


def _inside(e: Expression) -> Iterator[Expression]:
    for x in e.args:
        if isinstance(x, Expression):
            yield from _inside(x)
    if e.op == "name" or e.op not in OPERATIONS:
        yield e


def _named(name: str, pair: Pair) -> Any:
    try:
        return getattr(pair, name)
    except (ArithmeticError, ValueError):  # the root or the logarithm of what has none
        return None


def _value(e: Expression, pair: Pair) -> Any:
    try:
        return e.value(pair)
    except (ArithmeticError, ValueError):
        return None


def whole(value: Any) -> str:
    """Write a number as it is: a fraction, or an enclosure of what is none.

    >>> whole(Fraction(-1, 3)), whole(real.log(2)), whole(None)
    ('-1/3', '0.6931471805 .. 0.6931471806', 'no value')
    """
    if value is None:
        return "no value"
    if isinstance(value, real.Real):
        if real.is_infinite(value):
            return "inf" if value > 0 else "-inf"
        lo, hi = value.enclose(BITS)
        return f"{decimal(lo, ROUND_FLOOR)} .. {decimal(hi, ROUND_CEILING)}"
    text = written(value)
    return text if len(text) <= LONGEST else f"~{decimal(Fraction(value))}"


def decimal(x: Fraction, rounding: str | None = None, digits: int = DIGITS) -> str:
    """Write a rational as a decimal, rounded down, up or to the nearest."""
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN)
    if rounding is not None:
        context.rounding = rounding
    return f"{context.divide(Decimal(x.numerator), Decimal(x.denominator))}"
