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
    rows, pivots = _reduced(M)
    if not pivots:
        return np.full(M.shape, Fraction(0), dtype=object)
    C, R = M[:, pivots], rows[: len(pivots)]
    return np.asarray(R.T.dot(_inverse(R.dot(R.T))).dot(_inverse(C.T.dot(C))).dot(C.T))


def _inverse(M: Array) -> Array:
    n = len(M)
    one = np.where(np.eye(n, dtype=bool), Fraction(1), Fraction(0))  # type: ignore[call-overload]
    return np.asarray(_reduced(np.hstack([M, one]))[0][:, n:])


def _reduced(M: Array) -> tuple[Array, list[int]]:
    """Return the reduced row echelon form and the columns of its pivots."""
    rows, pivots = M.copy(), list[int]()
    for column in range(M.shape[1]):
        top = len(pivots)
        found = next((i for i in range(top, len(rows)) if rows[i, column] != 0), None)
        if found is None:
            continue
        rows[[top, found]] = rows[[found, top]]
        rows[top] = rows[top] / rows[top, column]
        for i in range(len(rows)):
            if i != top and rows[i, column] != 0:
                rows[i] = rows[i] - rows[i, column] * rows[top]
        pivots.append(column)
    return rows, pivots
