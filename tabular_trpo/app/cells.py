"""Numbers and names as people read them (short, one line) and as machines do (exact, JSON)."""

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo.core.mdp import MDP
from tabular_trpo.core.numbers import Array
from tabular_trpo.core.real import Real
from tabular_trpo.core.terminal import plain, quoted

__all__ = [
    "exact", "largest", "long_integers", "many", "per_pair", "per_state", "plain", "quoted",
    "scalars", "short",
]  # fmt: skip

_WIDEST_BITS = 80  # of a rational that a table may show whole


def short(value: Any, digits: int = 7) -> str:
    """Write a number for a table: whole where it is short, else rounded, after a "~".

    >>> short(Fraction(1, 3)), short(Fraction(1, 3**40)), short(0.1), short(math.inf), short(None)
    ('1/3', '~8.225263e-20', '0.1', 'inf', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, Real):
        return _infinite(value) or f"~{float(value):.{digits}g}"
    if isinstance(value, (int, np.integer)):
        value = Fraction(int(value))
    if isinstance(value, Fraction):
        bits = value.numerator.bit_length() + value.denominator.bit_length()
        text = str(value) if bits <= _WIDEST_BITS else ""
        return text if 0 < len(text) <= digits + 8 else f"~{_decimal(value, digits)}"
    return f"{float(value):.{digits}g}"


def _decimal(value: Fraction, digits: int) -> str:
    try:
        near = float(value)
    except OverflowError:
        near = math.inf
    if value == 0 or (sys.float_info.min < abs(near) < math.inf):
        return f"{near:.{digits}g}"
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(context):g}"


def _infinite(value: Real) -> str:
    return "" if not value.infinite else "inf" if value.infinite > 0 else "-inf"


def exact(value: Any) -> Any:
    """Write a number for JSON: rationals as "p/q", floats as numbers, "inf" for what is none.

    A value known as a sum of logarithms becomes the double beside it.

    >>> exact(Fraction(1, 3)), exact(0.1), exact(-math.inf), exact(np.bool_(True)), exact(None)
    ('1/3', 0.1, '-inf', True, None)
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, Real):
        return _infinite(value) or float(value)
    number = float(value)
    return number if math.isfinite(number) else str(number)


@contextmanager
def long_integers() -> Iterator[None]:
    """Lift Python's limit on the digits of an integer: exact values have as many as they have."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


def many(count: int, what: str) -> str:
    """Count with the plural.

    >>> many(1, "model"), many(2, "model")
    ('1 model', '2 models')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def per_state(mdp: MDP, values: Array) -> dict[str, Any]:
    """Return {state: number} for JSON."""
    with long_integers():
        return {name: exact(x) for name, x in zip(mdp.state_names, values, strict=True)}


def per_pair(mdp: MDP, values: Array) -> dict[str, dict[str, Any]]:
    """Return {state: {action: number}} over the allowed pairs, for JSON."""
    with long_integers():
        return {
            state: {
                action: exact(values[s, a])
                for a, action in enumerate(mdp.action_names)
                if mdp.mask[s, a]
            }
            for s, state in enumerate(mdp.state_names)
        }


def scalars(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Return {name: number} for JSON."""
    with long_integers():
        return {name: exact(x) for name, x in zip(names, values, strict=True)}


def largest(values: Any) -> Any:
    """Return the largest entry of an array, or the number itself."""
    return max(np.asarray(values).ravel().tolist())
