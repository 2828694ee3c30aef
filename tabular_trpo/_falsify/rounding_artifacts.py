"""Scores without those that may be artifacts of rounding."""

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.rational_readings import Score
from tabular_trpo._falsify.score import NO_VALUE
from tabular_trpo._theory.plain import FastPair

ROUNDING = 1e-6  # of scores and of advantages in doubles
LEAST_STEP = 1e-4  # total variation below which 1 - exp(-KL) and the like lose their digits


def reject_rounding_artifacts(score: Score) -> Score:
    """Return the score with NO_VALUE where rounding may have made it up.

    A logarithm of nearly 1, or a quotient by an eps that is 0 but for rounding, can have any score.
    Rejected are scores above 1, advantages that are flat but for rounding, and tiny steps.
    """

    def safe(p: FastPair) -> Array:
        scores, size = score(p), np.abs(p.Q).max(axis=(-2, -1))
        doubtful = (scores > 1 + ROUNDING) | (p.eps < ROUNDING * size) | (p.max_tv < LEAST_STEP)
        return np.where(doubtful, NO_VALUE, scores)

    return safe
