"""Overflow of doubles is an error, said in one way."""

from typing import Any

import numpy as np

from tabular_trpo._core.errors import LimitError, Problem

HARMLESS = 400  # binary exponents of numbers whose squares are far from overflow


def unit_of(values: Any) -> float:
    """Return a power of two that brings float values to about 1, or 1.0 where they are harmless.

    >>> unit_of([1e307, 2.0]) == 2.0**1020, unit_of([3.0])
    (True, 1.0)
    """
    exponent = min(int(np.frexp(np.max(np.abs(values), initial=0.0))[1]), 1023)
    return 1.0 if abs(exponent) < HARMLESS else 2.0**exponent


def finite(name: str, values: Any, *parts: Any) -> Any:
    """Return float values as they are, if all are finite or a part is infinite itself.

    values: a float, or an array of them; exact numbers are finite
    parts:  what the values are made of and may be infinite with, such as a KL divergence
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
        raise LimitError(Problem("overflow", name, "overflows float64", "finite values", cure))
    return values
