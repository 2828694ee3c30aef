"""The number that a bound lies around: it tells the gap from the penalty."""

from typing import Any

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import shown
from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.symbols import Symbols, parsed
from tabular_trpo._theory.vocabulary import SCALAR

Centre = Any  # str | Expression | Formula | None: the number that a bound lies around


def centred(around: object) -> Expression | None:
    """Return the number that a bound lies around: None, its text, or a formula p -> number.

    raises: InvalidMDPError for a text that states no number; TypeError where a formula gives none

    >>> centred("L"), centred(lambda p: p.eta + p.sum_s(p.rho * p.A_bar))
    (L, eta + sum_s(rho*A_bar))
    """
    if around is None:
        return None
    if callable(around):
        try:
            found = number(around(Symbols()))
        except TypeError as error:
            raise TypeError(f"around: {error}") from None
        if found.rank != SCALAR:
            raise TypeError(f"around = {found}, expected one number: use max_s or sum_s")
        return found
    try:
        found = parsed(around) if isinstance(around, str) else number(around)
        if isinstance(around, str | Expression) and found.rank == SCALAR:
            return found
    except (TypeError, ValueError):
        pass
    expected = 'None or a number of a pair, as "L" or "eta + sum_s(rho*A_bar)"'
    raise invalid("around", "around", f"= {shown(around)}", expected)
