"""Rows of probabilities that sum to exactly 1: floats on the grid of multiples of 2^-53.

Problem.   A row of doubles almost never sums to exactly 1, and for gamma near 1 that defect moves
           values as much as the solve does.
Method.    k = round(x / sum 2^53); the first entries of the row change by one unit each until the
           sum is 2^53, and the largest takes what remains.
Guarantee. On the grid every partial sum is a double, so a row sums to exactly 1.0 in any order, the
           float model and its rational reading are one object, and 1 / (1 - gamma) is exactly the
           row sum of (I - gamma P)^{-1} in every error bound.  The support does not change: a
           positive entry below 2^-53 is kept, and in the rational reading the largest entry of its
           row is 1 minus the others (`renormalise_largest`).

`rescaled` and `normalized` divide rows by their sums before: where the dtype was imprecise, and on
request.
"""

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from tabular_trpo._core.array_input import ROW_TOLERANCE as ROW_TOLERANCE
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, frozen, is_rational, is_sparse, largest, stored

UNIT = 2.0**-53


def snap(values: Array, indptr: Array) -> tuple[Array, float]:
    """Round rows stored end to end onto the grid, keeping the support.

    values: (n,)       nonnegative entries, each row summing to 1 within ROW_TOLERANCE
    indptr: (rows+1,)  where rows begin, as in CSR; empty rows stay empty
    return: the new values and the largest change of an entry

    >>> float(snap(np.array([0.1, 0.2, 0.7]), np.array([0, 3]))[0].sum())
    1.0
    """
    counts = np.diff(indptr)
    starts = indptr[:-1][counts > 0]
    counts = counts[counts > 0]
    if len(starts) == 0:
        return values, 0.0
    whole = values * 2.0**53
    tiny = whole < 1.0
    units = np.rint(np.where(tiny, 0.0, whole))
    if np.array_equal(units, np.where(tiny, 0.0, whole)) and np.all(
        np.add.reduceat(units.astype(np.int64), starts) == 2**53
    ):
        return values, 0.0
    sums = np.add.reduceat(whole, starts)
    scale = np.where(np.abs(sums * UNIT - 1.0) > 4 * counts * UNIT, 2.0**53 / sums, 1.0)
    grid = np.rint(np.where(tiny, 0.0, whole * np.repeat(scale, counts))).astype(np.int64)
    missing = 2**53 - np.add.reduceat(grid, starts)
    # Entries of two units or more move by one, so that none becomes 0; the largest takes the rest.
    movable = grid >= 2
    before = np.cumsum(movable)
    rank: Array = before - np.repeat(before[starts] - movable[starts], counts)
    take = np.repeat(missing, counts)
    grid += np.where(movable & (rank <= np.abs(take)), np.sign(take), 0)
    missing = 2**53 - np.add.reduceat(grid, starts)
    for row in np.flatnonzero(missing):
        entries = grid[starts[row] : starts[row] + counts[row]]
        entries[np.argmax(entries)] += missing[row]
    snapped = np.where(tiny, values, grid * UNIT)
    return snapped, float(np.max(np.abs(snapped - values)))


def snap_rows(rows: Array) -> tuple[Array, float]:
    """Round the rows along the last axis onto the grid, by the method of `snap`; zero rows stay.

    return: the new rows and the largest change of an entry
    """
    snapped = on_grid(rows)
    return snapped, float(np.max(np.abs(snapped - rows), initial=0.0))


def on_grid(rows: Array) -> Array:
    """Return the rows of `snap_rows` without the largest change."""
    near = near_grid(rows)
    if near is not None:
        return near
    columns = np.ascontiguousarray(rows.reshape(-1, rows.shape[-1]).T)
    whole = columns * 2.0**53
    large = whole >= 1.0
    units = _units(whole, large)
    missing = 2**53 - np.add.reduce(units)
    size = np.abs(missing)
    most = largest(size)
    if most > 3:  # else a row is nearer to 1 than would be scaled
        sums = whole.sum(axis=0)
        defect = np.abs(sums * UNIT - 1.0)
        scale = (defect > 4 * (columns > 0).sum(axis=0) * UNIT) & (sums > 0)
        whole *= np.where(scale, 2.0**53 / np.maximum(sums, 1.0), 1.0)
        units = _units(whole, large)
        missing = np.where(sums > 0, 2**53 - units.sum(axis=0), 0)
        size = np.abs(missing)
        most = largest(size)
    if most:
        movable, sign = units >= 2, np.sign(missing)
        rank = np.add.accumulate(movable.astype(np.int64))
        units += sign * (movable & (rank <= size))
        missing -= sign * np.minimum(size, rank[-1])
        if missing.any():
            units[np.argmax(units, axis=0), np.arange(len(missing))] += missing
    snapped = np.where(large, units * UNIT, columns)
    return np.ascontiguousarray(snapped.T).reshape(rows.shape)


def near_grid(rows: Array) -> Array | None:
    """Return `on_grid` of rows near the grid, in few calls; None for other rows.

    Rows are near where all entries have two units or more and the sum differs from 2^53 by at most
    as many units as the row has entries.  Such rows are on the simplex and need no other check.
    """
    if np.count_nonzero((rows >= 2 * UNIT) & (rows <= 1.0)) < rows.size:
        return None
    whole = np.multiply(rows.reshape(-1, rows.shape[-1]).T, 2.0**53, order="C")
    units = np.rint(whole).astype(np.int64)
    missing = 2**53 - np.add.reduce(units)
    size = np.abs(missing)
    if np.count_nonzero(size > len(units)):
        return None
    units += np.sign(missing) * (_ranks(len(units)) <= size)
    return np.ascontiguousarray((units * UNIT).T).reshape(rows.shape)


@cache
def _ranks(n: int) -> Array:
    return frozen(np.arange(1, n + 1)[:, None])


def _units(whole: Array, large: Array) -> Array:
    return np.asarray(np.rint(whole).astype(np.int64) * large)


def below_grid(rows: Array) -> Array:
    """Return per row the mass below the grid: 0 except in rows with entries under 2^-53."""
    tiny = rows < UNIT  # zeros too, which add nothing
    if not tiny.any():
        return np.zeros(rows.shape[:-1])
    return np.asarray(np.where(tiny, rows, 0.0).sum(axis=-1))


def largest_correction(rows: Array) -> Array:
    """Return the difference of the exact rows and the floats, of the shape of rows.

    It is minus the mass below the grid at the largest entry of a row (see `renormalise_largest`),
    and 0 for rows on the grid.
    """
    out = np.zeros(rows.shape)
    mass = below_grid(rows)
    if mass.any():
        np.put_along_axis(out, np.argmax(rows, axis=-1)[..., None], -mass[..., None], axis=-1)
    return out


def off_grid_part(P: Any) -> Any:
    """Return the difference of the exact rows and P rounded to multiples of 2^-53, laid out as P.

    P: (..., n) or CSR.  Nonzero only in rows with entries below 2^-53.
    """
    if isinstance(P, np.ndarray):
        return largest_correction(P) + np.where(P < UNIT, P - np.rint(P / UNIT) * UNIT, 0.0)
    out = P.copy()
    tiny = P.data < UNIT
    out.data = np.where(tiny, P.data - np.rint(P.data / UNIT) * UNIT, 0.0)
    row = np.repeat(np.arange(P.shape[0]), np.diff(P.indptr))
    mass = np.bincount(row, np.where(tiny, P.data, 0.0), P.shape[0])
    order = np.lexsort((-P.data, row))  # by row, the largest first; the first of equals stays first
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    out.data[first] -= mass[row[first]]
    out.eliminate_zeros()
    return out


def renormalise_largest(row: list[Fraction]) -> list[Fraction]:
    """Return a row whose first largest entry is replaced by 1 minus the others; 0 stays 0.

    >>> renormalise_largest([Fraction(1), Fraction(1, 2**60)])[0] == 1 - Fraction(1, 2**60)
    True
    """
    total = sum(row, Fraction(0))
    if total in (0, 1):
        return row
    largest = max(range(len(row)), key=row.__getitem__)
    return [x + (1 - total if i == largest else 0) for i, x in enumerate(row)]


def rescaled(rows: Array, tolerance: float) -> Array:
    """Return float rows (..., n), those with sums within the tolerance of 1 divided by them.

    Sums within ROW_TOLERANCE are left to the grid, those outside the tolerance to `validate`.
    """
    if rows.ndim == 0 or tolerance <= ROW_TOLERANCE:
        return rows
    with np.errstate(over="ignore", invalid="ignore"):
        sums = rows.sum(axis=-1, keepdims=True)
        off = np.abs(sums - 1.0)
    return np.asarray(rows / np.where((off > ROW_TOLERANCE) & (off <= tolerance), sums, 1.0))


def normalized(rows: Any) -> tuple[Any, float]:
    """Return rows divided by their sums, exactly in rationals, and the largest |sum - 1|.

    Rows with a sum that is not positive, or with a negative entry or NaN, are left to `validate`.

    rows: (..., n) or CSR

    >>> normalized(np.array([1.0, 3.0]))
    (array([0.25, 0.75]), 3.0)
    """
    entries = stored(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.asarray(rows.sum(axis=-1))
    finite = is_rational(entries) or np.all(np.isfinite(sums))  # a sum is, only if its terms are
    if entries.size == 0 or not finite or np.any(entries < 0):
        return rows, 0.0
    live = np.asarray(sums > 0, dtype=bool)
    by = np.where(live, sums, sums * 0 + 1)
    if is_sparse(rows):
        out = rows.copy()
        out.data = rows.data / np.repeat(by, np.diff(rows.indptr))
    else:
        out = rows / by[..., None]
    off = max((abs(x - 1) for x in sums[live].tolist()), default=0.0)
    return out, off if isinstance(off, float) else nearest(off)
