"""Families of models: named ones, random ones, and the worst cases of the theory."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
