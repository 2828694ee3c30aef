"""Random models and policies in floats, many at a time, from a `numpy.random.Generator`."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
