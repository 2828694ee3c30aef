"""Floor 1: where models come from: random ones, named ones, and the worst cases of the theory."""

from tabular_trpo.families import named, random, worst_case

__all__ = ["named", "random", "worst_case"]
