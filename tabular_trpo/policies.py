"""Policies as arrays pi (..., S, A): made, checked and converted."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
