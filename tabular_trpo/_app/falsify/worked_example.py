"""Worked examples: the values of a claim and its quantities on one pair, to check on paper."""

from collections.abc import Callable, Iterator, Mapping
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Any, final

from tabular_trpo._core import real
from tabular_trpo._core.nearest import written
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.verdict import Verdict
from tabular_trpo._theory.vocabulary import QUANTITIES, SCALAR

OPERATIONS = ("number", "name", "+", "-", "*", "/", "**", "neg")
DIGITS, BITS = 10, 64  # digits of a printed enclosure, bits of a computed one
LONGEST = 120  # characters of a fraction that is printed whole

ALWAYS = ("gamma", "V", "V_new", "A", "rho", "A_bar", "eta", "eta_new", "L")  # shown first
GIVEN = ("rho0", "r", "pi", "pi_new")  # parts of the model, which the report shows in any case


@final
@locked_dataclass(frozen=True, eq=False)
class WorkedExample:
    """The values of a claim and of its quantities on one pair.

    parts:    {name or function call: value} of the quantities in the claim and of those that define
              them, each after the quantities in its formula; arrays (S,) and (S, A) for vectors and
              tables, None for no value
    lhs, rhs: the two sides of the claim
    verdict:  the verdict of `judge`, with the slack
    """

    pair: Pair
    parts: Mapping[str, Any]
    lhs: Scalar | None
    rhs: Scalar | None
    verdict: Verdict

    def of_rank(self, rank: int) -> dict[str, Any]:
        """Return the scalars (rank 0), the vectors (S,) (rank 1) or the tables (S, A) (rank 2)."""
        ranks = {name: entry.rank for name, entry in QUANTITIES.items()}  # calls are scalars
        mine = {name: x for name, x in self.parts.items() if ranks.get(name, SCALAR) == rank}
        return {name: x for name, x in mine.items() if x is not None or rank == SCALAR}


def work_out(claim: Theorem, pair: Pair) -> WorkedExample:
    """Return the values of a claim on a rational pair, and of the quantities that define them."""
    parts: dict[str, Any] = {}
    for name in ALWAYS:
        _add(name, pair, parts)
    for x in _expressions(claim):
        if x.op == "name":
            _add(x.args[0], pair, parts)
        elif x.rank == SCALAR:
            parts[str(x)] = _value(x.value, pair)
    lhs, rhs = (_value(x.value, pair) for x in (claim.statement.lhs, claim.statement.rhs))
    return WorkedExample(pair, parts, lhs, rhs, judge(claim, pair))


def _add(name: str, pair: Pair, parts: dict[str, Any]) -> None:
    """Add the value of a quantity to `parts`, after the quantities in its formula."""
    if name in QUANTITIES and name not in (*GIVEN, *parts):
        for other in QUANTITIES[name].words:
            if other != name:
                _add(other, pair, parts)
        parts[name] = _value(attrgetter(name), pair)


def definition(name: str) -> str:
    """Return the formula of a quantity of the vocabulary, empty for any other name."""
    return QUANTITIES[name].formula if name in QUANTITIES else ""


def _expressions(claim: Theorem) -> Iterator[Expression]:
    """Yield the names and the function calls of a claim, in the order of its text, inner first."""
    for made in (claim.statement, claim.condition):
        if made is not None:
            yield from _inside(made.lhs)
            yield from _inside(made.rhs)


def _inside(e: Expression) -> Iterator[Expression]:
    """Yield the names and the function calls of an expression, inner first."""
    for x in e.args:
        if isinstance(x, Expression):
            yield from _inside(x)
    if e.op == "name" or e.op not in OPERATIONS:
        yield e


def _value(read: Callable[[Pair], Any], pair: Pair) -> Any:
    """Return read(pair), or None where that has no value, as the root of a negative number."""
    try:
        return read(pair)
    except (ArithmeticError, ValueError):
        return None


def whole(value: Scalar | None) -> str:
    """Return a number as exact text: a fraction, or an enclosure of an irrational number.

    A fraction longer than LONGEST characters is rounded after a "~".

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
    """Return a rational as a decimal; `rounding` is a mode of `decimal`, None for the nearest."""
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN)
    if rounding is not None:
        context.rounding = rounding
    return f"{context.divide(Decimal(x.numerator), Decimal(x.denominator))}"
