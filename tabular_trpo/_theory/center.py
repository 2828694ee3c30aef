"""The center of a bound: the number from which its gap and its penalty are measured."""

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.numbers import shown
from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.symbols import Symbols, parsed
from tabular_trpo._theory.vocabulary import SCALAR


def traced_center(center: object) -> Expression | None:
    """Return the center of a bound, given as text or as a formula p -> number, as an expression.

    return: None for None
    raises: InvalidMDPError where the text is not a number of a pair; TypeError where the
            formula does not return a number

    >>> traced_center("L"), traced_center(lambda p: p.eta + p.sum_s(p.rho * p.A_bar))
    (L, eta + sum_s(rho*A_bar))
    """
    if center is None:
        return None
    if callable(center):
        try:
            found = number(center(Symbols()))
        except TypeError as error:
            raise TypeError(f"center: {error}") from None
        if found.rank != SCALAR:
            raise TypeError(f"center = {found}, expected one number: use max_s or sum_s")
        return found
    try:
        if isinstance(center, str | Expression):
            found = parsed(center) if isinstance(center, str) else center
            if found.rank == SCALAR:
                return found
    except (TypeError, ValueError):
        pass
    expected = 'None or a number of a pair, as "L" or "eta + sum_s(rho*A_bar)"'
    raise invalid("around", "center", f"= {shown(center)}", expected)
