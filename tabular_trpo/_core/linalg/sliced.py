"""Products of a stochastic matrix with a vector, to about 27 digits, by ordinary matrix products.

Both factors are cut into slices of few bits (Ozaki, Ogita, Oishi, Rump 2012), so that each product
of two slices is exact in double precision whatever the order of summation.  Fixed cuts serve, since
probabilities lie in [0, 1]: P = P1 + P2, P1 on the grid 2^-26 and abs(P2) <= 2^-27 on 2^-53.

* `expect`: slices of f with b bits below max abs(f).  A row of P1 sums to at most 1 + n 2^-27 <= 2,
  a row of abs(P2) to at most n 2^-27, n the number of its nonzeros.  Products of slices are
  multiples of the product of the grids and their sums stay within 2^53 of it, for P1 when b <= 25,
  for P2 when b <= 27 - log2 n.
* `flow`: slices of w with 25 bits below sum abs(w), truncated towards 0, so that sum abs(w) bounds
  every sum.

What lies below the last slice is multiplied in plain doubles; its rounding is bounded and returned.
"""

from math import ceil, log2
from typing import Any, NamedTuple, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.linalg.twofold import Twofold, plus
from tabular_trpo._core.numbers import Array

BITS = 25
BLOCK = 2**15  # entries of P worked on at once: the slices stay in cache
MANY = 64  # beyond this many terms the small slice P2 is multiplied by two exact slices, not one
UNIT = 2.0**-53
ROUND_1 = 1.5 * 2.0 ** (52 - 26)  # adding and subtracting rounds to multiples of 2^-26
ROUND_2 = 1.5 * 2.0 ** (52 - 53)  # and to multiples of 2^-53, for entries below 2^-1


@final
class Product(NamedTuple):
    """A product as a Twofold; a bound of its error, entrywise (expect) or of the 1-norm (flow)."""

    value: Twofold
    error: Array


def power_above(x: Array) -> Array:
    """Return a power of two above x >= 0, elementwise (1 for 0), and at least 2^-900.

    Grids made of it are not 0; the loss of x is far below `enclosure.FLOOR`.
    """
    return np.asarray(np.ldexp(1.0, np.maximum(np.frexp(x)[1], -900)))


def _gamma(n: int) -> float:
    """Return gamma_n = n u / (1 - n u), doubled: the rounding of a sum of n products, any order."""
    return 2 * n * UNIT / (1 - n * UNIT)


def _cut_values(f: Array, below: Array, bits: int, count: int) -> Array:
    """Cut f + below into columns (..., n, count + 1): slices of `bits` bits, and the rest."""
    grid = power_above(np.max(np.abs(f), axis=-1, keepdims=True)) * 2.0**-bits
    out = np.empty((*f.shape, count + 1))
    rest = f
    for k in range(count):
        out[..., k] = np.rint(rest / grid) * grid
        rest = rest - out[..., k]
        grid = grid * 2.0**-bits
    out[..., count] = rest + below
    return out


def _cut_weights(w: Array, below: Array, count: int) -> Array:
    """Cut w + below into rows (..., count + 1, n): slices of 25 bits, and the rest."""
    out = np.empty((*w.shape[:-1], count + 1, w.shape[-1]))
    rest = w
    for k in range(count):
        grid = power_above(np.abs(rest).sum(axis=-1, keepdims=True) * 1.0001) * 2.0**-BITS
        out[..., k, :] = np.trunc(rest / grid) * grid
        rest = rest - out[..., k, :]
    out[..., count, :] = rest + below
    return out


def cut(rows: Array, high: Array, low: Array, off_grid: bool) -> None:
    """Write P1 and P2 of `rows` into the buffers; `off_grid` rows hold entries below 2^-53."""
    np.add(rows, ROUND_1, out=high)
    high -= ROUND_1
    np.subtract(rows, high, out=low)
    if off_grid:
        low += ROUND_2
        low -= ROUND_2


def products(
    P: Any, f: Twofold | None, w: Twofold | None, off: Any = None
) -> tuple[Product | None, Product | None]:
    """Return P f (..., R) and w P (..., n); either vector may be None.

    P:   (..., R, n) rows or CSR; f, w: Twofolds of (..., n) and (..., R)
    off: the difference of the exact rows and multiples of 2^-53 (`grid.off_grid_part`), or None
    """
    sparse: bool = sp.issparse(P)
    width = int(np.diff(P.indptr).max()) if sparse else int(P.shape[-1])
    F = W = None
    if f is not None:
        bits = min(BITS, max(1, 27 - ceil(log2(max(2, width)))))
        counts = (2, 2 if width > MANY else 1)
        F = (_cut_values(f.hi, f.lo, BITS, counts[0]), _cut_values(f.hi, f.lo, bits, counts[1]))
    if w is not None:
        counts = (3, 2) if w.hi.shape[-1] > MANY else (2, 1)
        W = _cut_weights(w.hi, w.lo, counts[0]), _cut_weights(w.hi, w.lo, counts[1])
    multiply = _sparse if sparse else _dense if P.ndim == 2 else _batch
    up, down = multiply(P, F, W, off is not None)
    expected = flowed = None
    spare: Any = 0.0 if off is None else np.max(np.asarray(abs(off).sum(axis=-1)), axis=-1)
    if f is not None and F is not None:
        rest = [np.max(np.abs(part[..., -1]), axis=-1) for part in F]
        value = _combined([block[..., k] for block in up for k in range(block.shape[-1])])
        error = _gamma(width + 3) * (2 * rest[0] + width * 2.0**-27 * rest[1])
        if off is not None:
            value = plus(
                value, np.asarray(off @ f.hi if off.ndim == 2 else (off @ f.hi[..., None])[..., 0])
            )
            error = error + _gamma(2 * width + 8) * spare * np.max(np.abs(f.hi), axis=-1)
        expected = Product(value, error)
    if w is not None and W is not None:
        rest = [np.abs(part[..., -1, :]).sum(axis=-1) for part in W]
        value = _combined([block[..., k, :] for block in down for k in range(block.shape[-2])])
        error = _gamma(W[0].shape[-1] + 3) * (2 * rest[0] + width * 2.0**-27 * rest[1])
        if off is not None:
            value = plus(
                value,
                np.asarray(
                    off.T @ w.hi if off.ndim == 2 else (w.hi[..., None, :] @ off)[..., 0, :]
                ),
            )
            error = error + _gamma(width + w.hi.shape[-1] + 8) * spare * np.abs(w.hi).sum(axis=-1)
        flowed = Product(value, error)
    return expected, flowed


def _combined(columns: list[Array]) -> Twofold:
    """Add the products of slices; at most six twofold additions."""
    out = Twofold(columns[0], np.zeros_like(columns[0]))
    for column in columns[1:]:
        out = plus(out, column)
    return out


Slices = tuple[Array, Array] | None


def _sparse(P: sp.csr_array, F: Slices, W: Slices, off_grid: bool) -> tuple[Any, Any]:
    """Multiply a CSR matrix, slice by slice."""
    parts = np.empty_like(P.data), np.empty_like(P.data)
    cut(P.data, *parts, off_grid)
    up, down = [], []
    for k, part in enumerate(parts):
        matrix = sp.csr_array((part, P.indices, P.indptr), shape=P.shape)
        if F is not None:
            up.append(matrix @ F[k])
        if W is not None:
            down.append((matrix.T @ W[k].T).T)
    return up, down


def _batch(P: Array, F: Slices, W: Slices, off_grid: bool) -> tuple[Any, Any]:
    """Multiply a batch of matrices (B, R, n), a cacheful of them at a time."""
    size, n_rows, n = P.shape
    step = max(1, BLOCK // (n_rows * n))
    up = [] if F is None else [np.empty((size, n_rows, part.shape[-1])) for part in F]
    down = [] if W is None else [np.empty((size, part.shape[-2], n)) for part in W]
    buffers = np.empty((2, step, n_rows, n))
    for start in range(0, size, step):
        at = slice(start, start + step)
        parts = buffers[:, : len(P[at])]
        cut(P[at], parts[0], parts[1], off_grid)
        for k, part in enumerate(parts):
            if F is not None:
                np.matmul(part, F[k][at], out=up[k][at])
            if W is not None:
                np.matmul(W[k][at], part, out=down[k][at])
    return up, down


def _dense(P: Array, F: Slices, W: Slices, off_grid: bool) -> tuple[Any, Any]:
    """Multiply one matrix block by block, so that the slices of P never leave the cache."""
    n_rows, n = P.shape
    step = max(1, BLOCK // n)
    up = [] if F is None else [np.empty((n_rows, part.shape[-1])) for part in F]
    down = [] if W is None else [np.zeros((len(part), n)) for part in W]
    buffers = np.empty((2, step, n))
    for start in range(0, n_rows, step):
        rows = P[start : start + step]
        stop, size = start + len(rows), len(rows)
        cut(rows, buffers[0, :size], buffers[1, :size], off_grid)
        for k, part in enumerate(buffers[:, :size]):
            if F is not None:
                up[k][start:stop] = part @ F[k]
            if W is not None:
                down[k] += W[k][:, start:stop] @ part
    return up, down
