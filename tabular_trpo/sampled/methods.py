"""The methods of TRPO (2015), section 8, and their settings."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
