"""Rows of probabilities divided by their sums: on request, or where the dtype was imprecise."""

from typing import Any

import numpy as np

from tabular_trpo._core.array_input import ROW_TOLERANCE
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, is_rational, is_sparse, stored


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
