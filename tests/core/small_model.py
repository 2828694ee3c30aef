"""A model of two states and two actions in floats, with parts that a test may change."""

from typing import Any

import tabular_trpo as tt

P = [[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]]
R = [[1.0, 0.0], [0.0, 2.0]]
START = [1.0, 0.0]


def model(**changes: Any) -> tt.MDP:
    """Return the model with other arguments of `MDP`."""
    parts: dict[str, Any] = {"P": P, "r": R, "rho0": START, "gamma": 0.9}
    return tt.MDP(**parts | changes)
