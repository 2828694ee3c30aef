"""Textbook models with closed forms, at any size: rational, float or sparse."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
