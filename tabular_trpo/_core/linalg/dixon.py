"""Exact solution of integer linear systems by p-adic lifting, with numpy and Python integers alone.

Dixon (1982), "Exact solution of linear equations using p-adic expansions": invert A modulo one
prime, lift the solution digit by digit, read off the rational numbers.  The answer is checked by
its residual (in `rational`), so nothing here needs to be trusted.
"""

from collections.abc import Iterator
from math import gcd, isqrt
from typing import final

import numpy as np

from tabular_trpo._core.numbers import Array

LIMB = 24  # bits of a limb of A
PRIME = 2**25  # bounds p, a digit and the inverse; 2^25 * 2^25 * n stays inside int64 for n <= 2^12
MOST_ROWS = 2**12


def primes_below(start: int) -> Iterator[int]:
    """Yield the primes below `start`, largest first."""
    for candidate in range(start - 1 - start % 2, 2, -2):
        if all(candidate % d for d in range(3, isqrt(candidate) + 1, 2)):
            yield candidate


def inverse_modulo(matrix: Array, p: int) -> Array | None:
    """Return the inverse of an int64 matrix modulo a prime p < 2^31, or None if it is singular."""
    n = len(matrix)
    work = np.concatenate([matrix % p, np.eye(n, dtype=np.int64)], axis=1)
    for k in range(n):
        pivots = np.flatnonzero(work[k:, k])
        if not len(pivots):
            return None
        if pivots[0]:
            work[[k, k + pivots[0]]] = work[[k + pivots[0], k]]
        live = slice(k, 2 * n)
        work[k, live] = work[k, live] * pow(int(work[k, k]), -1, p) % p
        factors = work[:, k].copy()
        factors[k] = 0
        rows = np.flatnonzero(factors)
        work[rows, live] = (work[rows, live] - factors[rows, None] * work[k, live]) % p
    return work[:, n:]


@final
class Dixon:
    """An integer matrix prepared for exact solves with it and with its transpose."""

    def __init__(self, matrix: Array) -> None:
        """Keep the limbs of the nonsingular (n, n) object matrix of ints and a modular inverse."""
        self.n = len(matrix)
        self._matrix = matrix
        most = max((abs(x) for x in matrix.flat), default=1)
        signs = np.vectorize(lambda x: -1 if x < 0 else 1, otypes=[np.int64])(matrix)
        size = np.abs(matrix)
        limbs = []
        for j in range(max(1, -(-most.bit_length() // LIMB))):
            limbs.append(((size >> (LIMB * j)) & (2**LIMB - 1)).astype(np.int64) * signs)
        self._limbs = np.array(limbs)
        for p in primes_below(PRIME):
            residues = np.array(matrix % p, dtype=np.int64)
            inverse = inverse_modulo(residues, p)
            if inverse is not None:
                self._p, self._inverse = p, inverse
                return

    def solve(self, b: Array, transposed: bool = False) -> tuple[Array, int]:
        """Return (numerators, common denominator) of x with A x = b, or x A = b when `transposed`.

        b: (n,) object array of ints
        """
        limbs = self._limbs.transpose(0, 2, 1) if transposed else self._limbs
        inverse = self._inverse.T if transposed else self._inverse
        count = self._bits(b, transposed) // (self._p.bit_length() - 1) + 2
        digits = self._digits(b, limbs, inverse, count)
        modulus = self._p**count
        return _common_fractions(_assemble(digits, self._p), modulus, isqrt(modulus // 2))

    def _bits(self, b: Array, transposed: bool) -> int:
        """Bound the bits of numerator times denominator: Hadamard's inequality, Cramer's rule."""
        rows = self._matrix.T if transposed else self._matrix
        with_b = [max(1, sum(x * x for x in row)) + y * y for row, y in zip(rows, b, strict=True)]
        return sum(square.bit_length() for square in with_b)

    def _digits(self, b: Array, limbs: Array, inverse: Array, count: int) -> list[Array]:
        """Return the `count` lowest digits of x in base p; trailing zeros may be left off."""
        p, shifts = self._p, [LIMB * j for j in range(len(limbs))]
        rest, digits = b, []
        for _ in range(count):
            digit = inverse @ np.array(rest % p, dtype=np.int64) % p
            digits.append(digit)
            parts = (limbs @ digit).astype(object)
            product = parts[0]
            for part, shift in zip(parts[1:], shifts[1:], strict=True):
                product = product + (part << shift)
            rest = (rest - product) // p
            if not rest.any():
                break
        return digits


def _assemble(digits: list[Array], p: int) -> Array:
    """Return sum digits[i] p^i by halving, so that the integers stay balanced."""
    values, base = [digit.astype(object) for digit in digits], p
    while len(values) > 1:
        if len(values) % 2:
            values.append(np.zeros_like(values[0]))
        values = [low + high * base for low, high in zip(values[::2], values[1::2], strict=True)]
        base *= base
    return values[0]


def _common_fractions(residues: Array, modulus: int, bound: int) -> tuple[Array, int]:
    """Read rationals with one common denominator from their residues; |numerator| <= bound."""
    den = 1
    nums: list[int] = []
    for residue in residues:
        value = residue * den % modulus
        value = value - modulus if value > modulus // 2 else value
        factor = 1
        if abs(value) > bound:
            value, factor = _reconstruct(value % modulus, modulus, bound)
            nums = [x * factor for x in nums]
            den *= factor
        nums.append(value)
    return np.array(nums, dtype=object), den


def _reconstruct(residue: int, modulus: int, bound: int) -> tuple[int, int]:
    """Return (numerator, denominator) with numerator = residue * denominator modulo modulus."""
    r0, r1, t0, t1 = modulus, residue, 0, 1
    while r1 > bound:
        quotient = r0 // r1
        r0, r1, t0, t1 = r1, r0 - quotient * r1, t1, t0 - quotient * t1
    common = gcd(r1, t1)
    sign = -1 if t1 < 0 else 1
    return sign * r1 // common, abs(t1) // common
