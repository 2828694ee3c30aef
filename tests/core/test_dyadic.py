"""Integer enclosures: every operation holds the exact results of points of its arguments."""

from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from tabular_trpo._core import dyadic

shifts = st.integers(-70, 70)
ends = st.one_of(st.integers(-9, 9), st.integers(-(2**90), 2**90))
intervals = st.builds(lambda a, b, s: (min(a, b), max(a, b), s), ends, ends, shifts)
bits = st.integers(1, 80)
shares = st.fractions(0, 1, max_denominator=7)


def point(x, share):
    lo, hi = dyadic.fractions(x)
    return lo + share * (hi - lo)


def holds(x, value):
    lo, hi = dyadic.fractions(x)
    return lo <= value <= hi


def excess(result, low, high):
    """How much wider the result is than [low, high], relative to the larger end."""
    lo, hi = dyadic.fractions(result)
    largest = max(abs(low), abs(high))
    return ((hi - lo) - (high - low)) / largest if largest else hi - lo


@given(intervals, intervals, shares, shares, bits)
def test_product_and_quotient_hold_all_points_and_little_more(x, y, s, t, bits):
    a, b = point(x, s), point(y, t)
    ends = [p * q for p in dyadic.fractions(x) for q in dyadic.fractions(y)]
    result = dyadic.multiply(x, y, bits)
    assert holds(result, a * b)
    assert excess(result, min(ends), max(ends)) <= Fraction(4, 2**bits)
    assume(not y[0] <= 0 <= y[1])
    ends = [p / q for p in dyadic.fractions(x) for q in dyadic.fractions(y)]
    result = dyadic.divide(x, y, bits)
    assert holds(result, a / b)
    # The grid is set for the largest divisor; a small one only makes the result larger.
    assert excess(result, min(ends), max(ends)) <= Fraction(8, 2**bits)


@given(intervals, shares, bits)
def test_square_root_holds_all_points_and_is_narrow(x, share, bits):
    assume(x[1] >= 0)
    a = max(point(x, share), Fraction(0))
    lo, hi = dyadic.fractions(dyadic.square_root(x, bits))
    assert 0 <= lo
    assert lo**2 <= a <= hi**2
    low, high = (max(end, Fraction(0)) for end in dyadic.fractions(x))
    assert hi**2 <= high * (1 + Fraction(4, 2**bits)) ** 2
    assert lo + hi * Fraction(4, 2**bits) >= 0
    assert (lo + hi * Fraction(4, 2**bits)) ** 2 >= low


@given(st.lists(st.tuples(st.fractions(max_denominator=99), intervals), min_size=1, max_size=5))
def test_linear_combination_holds_both_ends_and_little_more(terms):
    result = dyadic.combine(terms, 40)
    low = high = largest = Fraction(0)
    for coef, x in terms:
        ends = sorted(coef * end for end in dyadic.fractions(x))
        low, high = low + ends[0], high + ends[1]
        largest = max(largest, abs(ends[0]), abs(ends[1]))
    assert holds(result, low)
    assert holds(result, high)
    lo, hi = dyadic.fractions(result)
    # The largest term is known to 3 bits from the lengths of its integers.
    assert (hi - lo) - (high - low) <= max(largest, Fraction(1, 2**80)) / 2**37


def test_scaling_rounds_down_and_up_for_either_shift():
    assert [dyadic.floor_scaled(-7, 2, s) for s in (-1, 0, 1)] == [-2, -4, -7]
    assert [dyadic.ceil_scaled(-7, 2, s) for s in (-1, 0, 1)] == [-1, -3, -7]
