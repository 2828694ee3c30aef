"""Decimal text: what is beside a threshold never reads as the threshold, or as beyond it."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._core import real
from tabular_trpo._core.decimals import faithful, fixed, percent, truncated

NEAR = st.builds(
    lambda n, k, m, sign: n + sign * Fraction(m, 10**k),
    st.integers(-1000, 1000), st.integers(1, 40), st.integers(0, 99), st.sampled_from([-1, 1]),
)  # fmt: skip
RATIONALS = st.one_of(NEAR, st.fractions(), st.builds(Fraction, st.integers(), st.just(10**30)))


def read(text: str) -> Fraction:
    """The value of a text, "0.99", "1e-05" or "1 - 3e-25"."""
    left, *rest = text.split(" ")
    return Fraction(left) + (int(f"{rest[0]}1") * Fraction(rest[1]) if rest else 0)


@given(RATIONALS, st.integers(1, 12))
def test_text_reads_as_an_integer_only_where_the_number_is_one(x: Fraction, digits: int) -> None:
    value = read(faithful(x, digits))
    assert abs(value - x) <= abs(x) * Fraction(1, 2 * 10 ** (digits - 1))
    if abs(x) < 10 ** (digits - 1):
        assert (value.denominator == 1) == (x.denominator == 1)
        assert math.floor(value) == math.floor(x)


@given(RATIONALS, st.lists(NEAR, max_size=3), st.integers(1, 9))
def test_text_stays_on_its_side_of_each_threshold(
    x: Fraction, beside: list[Fraction], digits: int
) -> None:
    value = read(faithful(x, digits, beside))
    assert all((value > t) == (x > t) and (value < t) == (x < t) for t in beside)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_floats_print_as_python_prints_them_unless_that_is_an_integer(
    x: float, digits: int
) -> None:
    plain = f"{x:.{digits}g}"
    if Fraction(plain).denominator > 1 or Fraction(plain) == Fraction(x):
        assert faithful(x, digits) == plain.replace("-0", "0", x == 0)


@given(RATIONALS, st.integers(1, 6))
def test_what_is_cut_never_grows_and_vanishes_only_at_0(x: Fraction, places: int) -> None:
    value = read(truncated(x, places))
    assert abs(value) <= abs(x) and value * x >= 0
    assert (value == 0) == (x == 0)


@given(RATIONALS, st.integers(0, 6))
def test_fixed_places_read_as_an_integer_only_where_it_is_one(x: Fraction, places: int) -> None:
    value = read(fixed(x, places))
    assert abs(value - x) <= Fraction(1, 2 * 10**places)
    assert (value.denominator == 1) == (x.denominator == 1)


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(0, 3))
def test_percentages_say_all_and_none_only_where_it_is_so(part: int, whole: int, n: int) -> None:
    share = read(percent(part, whole, n))
    assert (share == 100) == (part == whole)
    assert (share == 0) == (part == 0)
    assert abs(share - Fraction(100 * part, whole)) <= Fraction(1, 2 * 10**n)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(39960000, 39960001), "0.99999997"),
        (1 - Fraction(1, 10**25), "1 - 1e-25"),
        (1 + Fraction(1, 10**25), "1 + 1e-25"),
        (math.nextafter(1, 0), "0.9999999999999999"),
        (1 + 2**-52, "1.0000000000000002"),
        (real.sqrt(1 - Fraction(1, 10**12)), "0.999999999999"),
        (real.log(1 + Fraction(1, 10**12)), "1e-12"),
        (real.sqrt(2), "1.414214"),
        (real.INFINITY, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (np.float64(0.25), "0.25"),
        (np.int64(3), "3"),
        (Fraction(1, 10**5000), "1e-5000"),
        (10**5000, "1e+5000"),
        (Fraction(12345678, 10), "1234567.8"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)  # fmt: skip
def test_texts(value: Any, text: str) -> None:
    assert faithful(value) == text


@pytest.mark.parametrize("value", ["1", None, b"1", [1]])
@pytest.mark.parametrize("write", [faithful, fixed, truncated, percent])
def test_what_is_no_number_is_refused(write: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        write(value)


def test_text_equals_a_threshold_that_the_number_is() -> None:
    assert faithful(Fraction(99, 10), 1, [Fraction(99, 10)]) == "9.9"
    assert faithful(Fraction(1, 3), 2, [Fraction(1, 3)]) == "0.33"  # no decimal equals it
