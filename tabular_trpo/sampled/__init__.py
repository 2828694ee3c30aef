"""Estimates from simulated paths and vines, their exact moments, and sampled TRPO."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
