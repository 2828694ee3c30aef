"""Rejection of scores that rounding errors may have produced."""

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.rational_readings import Score
from tabular_trpo._falsify.score import NO_VALUE
from tabular_trpo._theory.plain import FastPair

ROUNDING = 1e-6  # tolerance of scores above 1, and of eps relative to the largest |Q|
LEAST_STEP = 1e-4  # total variation below which 1 - exp(-KL) and the like lose their digits


def reject_rounding_artifacts(score: Score) -> Score:
    """Return a score function that is NO_VALUE where rounding may have produced the score.

    Rejected are scores above 1 + ROUNDING, pairs with eps < ROUNDING max |Q|, whose eps may be
    rounding noise, and pairs with max_tv < LEAST_STEP, where logarithms of nearly 1 lose digits.
    """

    def safe(p: FastPair) -> Array:
        scores, size = score(p), np.abs(p.Q).max(axis=(-2, -1))
        doubtful = (scores > 1 + ROUNDING) | (p.eps < ROUNDING * size) | (p.max_tv < LEAST_STEP)
        return np.where(doubtful, NO_VALUE, scores)

    return safe
