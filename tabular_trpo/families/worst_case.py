"""Models and pairs of policies at which bounds of the theory are attained, or nearly."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
