"""Exact linear algebra of rational models: closed chains, solves in both directions, expectations.

Problem.  Solve (I - gamma P_pi) x = b and x (I - gamma P_pi) = b in Fractions.
Method.   Every row is multiplied by a common denominator, which leaves a system of integers.  FLINT
          solves it by Dixon's p-adic lifting (Dixon 1982, "Exact solution of linear equations using
          p-adic expansions"); the solution is one vector of integers over one denominator.
Guarantee. Each solution is put back into the integer system.  Since gamma < 1 the system has one
          solution, so a residual of 0 proves it, and the solver need not be trusted.
"""

from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, cast, final

import numpy as np

from tabular_trpo._core.numbers import Array, elementwise, frozen, zeros

if TYPE_CHECKING:
    from flint import fmpq_mat, fmpz_mat

MAX_STATES = 2**12 - 1  # the time of an exact solve grows with the cube of the states, and more


@final
class RationalMatrix:
    """Rational rows as integers over one denominator each: `num[i, j] / den[i]`.

    num:   (R, n) ints, read-only; R is the product of the leading axes
    den:   (R,) positive ints, read-only
    shape: (..., n) of the rows
    """

    __slots__ = ("_flint", "den", "num", "shape")

    def __init__(self, num: Array, den: Array, shape: tuple[int, ...]) -> None:
        """Keep the integers and lock them."""
        self.num, self.den, self.shape = frozen(num), frozen(den), shape
        self._flint: fmpz_mat | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle the integers alone: a FLINT matrix can be neither copied nor pickled."""
        return RationalMatrix, (self.num, self.den, self.shape)

    @classmethod
    def of(cls, rows: Array) -> "RationalMatrix":
        """Clear the denominators of a (..., n) array of Fractions, row by row."""
        flat = rows.reshape(-1, rows.shape[-1])
        num, den = np.empty(flat.shape, dtype=object), np.empty(len(flat), dtype=object)
        for i, row in enumerate(flat.tolist()):
            den[i] = lcm(*[x.denominator for x in row])
            num[i] = [x.numerator * (den[i] // x.denominator) for x in row]
        return cls(num, den, rows.shape)

    def sums(self) -> Array:
        """Return the sums of the rows as Fractions, shape (...)."""
        sums = map(Fraction, map(sum, self.num.tolist()), self.den)
        return np.fromiter(sums, dtype=object).reshape(self.shape[:-1])

    def times(self, f: Array) -> Array:
        """Return the integer products `num @ f` for a vector of ints, shape (R,)."""
        if self._flint is None:
            self._flint = _to_flint(self.num)
        return _from_flint(self._flint * _to_flint(f))


@final
class CommonDenominator:
    """A vector of rationals over one denominator, `num[i] / den`."""

    __slots__ = ("den", "num")

    def __init__(self, num: Array, den: int) -> None:
        """Keep integers `num` over the positive integer `den`."""
        self.num, self.den = num, den

    @classmethod
    def of(cls, values: Array) -> "CommonDenominator":
        """Put Fractions over their least common denominator."""
        den = lcm(*[x.denominator for x in values])
        num = elementwise(lambda x: x.numerator * (den // x.denominator), values)
        return cls(num, den)

    def fractions(self) -> Array:
        """Return the Fractions in lowest terms."""
        return elementwise(lambda x: Fraction(x, self.den), self.num)

    def lowest(self) -> "CommonDenominator":
        """Return the same numbers with the common factor of `den` and all of `num` removed."""
        common = gcd(self.den, *self.num)
        return CommonDenominator(self.num // common, self.den // common) if common > 1 else self


def _to_flint(values: Array) -> "fmpz_mat":
    """Return an integer matrix, or a vector as a column, in FLINT's representation."""
    from flint import fmpz_mat  # here, so that importing the package does not load FLINT

    return fmpz_mat(len(values), values.size // len(values), values.ravel().tolist())


def _from_flint(column: "fmpz_mat") -> Array:
    return np.fromiter(map(int, column.entries()), dtype=object)


@final
class ClosedChain:
    """A closed chain in integers: `matrix = diag(scale) (I - gamma P_pi + 1 start)`."""

    def __init__(
        self, rows: RationalMatrix, pi: Array, gamma: Fraction, start: Array | None = None
    ) -> None:
        """Close the process whose transition rows are `rows` (ordered s * A + a) by `pi`.

        start: (S,) added to each row of the matrix; None is 0
        """
        n_states, n_actions = pi.shape
        added = CommonDenominator.of(zeros((n_states,), rational=True) if start is None else start)
        self.gamma = gamma
        self.matrix = np.empty((n_states, n_states), dtype=object)
        self.scale = np.empty(n_states, dtype=object)
        for s in range(n_states):
            live = [a for a in range(n_actions) if pi[s, a]]
            at = [s * n_actions + a for a in live]
            dens = [rows.den[i] * pi[s, a].denominator for i, a in zip(at, live, strict=True)]
            den = lcm(*dens, added.den)
            row = sum(
                rows.num[i] * (pi[s, a].numerator * (den // d) * -gamma.numerator)
                for i, a, d in zip(at, live, dens, strict=True)
            )
            scale = den * gamma.denominator
            row[s] += scale
            row += added.num * (scale // added.den)
            common = gcd(scale, *row)
            self.matrix[s], self.scale[s] = row // common, scale // common
        self._flint: fmpz_mat | None = None

    def forward(self, b: Array) -> CommonDenominator:
        """Solve (I - gamma P_pi) x = b for Fractions b, shape (S,)."""
        right = CommonDenominator.of(b)
        num, den = self._solve(self.scale * right.num, transposed=False)
        return CommonDenominator(num, den * right.den).lowest()

    def backward(self, b: Array) -> CommonDenominator:
        """Solve x (I - gamma P_pi) = b for Fractions b, shape (S,)."""
        right = CommonDenominator.of(b)
        num, den = self._solve(right.num, transposed=True)
        return CommonDenominator(self.scale * num, den * right.den).lowest()

    def _solve(self, b: Array, transposed: bool) -> tuple[Array, int]:
        """Return numerators and denominator of x with matrix x = b, or x matrix = b."""
        if self._flint is None:
            self._flint = _to_flint(self.matrix)
        matrix = self._flint.transpose() if transposed else self._flint
        right = _to_flint(b)
        num, den = cast("fmpq_mat", matrix.solve(right)).numer_denom()
        if matrix * num != right * den:
            raise ArithmeticError("exact solve left a residual: a bug of the rational kernel")
        return _from_flint(num), int(den)


def inverse(chain: ClosedChain) -> Array:
    """Return (I - gamma P_pi + 1 start)^{-1} as Fractions, (S, S): a solve for each column."""
    units = zeros(chain.matrix.shape, rational=True)
    np.fill_diagonal(units, Fraction(1))
    return np.stack([chain.forward(unit).fractions() for unit in units], axis=-1)


def expect(rows: RationalMatrix, f: CommonDenominator) -> Array:
    """Return (P f)(s, a) as Fractions, shape (S, A)."""
    expected = map(Fraction, rows.times(f.num), rows.den * f.den)
    return np.fromiter(expected, dtype=object).reshape(rows.shape[:-1])


def action_values(
    rows: RationalMatrix, V: CommonDenominator, r: Array, gamma: Fraction
) -> tuple[Array, Array]:
    """Return Q = r + gamma P V and A = Q - V as Fractions, each reduced once, shape (S, A)."""
    n_states, n_actions = r.shape
    Q, A = np.empty(len(rows.den), dtype=object), np.empty(len(rows.den), dtype=object)
    products = rows.times(V.num)
    for i, (product, den, reward) in enumerate(zip(products, rows.den, r.flat, strict=True)):
        unit = reward.denominator * gamma.denominator * den  # over this times V.den, all is whole
        whole = reward.numerator * gamma.denominator * den * V.den
        whole += gamma.numerator * reward.denominator * int(product)
        Q[i] = Fraction(whole, unit * V.den)
        A[i] = Fraction(whole - V.num[i // n_actions] * unit, unit * V.den)
    return Q.reshape(n_states, n_actions), A.reshape(n_states, n_actions)


def dot(x: CommonDenominator, y: CommonDenominator) -> Fraction:
    """Return the inner product, reduced once."""
    return Fraction(int(x.num.dot(y.num)), x.den * y.den)
