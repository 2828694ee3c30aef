"""Natural logarithms in integers only: enclosures of any width, and a zero test for rationals.

With these two, a form const + sum c_i log q_i in rationals is decidable: it is 0 only if const = 0
and prod q_i**c_i = 1 (Lindemann: exp of a nonzero rational is irrational); otherwise a narrow
enough enclosure excludes 0.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import gcd, isqrt, lcm

from tabular_trpo._core.dyadic import Dyadic

# Any primes serve the quick test; in these large ones a product other than 1 is 1 almost never.
_MERSENNE_PRIMES = ((1 << 127) - 1, (1 << 521) - 1)


@lru_cache(maxsize=4096)
def log_enclosure(numerator: int, denominator: int, bits: int) -> Dyadic:
    """Enclose log(numerator / denominator) > 0 with relative width below 2**-bits.

    q = 2**e z, 1 <= z < 2, and log q = e log 2 + 2**k 2 atanh((y - 1) / (y + 1)), y = z**(1/2**k);
    both summands are nonnegative, so nothing cancels.  Needs numerator > denominator > 0.

    Errors, in units u = 2**-w, all one-sided (every rounding is a floor):
    z is cut by < 1u.  A root of y in [y', y' + 2u), y' >= 1, lies in [sqrt y', sqrt y' + 1u), and
    its floor costs < 1u: the error stays < 2u for every k.  t = (y - 1) / (y + 1) has slope
    <= 1/2, so with its floor it is short by < 2u.  The series adds its own count, see `_atanh`.

    >>> lo, hi, shift = log_enclosure(2, 1, 20)
    >>> lo / 2**shift < 0.6931471805599453 < hi / 2**shift
    True
    """
    exponent = numerator.bit_length() - denominator.bit_length()
    exponent -= numerator < denominator << exponent
    base = denominator << exponent
    rest = numerator - base
    # log z > 2**-(near + 1): only when e = 0 must a z close to 1 be resolved relative to itself.
    near = 0 if exponent else denominator.bit_length() - rest.bit_length() + 1
    roots = max(0, isqrt(bits) // 2 - near)
    w = bits + near + roots + bits.bit_length() + 12
    low = high = 0
    if rest:
        y = (numerator << w) // base
        for _ in range(roots):
            y = isqrt(y << w)
        one = 1 << w
        total, short = _atanh(((y - one) << w) // (y + one), w)
        low, high = total << roots + 1, total + short << roots + 1
    if exponent:
        two_low, two_high = _log_two(w)
        low, high = low + exponent * two_low, high + exponent * two_high
    return low, high, w


def _atanh(t: int, w: int) -> tuple[int, int]:
    """Return (sum, short): sum u <= atanh(x) <= (sum + short) u for every x in [t u, (t + 2) u].

    atanh t = t + t**3/3 + t**5/5 + ...  with 0 <= t <= 1/3 in units u = 2**-w.
    Errors: the argument's 2u times the slope 9/8 make < 3u.  A power is short by d with
    d' <= d/9 + 1/3 + 1, so d < 2u; a term is short by d/3 + 1 < 2u; the powers behind the first
    that floors to 0 sum to < 1u.
    """
    square = t * t >> w
    total, power, k = 0, t, 1
    while power:
        total += power // k
        power = power * square >> w
        k += 2
    return total, k + 4  # k - 1 = 2 * number of terms


@lru_cache(maxsize=64)
def _log_two(w: int) -> tuple[int, int]:
    """Enclose log 2 = 2 atanh(1/3) in units 2**-w; the powers of 1/3 need divisions only.

    A power is short by d with d' <= d/9 + 1, so d < 2u, hence a term by < 2u and the tail by < 1u.
    """
    total, power, k = 0, (1 << w) // 3, 1
    while power:
        total += power // k
        power //= 9
        k += 2
    return 2 * total, 2 * (total + k + 4)


def logarithm(x: Dyadic, bits: int) -> Dyadic:
    """Enclose the natural logarithms of an interval; (-1, 1, 0) where it reaches 0 or below.

    >>> lo, hi, shift = logarithm((3, 4, 1), 20)
    >>> lo / 2**shift < 0.4054651081081644 < 0.6931471805599453 < hi / 2**shift
    True
    """
    if x[0] <= 0:
        return -1, 1, 0
    (low, _, left), (_, high, right) = (_log_of_end(end, x[2], bits) for end in x[:2])
    shift = max(left, right)
    return low << shift - left, high << shift - right, shift


def _log_of_end(n: int, shift: int, bits: int) -> Dyadic:
    """Enclose log(n * 2**-shift) for n > 0."""
    p, q = (n, 1 << shift) if shift >= 0 else (n << -shift, 1)
    if p > q:
        return log_enclosure(p, q, bits)
    low, high, w = log_enclosure(q, p, bits) if p < q else (0, 0, 0)
    return -high, -low, w


def product_is_one(factors: Iterable[tuple[int, int, int, int]]) -> bool:
    """Whether prod (p/q)**(n/d) = 1, for factors (p, q, n, d) with positive p, q, d.

    The exponents are made integers; a prime field then refutes nearly every false identity at once
    and the coprime base of all p and q decides the rest: powers of coprime integers above 1
    multiply to 1 only if every exponent is 0.

    >>> product_is_one([(4, 1, 1, 1), (2, 1, -2, 1)]), product_is_one([(4, 1, 1, 1), (2, 1, -1, 1)])
    (True, False)
    """
    listed = list(factors)
    common = lcm(*(d for *_, d in listed))
    powers: dict[int, int] = {}
    for p, q, n, d in listed:
        exponent = n * (common // d)
        powers[p] = powers.get(p, 0) + exponent
        powers[q] = powers.get(q, 0) - exponent
    powers = {base: exponent for base, exponent in powers.items() if base > 1 and exponent}
    for prime in _MERSENNE_PRIMES:
        if not _is_one_modulo(powers, prime):
            return False
    return not _coprime_base(powers)


def _is_one_modulo(powers: dict[int, int], prime: int) -> bool:
    """Whether the product is 1 in the field of `prime` elements; True if a base vanishes there."""
    product = 1
    for base, exponent in powers.items():
        if base % prime == 0:
            return True
        product = product * pow(base, exponent % (prime - 1), prime) % prime
    return product == 1


def _coprime_base(powers: dict[int, int]) -> list[tuple[int, int]]:
    """Rewrite prod base**exponent over pairwise coprime bases above 1 with nonzero exponents.

    n**e b**f = g**(e + f) (n/g)**e (b/g)**f with g = gcd(n, b); each split divides the product of
    all bases by g > 1, so the refinement ends.
    """
    pending = list(powers.items())
    base: list[tuple[int, int]] = []
    while pending:
        n, e = pending.pop()
        if n == 1 or e == 0:
            continue
        for i, (b, f) in enumerate(base):
            g = gcd(n, b)
            if g > 1:
                del base[i]
                pending += [(g, e + f), (n // g, e), (b // g, f)]
                break
        else:
            base.append((n, e))
    return base
