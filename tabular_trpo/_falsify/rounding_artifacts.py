"""Scores without those that rounding makes up."""

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.exact_case import Score
from tabular_trpo._falsify.score import NO_VALUE
from tabular_trpo._theory.plain import PlainPair

ROUNDING = 1e-6  # of scores and of advantages in doubles
LEAST_STEP = 1e-4  # total variation below which doubles say little of 1 - exp(-KL) and the like


def sober(score: Score) -> Score:
    """Return the score without what rounding may mislead: above 1, flat advantages, tiny steps.

    A logarithm of nearly 1, or a quotient by an eps that is 0 but for rounding, can have any score.
    """

    def told(p: PlainPair) -> Array:
        scores, size = score(p), np.abs(p.Q).max(axis=(-2, -1))
        misled = (scores > 1 + ROUNDING) | (p.eps < ROUNDING * size) | (p.max_tv < LEAST_STEP)
        return np.where(misled, NO_VALUE, scores)

    return told
