"""Model files `*.mdp.json` and Gymnasium, both ways (docs/formats.md)."""

from tabular_trpo._lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__)
