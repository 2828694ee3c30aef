"""Multiplication of a claim by its denominators that vanish with the step.

The claim gap / max_tv**2 <= c has no term that vanishes with the step.  Multiplied by
max_tv**2 > 0 it is gap <= c max_tv**2, whose right side is a penalty.
"""

from collections import Counter

from tabular_trpo._falsify.kinds import Kind, Probes
from tabular_trpo._falsify.sums import Terms, flattened
from tabular_trpo._theory.expression import Expression

Quotient = tuple[Expression, tuple[Expression, ...]]


def cleared(terms: Terms, probes: Probes) -> Terms:
    """Multiply terms by their denominators that vanish with the step, which are positive.

    (L - eta_new) / max_tv**2 <= c becomes L - eta_new - c*max_tv**2 <= 0.  Where the denominator
    is 0 the claim has no value, which `Scorer` finds from the sides of the claim.
    """
    split = [(sign, *_quotient(e)) for sign, e in terms]
    common: Counter[Expression] = Counter()
    for _, _, dens in split:
        common |= Counter(den for den in dens if probes.kind(1.0, den) is Kind.POSITIVE)
    if not common:
        return terms
    return tuple(x for sign, top, dens in split for x in flattened(_over(top, dens, common), sign))


def _quotient(e: Expression) -> Quotient:
    """Return (numerator, denominators) of a product or quotient; (e, ()) for other expressions."""
    match e.op, e.args:
        case "/", [x, y]:
            top, dens = _quotient(x)
            return top, (*dens, y)
        case "*", [x, y]:
            (left, some), (right, more) = _quotient(x), _quotient(y)
            return left * right, some + more
        case "neg", [x]:
            top, dens = _quotient(x)
            return -top, dens
    return e, ()


def _over(top: Expression, dens: tuple[Expression, ...], common: Counter[Expression]) -> Expression:
    """Return `top` over the product of `dens`, multiplied by the product of `common`."""
    own = Counter(dens)
    for den in (own - common).elements():
        top = top / den
    for den in (common - own).elements():
        top = top * den
    return top
