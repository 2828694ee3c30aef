"""Draw from many categorical distributions at once, by inverting their cumulative sums.

Problem: draw outcome j of row i with probability p(i, j), for n rows at a time.  Method: the
outcome of a uniform u is the first one whose cumulative sum exceeds u, found by binary search; the
nonzero entries of each row are padded to the same power of two.  Guarantee: the rows of a float
model lie on the grid k / 2^53, on which partial sums are exact, and numpy's uniforms are multiples
of 2^-53.  So P(u < sum) is the sum itself and outcomes have exactly the probabilities of the model
(entries below 2^-53, which are off the grid, to within 2^-53).  Inversion is monotone: similar rows
give similar outcomes for the same u, which is why common random numbers reduce variance.
Source: Devroye, Non-Uniform Random Variate Generation (1986), section III.2.
"""

from typing import Self, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.records import locked_dataclass

NEVER = 2.0  # a cumulative sum that no uniform reaches


@final
@locked_dataclass(frozen=True, eq=False)
class Categorical:
    """Distributions over columns, one a row, each padded to 2^levels places.

    sums:    (rows * 2^levels,) cumulative probability up to and including this outcome
    outcome: (rows * 2^levels,) the column drawn at this place
    levels:  number of steps of the binary search in one row
    """

    sums: Array
    outcome: Array
    levels: int

    @classmethod
    def of(cls, rows: Array | sp.csr_array) -> Self:
        """Return the distributions of a table of probabilities.

        rows:   (n, m) dense or CSR, each row summing to 1 or empty; an empty row draws column 0
        raises: MemoryGuardError

        >>> table = Categorical.of(np.array([[0.25, 0.0, 0.75]]))
        >>> table.draw(np.array([0, 0]), np.array([0.2, 0.25]))
        array([0, 2])
        """
        if isinstance(rows, np.ndarray):
            row, column = np.asarray(np.nonzero(rows))
            values = rows[row, column]
        else:
            row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
            column, values = np.asarray(rows.indices), rows.data
        counts = np.bincount(row, minlength=rows.shape[0])
        levels = int(counts.max(initial=1) - 1).bit_length()
        shape = rows.shape[0], 1 << levels
        cure = "Sample a model with fewer successors a row"
        guard(shape[0] * shape[1] * 16, "the table of outcomes", cure)
        rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        padded, outcome = np.zeros(shape), np.zeros(shape, dtype=np.intp)
        padded[row, rank], outcome[row, rank] = values, column
        sums = np.where(np.arange(shape[1]) < counts[:, None], np.cumsum(padded, axis=1), NEVER)
        # The last outcome takes what is left up to 1: a row with entries off the grid sums to a
        # little less or more.
        sums[np.arange(len(counts)), np.maximum(counts, 1) - 1] = NEVER
        return cls(sums.reshape(-1), outcome.reshape(-1), levels)

    def places(self, rows: Array, u: Array) -> Array:
        """Return the place of each drawn outcome, (n,) indices of `outcome`.

        rows: (n,) indices of the rows to draw from
        u:    (n,) uniforms in [0, 1)
        """
        at = np.left_shift(rows, self.levels)
        for level in range(self.levels - 1, -1, -1):
            last = self.sums[(1 << level) - 1 :]  # of the lower half, counted from where it begins
            above = last[at] <= u
            at += np.left_shift(above, level, dtype=np.intp) if level else above
        return np.asarray(at)

    def draw(self, rows: Array, u: Array) -> Array:
        """Return the drawn columns, (n,); arguments as in `places`."""
        return np.asarray(self.outcome[self.places(rows, u)])
