"""Methods compared on equal simulator steps, scored by the exact return."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
