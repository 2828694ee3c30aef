"""Sliced products against Fractions: within the error they state, which plain products are not."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tabular_trpo._core.grid import off_grid_part, renormalise_largest, snap_rows
from tabular_trpo._core.linalg import twofold
from tabular_trpo._core.linalg.sliced import MANY, Product, products
from tabular_trpo._core.linalg.twofold import Twofold
from tabular_trpo._exact.enclosure import FLOOR

SHAPES = [(1, 1), (5, 2), (24, 6), (3, 40), (30, MANY + 6), (2 * MANY + 2, 9)]


def rows(rng: np.random.Generator, n_rows: int, n: int, kind: str) -> np.ndarray:
    """Stochastic rows on the grid: dense, nearly deterministic, or with zeros."""
    P = rng.dirichlet(np.full(n, 0.02 if kind == "peaked" else 1.0), size=n_rows)
    if kind == "sparse":
        P *= rng.random(P.shape) < 0.3
        P[np.arange(n_rows), rng.integers(n, size=n_rows)] += 1e-3
        P /= P.sum(axis=1, keepdims=True)
    return snap_rows(np.where(P < 1e-12, 0.0, P) / np.where(P < 1e-12, 0.0, P).sum(1)[:, None])[0]


def vector(rng: np.random.Generator, n: int, spread: int = 0) -> Twofold:
    hi = rng.standard_normal(n) * 10.0 ** rng.integers(-spread, spread + 1, n)
    return Twofold(hi, hi * rng.uniform(-1, 1, n) * 2.0**-54)


def exact(x: Twofold) -> list[Fraction]:
    pairs = zip(np.ravel(x.hi).tolist(), np.ravel(x.lo).tolist(), strict=True)
    return [Fraction(a) + Fraction(b) for a, b in pairs]


def dot(P: Any, f: list[Fraction]) -> list[Fraction]:
    table = [[Fraction(x) for x in row] for row in np.asarray(P).tolist()]
    return [sum((p * x for p, x in zip(row, f, strict=True)), Fraction(0)) for row in table]


def slack(x: Twofold) -> Fraction:
    """At most six twofold additions of parts that are no larger than twice the data."""
    return 16 * Fraction(twofold.UNIT) * max(map(abs, exact(x)))


def compare(P: np.ndarray, f: Twofold, w: Twofold, got: tuple[Any, Any]) -> None:
    expected, flowed = got
    truth = dot(P, exact(f))
    bound = Fraction(float(expected.error)) + slack(f)
    assert max(abs(x - y) for x, y in zip(exact(expected.value), truth, strict=True)) <= bound
    truth = dot(P.T, exact(w))
    mass = sum(map(abs, exact(w)), Fraction(0))
    bound = Fraction(float(flowed.error)) + 16 * Fraction(twofold.UNIT) * mass
    assert sum(abs(x - y) for x, y in zip(exact(flowed.value), truth, strict=True)) <= bound


@pytest.mark.parametrize("kind", ["dense", "peaked", "sparse"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("spread", [0, 6])
def test_error_is_within_what_is_stated(
    rng: np.random.Generator, shape: tuple[int, int], kind: str, spread: int
) -> None:
    P = rows(rng, *shape, kind)
    f, w = vector(rng, shape[1], spread), vector(rng, shape[0], spread)
    compare(P, f, w, products(P, f, w))
    compare(P, f, w, products(sp.csr_array(P), f, w))


def test_batch_is_each_of_its_models(rng: np.random.Generator) -> None:
    P = np.stack([rows(rng, 8, 4, "dense") for _ in range(5)])
    f = Twofold(rng.standard_normal((5, 4)), rng.standard_normal((5, 4)) * 2.0**-60)
    w = Twofold(rng.standard_normal((5, 8)), rng.standard_normal((5, 8)) * 2.0**-60)
    expected, flowed = products(P, f, w)
    assert expected is not None and flowed is not None
    for i in range(5):
        one = [
            Product(Twofold(x.value.hi[i], x.value.lo[i]), x.error[i]) for x in (expected, flowed)
        ]
        compare(P[i], Twofold(f.hi[i], f.lo[i]), Twofold(w.hi[i], w.lo[i]), (one[0], one[1]))


@pytest.mark.parametrize("shape", [(24, 6), (200, 100)])
def test_stated_error_is_far_below_one_ulp_and_plain_products_miss_it(
    rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    P = rows(rng, *shape, "dense")
    f, w = vector(rng, shape[1]), vector(rng, shape[0])
    expected, flowed = products(P, f, w)
    assert expected is not None and flowed is not None
    most = np.max(np.abs(f.hi))
    assert expected.error < 2.0**-75 * most
    assert flowed.error < 2.0**-70 * np.abs(w.hi).sum()
    plain = zip(map(Fraction, P @ f.hi), dot(P, exact(f)), strict=True)
    assert max(abs(x - y) for x, y in plain) > 1000 * Fraction(float(expected.error))
    plain = zip(map(Fraction, w.hi @ P), dot(P.T, exact(w)), strict=True)
    assert sum(abs(x - y) for x, y in plain) > 1000 * Fraction(float(flowed.error))


@pytest.mark.parametrize("size", [1.0, 0.0])
def test_one_vector_alone(rng: np.random.Generator, size: float) -> None:
    P = rows(rng, 6, 3, "dense")
    f = Twofold(rng.standard_normal(3) * size, np.zeros(3))
    w = Twofold(rng.standard_normal(6) * size, np.zeros(6))
    both = products(P, f, w)
    up, none = products(P, f, None)
    assert none is None and up is not None and both[0] is not None
    assert np.array_equal(up.value.hi, both[0].value.hi)
    none, down = products(P, None, w)
    assert none is None and down is not None and both[1] is not None
    assert np.array_equal(down.value.hi, both[1].value.hi)


@pytest.mark.parametrize("layout", ["dense", "csr"])
def test_rows_below_the_grid_are_read_exactly(rng: np.random.Generator, layout: str) -> None:
    P = rows(rng, 10, 5, "dense")
    P[:, 0] = 0.0
    P = snap_rows(P / P.sum(axis=1, keepdims=True))[0]
    P[:, 0] = rng.uniform(0.0, 2.0**-53, 10)
    P[3, 0] = 1e-300
    f, w = vector(rng, 5), vector(rng, 10)
    meant = [renormalise_largest([Fraction(x) for x in row]) for row in P.tolist()]
    table: Any = P if layout == "dense" else sp.csr_array(P)
    up, down = products(table, f, w, off_grid_part(table))
    assert up is not None and down is not None
    expected = [sum(p * x for p, x in zip(row, exact(f), strict=True)) for row in meant]
    errors = [abs(x - y) for x, y in zip(exact(up.value), expected, strict=True)]
    assert max(errors) <= Fraction(float(up.error)) + slack(f)
    plain, _ = products(
        table, f, None, off_grid_part(table) * 0
    )  # the floats as stored are not enough
    assert plain is not None
    errors = [abs(x - y) for x, y in zip(exact(plain.value), expected, strict=True)]
    assert max(errors) > Fraction(float(up.error)) + slack(f)
    flowed = [sum(x * row[j] for x, row in zip(exact(w), meant, strict=True)) for j in range(5)]
    error = sum(abs(x - y) for x, y in zip(exact(down.value), flowed, strict=True))
    mass = sum(map(abs, exact(w)), Fraction(0))
    assert error <= Fraction(float(down.error)) + 16 * Fraction(twofold.UNIT) * mass


@pytest.mark.parametrize("n", [16, MANY, 4 * MANY])
def test_widest_sums_of_small_parts_are_exact(rng: np.random.Generator, n: int) -> None:
    """Every P2 and every slice is as large as it can be, all of one sign: no bit to spare."""
    P = np.full((1, n), 2.0**-10 + 2.0**-27 - 2.0**-53)
    P[0, -1] = 1.0 - P[0, :-1].sum()
    f = Twofold(1.0 - rng.random(n) * 2.0**-8, np.zeros(n))
    got, _ = products(P, f, None)
    assert got is not None
    error = abs(exact(got.value)[0] - dot(P, exact(f))[0])
    assert error <= Fraction(float(got.error)) + slack(f)
    table = np.tile(P, (n, 1))
    _, down = products(table, None, f)
    assert down is not None
    truth = dot(table.T, exact(f))
    errors = [abs(x - y) for x, y in zip(exact(down.value), truth, strict=True)]
    assert sum(errors) <= Fraction(float(down.error)) + n * slack(f)


@pytest.mark.parametrize("scale", [1e-280, 1e-300, 5e-324])
@pytest.mark.parametrize("batched", [False, True])
def test_vectors_near_the_smallest_double(
    rng: np.random.Generator, scale: float, batched: bool
) -> None:
    """Slices of such vectors are cut on a grid that is not 0; the loss is below FLOOR."""
    P = rows(rng, 6, 3, "dense")
    f, w = (Twofold(np.ceil(rng.random(n)) * scale, np.zeros(n)) for n in (3, 6))
    if batched:
        got = products(P[None], Twofold(f.hi[None], f.lo[None]), None)[0]
        assert got is not None
        value = Twofold(got.value.hi[0], got.value.lo[0])
    else:
        up, down = products(P, f, w)
        assert up is not None and down is not None
        value = up.value
        errors = [abs(x - y) for x, y in zip(exact(down.value), dot(P.T, exact(w)), strict=True)]
        assert sum(errors) <= Fraction(float(down.error)) + Fraction(FLOOR)
    errors = [abs(x - y) for x, y in zip(exact(value), dot(P, exact(f)), strict=True)]
    assert max(errors) <= Fraction(FLOOR)
