"""Arguments of families have one arithmetic, and error messages name the argument."""

from decimal import Decimal
from fractions import Fraction as F

import numpy as np
import pytest

from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._families.arguments import between, common_numbers, generator, is_exact, size


@pytest.mark.parametrize("value", [1, "1", F(1), Decimal(1), np.int64(1)])
def test_exact_numbers_become_fractions(value):
    (number,) = common_numbers(x=value)
    assert type(number) is F and number == 1 and is_exact(number)


@pytest.mark.parametrize("value", [0.1, np.float64(0.1), np.float32(0.5)])
def test_one_float_makes_all_floats(value):
    numbers = common_numbers(x="1/4", y=value, z=2)
    assert [type(x) for x in numbers] == [float] * 3
    assert numbers == [0.25, float(value), 2.0]
    assert not is_exact(numbers[0])


@pytest.mark.parametrize("value", [True, None, "x", "1/0", float("inf"), 1j, [1]])
def test_what_is_no_number_is_named(value):
    with pytest.raises(InvalidMDPError) as caught:
        common_numbers(good=1, slip=value)
    assert str(caught.value).startswith(f"slip = {value!r} ")


def test_ranges_say_which_end_is_open():
    between("a", F(1, 2), 0, F(1, 2), above=True)
    between("a", 0, 0, 1)
    with pytest.raises(InvalidMDPError, match=r"a = 0, expected a number in \(0, 1/2\]"):
        between("a", 0, 0, F(1, 2), above=True)
    with pytest.raises(InvalidMDPError, match=r"a = 2, expected a number in \[0, 1\]"):
        between("a", 2, 0, 1)


def test_sizes_accept_numpy_integers():
    number = size("n", np.array(3)[()], 1)
    assert number == 3 and type(number) is int


def test_generator_is_passed_on():
    rng = np.random.default_rng(0)
    assert generator(rng) is rng
    with pytest.raises(InvalidMDPError, match="rng is of type int"):
        generator(7)
