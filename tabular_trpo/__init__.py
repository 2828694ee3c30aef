"""Exact tabular MDPs, and the theory behind Trust Region Policy Optimization, verified."""

import tabular_trpo._core.startup  # noqa: F401 (first: it handles interrupts of the other imports)

# isort: split
from tabular_trpo._lazy import attach as _attach

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = _attach(__name__)
