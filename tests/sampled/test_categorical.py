"""Categorical sampling by inversion: exactly where one outcome ends and the next begins."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp

from tabular_trpo._core.errors import MemoryGuardError, Problem
from tabular_trpo._sampled import categorical as module
from tabular_trpo._sampled.categorical import Categorical

LAST = 1 - 2.0**-53  # the largest uniform


def drawn(table, row, u):
    """The column drawn in one row."""
    at = table.places(np.full(len(u), row), np.asarray(u))
    return table.outcome[at].tolist()


def random_rows(seed, n, m, density=0.5):
    """Rows on the grid k / 2^53, with zeros among them."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(m), n) * (rng.random((n, m)) < density)
    weights[np.arange(n), rng.integers(0, m, n)] += 0.1
    rows = np.floor(weights / weights.sum(axis=1, keepdims=True) * 2**53)
    rows[np.arange(n), rows.argmax(axis=1)] += 2.0**53 - rows.sum(axis=1)
    return rows / 2**53


def test_each_outcome_has_its_probability_to_the_last_bit() -> None:
    """Uniforms are k / 2^53: those below a partial sum and not below the one before are it."""
    for m in (1, 2, 3, 4, 5, 8, 9, 17):
        rows = random_rows(m, 6, m)
        table = Categorical.of(rows)
        for row, p in enumerate(rows):
            assert sum(map(Fraction, p)) == 1
            ends = np.cumsum([Fraction(x) for x in p])
            begins = [Fraction(0), *ends[:-1]]
            for column in np.flatnonzero(p):
                first, last = float(begins[column]), float(ends[column] - Fraction(1, 2**53))
                assert drawn(table, row, [first, (first + last) / 2, last]) == [column] * 3
            if (p > 0).sum() > 1:
                inner = np.flatnonzero(p)[1]
                assert drawn(table, row, [float(begins[inner]) - 2.0**-53]) != [inner]
            assert drawn(table, row, [LAST]) == [np.flatnonzero(p)[-1]]


def test_sparse_and_dense_rows_draw_alike() -> None:
    rng = np.random.default_rng(1)
    rows = random_rows(2, 40, 13, density=0.3)
    rows[7] = 0.0
    u = rng.random(4000)
    at = rng.integers(0, 40, 4000)
    dense, sparse = Categorical.of(rows), Categorical.of(sp.csr_array(rows))
    got = dense.outcome[dense.places(at, u)]
    assert np.array_equal(got, sparse.outcome[sparse.places(at, u)])
    cumulated = np.cumsum(rows, axis=1)
    expected = (cumulated[at] <= u[:, None]).sum(axis=1)
    assert np.array_equal(got[at != 7], expected[at != 7])
    assert set(got[at == 7]) == {0}  # an empty row


def test_inversion_is_monotone() -> None:
    """What common random numbers live on: more u never gives an earlier outcome."""
    rows = random_rows(3, 10, 9)
    table = Categorical.of(rows)
    u = np.sort(np.random.default_rng(0).random(500))
    for row in range(10):
        assert np.all(np.diff(drawn(table, row, u)) >= 0)


def test_entries_below_the_grid_are_drawn_to_within_one_uniform() -> None:
    for p in ([1e-20, 1.0], [0.25, 1e-20, 0.75], [1.0, 1e-20]):
        table = Categorical.of(np.array([p]))
        u = np.array([0.0, 2.0**-53, 0.25 - 2.0**-54, 0.25, 0.5, LAST])
        got = drawn(table, 0, u)
        expected = {3: [0, 0, 0, 2, 2, 2], 2: [0, 1, 1, 1, 1, 1]}[len(p)]
        assert got == (expected if p[0] != 1.0 else [0] * 6)
    # A row that sums to a little less than 1: the last outcome takes what is left.
    short = Categorical.of(np.array([[0.5, 0.5 - 2.0**-53]]))
    assert drawn(short, 0, [0.5 - 2.0**-53, 0.5, LAST]) == [0, 1, 1]
    short = Categorical.of(np.array([[0.0, 0.25, 0.25, 0.5 - 2.0**-53]]))  # padded to four outcomes
    assert drawn(short, 0, [0.0, 0.25, 0.5, LAST]) == [1, 2, 3, 3]


def test_one_outcome_needs_no_search() -> None:
    table = Categorical.of(np.eye(3)[[2, 0]])
    assert table.levels == 0
    assert drawn(table, 0, [0.0, LAST]) == [2, 2] and drawn(table, 1, [0.0, LAST]) == [0, 0]


def test_the_table_is_read_only_and_refused_where_it_would_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = Categorical.of(np.array([[0.5, 0.5]]))
    for array in (table.sums, table.outcome):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1

    def guard(size: int, what: str, cure: str) -> None:
        """Refuse all that is above 100 bytes."""
        if size > 100:
            raise MemoryGuardError(Problem("memory", what, "is large", "less", cure))

    monkeypatch.setattr(module, "guard", guard)
    Categorical.of(np.array([[0.5, 0.5]]))  # 2 x 16 bytes
    with pytest.raises(MemoryGuardError, match=r"table of outcomes.*fewer successors a row"):
        Categorical.of(np.full((2, 5), 0.2))  # padded to 8: 2 x 8 x 16 bytes
