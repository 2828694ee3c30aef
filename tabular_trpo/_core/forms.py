"""Linear forms const + sum coef * atom with rational data: the structure below `Real`.

Two forms are equal when they are written alike, and then they cancel exactly; whether two forms
that are written differently have one value is the question `vanishes` answers where it can.
Atoms: the logarithm of a rational above 1, and logarithms, square roots, products and quotients of
forms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isqrt, lcm
from typing import final

from tabular_trpo._core import dyadic
from tabular_trpo._core.dyadic import Dyadic
from tabular_trpo._core.logs import log_enclosure, logarithm, product_is_one
from tabular_trpo._core.readable import readable

ZERO, ONE = Fraction(0), Fraction(1)
_GUARD = 4


@final
class Form:
    """const + sum coef * atom, coefs nonzero; equal and hashed by its text, not by its value."""

    __slots__ = ("_hash", "_last", "const", "terms")

    def __init__(self, const: Fraction, terms: Mapping["Atom", Fraction] | None = None) -> None:
        """Keep the parts; the mapping is never changed afterwards."""
        self.const = const
        self.terms: Mapping[Atom, Fraction] = {} if terms is None else terms
        self._hash: int | None = None
        self._last: tuple[int, Dyadic] | None = None

    def __eq__(self, other: object) -> bool:
        """Whether both are written with the same constant and the same terms."""
        if not isinstance(other, Form):
            return NotImplemented
        return self is other or (self.const == other.const and self.terms == other.terms)

    def __hash__(self) -> int:
        """Hash the text, once."""
        if self._hash is None:
            self._hash = hash((self.const, frozenset(self.terms.items())))
        return self._hash

    def plus(self, other: "Form") -> "Form":
        """Return the sum; terms that cancel disappear."""
        small, large = sorted((self, other), key=lambda form: len(form.terms))
        terms = dict(large.terms)
        for atom, coef in small.terms.items():
            total = terms.pop(atom, ZERO) + coef
            if total:
                terms[atom] = total
        return Form(self.const + other.const, terms)

    def scaled(self, factor: Fraction) -> "Form":
        """Return factor * self for a nonzero factor."""
        return Form(self.const * factor, {atom: c * factor for atom, c in self.terms.items()})

    def enclosure(self, bits: int) -> Dyadic:
        """Enclose the value with a width about 2**-bits times the largest term."""
        if self._last is None or self._last[0] != bits:
            inner = bits + len(self.terms).bit_length() + _GUARD
            parts = [(coef, atom.enclosure(inner)) for atom, coef in self.terms.items()]
            if self.const or not parts:
                parts.append((self.const, (1, 1, 0)))
            self._last = bits, dyadic.combine(parts, inner)
        return self._last[1]

    def vanishes(self) -> bool | None:
        """Whether the value is 0; None where no decision procedure is known here.

        Decided: rationals; const + logs; one term of any kind whose arguments are decided;
        const + one root and the sum of two roots, by comparing squares.
        """
        logs = [(atom, coef) for atom, coef in self.terms.items() if isinstance(atom, Log)]
        if len(logs) == len(self.terms):
            # Lindemann: exp(-const) is irrational for a rational const != 0.
            return not self.const and product_is_one(
                (log.p, log.q, coef.numerator, coef.denominator) for log, coef in logs
            )
        if len(self.terms) == 1 and not self.const:
            return next(iter(self.terms)).vanishes()
        return self._roots_vanish()

    def _roots_vanish(self) -> bool | None:
        """The cases a + c sqrt(x) = 0 and c sqrt(x) + b sqrt(y) = 0; every root is positive."""
        roots = [(atom.x, coef) for atom, coef in self.terms.items() if isinstance(atom, Sqrt)]
        if self.const:
            roots.append((Form(ONE), self.const))
        if len(roots) != 2 or len(self.terms) + bool(self.const) != 2:
            return None
        (x, c), (y, b) = roots
        if c * b > 0:
            return False
        return x.scaled(c * c).plus(y.scaled(-b * b)).vanishes()

    def primitive(self) -> tuple[Fraction, "Form"]:
        """Return (content, rest) with self = content * rest, the same rest for all multiples."""
        parts = [self.const, *self.terms.values()]
        content = Fraction(gcd(*(c.numerator for c in parts)), lcm(*(c.denominator for c in parts)))
        # The sign must not depend on the order of the terms.
        if (self.const or sum(parts)) < 0:
            content = -content
        return content, self.scaled(1 / content)

    def root(self) -> tuple[Fraction, "Form"] | None:
        """Return (c, x) when the form is the single term c * sqrt(x)."""
        if len(self.terms) == 1 and not self.const:
            atom, coef = next(iter(self.terms.items()))
            if isinstance(atom, Sqrt):
                return coef, atom.x
        return None


@final
@readable
@dataclass(frozen=True, slots=True)
class Log:
    """log(p / q) with p > q > 0 in lowest terms, so it is positive."""

    p: int
    q: int

    def enclosure(self, bits: int) -> Dyadic:
        """Enclose the logarithm."""
        return log_enclosure(self.p, self.q, bits)

    def vanishes(self) -> bool:
        """Never: p > q."""
        return False


@final
@readable
@dataclass(frozen=True, slots=True)
class Sqrt:
    """The square root of a form known to be positive."""

    x: Form

    def enclosure(self, bits: int) -> Dyadic:
        """Enclose the root; the radicand's negative part is outside the truth and is dropped."""
        return dyadic.square_root(self.x.enclosure(bits + _GUARD), bits)

    def vanishes(self) -> bool:
        """Never: the radicand is positive."""
        return False


@final
@readable
@dataclass(frozen=True, slots=True)
class LogOf:
    """The natural logarithm of a form known to be positive and not 1."""

    x: Form

    def enclosure(self, bits: int) -> Dyadic:
        """Enclose the logarithm, with the bits it takes to keep x away from 0 and 1."""
        inner = bits + _GUARD
        while True:
            lo, hi, _ = made = logarithm(self.x.enclosure(inner), bits + _GUARD)
            if lo * hi > 0 and hi - lo << bits <= max(abs(lo), abs(hi)):
                return made
            inner *= 2

    def vanishes(self) -> bool:
        """Never: the argument is not 1."""
        return False


@final
@readable
@dataclass(frozen=True, slots=True)
class Product:
    """x * y of two forms, opaque: only its value is known."""

    x: Form
    y: Form

    def enclosure(self, bits: int) -> Dyadic:
        """Enclose the product."""
        inner = bits + _GUARD
        return dyadic.multiply(self.x.enclosure(inner), self.y.enclosure(inner), bits)

    def vanishes(self) -> bool | None:
        """Whether one factor is 0."""
        answers = self.x.vanishes(), self.y.vanishes()
        return True if True in answers else None if None in answers else False


@final
@readable
@dataclass(frozen=True, slots=True)
class Quotient:
    """x / y of two forms, y known to be nonzero, opaque."""

    x: Form
    y: Form

    def enclosure(self, bits: int) -> Dyadic:
        """Enclose the quotient, with the bits it takes to keep y away from 0."""
        inner = bits + _GUARD
        y = self.y.enclosure(inner)
        while y[0] <= 0 <= y[1]:
            inner *= 2
            y = self.y.enclosure(inner)
        return dyadic.divide(self.x.enclosure(inner), y, bits)

    def vanishes(self) -> bool | None:
        """Whether the numerator is 0."""
        return self.x.vanishes()


Atom = Log | LogOf | Sqrt | Product | Quotient


def positive_root(x: Form) -> Form:
    """Return sqrt(x) for a form known to be positive: a constant for a perfect square."""
    if not x.terms:
        p, q = isqrt(x.const.numerator), isqrt(x.const.denominator)
        if Fraction(p * p, q * q) == x.const:
            return Form(Fraction(p, q))
    return Form(ZERO, {Sqrt(x): ONE})


def product(x: Form, y: Form) -> Form:
    """Return x * y for two forms with terms, the constants multiplied out.

    (a + X)(b + Y) = XY + aY + bX + ab, so that x (y + 1) and x y + x are one text.
    """
    pure_x, pure_y = Form(ZERO, x.terms), Form(ZERO, y.terms)
    result = _pure_product(pure_x, pure_y).plus(Form(x.const * y.const))
    if x.const:
        result = result.plus(pure_y.scaled(x.const))
    return result.plus(pure_x.scaled(y.const)) if y.const else result


def _pure_product(x: Form, y: Form) -> Form:
    """Multiply two forms without constants; exact for roots of rationals and equal roots."""
    left, right = x.root(), y.root()
    if left and right:
        (c, a), (d, b) = left, right
        if a == b:
            return a.scaled(c * d)
        if not a.terms or not b.terms:
            radicand = a.scaled(b.const) if not b.terms else b.scaled(a.const)
            return positive_root(radicand).scaled(c * d)
    (c, x), (d, y) = x.primitive(), y.primitive()
    # One spelling for x * y and y * x.
    first, second = sorted((x, y), key=hash)
    return Form(ZERO, {Product(first, second): c * d})


def quotient(x: Form, y: Form) -> Form:
    """Return x / y for nonzero x and y with terms; a constant when x is written as a multiple."""
    (c, x), (d, y) = x.primitive(), y.primitive()
    if x == y:
        return Form(c / d)
    root = y.root()
    if root and not root[1].terms:
        f, q = root  # 1 / (f sqrt q) = sqrt q / (f q)
        over = Form(ZERO, y.terms).scaled(1 / (f * f * q.const))
        scaled = over.scaled(x.const) if not x.terms else product(x, over)
        return scaled.scaled(c / d)
    return Form(ZERO, {Quotient(x, y): c / d})


def log_of(x: Form) -> Form:
    """Return log(x) for a form known to be positive and not 1: a rational one by one logarithm."""
    if x.terms:
        return Form(ZERO, {LogOf(x): ONE})
    p, q = x.const.numerator, x.const.denominator
    return Form(ZERO, {Log(p, q): ONE} if p > q else {Log(q, p): -ONE})
