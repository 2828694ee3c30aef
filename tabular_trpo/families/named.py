"""Named families: textbook models with closed forms, at any size, rational, float or sparse."""

from tabular_trpo.families.chains import chain, combination_lock, ring, river_swim, walk
from tabular_trpo.families.grids import gridworld
from tabular_trpo.families.queues import queue

__all__ = ["chain", "combination_lock", "gridworld", "queue", "ring", "river_swim", "walk"]
