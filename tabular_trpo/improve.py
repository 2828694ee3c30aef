"""Policy-improvement steps, and the certified runs that repeat them."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
