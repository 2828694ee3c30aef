"""Arrays of intervals in float64, rounded outward.

Problem.   Enclose expressions of exactly known numbers with float64 arrays alone.
Method.    Each end is computed in round-to-nearest and moved outward where the operation was not
           exact (`rounding`); products of matrices carry the error bound of a dot product.
Guarantee. For all x in X and y in Y: x op y lies in X op Y.
Source.    Higham, Accuracy and Stability of Numerical Algorithms, section 3.1 (dot products).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from operator import index
from typing import Any, ClassVar, TypeAlias, Union, final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tabular_trpo._core import rounding
from tabular_trpo._core.floating_point import guard_members
from tabular_trpo._core.readable import readable
from tabular_trpo._core.real import Real
from tabular_trpo._core.rounding import Floats

Axis: TypeAlias = int | tuple[int, ...] | None
Operand: TypeAlias = Union["Interval", int, float, Fraction, Real, NDArray[Any]]

_UNIT = 2.0**-53
_LEAST = 2.0**-1074
_MARGIN = 1 + 2.0**-9


@guard_members
@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Numbers known to lie between `lo` and `hi`, elementwise.

    lo, hi: (...)  float64, equal shapes (0-d too), lo <= hi, read-only; infinite ends allowed,
                   never NaN

    For all x in X and y in Y: x op y is in X op Y.  The other operand may be an int, Fraction,
    Real, a float or an array, each taken as exactly known.  0 * inf is 0.  A quotient by an
    interval that contains 0 is the whole line.  Intervals are not ordered: read `lo` and `hi`.

    raises: ValueError for ends that are NaN or not in order, TypeError for other types

    >>> tenth = Interval.exact(Fraction(1, 10))
    >>> bool(tenth.lo < tenth.hi), (tenth + [1, 2]).shape
    (True, (2,))
    """

    lo: Floats
    hi: Floats

    __array_ufunc__: ClassVar[None] = None  # an operation with a numpy array on the left is ours
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by the ends, which are checked and locked again."""
        return Interval, (self.lo, self.hi)

    def __post_init__(self) -> None:
        """Copy, check and lock the ends."""
        for name in ("lo", "hi"):
            end, same = rounding.exact_bounds(getattr(self, name))
            if end is not same and not np.array_equal(end, same):
                raise ValueError(f"{name} must be floats; use Interval.exact for other numbers")
            end.flags.writeable = False
            object.__setattr__(self, name, end)
        if self.lo.shape != self.hi.shape:
            raise ValueError(f"lo has shape {self.lo.shape}, hi has {self.hi.shape}")
        if not np.all(self.lo <= self.hi):
            raise ValueError("an Interval needs lo <= hi everywhere")

    @staticmethod
    def exact(x: Operand) -> "Interval":
        """Return the tightest interval that holds exactly known numbers; floats are points."""
        return x if isinstance(x, Interval) else Interval(*rounding.exact_bounds(x))

    @staticmethod
    def around(mid: Operand, radius: Operand) -> "Interval":
        """Return an interval that holds [mid - radius, mid + radius], for radius >= 0."""
        middle, (_, reach) = Interval.exact(mid), _ends(radius)
        if np.any(reach < 0):
            raise ValueError("a radius must not be negative")
        return Interval(rounding.add_down(middle.lo, -reach), rounding.add_up(middle.hi, reach))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of both ends."""
        return self.lo.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.lo.ndim

    def __len__(self) -> int:
        return len(self.lo)

    def __iter__(self) -> Iterator["Interval"]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> "Interval":
        return Interval(self.lo[key], self.hi[key])

    def __array__(self, *_: Any, **__: Any) -> Floats:
        raise TypeError("an Interval is no array; read lo and hi")

    def __bool__(self) -> bool:
        raise TypeError("an Interval has no truth value; read lo and hi")

    def __eq__(self, other: object) -> bool:
        raise TypeError("Intervals are not compared; read lo and hi")

    def __neg__(self) -> "Interval":
        return Interval(-self.hi, -self.lo)

    def __abs__(self) -> "Interval":
        lo = np.maximum(np.maximum(self.lo, -self.hi), 0.0)
        return Interval(lo, np.maximum(-self.lo, self.hi))

    def __add__(self, other: Operand) -> "Interval":
        lo, hi = _ends(other)
        return Interval(rounding.add_down(self.lo, lo), rounding.add_up(self.hi, hi))

    __radd__ = __add__

    def __sub__(self, other: Operand) -> "Interval":
        lo, hi = _ends(other)
        return Interval(rounding.add_down(self.lo, -hi), rounding.add_up(self.hi, -lo))

    def __rsub__(self, other: Operand) -> "Interval":
        return -(self - other)

    def __mul__(self, other: Operand) -> "Interval":
        return Interval(*rounding.product_bounds((self.lo, self.hi), _ends(other)))

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> "Interval":
        return Interval(*rounding.quotient_bounds((self.lo, self.hi), _ends(other)))

    def __rtruediv__(self, other: Operand) -> "Interval":
        return Interval(*rounding.quotient_bounds(_ends(other), (self.lo, self.hi)))

    def __pow__(self, exponent: int) -> "Interval":
        """Return the powers for an integer exponent >= 0; x**0 is 1."""
        n = index(exponent)
        if n < 0:
            raise ValueError("an Interval takes nonnegative exponents only")
        if n == 0:
            return Interval(np.ones(self.shape), np.ones(self.shape))
        # Monotone after abs when n is even, and always when n is odd.
        x = self if n % 2 else abs(self)
        (low_lo, low_hi), (high_lo, high_hi) = (
            rounding.power_bounds(np.abs(end), n) for end in (x.lo, x.hi)
        )
        lo, hi = np.where(x.lo < 0, -low_hi, low_lo), np.where(x.hi < 0, -high_lo, high_hi)
        return Interval(lo, hi)

    def sqrt(self) -> "Interval":
        """Return the square roots; what is below 0 is cut off, all below 0 raises ValueError."""
        return Interval(*rounding.root_bounds(self._positive_part("sqrt"), self.hi))

    def log(self) -> "Interval":
        """Return the natural logarithms; log 0 is -inf, all below 0 raises ValueError."""
        return Interval(*rounding.log_bounds(self._positive_part("log"), self.hi))

    def sum(self, axis: Axis = None) -> "Interval":
        """Return an enclosure of the sums over `axis` (all axes for None)."""
        low, high = _axes_first(self.lo, axis), _axes_first(self.hi, axis)
        return Interval(rounding.sum_down(low), -rounding.sum_down(-high))

    def max(self, axis: Axis = None) -> "Interval":
        """Return an enclosure of the maxima over `axis` (all axes for None)."""
        return Interval(np.asarray(self.lo.max(axis=axis)), np.asarray(self.hi.max(axis=axis)))

    def min(self, axis: Axis = None) -> "Interval":
        """Return an enclosure of the minima over `axis` (all axes for None)."""
        return Interval(np.asarray(self.lo.min(axis=axis)), np.asarray(self.hi.min(axis=axis)))

    def _positive_part(self, function: str) -> Floats:
        if np.any(self.hi < 0):
            raise ValueError(f"{function} of an interval below 0")
        return np.maximum(self.lo, 0.0)


def _ends(x: Operand) -> tuple[Floats, Floats]:
    return (x.lo, x.hi) if isinstance(x, Interval) else rounding.exact_bounds(x)


def _axes_first(x: Floats, axis: Axis) -> Floats:
    """Return x with the given axes merged into the first one."""
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    moved = np.moveaxis(x, axes, tuple(range(len(axes))))
    return moved.reshape(-1, *moved.shape[len(axes) :]) if axes else x[None]


def where(mask: NDArray[np.bool_], x: Operand, y: Operand) -> Interval:
    """Return x where the mask holds, else y, broadcast as np.where does."""
    (x_lo, x_hi), (y_lo, y_hi) = _ends(x), _ends(y)
    return Interval(np.where(mask, x_lo, y_lo), np.where(mask, x_hi, y_hi))


def larger(x: Operand, y: Operand) -> Interval:
    """Return the elementwise maxima of two operands."""
    (x_lo, x_hi), (y_lo, y_hi) = _ends(x), _ends(y)
    return Interval(np.maximum(x_lo, y_lo), np.maximum(x_hi, y_hi))


def smaller(x: Operand, y: Operand) -> Interval:
    """Return the elementwise minima of two operands."""
    return -larger(-Interval.exact(x), -Interval.exact(y))


def matmul(P: Any, x: Interval) -> Interval:
    """Enclose P x for an exactly known float matrix of either sign.

    P:      (..., M, N)  float64 array, or a scipy.sparse CSR array (M, N)
    x:      (..., N)     leading axes broadcast against those of P; (N,) for a sparse P
    return: (..., M)     entries of P that are 0 contribute 0 even where x is infinite

    raises: TypeError when P is of another kind, ValueError when it is not finite
    """
    sparse = bool(sp.issparse(P))
    data = P.data if sparse else np.asarray(P)
    if data.dtype != np.float64 or (sparse and P.format != "csr"):
        raise TypeError(f"matmul takes a float64 array or CSR array, got {data.dtype} {type(P)}")
    if not np.all(np.isfinite(data)):
        raise ValueError("matmul takes a finite matrix")
    parts = [data] if np.all(data >= 0) else [np.maximum(data, 0), np.maximum(-data, 0)]
    if sparse:
        # Rebuilt from its parts: conversions may add duplicate entries up, and so round.
        parts = [sp.csr_array((part, P.indices, P.indptr), shape=P.shape) for part in parts]
    halves = [_nonnegative_matmul(part, x) for part in parts]
    return halves[0] - halves[1] if len(halves) > 1 else halves[0]


@np.errstate(all="ignore")
def _nonnegative_matmul(P: Any, x: Interval) -> Interval:
    """Enclose P x for P >= 0, where the ends of the result are P lo and P hi.

    A dot product of k products, in any order and with or without fused operations, is within
    k u / (1 - k u) * sum |p x| + k 2**-1074 of its exact value, u = 2**-53 (Higham, Accuracy and
    Stability, 3.1).  The computed sum of |p x| carries that error too, and 1 / (1 - 2 k u) is
    below the margin for k < 2**42.
    """
    ends = [np.where(np.isfinite(end), end, 0.0) for end in (x.lo, x.hi)]
    size = np.maximum(np.abs(ends[0]), np.abs(ends[1]))
    endless = [end == inf for end in (x.lo, x.hi) for inf in (-np.inf, np.inf)]
    columns = np.stack([*ends, size, size > 0, *endless], axis=-1)
    low, high, spread, reach, *hits = np.moveaxis(P @ columns, -1, 0)
    k = P.shape[-1] if isinstance(P, np.ndarray) else int(np.diff(P.indptr).max(initial=0))
    error = rounding.up(k * _UNIT * _MARGIN * spread) + (k + 2) * _LEAST
    # Nothing is rounded where every product is 0.  Sums of 0s and positive numbers cannot hide it.
    error = np.where(reach == 0, 0.0, rounding.up(error))
    lo, hi = rounding.add_down(low, -error), rounding.add_up(high, error)
    # The columns are finite, so what is not finite here has overflowed.
    lo = np.where(np.isfinite(low), lo, -np.inf)
    hi = np.where(np.isfinite(high), hi, np.inf)
    lo_down, lo_up, hi_down, hi_up = (hit > 0 for hit in hits)
    lo = np.where(lo_down, -np.inf, np.where(lo_up, np.inf, lo))
    return Interval(lo, np.where(hi_up, np.inf, np.where(hi_down, -np.inf, hi)))
