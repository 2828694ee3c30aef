"""Intervals hold the exact results of Fractions, stay narrow, and never hold a NaN."""

import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tabular_trpo._core.interval import Interval, larger, smaller
from tabular_trpo._core.real import INFINITY, log

F = Fraction
INF = math.inf
OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv
}  # fmt: skip

numbers = st.one_of(
    st.integers(-9, 9).map(float),
    st.floats(-100, 100),
    st.floats(allow_nan=False, allow_infinity=False),
)
fractions = st.fractions(max_denominator=999)


def value(x):
    return F(x) if math.isfinite(x) else x


def holds(x, exact):
    """Whether a 0-d interval holds an exact number."""
    return value(float(x.lo)) <= exact <= value(float(x.hi))


def interval(lo, hi):
    return Interval(np.array(lo, dtype=float), np.array(hi, dtype=float))


def ends(x):
    return x.lo.tolist(), x.hi.tolist()


@st.composite
def known(draw):
    """An interval and a number in it: a rational, a float, or a float between two others."""
    if draw(st.booleans()):
        q = draw(st.one_of(fractions, numbers.map(F)))
        return Interval.exact(q), q
    a, b, c = sorted(draw(st.tuples(numbers, numbers, numbers)))
    return interval(a, c), F(b)


# Enclosure


@given(known(), known(), st.sampled_from("+-*/"))
def test_every_operation_holds_the_exact_result(one, two, name):
    (x, a), (y, b) = one, two
    assume(name != "/" or b != 0)
    exact = OPERATORS[name](a, b)
    assert holds(OPERATORS[name](x, y), exact)
    assert holds(OPERATORS[name](x, b), exact)
    assert holds(OPERATORS[name](a, y), exact)


@given(known(), known(), st.integers(0, 7))
def test_every_function_holds_the_exact_result(one, two, n):
    (x, a), (y, b) = one, two
    assert holds(-x, -a)
    assert holds(abs(x), abs(a))
    assert holds(x**n, a**n)
    assert holds(larger(x, y), max(a, b))
    assert holds(smaller(x, y), min(a, b))
    assert holds(Interval.around(x, abs(b)), a + b)
    assert holds(Interval.around(x, abs(b)), a - b)
    if a >= 0:
        root = x.sqrt()
        assert value(float(root.lo)) ** 2 <= a <= value(float(root.hi)) ** 2


leaves = st.one_of(fractions, st.integers(-9, 9).map(F), st.floats(-1e9, 1e9).map(F))
trees = st.recursive(
    leaves,
    lambda child: st.one_of(
        st.tuples(st.sampled_from("+-*/"), child, child),
        st.tuples(st.just("abs"), child, child),
        st.tuples(st.just("**"), child, st.integers(0, 3)),
    ),
    max_leaves=12,
)


def evaluate(tree, leaf):
    """Evaluate a tree of operations with `leaf` making the numbers; None after a division by 0."""
    if isinstance(tree, F):
        return leaf(tree)
    name, *parts = tree
    if name == "**":
        base = evaluate(parts[0], leaf)
        return None if base is None else base ** parts[1]
    x, y = (evaluate(part, leaf) for part in parts)
    if x is None or y is None or (name == "/" and isinstance(y, F) and y == 0):
        return None
    return abs(x - y) if name == "abs" else OPERATORS[name](x, y)


@given(trees)
def test_random_expressions_hold_their_exact_values(tree):
    exact = evaluate(tree, F)
    if exact is not None:
        assert holds(evaluate(tree, Interval.exact), exact)


@given(known(), known(), st.sampled_from("+-*/"))
def test_results_are_no_wider_than_needed(one, two, name):
    (x, _), (y, _) = one, two
    assume(name != "/" or not float(y.lo) <= 0 <= float(y.hi))
    corners = [
        OPERATORS[name](F(float(a)), F(float(b))) for a in (x.lo, x.hi) for b in (y.lo, y.hi)
    ]
    result = OPERATORS[name](x, y)
    for exact, end in ((min(corners), result.lo), (max(corners), result.hi)):
        if abs(exact) < 2**1000:
            assert abs(F(float(end)) - exact) <= 2 * F(math.ulp(float(end)))


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [("+", 0.1, 0.2), ("-", 0.3, 1e-17), ("*", 0.1, 0.1), ("/", 1.0, 3.0), ("+", 1e16, 1.0)],
)
def test_plain_floats_miss_what_intervals_hold(name, a, b):
    exact = OPERATORS[name](F(a), F(b))
    plain = OPERATORS[name](a, b)
    assert F(plain) != exact
    # So the degenerate interval of the plain result would be wrong, and ours is not.
    assert not holds(Interval(plain, plain), exact)
    assert holds(OPERATORS[name](Interval.exact(a), b), exact)


def test_ten_tenths_are_not_one():
    tenths = Interval.exact(np.full(10, 0.1))
    assert F(sum([0.1] * 10)) < 10 * F(0.1)
    assert holds(tenths.sum(), 10 * F(0.1))
    assert float(tenths.sum().lo) == 1.0
    exact = Interval.exact(np.full(10, F(1, 10), dtype=object)).sum()
    assert holds(exact, F(1))


def test_exact_sums_and_zeros_stay_exact():
    x = Interval.exact(np.arange(7.0))
    assert ends(x.sum()) == (21, 21)
    assert ends(x - x) == ([0.0] * 7, [0.0] * 7)
    assert ends((x * 0).sum()) == (0, 0)
    assert ends(0 / (x + 1)) == ([0.0] * 7, [0.0] * 7)
    assert float((interval(0, 5e-324) * interval(0, 0.25)).lo) == 0


# Infinite ends


EVERYTHING = (-INF, INF)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda: interval(INF, INF) - interval(INF, INF), EVERYTHING),
        (lambda: interval(1, INF) - interval(1, INF), EVERYTHING),
        (lambda: interval(1, INF) + interval(2, 3), (3, INF)),
        (lambda: interval(INF, INF) + 1, (INF, INF)),
        (lambda: interval(0, 0) * interval(1, INF), (0, 0)),
        (lambda: interval(0, 1) * interval(INF, INF), (0, INF)),
        (lambda: interval(-1, 1) * interval(0, INF), EVERYTHING),
        (lambda: interval(2, 2) * interval(-INF, -INF), (-INF, -INF)),
        (lambda: interval(1, 2) / interval(-1, 1), EVERYTHING),
        (lambda: interval(1, 2) / interval(0, 0), EVERYTHING),
        (lambda: interval(0, 0) / interval(0, 0), EVERYTHING),
        (lambda: interval(INF, INF) / interval(1, 2), (INF, INF)),
        (lambda: interval(INF, INF) / interval(-0.0, 2), EVERYTHING),
        (lambda: abs(interval(-3, -2)), (2, 3)),
        (lambda: abs(interval(-3, 2)), (0, 3)),
        (lambda: interval(-INF, -INF) / interval(INF, INF), EVERYTHING),
        (lambda: 1 / interval(INF, INF), (0, 5e-324)),
        (lambda: interval(0, 1) ** 0, (1, 1)),
        (lambda: interval(-INF, 2) ** 2, (0, INF)),
        (lambda: interval(-INF, -INF) ** 3, (-INF, -INF)),
        (lambda: abs(interval(-INF, 2)), (0, INF)),
        (lambda: interval(0, INF).sqrt(), (0, INF)),
        (lambda: interval(0, INF).log(), EVERYTHING),
        (lambda: Interval.exact(INFINITY), (INF, INF)),
        (lambda: interval([INF, 1], [INF, 1]).sum(), (INF, INF)),
        (lambda: interval([INF, -INF], [INF, -INF]).sum(), EVERYTHING),
    ],
)
def test_infinite_ends(result, expected):
    assert ends(result()) == expected


def test_divisor_that_may_be_zero_gives_everything():
    # The exact divisor may be the end 0 itself, and then no half line holds the quotient.
    for low, high in ((0, 1), (-0.0, 1), (-1, 0), (-1, -0.0)):
        assert ends(interval(1, 2) / interval(low, high)) == EVERYTHING


def test_overflow_is_sound():
    most = float(np.finfo(float).max)
    for x in (interval(most, most) + most, interval(most, most) * 2, interval(most, most) ** 5):
        assert ends(x) == (most, INF)
    assert ends(-interval(most, most) * most) == (-INF, -most)
    assert ends(interval(2.0, 2.0) / 5e-324) == (most, INF)
    assert ends(interval(5e-324, 5e-324) * 0.25) == (0, 5e-324)
    assert ends(interval([most, most, -most], [most, most, -most]).sum())[0] <= most


# Logarithms and sums


@given(st.fractions(F(1, 10**9), 10**9))
def test_log_holds_the_exact_logarithm(q):
    x = Interval.exact(q).log()
    assert F(float(x.lo)) <= log(q) <= F(float(x.hi))


def test_log_and_sqrt_cut_what_is_below_zero():
    x = interval([-1, 0, 1], [1, 0, 1])
    assert x.log().lo.tolist() == [-INF, -INF, 0]
    assert x.log().hi.tolist() == [0, -INF, 0]
    assert x.sqrt().lo[0] == 0
    for function in (Interval.log, Interval.sqrt):
        with pytest.raises(ValueError, match="below 0"):
            function(interval(-2, -1))


@given(st.lists(numbers, max_size=12))
def test_sums_hold_the_exact_sum_and_are_narrow(xs):
    result = Interval.exact(np.array(xs, dtype=float)).sum()
    assert holds(result, sum(map(F, xs), F(0)))
    size = sum((abs(F(x)) for x in xs), F(0))
    if size < 2**1000:
        assert F(float(result.hi)) - F(float(result.lo)) <= size * len(xs) / 2**50
