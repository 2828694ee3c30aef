"""Sparse arrays that a user gives: their indices are checked before compiled code follows them."""

from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, frozen

CURE = "Build it again, for instance by scipy.sparse.csr_array((data, (rows, columns)), shape=...)"
_malformed = partial(invalid, "csr", cure=CURE)


def read_csr(name: str, value: Any) -> sp.csr_array:
    """Return a read-only CSR copy of a sparse array: doubles in canonical order, no duplicates.

    Stored zeros are dropped, unless one has a minus sign, which `validate` refuses.

    raises: InvalidMDPError where indices are out of range, MemoryGuardError for absurd shapes
    """
    if value.ndim != 2:
        raise invalid("shape", name, f"has shape {value.shape}", "two axes")
    if value.dtype.kind not in "fiu":
        raise invalid("type", name, f"holds {value.dtype}", "a CSR array of floats")
    rows, columns = value.shape
    if value.format in ("csr", "csc", "bsr"):
        _compressed(name, value, *_sizes(name, value))
    else:
        value = value.tocoo()
        _places(name, f"{name}.row", value.row, rows)
        _places(name, f"{name}.col", value.col, columns)
        _same_length(name, row=value.row, col=value.col, data=value.data)
    guard(8 * rows + 16 * value.nnz, f"{name} of shape {value.shape}", "Check its shape")
    matrix = sp.csr_array(value, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    if name == "r" or not np.signbit(matrix.data).any():
        matrix.eliminate_zeros()
    return frozen_csr(matrix, matrix.data)


def frozen_csr(like: sp.csr_array, data: Array) -> sp.csr_array:
    """Return read-only CSR with the indices of `like` and other data."""
    out = sp.csr_array((data, like.indices, like.indptr), shape=like.shape)
    for part in (out.data, out.indices, out.indptr):
        frozen(part)
    return out


def _sizes(name: str, value: Any) -> tuple[int, int]:
    """Return the number of rows that `indptr` has, and the number of columns of `indices`."""
    rows, columns = value.shape
    axes = 3 if value.format == "bsr" else 1
    if value.data.ndim != axes:
        raise _malformed(f"{name}.data", f"has shape {value.data.shape}", f"{axes} axes")
    if value.format == "csc":
        return columns, rows
    height, width = value.data.shape[1:] or (1, 1)
    if 0 in (height, width) or rows % height or columns % width:
        raise _malformed(f"{name}.data", f"has blocks {(height, width)}", "blocks that tile it")
    return rows // height, columns // width


def _compressed(name: str, value: Any, rows: int, columns: int) -> None:
    """Check what compiled code does not: `indptr` into `indices`, `indices` into the columns."""
    indptr, indices = value.indptr, value.indices
    _integers(f"{name}.indptr", indptr)
    if len(indptr) != rows + 1:
        raise _malformed(f"{name}.indptr", f"has {len(indptr)} entries", f"{rows + 1}, rows + 1")
    if indptr[0] != 0:
        raise _malformed(f"{name}.indptr", f"begins with {indptr[0]}", "0")
    falls = np.flatnonzero(indptr[1:] < indptr[:-1])  # a difference of unsigned numbers would wrap
    if len(falls):
        i = int(falls[0])
        got = f"falls from {indptr[i]} to {indptr[i + 1]}"
        raise _malformed(f"{name}.indptr[{i + 1}]", got, "no decrease")
    _same_length(name, indices=indices, data=value.data)
    if indptr[-1] != len(indices):
        got = f"ends with {indptr[-1]}"
        raise _malformed(f"{name}.indptr", got, f"{len(indices)}, the number of indices")
    _places(name, f"{name}.indices", indices, columns)


def _integers(where: str, array: Array) -> None:
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise _malformed(where, f"is {array.dtype} of shape {array.shape}", "a row of integers")


def _places(name: str, where: str, indices: Array, most: int) -> None:
    """Check that indices are integers in [0, most)."""
    _integers(where, indices)
    bad = np.flatnonzero((indices < 0) | (indices >= most))
    if len(bad):
        i = int(bad[0])
        expected = f"0 to {most - 1} in {name}"
        raise _malformed(f"{where}[{i}]", f"= {indices[i]}", expected)


def _same_length(name: str, **parts: Array) -> None:
    lengths = {part: len(array) for part, array in parts.items()}
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{part} has {n} entries" for part, n in lengths.items())
        raise _malformed(f"{name}:", got, "equal lengths")
