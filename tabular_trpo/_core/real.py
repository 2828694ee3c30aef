"""Real numbers that are known exactly: rational + sum of rational * atom, atoms logs and roots.

Problem.   The sign of an expression in rationals, logarithms and square roots of them.
Method.    A `Real` is a linear form in canonical spelling (`forms`): equal terms cancel exactly.
           Its sign comes from integer enclosures (`dyadic`, `logs`) of doubling precision, and
           from tests of zero by identities between integers (`signs`).
Guarantee. Nothing is rounded; a sign, hence every comparison, is certain or raises `LimitError`.
           For rationals and logarithms of rationals it is decidable (Lindemann).

An operation without a remaining atom returns a `Fraction`.  Infinite values follow the extended
line; inf - inf, 0 * inf and inf / inf raise ArithmeticError.
"""

import math
from fractions import Fraction
from numbers import Integral
from numbers import Number as AnyNumber
from typing import TypeAlias, Union, final

from tabular_trpo._core import dyadic, forms
from tabular_trpo._core.forms import ONE, ZERO, Form
from tabular_trpo._core.signs import MAX_BITS, form_float, form_sign, form_text

Exact: TypeAlias = Union[Fraction, "Real"]
Number: TypeAlias = Union[int, Fraction, "Real"]


@final
class Real:
    """An exact irrational number or +-infinity; made by `log`, `sqrt`, arithmetic and `INFINITY`.

    Arithmetic takes int, Fraction and Real on either side; a float raises TypeError.  Comparisons
    go by value, so a Real is not hashable.

    >>> log(Fraction(6)) - log(Fraction(2)) - log(Fraction(3)) == 0
    True
    >>> log(Fraction(3, 2)) + log(Fraction(2, 3))
    Fraction(0, 1)
    """

    __slots__ = ("form", "infinite")

    def __init__(self, form: Form, infinite: int = 0) -> None:
        """Wrap a form with at least one term, or (empty form, +1 or -1) for an infinity."""
        self.form = form
        self.infinite = infinite

    def enclose(self, bits: int) -> tuple[Fraction, Fraction]:
        """Return dyadic (lo, hi), lo <= self <= hi, hi - lo about 2**-bits of the largest term."""
        if self.infinite:
            raise ArithmeticError("an infinite value has no finite enclosure")
        return dyadic.fractions(self.form.enclosure(bits))

    def __add__(self, other: Number) -> Exact:
        return NotImplemented if (y := _operand(other)) is None else _add(self, y)

    __radd__ = __add__

    def __sub__(self, other: Number) -> Exact:
        return NotImplemented if (y := _operand(other)) is None else _add(self, -y)

    def __rsub__(self, other: Number) -> Exact:
        return NotImplemented if (y := _operand(other)) is None else _add(y, -self)

    def __mul__(self, other: Number) -> Exact:
        return NotImplemented if (y := _operand(other)) is None else _multiply(self, y)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Exact:
        """Return self / other; ZeroDivisionError when other is 0."""
        return NotImplemented if (y := _operand(other)) is None else _divide(self, y)

    def __rtruediv__(self, other: Number) -> Exact:
        """Return other / self; ZeroDivisionError when self is 0."""
        return NotImplemented if (y := _operand(other)) is None else _divide(y, self)

    def __pow__(self, exponent: int) -> Exact:
        """Return self**exponent for an integer exponent."""
        if not isinstance(exponent, Integral):
            return NotImplemented
        n = abs(int(exponent))
        power: Exact = ONE
        square: Exact = self
        while n:
            power = _multiply(power, square) if n & 1 else power
            n >>= 1
            square = _multiply(square, square) if n else square
        return _divide(ONE, power) if exponent < 0 else power

    def __neg__(self) -> "Real":
        return Real(self.form.scaled(-ONE), -self.infinite)

    def __abs__(self) -> Exact:
        """Return |self|, by the certain sign."""
        s = sign(self)
        return self if s > 0 else -self if s < 0 else ZERO

    def __lt__(self, other: Number) -> bool:
        return NotImplemented if (s := _order(self, other)) is None else s < 0

    def __le__(self, other: Number) -> bool:
        return NotImplemented if (s := _order(self, other)) is None else s <= 0

    def __gt__(self, other: Number) -> bool:
        return NotImplemented if (s := _order(self, other)) is None else s > 0

    def __ge__(self, other: Number) -> bool:
        return NotImplemented if (s := _order(self, other)) is None else s >= 0

    def __eq__(self, other: object) -> bool:
        """Whether the values agree, with certainty; defining it makes a Real unhashable."""
        return NotImplemented if (s := _order(self, other)) is None else s == 0

    def __bool__(self) -> bool:
        return sign(self) != 0

    def __float__(self) -> float:
        """Return the nearest float, or one beside it; for display, never for proofs."""
        return self.infinite * math.inf if self.infinite else form_float(self.form)

    def __repr__(self) -> str:
        """Show 15 digits of an enclosure, rounded outward."""
        if self.infinite:
            return "INFINITY" if self.infinite > 0 else "-INFINITY"
        return f"<Real in {form_text(self.form)}>"


INFINITY = Real(Form(ZERO), 1)


def log(x: Number) -> Exact:
    """Return the natural logarithm of a positive number, exactly; log of infinity is infinity.

    Roots and rational factors are taken out, log(c sqrt(y)) = log(c) + log(y) / 2, so that they
    cancel; the logarithm of another Real is known by enclosures only.

    x:      int, Fraction or Real, > 0 (else ValueError; any other type TypeError)
    return: Fraction(0) for x = 1, else a Real
    raises: LimitError where it is not settled whether x is 0, or 1

    >>> log(1), log(2) + log(Fraction(1, 2)), 2 * log(sqrt(2)) - log(2)
    (Fraction(0, 1), Fraction(0, 1), Fraction(0, 1))
    """
    value = _required(x)
    if sign(value) <= 0:
        raise ValueError("log of a number that is not positive")
    if _infinity(value):
        return value
    if sign(_add(value, -ONE)) == 0:
        return ZERO
    if isinstance(value, Fraction):
        return Real(forms.log_of(Form(value)))
    factor, rest = value.form.primitive()
    root = rest.root()
    if root:
        return _add(log(factor * root[0]), _multiply(log(_exact(root[1])), Fraction(1, 2)))
    if factor not in (1, -1):
        return _add(log(abs(factor)), log(_exact(rest if factor > 0 else rest.scaled(-ONE))))
    return Real(forms.log_of(value.form))


def sqrt(x: Number) -> Exact:
    """Return the square root of a nonnegative number, exactly.

    x:      int, Fraction or Real; negative raises ValueError, an undecided sign LimitError
    return: Fraction for perfect squares of rationals and for a Real that is 0, else a Real

    >>> sqrt(Fraction(9, 4)), sqrt(2) * sqrt(8)
    (Fraction(3, 2), Fraction(4, 1))
    """
    value = _required(x)
    s = sign(value)
    if s < 0:
        raise ValueError("sqrt of a negative number")
    if s == 0 or _infinity(value):
        return value if s else ZERO
    return _exact(forms.positive_root(_form(value)))


def sign(x: Number, max_bits: int = MAX_BITS) -> int:
    """Return -1, 0 or 1, the certain sign of a number.

    Enclosures of doubling precision exclude 0 unless x is 0; const + logs, and forms with one or
    two roots of such, are proved to be 0 by identities between integers.  LimitError when
    `max_bits` end before either: possible for other forms that are 0, never wrong.

    >>> sign(log(4) - 2 * log(2)), sign(log(2) - Fraction(7, 10))
    (0, -1)
    """
    value = _required(x)
    if isinstance(value, Fraction):
        return (value > 0) - (value < 0)
    return value.infinite or form_sign(value.form, max_bits)


def enclose(x: Number, bits: int) -> tuple[Fraction, Fraction]:
    """Return (lo, hi) with lo <= x <= hi; a rational is its own enclosure (q, q)."""
    value = _required(x)
    return value.enclose(bits) if isinstance(value, Real) else (value, value)


def is_infinite(x: Number) -> bool:
    """Whether x is INFINITY or -INFINITY."""
    return _infinity(_required(x)) != 0


def _operand(x: object) -> Exact | None:
    """Return x as an exact number, None for what is not one (floats above all)."""
    if isinstance(x, Real | Fraction):
        return x
    return Fraction(int(x)) if isinstance(x, Integral) else None


def _required(x: object) -> Exact:
    value = _operand(x)
    if value is None:
        raise TypeError(f"expected an int, a Fraction or a Real, got {type(x).__name__}")
    return value


def _order(x: Real, other: object) -> int | None:
    """Return the sign of x - other, None when other is no number; a float raises TypeError."""
    y = _required(other) if isinstance(other, AnyNumber) else _operand(other)
    if y is None:
        return None
    if x.infinite or _infinity(y):
        return (x.infinite > _infinity(y)) - (x.infinite < _infinity(y))
    return sign(_add(x, -y))


def _infinity(x: Exact) -> int:
    return x.infinite if isinstance(x, Real) else 0


def _form(x: Exact) -> Form:
    return x.form if isinstance(x, Real) else Form(x)


def _exact(form: Form) -> Exact:
    return Real(form) if form.terms else form.const


def _infinite(s: int, undefined: str) -> Real:
    if s == 0:
        raise ArithmeticError(f"{undefined} is undefined")
    return INFINITY if s > 0 else -INFINITY


def _add(x: Exact, y: Exact) -> Exact:
    if _infinity(x) or _infinity(y):
        return _infinite(_infinity(x) + _infinity(y), "inf - inf")
    return _exact(_form(x).plus(_form(y)))


def _multiply(x: Exact, y: Exact) -> Exact:
    if _infinity(x) or _infinity(y):
        return _infinite(sign(x) * sign(y), "0 * inf")
    if isinstance(x, Fraction):
        x, y = y, x
    if isinstance(y, Fraction):
        return _exact(_form(x).scaled(y)) if y else ZERO
    return _exact(forms.product(_form(x), y.form))


def _divide(x: Exact, y: Exact) -> Exact:
    s = sign(y)
    if s == 0:
        raise ZeroDivisionError("division by an exact 0")
    if _infinity(x):
        return _infinite(0 if _infinity(y) else _infinity(x) * s, "inf / inf")
    if isinstance(y, Fraction):
        return _multiply(x, 1 / y)
    if y.infinite or (isinstance(x, Fraction) and not x):
        return ZERO
    return _exact(forms.quotient(_form(x), y.form))
