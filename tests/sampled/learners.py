"""Small float models to learn on, and a generator that does not shuffle."""

from pathlib import Path
from typing import Any

import numpy as np

import tabular_trpo as tt

MDPS = Path(__file__).parents[2] / "mdps"

# One state, two arms that pay 0 and 1: eta is 1 of the uniform policy, 2 at best.
ARMS = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)


def model(name: str) -> tt.MDP:
    """A model of mdps/, in floats."""
    return tt.read(MDPS / f"{name}.mdp.json").to_float()


def raised(mdp: tt.MDP, by: float) -> tt.MDP:
    """The same model, every reward raised."""
    return tt.MDP(mdp.P, np.where(mdp.mask, mdp.r + by, 0.0), mdp.rho0, mdp.gamma, mdp.allowed)


class Unshuffled(np.random.Generator):
    """A generator whose permutations leave all in place."""

    def __init__(self, seed: int) -> None:
        super().__init__(np.random.PCG64(seed))

    def permutation(self, x: Any, axis: int = 0) -> Any:
        return np.arange(x) if isinstance(x, int) else np.array(x)
