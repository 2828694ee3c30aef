"""Sparse arrays of a user: what would crash compiled code of scipy is refused before it runs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt

P = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [0.25, 0.75]])  # two states, two actions


def model(P: Any, **changes: Any) -> tt.MDP:
    fields = {"r": [[1.0, 0.0], [0.0, 2.0]], "rho0": [1.0, 0.0], "gamma": 0.9}
    return tt.MDP(**{"P": P} | fields | changes)


def spoiled(part: str, change: Callable[[Any], Any], kind: str = "csr") -> Any:
    """Return P as a sparse array with one of its parts changed behind scipy's back."""
    whole: Any = sp.csr_array(P)
    matrix = whole.asformat(kind)
    setattr(matrix, part, change(getattr(matrix, part).copy()))
    return matrix


def put(i: int, value: int) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array[i] = value
        return array

    return change


WRONG = [
    ("indices", put(2, 2), "indices[2] = 2, expected 0 to 1 in P"),
    ("indices", put(5, 10**9), "indices[5] = 1000000000, expected 0 to 1"),
    ("indices", put(0, -1), "indices[0] = -1, expected 0 to 1"),
    ("indices", lambda x: x.astype(float), "indices is float64 of shape (6,)"),
    ("indices", lambda x: x[:-1], ": indices has 5 entries, data has 6 entries"),
    ("data", lambda x: x[:-1], ": indices has 6 entries, data has 5 entries"),
    ("data", lambda x: x[:, None], ".data has shape (6, 1), expected 1 axes"),
    ("indptr", put(0, 1), "indptr begins with 1, expected 0"),
    ("indptr", put(2, 1), "indptr[2] falls from 2 to 1, expected no decrease"),
    ("indptr", put(4, 9), "indptr ends with 9, expected 6, the number of indices"),
    ("indptr", put(4, 5), "indptr ends with 5, expected 6"),
    ("indptr", put(1, 10**9), "indptr[2] falls from 1000000000 to 3"),
    ("indptr", lambda x: x[:-1], "indptr has 4 entries, expected 5"),
    ("indptr", lambda x: x.astype(np.uint32)[::-1].copy(), "indptr begins with 6, expected 0"),
]


@pytest.mark.parametrize(("part", "change", "message"), WRONG)
@pytest.mark.parametrize("name", ["P", "r"])
def test_malformed_csr_is_refused(
    part: str, change: Callable[[Any], Any], message: str, name: str
) -> None:
    bad = spoiled(part, change)
    with pytest.raises(tt.InvalidMDPError) as caught:
        model(bad) if name == "P" else model(sp.csr_array(P), r=bad)
    assert caught.value.code == "csr"
    joined = message if message[0] in ".:" else f".{message}"
    assert str(caught.value).startswith(name + joined.replace(" in P", f" in {name}"))
    assert "scipy.sparse.csr_array((data, (rows, columns))" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "part", "message"),
    [
        ("csc", "indices", r"P.indices\[0\] = 7, expected 0 to 3"),
        ("bsr", "indices", r"P.indices\[0\] = 7, expected 0 to 0"),
        ("csc", "indptr", "P.indptr begins with 7"),
        ("coo", "row", r"P.row\[0\] = 7, expected 0 to 3"),
        ("coo", "col", r"P.col\[0\] = 7, expected 0 to 1"),
    ],
)
def test_other_malformed_formats_are_refused(kind: str, part: str, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        model(spoiled(part, put(0, 7), kind))


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
def test_every_format_is_read(kind: str) -> None:
    whole: Any = sp.csr_array(P)
    assert np.array_equal(model(whole.asformat(kind)).P.toarray(), P)


def test_blocks_and_duplicates_are_read() -> None:
    blocks = sp.bsr_array(P, blocksize=(2, 1))
    assert np.array_equal(model(blocks).P.toarray(), P)
    twice = sp.csr_array(P)
    twice.data, twice.indices = np.repeat(twice.data / 2, 2), np.repeat(twice.indices, 2)
    twice.indptr = twice.indptr * 2
    assert model(twice).P.nnz == 6 and np.array_equal(model(twice).P.toarray(), P)


def test_blocks_that_do_not_tile_the_shape_are_refused() -> None:
    bad = sp.bsr_array(P, blocksize=(2, 1))
    bad.data = np.ones((len(bad.data), 3, 1))
    with pytest.raises(tt.InvalidMDPError, match=r"P.data has blocks \(3, 1\)"):
        model(bad)


def test_other_axes_are_refused() -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"P has shape \(2,\), expected two axes"):
        model(sp.coo_array(np.array([1.0, 0.0])))


def test_absurd_shape_is_refused_before_it_is_allocated() -> None:
    empty = sp.coo_array((10**13, 1))
    with pytest.raises(tt.MemoryGuardError, match="Check its shape"):
        model(empty)


def test_stored_minus_zero_is_refused_as_in_dense_arrays() -> None:
    minus = sp.csr_array(P)
    minus.data[0], minus.data[1] = -0.0, 1.0
    with pytest.raises(tt.InvalidMDPError, match=r"P\[s=0, a=0, s'=0\] = -0.0, expected a prob"):
        model(minus)
