"""Total variation and KL of rows: the factor 1/2, tiny steps, smaller support, exact zeros."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tabular_trpo._core.grid import snap_rows
from tabular_trpo._core.real import INFINITY
from tabular_trpo._exact.divergence import excess
from tests.strategies import fractions_simplex

F = Fraction


def decimal_kl(p: Any, q: Any) -> Decimal:
    """Return KL of two rows, read as exact numbers, to 80 digits."""
    with localcontext() as context:
        context.prec = 120
        terms = []
        for x, y in zip(map(F, p), map(F, q), strict=True):
            if x:
                X, Y = (Decimal(z.numerator) / Decimal(z.denominator) for z in (x, y))
                terms.append(X * (X / Y).ln())
        return sum(terms, Decimal(0))


@pytest.mark.parametrize("n", [2, 3, 10])
@pytest.mark.parametrize("step", [1.0, 0.3, 1e-2, 1e-4, 1e-8, 1e-12])
def test_float_kl_keeps_its_digits_for_small_steps(
    rng: np.random.Generator, n: int, step: float
) -> None:
    for _ in range(20):
        p = snap_rows(rng.dirichlet(np.ones(n)))[0]
        q = snap_rows((1 - step) * p + step * rng.dirichlet(np.ones(n)))[0]
        truth = float(decimal_kl(p, q))
        assert tt.kl(p, q) == pytest.approx(truth, rel=2e-13, abs=0.0)
        assert tt.kl(p, q) >= 0.0


def test_kl_is_accurate_where_the_textbook_sum_is_not(rng: np.random.Generator) -> None:
    p = snap_rows(rng.dirichlet(np.ones(5)))[0]
    q = snap_rows(p * (1 + 1e-9 * rng.standard_normal(5)))[0]
    truth = float(decimal_kl(p, q))
    textbook = float(np.sum(p * np.log(p / q)))
    assert abs(textbook - truth) > 0.1 * truth
    assert tt.kl(p, q) == pytest.approx(truth, rel=1e-12)


def test_a_tiny_step_keeps_its_digits_beside_a_large_one() -> None:
    p = np.array([[0.25, 0.75], [0.25, 0.75]])
    q = np.array([[0.5, 0.5], [0.25 + 2.0**-40, 0.75 - 2.0**-40]])
    truth = [float(decimal_kl(*rows)) for rows in zip(p, q, strict=True)]
    assert tt.kl(p, q) == pytest.approx(truth, rel=1e-13, abs=0.0)


@pytest.mark.parametrize("tiny", [2.0**-53, 3.3e-16, 1e-17, 1e-100, 1e-300, 5e-324])
def test_kl_of_a_tiny_probability_is_large_and_finite(tiny: float) -> None:
    p, q = np.array([0.7, 0.3]), np.array([tiny, 1.0 - tiny])
    truth = float(decimal_kl(p, q))
    assert tt.kl(p, q) == pytest.approx(truth, rel=1e-14)
    reverse = float(decimal_kl(q, p))
    assert tt.kl(q, p) == pytest.approx(reverse, rel=1e-14)


def test_smaller_support_is_infinite_and_zero_log_zero_is_zero() -> None:
    half, point = np.array([0.5, 0.5]), np.array([1.0, 0.0])
    assert tt.kl(half, point) == np.inf
    assert tt.kl(point, half) == pytest.approx(np.log(2), rel=1e-15)
    assert tt.kl(point, point) == 0.0
    exact_half, exact_point = np.array([F(1, 2)] * 2), np.array([F(1), F(0)])
    assert tt.kl(exact_half, exact_point) == INFINITY
    assert tt.kl(exact_point, exact_point) == 0
    lo, hi = tt.kl(exact_point, exact_half).enclose(200)
    assert lo <= F(0.6931471805599453) + F(1, 2**50) and hi >= F(0.6931471805599453) - F(1, 2**50)


@given(st.data(), st.integers(1, 5))
def test_rational_kl_is_exact(data: st.DataObject, n: int) -> None:
    p, q = (np.array(data.draw(fractions_simplex(n)), dtype=object).reshape(n) for _ in range(2))
    got = tt.kl(p, q)
    if any(x and not y for x, y in zip(p, q, strict=True)):
        assert got == INFINITY
    elif np.array_equal(p, q):
        assert type(got) is Fraction and got == 0
    else:
        assert got > 0
        assert float(got) == pytest.approx(float(decimal_kl(p, q)), rel=1e-14)


def test_rational_kl_of_a_step_of_1e_minus_30() -> None:
    """KL(p || p + h) = h^2 / 2 sum 1 / p + O(h^3), whose sign floats cannot decide."""
    h = F(1, 10**30)
    p = np.array([F(1, 2), F(1, 2)])
    got = tt.kl(p, p + np.array([h, -h]))
    assert 2 * h**2 < got < 2 * h**2 * (1 + h)


@given(st.data(), st.integers(1, 5))
def test_tv_is_half_the_l1_distance(data: st.DataObject, n: int) -> None:
    p, q = (np.array(data.draw(fractions_simplex(n)), dtype=object).reshape(n) for _ in range(2))
    got = tt.tv(p, q)
    # Equal to the largest difference of the probabilities of an event.
    assert got == sum((max(x - y, F(0)) for x, y in zip(p, q, strict=True)), F(0))
    assert tt.tv(p.astype(float), q.astype(float)) == pytest.approx(float(got), abs=1e-15)


def test_extremes_of_tv() -> None:
    assert tt.tv(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0
    assert tt.tv(np.array([F(1), F(0)]), np.array([F(1, 2), F(1, 2)])) == F(1, 2)


@pytest.mark.parametrize("distance", [tt.tv, tt.kl])
def test_rows_are_the_last_axis_and_broadcast(distance: Any, rng: np.random.Generator) -> None:
    p, q = rng.dirichlet(np.ones(3), size=(4, 2)), rng.dirichlet(np.ones(3), size=2)
    got = distance(p, q)
    assert got.shape == (4, 2)
    assert all(got[i, j] == distance(p[i, j], q[j]) for i in range(4) for j in range(2))
    exact = distance(np.array([[F(1), F(0)], [F(0), F(1)]]), np.array([F(1), F(0)]))
    assert exact.shape == (2,) and exact[0] == 0


@pytest.mark.parametrize("distance", [tt.tv, tt.kl])
def test_arithmetics_do_not_mix(distance: Any) -> None:
    with pytest.raises(tt.ExactnessError, match="q is in float arithmetic"):
        distance(np.array([F(1), F(0)]), np.array([1.0, 0.0]))


@pytest.mark.parametrize("distance", [tt.tv, tt.kl])
def test_lists_and_exact_strings_are_read(distance: Any) -> None:
    exact = distance(["1/2", "1/2"], [F(1, 4), "0.75"])
    assert exact == distance(np.array([F(1, 2)] * 2), np.array([F(1, 4), F(3, 4)]))
    assert distance([0.5, 0.5], [[1.0, 0.0], [0.5, 0.5]])[1] == 0.0
    assert distance([1, 0], [1, 0]) == 0
    with pytest.raises(
        tt.ExactnessError, match="q is in rational arithmetic, expected float arithmetic"
    ):
        distance([0.5, 0.5], ["1/2", "1/2"])


@pytest.mark.parametrize("distance", [tt.tv, tt.kl])
@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        ([0.5, np.nan], [0.5, 0.5], r"p\[a=1\] = nan, expected a finite number"),
        ([0.5, 0.5], [np.inf, 0.5], r"q\[a=0\] = inf, expected a finite number"),
        ([0.5, 0.5], [np.inf, -np.inf], r"q\[a=0\] = inf, expected a finite number"),
        ([0.5, 0.5], [1e308, 1e308], "q sums to inf, expected 1"),
        ([0.5, 0.5], [1.5, -0.5], r"q\[a=1\] = -0.5, expected a probability"),
        (["-0", "1"], [1, 0], r"p\[0\] = '-0', expected a probability, without a minus sign"),
        (["3/2", "-1/2"], [1, 0], r"p\[a=1\] = -1/2, expected a probability"),
        ([0.5, 0.4], [0.5, 0.5], "p sums to 0.9, expected 1 .*tolerance 1e-09"),
        ([1, 0], ["1/2", "1/3"], "q sums to 5/6, expected 1 .*exactly"),
        ([[1.0, 0.0], [0.5, 0.6]], [1.0, 0.0], r"p\[1\] sums to 1.1, expected 1"),
        ([1.0, 0.0], [1.0], r"q has shape \(1,\), expected \(..., A\) = \(2,\)"),
        ([[1.0, 0.0]] * 2, [[1.0, 0.0]] * 3, r"q has shape \(3, 2\)"),
        ([[1.0, 0.0], [1.0]], [1.0, 0.0], "p is ragged"),
        (1.0, 1.0, r"p has shape \(\), expected \(..., A\)"),
        (["half", "half"], [1, 0], r"p\[0\] = 'half' is not a number"),
    ],
)
def test_rows_that_are_no_distributions_are_refused(
    distance: Any, p: Any, q: Any, message: str
) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        distance(p, q)


@pytest.mark.parametrize("x", [0.0099, -0.0099, 0.004, -0.004, 1e-9])
def test_excess_of_a_small_number_keeps_all_its_digits(x: float) -> None:
    """Compared with the power series of x - log(1 + x) in exact numbers."""
    exact = F(x)
    truth = sum((-exact) ** k / k for k in range(2, 20))
    assert abs(F(float(excess(np.array([x]))[0])) / truth - 1) < F(1, 2**51)
