"""Twofold numbers against Fractions: exact where they say so, within their bound elsewhere."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from tabular_trpo._core.linalg import twofold
from tabular_trpo._core.linalg.twofold import Twofold

U = Fraction(1, 2**53)
UNIT = Fraction(twofold.UNIT)


def doubles(rng: np.random.Generator, n: int = 400) -> np.ndarray:
    """Doubles of both signs over 60 binary orders, some of few bits, some 0."""
    x = rng.standard_normal(n) * 2.0 ** rng.integers(-30, 31, n)
    x[::7] = np.round(x[::7])
    x[::31] = 0.0
    return x


def twofolds(rng: np.random.Generator, n: int = 400) -> Twofold:
    hi = doubles(rng, n)
    return Twofold(hi, hi * rng.uniform(-1, 1, n) * 2.0**-53)


def exact(x: Twofold) -> list[Fraction]:
    return [Fraction(a) + Fraction(b) for a, b in zip(x.hi, x.lo, strict=True)]


def fractions(x: np.ndarray) -> list[Fraction]:
    return [Fraction(a) for a in x]


def is_canonical(x: Twofold) -> bool:
    return bool(np.all(np.abs(x.lo) <= np.spacing(np.abs(x.hi))))


def errors(
    got: Twofold, truth: Iterator[Fraction], size: Iterator[Fraction]
) -> Iterator[tuple[Fraction, Fraction]]:
    for value, true, most in zip(exact(got), truth, size, strict=True):
        yield abs(value - true), most


def test_two_sum_and_two_prod_have_no_error(rng: np.random.Generator) -> None:
    a, b = doubles(rng), doubles(rng)
    pairs = list(zip(fractions(a), fractions(b), strict=True))
    assert exact(twofold.two_sum(a, b)) == [x + y for x, y in pairs]
    assert exact(twofold.two_prod(a, b)) == [x * y for x, y in pairs]
    # and a double alone would have one
    assert fractions(a * b) != [x * y for x, y in pairs]


def test_sums_stay_within_their_bounds(rng: np.random.Generator) -> None:
    x, y, b = twofolds(rng), twofolds(rng), doubles(rng)
    X, Y, B = exact(x), exact(y), fractions(b)
    # Half of the cases cancel almost completely.
    y.hi[::2], b[::2] = -x.hi[::2], -x.hi[::2]
    Y, B = exact(y), fractions(b)
    for error, size in errors(
        twofold.add(x, y),
        (p + q for p, q in zip(X, Y, strict=True)),
        (abs(p) + abs(q) for p, q in zip(X, Y, strict=True)),
    ):
        assert error <= 3 * U**2 * size
    for error, size in errors(
        twofold.plus(x, b),
        (p + q for p, q in zip(X, B, strict=True)),
        (abs(p) + abs(q) for p, q in zip(X, B, strict=True)),
    ):
        assert error <= 2 * U**2 * size
    assert is_canonical(twofold.add(x, y)) and is_canonical(twofold.plus(x, b))


def test_scaling_stays_within_its_bound(rng: np.random.Generator) -> None:
    x, b = twofolds(rng), doubles(rng)
    products = [p * q for p, q in zip(exact(x), fractions(b), strict=True)]
    for error, size in errors(twofold.scale(x, b), iter(products), map(abs, products)):
        assert error <= 3 * U**2 * size
    assert is_canonical(twofold.scale(x, b))


def test_minus_is_exact(rng: np.random.Generator) -> None:
    x = twofolds(rng)
    assert exact(twofold.minus(x)) == [-value for value in exact(x)]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 64, 257])
def test_total_stays_within_its_bound_where_a_plain_sum_does_not(
    rng: np.random.Generator, n: int
) -> None:
    x = twofolds(rng, n)
    x.hi[: n // 2] = -x.hi[n - n // 2 :]  # cancels
    truth, size = sum(exact(x), Fraction(0)), sum(map(abs, exact(x)), Fraction(0))
    got = twofold.total(x)
    levels = n.bit_length()
    error = abs(Fraction(float(got.hi)) + Fraction(float(got.lo)) - truth)
    assert error <= levels * UNIT / 2 * size
    if n > 2:
        assert abs(Fraction(float(x.hi.sum())) - truth) > levels * UNIT / 2 * size


def test_total_works_along_the_last_axis(rng: np.random.Generator) -> None:
    x = twofolds(rng, 12)
    folded = twofold.total(Twofold(x.hi.reshape(3, 4), x.lo.reshape(3, 4)))
    for i in range(3):
        part = twofold.total(Twofold(x.hi[4 * i : 4 * i + 4], x.lo[4 * i : 4 * i + 4]))
        assert (folded.hi[i], folded.lo[i]) == (part.hi, part.lo)
