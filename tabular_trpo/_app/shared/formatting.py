"""Numbers and names as people read them (short, one line) and as machines do (exact, JSON)."""

import math
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import approximate, nearest, written
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.real import Real
from tabular_trpo._core.terminal import plain, quoted

__all__ = [
    "exact", "largest", "many", "per_pair", "per_state", "plain", "quoted", "rounded", "scalars",
    "short",
]  # fmt: skip

_WIDEST_BITS = 80  # of a rational that a table may show whole
_REAL_BITS = 128  # of the enclosure of a number with logarithms, beyond the range of doubles


def short(value: Any, digits: int = 7) -> str:
    """Write a number for a table: whole where it is short, else rounded, after a "~".

    >>> short(Fraction(1, 3)), short(Fraction(1, 3**40)), short(0.1), short(math.inf), short(None)
    ('1/3', '~8.225263e-20', '0.1', 'inf', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, Real):
        return _infinite(value) or f"~{rounded(value, digits)}"
    if isinstance(value, (int, np.integer)):
        value = Fraction(int(value))
    if isinstance(value, Fraction):
        bits = value.numerator.bit_length() + value.denominator.bit_length()
        text = written(value) if bits <= _WIDEST_BITS else ""
        return text if 0 < len(text) <= digits + 8 else f"~{rounded(value, digits)}"
    return rounded(value, digits)


def rounded(value: Any, digits: int) -> str:
    """Write a number with so many digits, also beyond the range of doubles.

    >>> rounded(0.25, 3), rounded(Fraction(10**400, 3), 3), rounded(Fraction(1, 10**400), 3)
    ('0.25', '3.33e+399', '1e-400')
    """
    near = nearest(value)
    double = isinstance(value, (float, np.floating)) or value == 0
    if double or sys.float_info.min < abs(near) < math.inf:
        return f"{near:.{digits}g}"
    if isinstance(value, Real):
        if value.infinite:
            return _infinite(value)
        value = sum(value.enclose(_REAL_BITS)) / 2
    return approximate(value, digits)


def _infinite(value: Real) -> str:
    return "" if not value.infinite else "inf" if value.infinite > 0 else "-inf"


def exact(value: Any) -> Any:
    """Write a number for JSON: rationals as "p/q", floats as numbers, "inf" for what is none.

    A value known as a sum of logarithms becomes the double beside it, or text beyond all doubles.

    >>> exact(Fraction(1, 3)), exact(0.1), exact(-math.inf), exact(np.bool_(True)), exact(None)
    ('1/3', 0.1, '-inf', True, None)
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Fraction):
        return written(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, Real):
        near = nearest(value)
        return _infinite(value) or (near if math.isfinite(near) else rounded(value, 17))
    number = nearest(value)
    return number if math.isfinite(number) else str(number)


def many(count: int, what: str) -> str:
    """Count with the plural.

    >>> many(1, "model"), many(2, "model")
    ('1 model', '2 models')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def per_state(mdp: MDP, values: Array) -> dict[str, Any]:
    """Return {state: number} for JSON."""
    return {name: exact(x) for name, x in zip(mdp.state_names, values, strict=True)}


def per_pair(mdp: MDP, values: Array) -> dict[str, dict[str, Any]]:
    """Return {state: {action: number}} over the allowed pairs, for JSON."""
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
    return {name: exact(x) for name, x in zip(names, values, strict=True)}


def largest(values: Any) -> Any:
    """Return the largest entry of an array, or the number itself."""
    return max(np.asarray(values).ravel().tolist())
