"""Rational kernel: integers over common denominators inside, Fractions outside; close, expect.

Every solution is checked by its exact residual.  Since gamma < 1 the solution is unique, so
residual 0 is the proof and no solver needs to be trusted.  python-flint gives the same answers
faster.
"""

from fractions import Fraction
from math import gcd, lcm
from typing import Any, final

import numpy as np

from tabular_trpo._core.linalg.dixon import MOST_ROWS, Dixon
from tabular_trpo._core.numbers import Array, elementwise, zeros

try:
    import flint
except ImportError:  # the answers are the same without it
    flint = None  # type: ignore[assignment,unused-ignore]
HAS_FLINT = flint is not None


@final
class Rows:
    """Rational rows as integers, `num[i, j] / den[i]`: what every exact product works on."""

    __slots__ = ("_matrix", "den", "num", "shape")

    def __init__(self, rows: Array) -> None:
        """Clear the denominators of a (..., n) object array of Fractions, row by row."""
        self.shape = rows.shape
        flat = rows.reshape(-1, rows.shape[-1])
        self.num = np.empty(flat.shape, dtype=object)
        self.den = np.empty(len(flat), dtype=object)
        for i, row in enumerate(flat.tolist()):
            den = lcm(*[x.denominator for x in row])
            self.den[i] = den
            self.num[i] = [x.numerator * (den // x.denominator) for x in row]
        for part in (self.num, self.den):
            part.setflags(write=False)
        self._matrix: Any = None

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """Lock the integers, which copies and pickles make writable."""
        for name, value in state[1].items():
            setattr(self, name, value)
        for part in (self.num, self.den):
            part.setflags(write=False)

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        """Leave the FLINT matrix behind, which cannot be copied or pickled; it is made again."""
        kept = {"num": self.num, "den": self.den, "shape": self.shape, "_matrix": None}
        return None, kept

    def matrix(self) -> Any:
        """Return the numerators as a FLINT matrix, made once."""
        if self._matrix is None:
            self._matrix = flint.fmpz_mat(self.num.tolist())
        return self._matrix


@final
class Common:
    """A vector of rationals over one denominator, `num[i] / den`."""

    __slots__ = ("den", "num")

    def __init__(self, num: Array, den: int) -> None:
        """Keep integers `num` over the positive integer `den`."""
        self.num, self.den = num, den

    @classmethod
    def of(cls, values: Array) -> "Common":
        """Put Fractions over their least common denominator."""
        den = lcm(*[x.denominator for x in values])
        num = elementwise(lambda x: x.numerator * (den // x.denominator), values)
        return cls(num, den)

    def fractions(self) -> Array:
        """Return the Fractions in lowest terms."""
        return elementwise(lambda x: Fraction(x, self.den), self.num)


def times(rows: Rows, f: Array) -> Array:
    """Return the integer products `rows.num @ f` of a vector of ints."""
    if flint is None:
        return np.asarray(rows.num.dot(f))
    return _unpack(rows.matrix() * _column(f))


def _column(f: Array) -> Any:
    return flint.fmpz_mat(len(f), 1, f.tolist())


def _unpack(column: Any) -> Array:
    out = np.empty(column.nrows(), dtype=object)
    out[:] = [int(x) for x in column.entries()]
    return out


@final
class Chain:
    """A closed chain in integers: `matrix = diag(scale) (I - gamma P_pi + 1 start)`."""

    def __init__(self, rows: Rows, pi: Array, gamma: Fraction, start: Array | None = None) -> None:
        """Close the process whose transition rows are `rows` (ordered s * A + a) by `pi`.

        start: (S,) added to each row of the matrix; None is 0
        """
        n_states, n_actions = pi.shape
        added = Common.of(zeros((n_states,), rational=True) if start is None else start)
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
        self._solver: Any = None

    def forward(self, b: Array) -> Common:
        """Solve (I - gamma P_pi) x = b for Fractions b."""
        right = Common.of(b)
        num, den = self._solve(self.scale * right.num, transposed=False)
        return _lowest(num, den * right.den)

    def backward(self, b: Array) -> Common:
        """Solve x (I - gamma P_pi) = b for Fractions b."""
        right = Common.of(b)
        num, den = self._solve(right.num, transposed=True)
        return _lowest(self.scale * num, den * right.den)

    def _solve(self, b: Array, transposed: bool) -> tuple[Array, int]:
        if flint is not None:
            num, den = self._solve_flint(b, transposed)
        else:
            if self._solver is None:
                self._solver = Dixon(self.matrix)
            num, den = self._solver.solve(b, transposed)
            matrix = self.matrix.T if transposed else self.matrix
            if any(matrix.dot(num) != den * b):
                raise ArithmeticError("exact solve left a residual: a bug of the rational kernel")
        return num, den

    def _solve_flint(self, b: Array, transposed: bool) -> tuple[Array, int]:
        if self._solver is None:
            self._solver = flint.fmpz_mat(self.matrix.tolist())
        matrix = self._solver.transpose() if transposed else self._solver
        right = _column(b)
        num, den = matrix.solve(right).numer_denom()
        if matrix * num != right * den:
            raise ArithmeticError("exact solve left a residual: a bug of the rational kernel")
        return _unpack(num), int(den)


def _lowest(num: Array, den: int) -> Common:
    common = gcd(den, *num)
    return Common(num // common, den // common) if common > 1 else Common(num, den)


def close(rows: Rows, pi: Array, gamma: Fraction, start: Array | None = None) -> Chain:
    """Close a rational decision process by a policy; see `dense.close`."""
    return Chain(rows, pi, gamma, start)


def inverse(chain: Chain) -> Array:
    """Return (I - gamma P_pi + 1 start)^{-1} as Fractions, (S, S): a solve for each column."""
    units = zeros(chain.matrix.shape, rational=True)
    np.fill_diagonal(units, Fraction(1))
    return np.stack([chain.forward(unit).fractions() for unit in units], axis=-1)


def solvable(n_states: int) -> bool:
    """Tell whether the size is inside what the exact solvers were built for."""
    return n_states < MOST_ROWS


def expect(rows: Rows, f: Common) -> Array:
    """Return (P f)(s, a) as Fractions, shape (S, A)."""
    num = times(rows, f.num)
    out = np.empty(len(num), dtype=object)
    out[:] = [Fraction(int(x), d * f.den) for x, d in zip(num, rows.den, strict=True)]
    return out.reshape(rows.shape[:-1])


def action_values(rows: Rows, V: Common, r: Array, gamma: Fraction) -> tuple[Array, Array]:
    """Return Q = r + gamma P V and A = Q - V as Fractions, each reduced once, shape (S, A)."""
    n_states, n_actions = r.shape
    Q, A = np.empty(len(rows.den), dtype=object), np.empty(len(rows.den), dtype=object)
    products = times(rows, V.num)
    for i, (product, den, reward) in enumerate(zip(products, rows.den, r.flat, strict=True)):
        unit = reward.denominator * gamma.denominator * den  # over this times V.den, all is whole
        whole = reward.numerator * gamma.denominator * den * V.den
        whole += gamma.numerator * reward.denominator * int(product)
        Q[i] = Fraction(whole, unit * V.den)
        A[i] = Fraction(whole - V.num[i // n_actions] * unit, unit * V.den)
    return Q.reshape(n_states, n_actions), A.reshape(n_states, n_actions)


def dot(x: Common, y: Common) -> Fraction:
    """Return the inner product, reduced once."""
    return Fraction(int(x.num.dot(y.num)), x.den * y.den)
