"""Numbers and names on screen and in JSON."""

import math
import sys
from fractions import Fraction

import numpy as np
import pytest

from tabular_trpo._app.shared.formatting import json_number, largest, short, with_radius
from tabular_trpo._core.real import INFINITY, log
from tabular_trpo._core.terminal import plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(-7, 3), "-7/3"),
        (Fraction(5), "5"),
        (0, "0"),
        (np.int64(3), "3"),
        (10**30, "~1e+30"),
        (Fraction(1, 10**400), "~1e-400"),
        (Fraction(-(10**400), 3), "~-3.333333e+399"),
        (0.1 + 0.2, "0.3"),
        (math.inf, "inf"),
        (log(Fraction(2)), "~0.6931472"),
        (INFINITY, "inf"),
        (-INFINITY, "-inf"),
    ],
)
def test_short_is_whole_or_says_that_it_is_rounded(value: object, text: str) -> None:
    assert short(value) == text


def test_short_keeps_every_width_small() -> None:
    widest = [Fraction(10**k + 1, 10**j + 3) for k in range(0, 60, 7) for j in range(0, 60, 7)]
    assert max(len(short(x)) for x in widest) <= 15
    assert max(len(short(x, 4)) for x in widest) <= 12


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Fraction(1, 3), "1/3"),
        (Fraction(2), "2"),
        (np.float64(0.5), 0.5),
        (np.int64(2), 2),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (INFINITY, "inf"),
        (log(Fraction(2)), math.log(2)),
        (True, True),
    ],
)
def test_exact_is_json_without_loss(value: object, written: object) -> None:
    made = json_number(value)
    assert made == written and type(made) is type(written)


def test_long_integers_are_written_and_the_limit_stays() -> None:
    before = sys.get_int_max_str_digits()
    assert len(str(json_number(Fraction(10**9999, 3)))) == 10002
    assert sys.get_int_max_str_digits() == before


def test_logarithms_beyond_all_doubles_keep_their_digits() -> None:
    huge, tiny = 10**400 * log(Fraction(2)), log(Fraction(2)) / 10**400
    assert short(huge) == "~6.931472e+399" and short(tiny) == "~6.931472e-401"
    assert json_number(huge) == "6.9314718055994531e+399" and str(json_number(-huge))[0] == "-"


def test_radius_is_not_added_to_a_rounded_number() -> None:
    assert with_radius(1 / 3, 1e-16) == "0.3333333333333333 +- 1e-16"


def test_plain_leaves_nothing_that_steers_a_terminal() -> None:
    assert plain("\x1b[31m\r\n\u202e\udc80é") == "\\x1b[31m\\r\\n\\u202e\\udc80é"


def test_largest_of_numbers_and_arrays() -> None:
    assert largest(np.array([[1.0, 3.0], [2.0, 0.0]])) == 3.0
    assert largest([Fraction(1, 2)]) == Fraction(1, 2)
