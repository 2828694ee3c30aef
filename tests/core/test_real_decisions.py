"""Ties, near ties, roots and infinities of the exact real numbers: what must be decided."""

import math
from fractions import Fraction

import pytest

from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.extrema import maximum, minimum
from tabular_trpo._core.real import INFINITY, Real, enclose, is_infinite, log, sign, sqrt

F = Fraction
LEAST = F(1, 10**100)  # far below the 256 bits at which identities are tried


def kl(p, q):
    return sum((a * log(a / b) for a, b in zip(p, q, strict=True) if a), F(0))


# Ties and near ties


@pytest.mark.parametrize(
    "zero",
    [
        lambda: log(4) - 2 * log(2),
        lambda: log(F(6, 35)) + log(5) - log(2) + log(7) - log(3),
        lambda: F(1, 3) * log(8) - F(1, 2) * log(4),
        lambda: 3 * log(12) - 2 * log(18) - log(F(16, 3)),
        lambda: log(2**521 - 1) + log(3) - log(3 * (2**521 - 1)),  # the base is the prime used
        lambda: log(F((2**127 - 1) * 6)) - log(2**127 - 1) - log(2) - log(3),
        lambda: sqrt(8) - 2 * sqrt(2),
        lambda: 2 * sqrt(2) - sqrt(8),
        lambda: sqrt(log(4)) - sqrt(2) * sqrt(log(2)),
        lambda: sqrt(log(4) / 2) - sqrt(log(2)),
        lambda: (log(4) - 2 * log(2)) * log(3),
        lambda: (log(4) - 2 * log(2)) / log(3),
        lambda: (1 + sqrt(2)) ** 2 - 3 - 2 * sqrt(2),
        lambda: log(2) * (log(3) + 1) - log(3) * log(2) - log(2),
    ],
)
def test_zero_is_recognised(zero):
    assert sign(zero()) == 0


@pytest.mark.parametrize(
    ("almost", "expected"),
    [
        (lambda: log(4) - 2 * log(2) - LEAST, -1),
        (lambda: log(4) - 2 * log(2 + LEAST), -1),
        (lambda: log(6) - log(2) - log(3 - LEAST), 1),
        (lambda: sqrt(8) - 2 * sqrt(2 - LEAST), 1),
        (lambda: sqrt(8) - 2 * sqrt(2) + LEAST, 1),
        (lambda: sqrt(4 * log(2)) - 2 * sqrt(log(2 + LEAST)), -1),
        (lambda: (log(4) - 2 * log(2 + LEAST)) * log(3), -1),
        (lambda: (log(4) - 2 * log(2 + LEAST)) * (sqrt(8) + 2 * sqrt(2)), -1),
        (lambda: (log(4) - 2 * log(2 - LEAST)) / log(3), 1),
    ],
)
def test_a_number_close_to_a_zero_is_not_zero(almost, expected):
    assert sign(almost()) == expected


@pytest.mark.parametrize("digits", [1, 60, 200, 1000])
def test_near_ties_are_decided(digits):
    gap = F(1, 10**digits)
    x = kl([F(1, 3), F(2, 3)], [F(1, 2), F(1, 2)])
    below = F(math.floor(x.enclose(4 * digits + 64)[0] / gap)) * gap
    assert [sign(x - below), sign(x - below - gap)] == [1, -1]
    assert below < x < below + gap
    nearly = kl([F(1, 3), F(2, 3)], [F(1, 3) + gap / 9, F(2, 3) - gap / 9])
    assert 0 < nearly < gap


def test_what_is_not_decided_raises_and_names_the_bits():
    with pytest.raises(LimitError, match=r"open at 64 bits.*within 100 bits"):
        sign(log(3) - log(3 + F(1, 10**100)), max_bits=100)
    zero = sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6))  # true, and beyond the known identities
    with pytest.raises(LimitError, match="at 1024 bits"):
        sign(zero, max_bits=1024)
    assert sign(log(4) - 2 * log(2), max_bits=1) == 0


def test_quotients_by_what_is_nearly_zero():
    gap = F(1, 10**50)
    x = 1 / (log(3 + gap) - log(3))  # 3 / gap + 1/2 - ...
    lo, hi = enclose(x, 64)
    assert 0 < hi - lo < lo / 2**50
    assert 3 / gap < x < 3 / gap + 1


def test_products_cancel_in_either_order_and_sign():
    x, y = log(2) - 3 * log(5), log(7) / 2
    for zero in (x * y - y * x, x * y + (-x) * y, x * y + x * (-y), x * y - (2 * x) * (y / 2)):
        assert type(zero) is Fraction
        assert zero == 0


def test_identical_rows_have_divergence_zero_as_a_fraction():
    row = [F(1, 3), F(0), F(2, 3)]
    x = kl(row, row)
    assert type(x) is Fraction
    assert x == 0


def test_equal_linear_parts_cancel_to_a_fraction():
    x = 3 * log(F(2, 7)) - log(5) / 2
    for zero in (x - x, x - 2 * x + x, x + 3 * log(F(7, 2)) + log(5) / 2, 0 * x, x / x - 1):
        assert type(zero) is Fraction
        assert zero == 0
    assert (x + F(1, 3)) - x == F(1, 3)
    assert type((2 * x + 1) / (x + F(1, 2))) is Fraction


def test_maximum_sees_gaps_below_any_float_and_keeps_the_first_of_equals():
    values = [log(3), log(3) + F(1, 10**300), log(3) - F(1, 10**60), F(1)]
    assert maximum(values) is values[1]
    assert maximum(values[::-1]) is values[1]
    twins = [log(4), 2 * log(2)]
    assert maximum(twins) is twins[0]
    assert maximum(twins[::-1]) is twins[1]
    with pytest.raises(ValueError, match="no values"):
        maximum([])


# Roots and roots only


def test_square_roots_of_squares_are_fractions():
    for exact, value in [
        (sqrt(F(49, 64)), F(7, 8)),
        (sqrt(0), 0),
        (sqrt(log(4) - 2 * log(2)), 0),
        (sqrt(2) * sqrt(F(9, 2)), 3),
        (sqrt(log(2)) ** 2 - log(2), 0),
        (1 / sqrt(2) * sqrt(2), 1),
    ]:
        assert type(exact) is Fraction
        assert exact == value
    assert isinstance(sqrt(2), Real)


@pytest.mark.parametrize(
    "call", [lambda: sqrt(-1), lambda: sqrt(log(F(1, 2))), lambda: log(0), lambda: log(F(-1, 2))]
)
def test_outside_the_domain_raises(call):
    with pytest.raises(ValueError, match=r"negative|not positive"):
        call()


def test_division_by_zero_is_seen_through_its_text():
    for zero in (0, F(0), log(4) - 2 * log(2)):
        with pytest.raises(ZeroDivisionError):
            log(3) / zero
        with pytest.raises(ZeroDivisionError):
            INFINITY / zero
    with pytest.raises(ZeroDivisionError):
        (log(4) - 2 * log(2)) ** -1


# Infinity


def test_infinity_is_above_every_number():
    for x in (0, F(10**400), log(3), -log(3)):
        assert -INFINITY < x < INFINITY
        assert x != INFINITY
        assert x + INFINITY == INFINITY == INFINITY - x
        assert x - INFINITY == -INFINITY
    assert INFINITY >= INFINITY == maximum([log(2), INFINITY, F(3)])
    assert minimum([log(2), -INFINITY]) == -INFINITY == maximum([-INFINITY])
    assert maximum([-INFINITY, log(2)]) == log(2)
    assert [sign(INFINITY), sign(-INFINITY)] == [1, -1]
    assert [is_infinite(x) for x in (INFINITY, -INFINITY, log(2), F(1), 3)] == [
        True, True, False, False, False
    ]  # fmt: skip


def test_infinity_keeps_signs():
    half = F(-1, 2)
    assert INFINITY * half == -INFINITY == INFINITY / half == half * INFINITY
    assert INFINITY * -log(2) == -INFINITY
    assert abs(-INFINITY) == INFINITY == sqrt(INFINITY) == (-INFINITY) ** 2
    assert (-INFINITY) ** 3 == -INFINITY
    assert 1 / INFINITY == 0 == log(2) / -INFINITY == INFINITY**-1
    assert INFINITY**0 == 1 and log(INFINITY) == INFINITY
    assert float(-INFINITY) == -math.inf
    assert repr(-INFINITY) == "-INFINITY"


@pytest.mark.parametrize(
    "call",
    [
        lambda: INFINITY - INFINITY,
        lambda: -INFINITY + INFINITY,
        lambda: 0 * INFINITY,
        lambda: INFINITY * (log(4) - 2 * log(2)),
        lambda: INFINITY / INFINITY,
        lambda: INFINITY.enclose(64),
        lambda: enclose(INFINITY, 64),
    ],
)
def test_undefined_infinite_operations_raise(call):
    with pytest.raises(ArithmeticError, match=r"undefined|infinite"):
        call()
