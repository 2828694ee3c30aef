"""Expansion of a formula into a sum of terms with signs, equal to the formula.

Products, quotients and linear functions are distributed over sums, for example
sum_s(rho*(A_bar - eps)) = sum_s(rho*A_bar) - sum_s(rho*eps).
"""

from collections.abc import Iterator

from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.symbols import Symbols, definition
from tabular_trpo._theory.vocabulary import FUNCTIONS, QUANTITIES, STATE, TABLE

Terms = tuple[tuple[float, Expression], ...]
MAXIMA = ("max_s", "max_a", "max_sa")
LINEAR = ("sum_s", "mean_d", "sum_a", "expect_next", "push_forward", "shift")
_P = Symbols()
MINORANT = {_P.M: definition(QUANTITIES["M"])}  # the only quantity that is defined as a sum
ONE = {STATE: _P.rho0**0, TABLE: _P.pi**0}  # the number 1 at each state, and at each action


def flattened(e: Expression, sign: float = 1.0) -> Terms:
    """Return the terms of the sums and differences at the top of a formula, as (sign, term).

    >>> from tabular_trpo._theory.trace import trace
    >>> flattened(trace(lambda p: (p.eta_new - (p.L - p.eps), ">=", 0)).lhs)
    ((1.0, eta_new), (-1.0, L), (1.0, eps))
    """
    match e.op, e.args:
        case "number", [0]:
            return ()
        case "+", [x, y]:
            return flattened(x, sign) + flattened(y, sign)
        case "-", [x, y]:
            return flattened(x, sign) + flattened(y, -sign)
        case "neg", [x]:
            return flattened(x, -sign)
    return ((sign, e),)


def cancelled(terms: Terms) -> Terms:
    """Return the terms without those that cancel: equal expressions with opposite signs."""
    left: list[tuple[float, Expression]] = []
    for sign, e in terms:
        other = next((i for i, (s, x) in enumerate(left) if x is e and s == -sign), None)
        if other is None:
            left.append((sign, e))
        else:
            del left[other]
    return tuple(left)


def terms_of(e: Expression, sign: float = 1.0) -> Terms:
    """Return the terms of e; if e is a single maximum, those of its argument, for e <= 0."""
    found = flattened(e, sign)
    if len(found) == 1 and found[0][0] > 0 and found[0][1].op in MAXIMA:
        return terms_of(found[0][1].args[0])
    return found


def parts(e: Expression) -> Terms:
    """Return terms whose sum is e, by distributing its outermost operation over a sum.

    >>> from tabular_trpo._theory.trace import trace
    >>> parts(trace(lambda p: (p.sum_s(p.rho * (p.A_bar - p.eps)), ">=", 0)).lhs)
    ((1.0, sum_s(rho*A_bar)), (-1.0, sum_s(rho*eps)))
    """
    return tuple(_distributed(e)) if e.op != "number" else ((1.0, e),)


def _distributed(e: Expression) -> Iterator[tuple[float, Expression]]:
    """Yield the terms of `parts` for an expression that is not a number."""
    match e.op, e.args:
        case "name", _ if e in MINORANT:
            yield from flattened(MINORANT[e])
        case "*", [x, y]:
            inner = [(s * t, a * b) for s, a in _inside(x) for t, b in _inside(y)]
            yield from inner
        case "/", [x, y]:
            yield from ((sign, part / y) for sign, part in _inside(x))
        case op, [x] if op in LINEAR:
            for sign, part in _inside(x):
                yield sign, getattr(_P, op)(_spread(part, FUNCTIONS[op].takes[0]))
        case _:
            yield 1.0, e


def _inside(e: Expression) -> Terms:
    """Return the terms of a sum; for another expression, those of `parts`."""
    found = flattened(e)
    return parts(e) if len(found) == 1 and found[0][1] is e else found


def _spread(e: Expression, rank: int) -> Expression:
    """Return e with the given rank: one of lower rank is repeated at each state or action."""
    return e if e.rank == rank else e * ONE[rank]
