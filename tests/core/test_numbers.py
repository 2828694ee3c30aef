"""Numbers of a user: their arithmetic, their Fractions, and what is refused early."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._core import numbers
from tabular_trpo._core.errors import InvalidMDPError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-7", Fraction(-7)),
        ("1/3", Fraction(1, 3)),
        ("+2/4", Fraction(1, 2)),
        ("0.1", Fraction(1, 10)),
        ("1e-6", Fraction(1, 10**6)),
        ("2.50E2", Fraction(250)),
        ("3.", Fraction(3)),
    ],
)
def test_text_is_read_exactly(text: str, value: Fraction) -> None:
    assert numbers.parse_fraction(text) == value


@given(st.fractions())
def test_fractions_survive_their_text(value: Fraction) -> None:
    assert numbers.parse_fraction(str(value)) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not a number"),
        ("nan", "is not a number"),
        ("inf", "is not a number"),
        ("1 / 3", "is not a number"),
        ("1_000", "is not a number"),
        ("0x10", "is not a number"),
        ("1/3e5", "is not a number"),
        (".5", "is not a number"),
        ("٣", "is not a number"),
        ("1/0", "denominator 0"),
        ("1e401", "exponent beyond 400"),
        ("1e999999999", "exponent beyond 400"),
        ("9" * 2001, "more than 2000 digits"),
        ("1/" + "9" * 2001, "more than 2000 digits"),
        ("9" * 5000, "5000 characters"),
    ],
)
def test_text_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        numbers.parse_fraction(text)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "int"),
        (np.int8(1), "int"),
        (0.5, "float"),
        (np.float32(0.5), "float"),
        (float("nan"), "float"),
        (Fraction(1), "exact"),
        (Decimal("0.1"), "exact"),
        ("0.1", "exact"),
        (True, "bad"),
        (np.True_, "bad"),
        (1j, "bad"),
        (None, "bad"),
        ([1], "bad"),
    ],
)
def test_kind(value: object, kind: str) -> None:
    assert numbers.kind_of(value) == kind


@pytest.mark.parametrize(
    ("value", "kind", "dtype"),
    [
        (0.5, "float", float),
        ([[0.5, 1]], "float", float),
        ([1, 2], "int", float),
        (np.array([1, 2], dtype=np.uint8), "int", float),
        (np.array([1.5], dtype=np.float32), "float", float),
        (["1/3", 1], "exact", object),
        ([Decimal("0.1"), Fraction(1, 3)], "exact", object),
        (np.array(["1/3"]), "exact", object),
        (np.array([0.5, 1.0], dtype=object), "float", float),
        ([2**53], "int", float),
        ([2**53 + 1], "exact", object),
        (np.array([2**53 + 1]), "exact", object),
        (np.array([-(2**63)]), "exact", object),
    ],
)
def test_arithmetic_of_an_array(value: object, kind: str, dtype: type) -> None:
    got, array = numbers.read_array("x", value)
    assert (got, array.dtype) == (kind, np.dtype(dtype))


def test_large_integers_keep_every_digit() -> None:
    _, array = numbers.read_array("x", np.array([2**53 + 1]))
    assert numbers.fractions("x", array)[0] == 2**53 + 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], "x is ragged or empty"),
        ([[1, 2], 3], "x is ragged or empty"),
        ([], "x is ragged or empty"),
        ([[0, True]], r"x\[0, 1\] = True of type bool"),
        ([1j], r"x\[0\] = 1j of type complex"),
        (None, "x = None of type NoneType"),
        ({"a": 1}, "x = .* of type dict"),
        (["1/3", 0.5], r"x\[1\] = 0.5 is a float, expected exact numbers throughout"),
    ],
)
def test_array_is_refused(value: object, message: str) -> None:
    with pytest.raises(InvalidMDPError, match=message):
        numbers.read_array("x", value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("one", r"x\[1\] = 'one' is not a number"),
        (Decimal("NaN"), r"x\[1\] = Decimal\('NaN'\) is not a number"),
        (Decimal("Infinity"), "is not a number"),
        (Decimal("1e999999999"), "exponent beyond 400"),
        ("7" * 3000, r"x\[1\] = '7{55}\.\.\. has more than 2000 digits"),
    ],
)
def test_exact_numbers_are_refused_with_their_place(value: object, message: str) -> None:
    with pytest.raises(InvalidMDPError, match=message):
        numbers.fractions("x", np.array([1, value], dtype=object))


def test_a_float_is_the_dyadic_rational_that_it_is() -> None:
    assert numbers.to_fraction(0.1) == Fraction(3602879701896397, 2**55)
    assert numbers.to_fraction(np.int64(7)) == 7
    assert type(numbers.to_fraction(np.int64(7))) is Fraction


def test_helpers() -> None:
    assert numbers.zeros((2,), rational=True).tolist() == [Fraction(0)] * 2
    assert numbers.zeros((2,), rational=False).dtype == float
    assert numbers.elementwise(Fraction, np.array([[0.5]]))[0, 0] == Fraction(1, 2)
    locked = numbers.frozen(np.zeros(2))
    with pytest.raises(ValueError, match="read-only"):
        locked[0] = 1.0
