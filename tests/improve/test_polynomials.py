"""Roots of rational polynomials: given roots, multiple roots, and roots at the ends."""

from fractions import Fraction as F

import pytest
from flint import fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._improve.polynomials import interpolate, roots, sign, to_fmpq, value

FRACTIONS = st.fractions(-2, 2, max_denominator=12)


@given(st.lists(FRACTIONS, min_size=1, max_size=6), st.sampled_from([1, -3]))
def test_each_root_has_its_interval(zeros, scale):
    f = fmpq_poly([scale])
    for x in zeros:  # with repetitions, inside and outside, at 0 and at 1
        f = f * fmpq_poly([-to_fmpq(x), 1])
    found = roots(f, 40)
    expected = sorted({x for x in zeros if 0 < x <= 1})
    assert len(found) == len(expected)
    for (lo, hi), x in zip(found, expected, strict=True):
        assert lo < x <= hi or lo == x == hi
        assert hi - lo <= F(1, 2**40)


def test_irrational_and_absent_roots():
    ((lo, hi),) = roots(fmpq_poly([-1, 0, 2]), 64)
    assert 2 * lo**2 < 1 < 2 * hi**2 and hi - lo <= F(1, 2**64)
    double = fmpq_poly([-1, 1]) ** 2 * fmpq_poly([-1, 2]) ** 2
    assert roots(double, 8) == [(F(1, 2), F(1, 2)), (F(1), F(1))]  # also at an end
    assert [roots(fmpq_poly(f), 8) for f in ([1, 0, 1], [5], [0, 1])] == [[]] * 3


@pytest.mark.parametrize("ys", [[3], [1, 2], [0, 0, 0], [5, -1, 2, 7]])
def test_interpolation_goes_through_the_points(ys):
    xs = [F(k, 3) for k in range(len(ys))]
    f = interpolate(xs, [to_fmpq(F(y)) for y in ys])
    assert [value(f, x) for x in xs] == ys and f.degree() < len(xs)


def test_signs_are_exact():
    assert [sign(fmpq_poly([-1, 3]), x) for x in (F(1, 3), F(1, 3) + F(1, 10**50), F(0))] == [
        0,
        1,
        -1,
    ]
