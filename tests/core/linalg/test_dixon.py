"""p-adic lifting against Gaussian elimination in Fractions, where it could go wrong."""

from fractions import Fraction
from itertools import islice
from math import isqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tabular_trpo._core.linalg.dixon import PRIME, Dixon, inverse_modulo, primes_below

TOP = next(primes_below(PRIME))


def gauss(matrix: list[list[int]], b: list[int]) -> list[Fraction] | None:
    """Return x with matrix x = b, or None where the matrix is singular."""
    rows = [[Fraction(x) for x in (*row, y)] for row, y in zip(matrix, b, strict=True)]
    n = len(rows)
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def check(matrix: list[list[int]], b: list[int]) -> None:
    """Solve with the matrix and with its transpose, and compare with `gauss`."""
    solver = Dixon(np.array(matrix, dtype=object))
    for transposed in (False, True):
        turned = [list(row) for row in zip(*matrix, strict=True)] if transposed else matrix
        num, den = solver.solve(np.array(b, dtype=object), transposed)
        assert den > 0
        assert [Fraction(x, den) for x in num] == gauss(turned, b)


small = st.integers(-9, 9)
large = st.integers(-(2**200), 2**200)


@given(st.data(), st.integers(1, 5), st.sampled_from([small, large]))
def test_solution_is_exact(data: st.DataObject, n: int, entries: st.SearchStrategy[int]) -> None:
    row = st.lists(entries, min_size=n, max_size=n)
    matrix = data.draw(st.lists(row, min_size=n, max_size=n))
    b = data.draw(row)
    assume(gauss(matrix, b) is not None)
    check(matrix, b)


@pytest.mark.parametrize("value", [0, 1, -1, 5792, 5793, 6000, TOP - 1, TOP, -TOP, 2**300])
def test_whole_solutions_of_any_size(value: int) -> None:
    """A whole solution ends the lifting early; it must not be read as a fraction."""
    check([[1]], [value])
    check([[1, 1], [0, -1]], [value, 3])


@pytest.mark.parametrize("den", [2, TOP - 1, TOP + 2, 2**100 + 1])
def test_fractions_of_any_size(den: int) -> None:
    check([[den, 0], [1, den + 1]], [1, -7])


def test_matrix_that_is_singular_modulo_the_first_primes() -> None:
    first, second = islice(primes_below(PRIME), 2)
    check([[first * second, 0], [3, 1]], [5, 7])
    check([[first, 1], [0, second]], [1, 1])


def test_inverse_modulo_a_prime() -> None:
    matrix = np.array([[0, 2, 1], [1, 0, 3], [4, 5, 6]])
    inverse = inverse_modulo(matrix, 101)
    assert inverse is not None
    assert np.array_equal(matrix @ inverse % 101, np.eye(3))
    assert inverse_modulo(np.array([[1, 2], [2, 4]]), 101) is None
    assert inverse_modulo(np.array([[101]]), 101) is None


def test_primes_are_primes_and_none_is_left_out() -> None:
    expected = [p for p in range(99, 2, -1) if all(p % d for d in range(2, isqrt(p) + 1))]
    assert list(primes_below(100)) == expected
    assert next(primes_below(97)) == 89
    assert TOP < PRIME and TOP**2 * 2**12 < 2**63
