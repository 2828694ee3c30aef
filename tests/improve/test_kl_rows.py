"""Where Newton's steps start: the terms of a series, each of which makes the error smaller."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tabular_trpo.core.numbers import Array
from tabular_trpo.improve.kl_rows import (
    Rows,
    priced,
    rows_of,
    start_at_price,
    start_within,
    within,
)


def error(rows: Rows, start: Array, t: Array) -> float:
    """Return how far the starts are off, beside the distance from the mean of g."""
    return float(np.max(np.abs(start - t) / (t + rows.mean)))


def within_radius(rows: Rows, d: float) -> float:
    return error(rows, start_within(rows, d), within(rows, d)[2])


def at_price(rows: Rows, lam: float) -> float:
    return error(rows, start_at_price(rows, lam), priced(rows, lam))


@pytest.mark.parametrize(
    ("off", "far", "near", "order"),
    [(within_radius, 1e-3, 1e-5, 3 / 2), (at_price, 30.0, 300.0, -4.0)],
)
def test_starts_are_right_up_to_a_power_of_the_step(
    off: Callable[[Rows, float], float], far: float, near: float, order: float
) -> None:
    """With one term less the power would be less by 1/2 of d, or by one of the price."""
    rng = np.random.default_rng(3)
    rows = rows_of(rng.dirichlet(np.full(4, 5.0), 30), rng.normal(size=(30, 4)))
    power = math.log(off(rows, near) / off(rows, far)) / math.log(near / far)
    assert power == pytest.approx(order, abs=0.2)
