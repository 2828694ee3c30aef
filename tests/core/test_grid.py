"""Rows on the grid k / 2^53: the sum is 1 as a Fraction, the support stays, entries hardly move."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._core.grid import (
    ROW_TOLERANCE,
    UNIT,
    below_grid,
    near_grid,
    on_grid,
    renormalise_largest,
    snap,
    snap_rows,
)


def exact_sum(row) -> Fraction:
    return sum(map(Fraction, row), Fraction(0))


@st.composite
def near_rows(draw: st.DrawFn) -> np.ndarray:
    """Rows that sum to 1 up to the tolerance, some entries zero or tiny."""
    weights = draw(st.lists(st.integers(0, 1000), min_size=1, max_size=12))
    if not any(weights):
        weights[0] = 1
    row = np.array(weights, dtype=float)
    tiny = draw(st.lists(st.sampled_from([0.0, 1e-16, 1e-17, 1e-300, 5e-324]), max_size=3))
    row = np.concatenate([row / row.sum(), tiny])
    return row * (1.0 + draw(st.sampled_from([0.0, 2e-16, -3e-14, 9e-10, -9e-10])))


def snap_csr(row: np.ndarray) -> tuple[np.ndarray, float]:
    """Snap one row the way a CSR array is."""
    return snap(row, np.array([0, len(row)]))


both = pytest.mark.parametrize("snap_row", [snap_rows, snap_csr])


@both
@given(row=near_rows())
def test_row_sums_to_one_exactly_and_keeps_its_support(snap_row, row: np.ndarray) -> None:
    snapped, change = snap_row(row)
    on_grid = snapped[snapped >= UNIT]
    assert exact_sum(on_grid) == 1
    assert all((Fraction(x) * 2**53).denominator == 1 for x in on_grid)
    assert np.array_equal(snapped > 0, row > 0)
    assert np.array_equal(snapped[row < UNIT], row[row < UNIT])
    assert change == max(abs(Fraction(x) - Fraction(y)) for x, y in zip(snapped, row, strict=True))


@both
@given(row=near_rows())
def test_largest_change_is_the_defect_and_a_few_units(snap_row, row: np.ndarray) -> None:
    _, change = snap_row(row)
    defect = abs(exact_sum(row) - 1)
    # The defect is spread in proportion or unit by unit; neither gives one entry more than it.
    assert change <= defect + 6 * Fraction(UNIT)


@both
@given(row=near_rows())
def test_snapping_twice_changes_nothing_more(snap_row, row: np.ndarray) -> None:
    once, _ = snap_row(row)
    twice, change = snap_row(once)
    assert np.array_equal(once, twice) and change == 0.0


@given(near_rows())
def test_dense_and_csr_rows_are_snapped_alike(row: np.ndarray) -> None:
    live = row[row > 0]
    assert np.max(np.abs(snap_rows(row)[0][row > 0] - snap_csr(live)[0])) <= 2 * UNIT


@given(near_rows(), st.randoms(use_true_random=False))
def test_float_sum_is_one_in_any_order(row: np.ndarray, random) -> None:
    snapped = snap_rows(row)[0]
    entries = snapped[snapped >= UNIT].tolist()
    random.shuffle(entries)
    assert sum(entries) == 1.0 and np.sum(entries) == 1.0


def test_plain_rows_do_not_sum_to_one(rng: np.random.Generator) -> None:
    """The reason for the grid: hardly a normalised row has exact sum 1."""
    rows = rng.dirichlet(np.ones(10), size=500)
    assert sum(exact_sum(row) == 1 for row in rows) < 25
    assert all(exact_sum(row) == 1 for row in snap_rows(rows)[0])


@both
def test_huge_defect_is_scaled_not_put_on_one_entry(snap_row) -> None:
    row = np.array([0.5, 0.25, 0.25]) * (1 + 0.9 * ROW_TOLERANCE)
    snapped, change = snap_row(row)
    assert np.array_equal(snapped, [0.5, 0.25, 0.25])
    assert 4e-10 < change < 5e-10


@both
@pytest.mark.parametrize("units", [1.0, 1.4, 1.5, 2.0])
def test_no_entry_is_emptied_when_units_are_taken(snap_row, units: float) -> None:
    """The first entries are small, the sum is too large by 100 units: the last entry pays."""
    row = np.full(65, units * UNIT)
    row[-1] = 1.0 - 64 * units * UNIT + 100 * UNIT
    snapped, change = snap_row(row)
    assert exact_sum(snapped) == 1
    assert snapped.min() >= UNIT
    assert change <= 101 * UNIT


def test_rows_of_csr_with_empty_rows_between() -> None:
    values = np.array([0.1, 0.2, 0.7, 1 / 3, 2 / 3, 1.0])
    indptr = np.array([0, 0, 3, 3, 3, 5, 6, 6])
    snapped, change = snap(values, indptr)
    sums = [exact_sum(snapped[i:j]) for i, j in pairwise(indptr)]
    assert sums == [0, 1, 0, 0, 1, 1, 0]
    assert 0 < change <= UNIT


@pytest.mark.parametrize("indptr", [[0], [0, 0, 0]])
def test_csr_without_entries(indptr) -> None:
    values, change = snap(np.empty(0), np.array(indptr))
    assert values.size == 0 and change == 0.0


def test_zero_rows_and_leading_axes_stay(rng: np.random.Generator) -> None:
    rows = rng.dirichlet(np.ones(4), size=(3, 2))
    rows[1, 0] = 0.0
    snapped, _ = snap_rows(rows)
    assert snapped.shape == rows.shape
    assert not snapped[1, 0].any()
    assert all(exact_sum(row) == 1 for row in snapped.reshape(-1, 4) if row.any())


def test_below_grid_is_the_mass_of_tiny_entries() -> None:
    rows = np.array([[1.0, 1e-17, 1e-18], [0.5, 0.5, 0.0], [1 - UNIT, UNIT, 0.0]])
    assert below_grid(rows).tolist() == [1e-17 + 1e-18, 0.0, 0.0]


def test_first_largest_entry_gives_way() -> None:
    tiny = Fraction(1, 2**60)
    half = Fraction(1, 2)
    assert renormalise_largest([tiny, half, half]) == [tiny, half - tiny, half]
    assert renormalise_largest([half, half]) == [half, half]
    assert renormalise_largest([Fraction(0)] * 2) == [0, 0]


def test_what_few_entries_cannot_take_one_by_one_goes_to_the_largest() -> None:
    """Three units are missing and two entries may move by one: zeros stay out of it."""
    row = np.array([[0.25, 0.75 - 3 * UNIT, 0.0, 0.0]])
    assert on_grid(row).tolist() == [[0.25 + UNIT, 0.75 - UNIT, 0.0, 0.0]]
    assert on_grid(row[:, :2]).tolist() == [[0.25 + UNIT, 0.75 - UNIT]]


@st.composite
def rows_off_by_units(draw: st.DrawFn) -> np.ndarray:
    """Rows of a few units more or less than 1; an entry may be of one unit, or none."""
    n = draw(st.integers(1, 6))
    units = draw(st.lists(st.integers(0, 5), min_size=n - 1, max_size=n - 1))
    units.append(2**53 - sum(units) + draw(st.integers(-7, 7)))
    return np.array(draw(st.permutations(units)), dtype=float) * UNIT


@given(st.lists(rows_off_by_units(), min_size=1, max_size=1) | st.lists(near_rows(), max_size=1))
def test_rows_near_the_grid_get_there_in_fewer_calls(rows: list[np.ndarray]) -> None:
    """Read beside a zero, which no row near the grid has, they go the long way."""
    for row in rows:
        near = near_grid(row)
        off = int((exact_sum(row) - 1) * 2**53) if row.min() >= 2 * UNIT else 99
        if near is None:
            assert abs(off) > len(row) or row.max() > 1
        else:
            assert row.min() >= 2 * UNIT and exact_sum(near) == 1
            assert near.tolist() == on_grid(np.append(row, 0.0))[:-1].tolist()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -0.25, 0.0, 1e300, 1.0])
def test_what_is_off_the_simplex_is_not_near_the_grid(wrong: float) -> None:
    """1024 entries of 2^54 units add up to 0 in integers of 64 bits."""
    assert near_grid(np.array([wrong, 1.0])) is None
    assert near_grid(np.append(np.full(1024, 2.0), 1.0)) is None
