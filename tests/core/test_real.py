"""The exact real numbers against decimal logarithms, integer identities and hand-made ties."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._core.extrema import maximum, minimum
from tabular_trpo._core.real import INFINITY, Real, enclose, log, sign, sqrt

F = Fraction
TINY = F(1, 10**60)

rationals = st.fractions(-20, 20, max_denominator=99)
positives = st.fractions(F(1, 99), 99, max_denominator=99)
forms = st.tuples(rationals, st.lists(st.tuples(rationals, positives), max_size=4))


def build(plan):
    """Build const + sum c log q, and its value to more than 60 digits by decimal's own ln."""
    const, terms = plan
    with localcontext(prec=80):
        truth = decimal(const)
        for c, q in terms:
            truth += decimal(c) * decimal(q).ln()
    return sum((c * log(q) for c, q in terms), const), F(truth)


def decimal(q):
    return Decimal(q.numerator) / Decimal(q.denominator)


# Enclosures


@given(forms, st.sampled_from([8, 64, 100, 180]))
def test_enclosure_holds_the_decimal_value_and_is_narrow(plan, bits):
    x, truth = build(plan)
    lo, hi = enclose(x, bits)
    assert lo - F(1, 10**70) <= truth <= hi + F(1, 10**70)
    largest = max([abs(plan[0]), *(abs(c) * 5 for c, _ in plan[1])])
    assert hi - lo <= largest / 2**bits


@pytest.mark.parametrize("bits", [64, 256, 1000])
@pytest.mark.parametrize(
    "q",
    [F(2), F(3, 2), F(1023, 1022), F(10**40 + 1, 10**40), F(7**900, 3**800), F(3, 10**300)],
    ids=["2", "3/2", "1023/1022", "near 1", "2500 bits", "tiny"],
)
def test_log_is_narrow_relative_to_itself(q, bits):
    lo, hi = enclose(log(q), bits)
    with localcontext(prec=bits // 3 + 60):
        truth = F(decimal(q).ln())
    assert lo < truth < hi
    assert hi - lo < abs(truth) / 2**bits


def test_enclosures_of_higher_precision_are_not_wider():
    x = log(3) * F(10**9, 7) - sqrt(2) + log(F(7, 5)) * log(11)
    widths = [hi - lo for lo, hi in (enclose(x, bits) for bits in (16, 64, 256, 1024))]
    assert all(narrow < wide / 2**40 for wide, narrow in pairwise(widths))


def test_a_rational_encloses_itself():
    assert enclose(F(1, 3), 8) == (F(1, 3), F(1, 3))


@given(positives, positives, positives, rationals)
def test_opaque_atoms_hold_the_decimal_value(p, q, r, c):
    x, y = log(p) + c, log(q) - F(1, 7)
    with localcontext(prec=80):
        a, b = decimal(p).ln() + decimal(c), decimal(q).ln() - 1 / Decimal(7)
        cases = [
            (x * y, a * b),
            (x / y, a / b),
            (x**3, a**3),
            (y**-2, 1 / b**2),
            (abs(x), abs(a)),
            (sqrt(abs(x)), abs(a).sqrt()),
            (sqrt(r), decimal(r).sqrt()),
            (x * sqrt(r) / y, a * decimal(r).sqrt() / b),
        ]
        slack = F(1, 10**60)
        for exact, truth in cases:
            lo, hi = enclose(exact, 100)
            assert lo - slack <= F(truth) <= hi + slack
            assert hi - lo <= F(max(1, abs(truth))) / 10**24


# Order


@given(forms, forms)
def test_order_agrees_with_the_decimal_values(one, two):
    (x, a), (y, b) = build(one), build(two)
    if abs(a - b) > F(1, 10**60):
        assert [x < y, x <= y, x == y, x != y, x >= y, x > y] == [
            a < b, a < b, False, True, a > b, a > b
        ]  # fmt: skip
    else:
        assert [x < y, x <= y, x == y, x != y, x >= y, x > y] == [
            False, True, True, False, True, False
        ]  # fmt: skip


@given(st.lists(forms, min_size=1, max_size=5))
def test_maximum_and_minimum_agree_with_the_decimal_values(plans):
    pairs = [build(plan) for plan in plans]
    assert abs(enclose(maximum(x for x, _ in pairs), 300)[0] - max(t for _, t in pairs)) < TINY
    assert abs(enclose(minimum(x for x, _ in pairs), 300)[0] - min(t for _, t in pairs)) < TINY


# Company: floats, numpy, Python


@pytest.mark.parametrize(
    "call",
    [  # each is ill-typed on purpose
        lambda x: x + 0.5,
        lambda x: 0.5 - x,
        lambda x: np.float64(0.5) * x,
        lambda x: x / 0.5,
        lambda x: x**0.5,
        lambda x: 2**x,
        lambda x: x < 0.5,
        lambda x: x == 0.5,
        lambda x: np.float32(1) == x,
        lambda x: x == math.inf,
        lambda x: np.array([0.5, 1.0]) * x,
        lambda x: log(float(x)),  # type: ignore[arg-type]
        lambda x: log(0.5),  # type: ignore[arg-type]
        lambda x: sqrt(0.25),  # type: ignore[arg-type]
        lambda x: sign(0.25),  # type: ignore[arg-type]
        lambda x: maximum([x, 1.0]),  # type: ignore[list-item]
        lambda x: hash(x),
    ],
)
def test_floats_and_hashing_are_refused(call):
    for x in (log(3), INFINITY):
        with pytest.raises(TypeError):
            call(x)


def test_equality_with_other_things_is_false():
    assert log(2) != "log 2"
    assert log(2) != None  # noqa: E711


def test_object_arrays_compute_elementwise():
    x = np.array([[log(2), F(1, 2)], [-log(3), F(0)]], dtype=object)
    y = np.array([[1, 2], [3, 4]])
    assert (x + x == 2 * x).all()
    assert (x * y / y == x).all()
    assert (np.abs(x)[1] == np.array([log(3), F(0)], dtype=object)).all()
    assert np.sum(x) == log(F(2, 3)) + F(1, 2) == x.sum(axis=0).sum()
    assert ((log(2) - x)[0] == np.array([F(0), log(2) - F(1, 2)], dtype=object)).all()
    assert type((log(2) * x / log(2))[0, 1]) is Fraction
    assert np.array([F(1, 2), F(1, 3)], dtype=object) @ np.array([log(4), log(8)]) == log(4)
    assert (x < 1).all()
    two: Any = np.int64(2)
    assert two * log(2) == log(2) * two == log(4)


@given(forms)
def test_float_is_near_and_repr_encloses(plan):
    x, truth = build(plan)
    if isinstance(x, Real):
        assert abs(F(float(x)) - truth) <= abs(truth) / 2**52 + F(1, 10**60)
        lo, hi = repr(x).removeprefix("<Real in [").removesuffix("]>").split(", ")
        assert F(lo) - TINY <= truth <= F(hi) + TINY


def test_float_of_hard_cases():
    assert float(log(4) - 2 * log(2)) == 0
    near = [log(1 + TINY), log(1 - TINY)]  # their sum is TINY**2 below 0
    assert float(sum(near)) == -1e-120
    assert float(log(F(1, 10**400))) == -400 * math.log(10)


def test_truth_is_being_nonzero():
    assert log(2)
    assert not log(4) - 2 * log(2)
