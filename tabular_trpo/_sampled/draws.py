"""Drawing from many distributions at once, by inverting their cumulative sums.

The rows of a model lie on the grid k / 2^53, on which their partial sums are exact, and the
uniforms of numpy are multiples of 2^-53: so P(u < sum) is the sum itself, and what is drawn has
exactly the probabilities of the model.  (Entries below 2^-53, which are off the grid, are met at
their own rate to within 2^-53.)  Inverting is monotone: two rows that are alike give like outcomes
for the same u, which is what common random numbers live on.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.records import locked

NEVER = 2.0  # a cumulative sum that no uniform reaches


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Rows of outcomes, each row padded to the same power of two.

    sums:    (rows * 2^levels,) probability of all outcomes up to and with this one
    outcome: (rows * 2^levels,) what is drawn there
    levels:  of the binary search in one row
    """

    sums: Array
    outcome: Array
    levels: int

    def places(self, rows: Array, u: Array) -> Array:
        """Return the place of what is drawn, an index of `outcome`.

        rows: (n,) integers
        u:    (n,) uniforms in [0, 1)
        """
        at = np.left_shift(rows, self.levels)
        for level in range(self.levels - 1, -1, -1):
            last = self.sums[(1 << level) - 1 :]  # of the lower half, counted from where it begins
            above = last[at] <= u
            at += np.left_shift(above, level, dtype=np.intp) if level else above
        return np.asarray(at)


def draws(rows: Any) -> Draws:
    """Return what draws a column of each row with its probability.

    rows:   (n, m) dense or CSR, each row summing to 1 or empty; an empty row draws column 0
    raises: MemoryGuardError

    >>> draws(np.array([[0.25, 0.0, 0.75]])).places(np.array([0, 0]), np.array([0.2, 0.25]))
    array([0, 1])
    """
    dense = isinstance(rows, np.ndarray)
    row, column = np.nonzero(rows) if dense else (_rows(rows), rows.indices)
    values = rows[row, column] if dense else rows.data
    counts = np.bincount(row, minlength=rows.shape[0])
    levels = int(counts.max(initial=1) - 1).bit_length()
    width = 1 << levels
    cure = "Sample a model with fewer successors a row"
    guard(rows.shape[0] * width * 16, "the table of outcomes", cure)
    outcome = np.zeros((rows.shape[0], width), dtype=np.intp)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    padded = np.zeros((rows.shape[0], width))
    padded[row, rank] = values
    outcome[row, rank] = column
    inside = np.arange(width) < counts[:, None]
    sums = np.where(inside, np.cumsum(padded, axis=1), NEVER)
    # The last outcome takes what is left up to 1: a row with entries off the grid sums to a little
    # less or more.
    last = np.maximum(counts, 1) - 1
    sums[np.arange(len(counts)), last] = NEVER
    return Draws(frozen(sums.reshape(-1)), frozen(outcome.reshape(-1)), levels)


def _rows(matrix: Any) -> Array:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
