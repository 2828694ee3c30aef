"""Quantities that are computed when first asked for, and never overflow in silence."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

import numpy as np

Quantity = Callable[[Any], Any]


def computed(*parts: str) -> Callable[[Quantity], "cached_property[Any]"]:
    """Return a decorator: a cached property whose value passes through `settled` of its owner.

    parts: the quantities with which this one may be infinite, such as "max_kl"
    """

    def decorated(formula: Quantity) -> "cached_property[Any]":
        @wraps(formula)
        def value(self: Any) -> Any:
            with np.errstate(over="ignore", invalid="ignore"):
                return self.settled(formula.__name__, formula(self), *parts)

        return cached_property(value)

    return decorated
