"""Products of a stochastic matrix with a vector, to about 27 digits, by ordinary matrix products.

Both factors are cut into slices of few bits (Ozaki, Ogita, Oishi, Rump 2012), so that each product of two
slices is exact in double precision whatever the order of summation.  Fixed cuts serve because
probabilities lie in [0, 1]: P = P1 + P2, P1 on the grid 2^-26 and abs(P2) <= 2^-27 on the grid 2^-53.

* `expect`: slices of f with b bits below max abs(f).  A row of P1 sums to at most 1 + n 2^-27 <= 2, a row of
  abs(P2) to at most n 2^-27, n the number of its nonzeros.  Products of slices are multiples of the product
  of the grids and their sums stay within 2^53 of it, for P1 when b <= 25, for P2 when b <= 27 - log2 n.
* `flow`: slices of w with 25 bits below sum abs(w), truncated towards 0, so that sum abs(w) bounds every sum.

What lies below the last slice is multiplied in plain doubles; its rounding error is bounded and returned.
"""

from math import ceil, log2
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from tabular_trpo.core.linalg.twofold import Twofold, total_of_columns
from tabular_trpo.core.numbers import Array

BITS = 25
BLOCK = 2**15  # entries of P worked on at once: the slices stay in cache
MANY = 64  # beyond this many terms the small slice P2 meets two exact slices instead of one
UNIT = 2.0**-53
_ROUND_1 = 1.5 * 2.0 ** (52 - 26)  # adding and subtracting rounds to multiples of 2^-26
_ROUND_2 = 1.5 * 2.0 ** (52 - 53)  # and to multiples of 2^-53, for entries below 2^-1


class Product(NamedTuple):
    """A product as a Twofold and a bound of its error: of each entry (expect) or of the 1-norm (flow)."""

    value: Twofold
    error: Array


def _power(x: Array) -> Array:
    """Return a power of two above x >= 0, elementwise (and 1 for 0)."""
    return np.asarray(np.ldexp(1.0, np.frexp(x)[1]))


def _gamma(n: int) -> float:
    """Return gamma_n = n u / (1 - n u), doubled: the rounding of a sum of n products, any order."""
    return 2 * n * UNIT / (1 - n * UNIT)


def _cut_values(f: Array, bits: int, count: int) -> Array:
    """Cut f (..., n) into columns (..., n, count + 1): slices of `bits` bits below max abs(f), and the rest."""
    grid = _power(np.max(np.abs(f), axis=-1, keepdims=True)) * 2.0**-bits
    out = np.empty((*f.shape, count + 1))
    rest = f
    for k in range(count):
        out[..., k] = np.rint(rest / grid) * grid
        rest = rest - out[..., k]
        grid = grid * 2.0**-bits
    out[..., count] = rest
    return out


def _cut_weights(w: Array, below: Array, count: int) -> Array:
    """Cut w + below (..., n) into rows (..., count + 1, n): slices of 25 bits below sum abs(w), and the rest."""
    out = np.empty((*w.shape[:-1], count + 1, w.shape[-1]))
    rest = w
    for k in range(count):
        grid = _power(np.abs(rest).sum(axis=-1, keepdims=True) * 1.0001) * 2.0**-BITS
        out[..., k, :] = np.trunc(rest / grid) * grid
        rest = rest - out[..., k, :]
    out[..., count, :] = rest + below
    return out


def cut(rows: Array, high: Array, low: Array, off_grid: bool) -> None:
    """Write P1 and P2 of `rows` into the buffers; `off_grid` rows hold entries below 2^-53, rounded here."""
    np.add(rows, _ROUND_1, out=high)
    high -= _ROUND_1
    np.subtract(rows, high, out=low)
    if off_grid:
        low += _ROUND_2
        low -= _ROUND_2


def products(
    P: Any, f: Array | None, w: Twofold | None, off_grid: bool
) -> tuple[Product | None, Product | None]:
    """Return P f (..., R) and w P (..., n); either vector may be None.

    P: (..., R, n) rows or CSR; f: (..., n); w: Twofold of (..., R)
    """
    width = int(np.diff(P.indptr).max()) if sp.issparse(P) else int(P.shape[-1])
    F = W = None
    if f is not None:
        bits = min(BITS, max(8, 27 - ceil(log2(max(2, width)))))
        F = _cut_values(f, BITS, 2), _cut_values(f, bits, 2 if width > MANY else 1)
    if w is not None:
        many = w.hi.shape[-1] > MANY
        W = _cut_weights(w.hi, w.lo, 3 if many else 2), _cut_weights(w.hi, w.lo, 2 if many else 1)
    up, down = (_dense if isinstance(P, np.ndarray) and P.ndim == 2 else _whole)(P, F, W, off_grid)
    expected = flowed = None
    if F is not None:
        rest = [np.max(np.abs(part[..., -1]), axis=-1) for part in F]
        error = _gamma(width + 3) * (2 * rest[0] + width * 2.0**-27 * rest[1])
        expected = Product(total_of_columns(up), error)
    if W is not None:
        rest = [np.abs(part[..., -1, :]).sum(axis=-1) for part in W]
        error = _gamma(W[0].shape[-1] + 3) * (2 * rest[0] + rest[1] * 2.0**-26)
        flowed = Product(total_of_columns(np.moveaxis(down, -2, -1)), error)
    return expected, flowed


Slices = tuple[Array, Array] | None


def _whole(P: Any, F: Slices, W: Slices, off_grid: bool) -> tuple[Any, Any]:
    """Multiply a batch, or a CSR matrix, slice by slice."""
    sparse = sp.issparse(P)
    entries = P.data if sparse else P
    parts = np.empty_like(entries), np.empty_like(entries)
    cut(entries, *parts, off_grid)
    up, down = [], []
    for k, part in enumerate(parts):
        matrix = sp.csr_array((part, P.indices, P.indptr), shape=P.shape) if sparse else part
        if F is not None:
            up.append(matrix @ F[k])
        if W is not None:
            down.append((matrix.T @ W[k].T).T if sparse else W[k] @ matrix)
    return np.concatenate(up, axis=-1) if up else None, np.concatenate(
        down, axis=-2
    ) if down else None


def _dense(P: Array, F: Slices, W: Slices, off_grid: bool) -> tuple[Any, Any]:
    """Multiply one matrix block by block, so that the slices of P never leave the cache."""
    n_rows, n = P.shape
    step = max(1, BLOCK // n)
    up = None if F is None else np.empty((n_rows, sum(part.shape[-1] for part in F)))
    down = None if W is None else np.zeros((sum(len(part) for part in W), n))
    buffers = np.empty((2, step, n))
    for start in range(0, n_rows, step):
        rows = P[start : start + step]
        stop, size = start + len(rows), len(rows)
        cut(rows, buffers[0, :size], buffers[1, :size], off_grid)
        column = row = 0
        for k in range(2):
            part = buffers[k, :size]
            if F is not None and up is not None:
                up[start:stop, column : column + F[k].shape[-1]] = part @ F[k]
                column += F[k].shape[-1]
            if W is not None and down is not None:
                down[row : row + len(W[k])] += W[k][:, start:stop] @ part
                row += len(W[k])
    return up, down
