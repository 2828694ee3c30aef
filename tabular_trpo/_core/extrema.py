"""Maxima and minima of exact numbers: by enclosures, and by certain signs where these overlap."""

from collections.abc import Iterable
from fractions import Fraction

from tabular_trpo._core.real import INFINITY, Exact, Number, enclose, is_infinite, sign

_SIEVE_BITS = 64


def maximum(values: Iterable[Number]) -> Exact:
    """Return the exact maximum of at least one number, the first of equals.

    raises: ValueError for no number, LimitError where an order is not settled

    >>> from tabular_trpo._core.real import log
    >>> maximum([1, log(3), Fraction(11, 10)])
    Fraction(11, 10)
    """
    signs = [(x, sign(x) if is_infinite(x) else 0) for x in values]
    if not signs:
        raise ValueError("the maximum of no values")
    if any(infinite > 0 for _, infinite in signs):
        return INFINITY
    finite = [(_exact(x), enclose(x, _SIEVE_BITS)) for x, infinite in signs if not infinite]
    if not finite:
        return -INFINITY
    floor = max(lo for _, (lo, _) in finite)
    best, *rest = (x for x, (_, hi) in finite if hi >= floor)
    for x in rest:
        if sign(x - best) > 0:
            best = x
    return best


def _exact(x: Number) -> Exact:
    return Fraction(x) if isinstance(x, int) else x


def minimum(values: Iterable[Number]) -> Exact:
    """Return the exact minimum of at least one number, the first of equals; see `maximum`."""
    return -maximum(-x for x in values)
