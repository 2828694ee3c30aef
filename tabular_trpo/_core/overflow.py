"""Overflow of float64: the error, and the scaling that avoids it."""

from typing import Any

import numpy as np

from tabular_trpo._core.errors import LimitError

HARMLESS = 400  # binary exponents below which squares are far from overflow


def unit_of(values: Any) -> float:
    """Return a power of two near the largest float value, or 1.0 where overflow is far away.

    >>> unit_of([1e307, 2.0]) == 2.0**1020, unit_of([3.0])
    (True, 1.0)
    """
    exponent = min(int(np.frexp(np.max(np.abs(values), initial=0.0))[1]), 1023)
    return 1.0 if abs(exponent) < HARMLESS else 2.0**exponent


def finite(name: str, values: Any, *parts: Any) -> Any:
    """Return float values unchanged where all are finite or an input was infinite already.

    values: a float, or an array of them; exact numbers are finite
    parts:  inputs that may be infinite themselves, such as a KL divergence
    raises: LimitError where doubles overflow, also to NaN

    >>> finite("C", 1e308)
    1e+308
    >>> finite("C", float("inf"))
    Traceback (most recent call last):
    tabular_trpo._core.errors.LimitError: C overflows float64, expected finite values. ...
    """
    if np.asarray(values).dtype == object:
        return values
    wrong = ~np.isfinite(values)
    for part in parts:
        wrong = wrong & np.isfinite(part)
    if np.any(wrong):
        cure = "Scale the rewards, or use the rational arithmetic"
        raise LimitError.of("overflow", name, "overflows float64", "finite values", cure)
    return values
