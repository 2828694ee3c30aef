"""The logarithm kernel against decimal's ln, and the zero test against plain big powers."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._core.logs import log_enclosure, product_is_one

bases = st.one_of(st.integers(1, 40), st.integers(1, 10**30))


@given(bases, bases, st.integers(1, 300))
def test_log_is_enclosed_with_the_promised_relative_width(p, q, bits):
    p, q = max(p, q) + 1, min(p, q)
    lo, hi, shift = log_enclosure(p, q, bits)
    with localcontext(prec=130):
        truth = (Decimal(p) / Decimal(q)).ln() * 2**shift
    assert lo < truth < hi
    assert (hi - lo) << bits <= lo


@pytest.mark.parametrize("bits", [1, 2, 3, 100, 1000])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 100, 1000])
def test_arguments_near_powers_of_two(n, bits):
    for p in (2**n + 1, 2 ** (n + 1) - 1):
        for q in (1, 2**n):
            if p > q:
                lo, hi, shift = log_enclosure(p, q, bits)
                with localcontext(prec=2 * (bits + n) // 3 + 30):
                    truth = (Decimal(p) / Decimal(q)).ln() * 2**shift
                assert lo <= truth <= hi
                assert (hi - lo) << bits <= lo


small = st.integers(1, 36)
factors = st.lists(
    st.tuples(small, small, st.integers(-6, 6), st.sampled_from([1, 2, 3, 6])), max_size=5
)


def by_powers(listed):
    """The same question by plain powers: all denominators divide 6, so raise to the sixth."""
    return prod((Fraction(p, q) ** (n * 6 // d) for p, q, n, d in listed), start=Fraction(1)) == 1


@given(factors)
def test_zero_test_agrees_with_plain_powers(listed):
    assert product_is_one(listed) == by_powers(listed)


@given(factors, small, small, small)
def test_zero_test_agrees_on_true_identities_and_nearly_true_ones(listed, a, b, c):
    # Each factor once, and once more with its parts multiplied and divided by common parts.
    undone = [(q * a, p * a, n, d) for p, q, n, d in listed]
    split = [(a * b, c, 1, 1), (c, a, 1, 1), (1, b, 1, 1)]
    assert product_is_one(listed + undone + split)
    off = [*listed, *undone, *split, (a * b * c + 1, 1, 1, 2)]
    assert not product_is_one(off)


def test_bases_that_vanish_modulo_the_quick_prime_are_still_decided():
    prime = 2**127 - 1
    assert product_is_one([(6 * prime, 1, 1, 1), (1, 2 * prime, 1, 1), (1, 3, 1, 1)])
    assert not product_is_one([(6 * prime, 1, 1, 1), (1, 2 * prime, 1, 1), (1, 5, 1, 1)])
