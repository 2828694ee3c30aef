"""Scores that rounding may have produced are rejected, and ordinary scores are kept."""

from collections.abc import Callable

import numpy as np
import pytest

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.rounding_artifacts import reject_rounding_artifacts
from tabular_trpo._falsify.score import NO_VALUE
from tabular_trpo._theory.plain import FastPair, PairTables


def bandit(reward: float, step: float) -> FastPair:
    """Return a pair of one state with rewards 1 and 1 + 2 reward; eps = reward, max_tv = step."""
    even, one = np.full((1, 1, 2), 0.5), np.ones(1)
    r = np.array([[[1.0, 1.0 + 2 * reward]]])
    new = even + np.array([-step, step])
    return FastPair(PairTables(np.ones((1, 1, 2, 1)), r, one[None], 0 * one, even, new, one))


def always(value: float) -> Callable[[FastPair], Array]:
    return lambda p: np.full(len(p.gamma), value)


@pytest.mark.parametrize(
    ("value", "reward", "step", "kept"),
    [
        (0.9, 0.25, 0.25, True),
        (1.0, 0.25, 0.25, True),
        (1.01, 0.25, 0.25, False),
        (0.9, 1e-9, 0.25, False),
        (0.9, 0.25, 1e-5, False),
    ],
    ids=["ordinary", "attained", "above 1", "flat", "tiny step"],
)
def test_what_rounding_may_have_produced_has_no_value(
    value: float, reward: float, step: float, kept: bool
) -> None:
    (found,) = reject_rounding_artifacts(always(value))(bandit(reward, step))
    assert found == (value if kept else NO_VALUE)
