"""Moore-Penrose inverses of small symmetric matrices: exact in rationals, by LAPACK in floats."""

from fractions import Fraction

import numpy as np

from tabular_trpo._core.numbers import Array

RANK = 1e-12  # eigenvalues below this part of the largest count as 0


def float_inverse(M: Array) -> Array:
    """Return the Moore-Penrose inverses of symmetric (..., n, n) in floats; NaN gives NaN."""
    finite = np.isfinite(M).all(axis=(-2, -1), keepdims=True)
    inverse = np.linalg.pinv(np.where(finite, M, 0.0), rcond=RANK, hermitian=True)
    return np.where(finite, inverse, np.nan)


def exact_inverse(M: Array) -> Array:
    """Return the Moore-Penrose inverses of symmetric (..., n, n) of Fractions.

    By a factorization of full rank: M = C R with C the columns at the pivots and R the reduced
    rows, and M^+ = R' (R R')^{-1} (C' C)^{-1} C'.  Ben-Israel & Greville (2003), section 1.6.

    >>> exact_inverse(np.array([[Fraction(2), Fraction(2)], [Fraction(2), Fraction(2)]]))[0, 0]
    Fraction(1, 8)
    """
    out = np.empty(M.shape, dtype=object)
    for at in np.ndindex(M.shape[:-2]):
        out[at] = _exactly(M[at])
    return out


def _exactly(M: Array) -> Array:
    """Return the inverse of one matrix."""
    from flint import fmpq, fmpq_mat  # here, so that importing the package does not load FLINT

    matrix = fmpq_mat(len(M), len(M), [fmpq(x.numerator, x.denominator) for x in M.flat])
    reduced, rank = matrix.rref()
    if not rank:
        return M
    rows = reduced.table()[:rank]
    pivots = [next(j for j, x in enumerate(row) if x != 0) for row in rows]
    C, R = fmpq_mat([[row[j] for j in pivots] for row in matrix.table()]), fmpq_mat(rows)
    Ct, Rt = C.transpose(), R.transpose()
    found = Rt * (R * Rt).inv() * (Ct * C).inv() * Ct
    fractions = (Fraction(int(x.p), int(x.q)) for x in found.entries())
    return np.fromiter(fractions, dtype=object).reshape(M.shape)
