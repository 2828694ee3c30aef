"""Doubles, decimals and text of exact numbers: no size ends in an error."""

import math
import sys
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._core.nearest import approximate, long_integers, nearest, written
from tabular_trpo._core.numbers import brief, shown
from tabular_trpo._core.real import log

HUGE = 10**5000
POWERS = st.integers(-700, 700)
ANY = st.builds(lambda n, k: F(n) * F(10) ** k, st.integers(-(10**6), 10**6).filter(bool), POWERS)


@given(ANY)
def test_nearest_is_the_double_or_infinite(x: F) -> None:
    near = nearest(x)
    if abs(x) > F(sys.float_info.max) * (1 + F(1, 2**53)):
        assert near == (math.inf if x > 0 else -math.inf)
    else:
        assert abs(F(near) - x) <= abs(x) / 2**52 + F(1, 2**1074)


@given(ANY, st.integers(1, 20))
def test_decimals_have_their_digits_at_any_size(x: F, digits: int) -> None:
    mantissa, _, exponent = approximate(x, digits).partition("e")
    got = F(mantissa) * F(10) ** int(exponent or 0)
    assert abs(got - x) <= abs(x) * F(10) ** (1 - digits)
    assert len(mantissa.strip("-").replace(".", "").strip("0")) <= digits


def test_text_is_whole_and_the_limit_of_python_stays() -> None:
    before = sys.get_int_max_str_digits()
    assert written(HUGE) == "1" + "0" * 5000
    assert len(written(F(1, HUGE))) == 5003
    with pytest.raises(ZeroDivisionError), long_integers():
        _ = 1 / 0
    assert sys.get_int_max_str_digits() == before


def test_numbers_with_logarithms_have_a_double_too() -> None:
    huge = 10**400 * log(F(2))
    assert nearest(huge) == math.inf == float(huge) and nearest(-huge) == -math.inf
    assert nearest(log(F(2)) / 10**400) == 0 and nearest(log(F(2))) == math.log(2)
    assert "E+399" in repr(huge)


LONG = [HUGE, -HUGE, F(HUGE, 7), F(7, HUGE), [HUGE], {"x": F(1, HUGE)}]


@pytest.mark.parametrize("value", LONG, ids=range(len(LONG)))
def test_messages_stay_short(value: object) -> None:
    assert len(shown(value)) <= 60
    if isinstance(value, int | F):
        assert len(brief(value)) <= 60
