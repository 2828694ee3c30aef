"""Divergences between rows of two policies: total variation and Kullback-Leibler.

Problem: KL of rows that differ by a tiny step, where sum p log(p / q) cancels to rounding noise.
Method: rows have the same sum, so KL = sum p (x - log(1 + x)) with x = (q - p) / p, all terms
nonnegative; near x = 0 the difference is summed as a series (`excess`).  Rational rows give exact
reals, rational multiples of logarithms of rationals (`_core.real`), which are compared exactly.
Source: TRPO (2015), section 2 and equation (7).
"""

from fractions import Fraction

import numpy as np

from tabular_trpo._core.arithmetic import read_common
from tabular_trpo._core.numbers import Array, Scalar, is_rational, ones
from tabular_trpo._core.public import public
from tabular_trpo._core.real import INFINITY, log
from tabular_trpo._core.shapes import broadcastable, shape_error
from tabular_trpo._core.validate import Report, simplex

PLAIN = 1e-5  # above this divergence, rounding in x - log(1 + x) is below 1e-13 of it
LOW, HIGH = -0.5, 2.0**20  # of x = (q - p) / p: below, 1 + x loses a small q; above, x may overflow


@public
def tv(p: object, q: object) -> Scalar:
    """Return the total variation distance of rows, half their L1 distance.

    D_TV(p, q) = 1/2 sum_a abs(p_a - q_a).  TRPO (2015), equation (7); the factor 1/2 is part of it.

    p, q:   (..., A) rows on the simplex, one arithmetic
    return: (...)
    raises: InvalidMDPError for rows off the simplex or of other shapes; ExactnessError for rows in
            different arithmetics

    >>> float(tv(np.array([1.0, 0.0]), np.array([0.0, 1.0])))
    1.0
    """
    p, q = _rows(p, q)
    half: Scalar = Fraction(1, 2) if is_rational(p) else 0.5
    return np.asarray(half * np.abs(p - q).sum(axis=-1))[()]


@public
def kl(p: object, q: object) -> Scalar:
    """Return KL(p || q) of rows; 0 log 0 = 0, and infinite where q loses support of p.

    D_KL(p || q) = sum_a p_a log(p_a / q_a).  Float rows add p x - p log(1 + x) >= 0 with
    x = (q - p) / p, which keeps its digits for tiny steps; rational rows give exact reals
    (`core.real`), 0 exactly for equal rows.

    p, q:   (..., A) rows on the simplex, one arithmetic
    return: (...)
    raises: InvalidMDPError for rows off the simplex or of other shapes; ExactnessError for rows in
            different arithmetics

    >>> float(kl(np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    inf
    """
    return kl_of_rows(*_rows(p, q))


def kl_of_rows(p: Array, q: Array) -> Scalar:
    """Return KL(p || q) of rows that were checked before, as the policies of a pair are."""
    if p.shape != q.shape:
        p, q = np.broadcast_arrays(p, q)
    if not is_rational(p):
        return _float_kl(p, q)
    out = np.empty(p.shape[:-1], dtype=object)
    for at in np.ndindex(out.shape):
        out[at] = _rational_kl(p[at], q[at])
    return np.asarray(out)[()]


def _rows(p: object, q: object) -> tuple[Array, Array]:
    p, q = read_common(p=p, q=q, unsigned=True)
    for name, rows in (("p", p), ("q", q)):
        if rows.ndim == 0:
            raise shape_error(name, rows.shape, "(..., A)")
        report = Report()
        simplex(report, name, rows, "a")
        report.close()
    if not broadcastable(p.shape, q.shape, 1):
        raise shape_error("q", q.shape, f"(..., A) = {p.shape}")
    return p, q


def _rational_kl(p: Array, q: Array) -> Scalar:
    pairs = [(x, y) for x, y in zip(p, q, strict=True) if x != 0 and x != y]
    if any(y == 0 for _, y in pairs):
        return INFINITY
    return sum((x * log(x / y) for x, y in pairs), Fraction(0))


def _float_kl(p: Array, q: Array) -> Array:
    step = q - p
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        x = step / p
        near = (x >= LOW) & (x <= HIGH)
        if np.count_nonzero(near) == near.size:
            return _near_kl(p, x)
        far = step - p * (np.log(q) - np.log(p))
    terms = np.where(near, p * excess(np.where(near, x, 0.0)), np.where(p > 0, far, q))
    return np.asarray(terms.sum(axis=-1))[()]


def _near_kl(p: Array, x: Array) -> Array:
    """Return the sum of p x - p log(1 + x) for LOW <= x <= HIGH, in fewer calls if large."""
    one = ones(x.shape[-1])
    plain = (p * (x - np.log1p(x))).dot(one)
    large = np.count_nonzero(plain > PLAIN) == np.size(plain)
    return np.asarray(plain if large else (p * excess(x)).dot(one))[()]


def excess(x: Array) -> Array:
    """Return x - log(1 + x) >= 0 for x > -1, by its series where that would cancel."""
    near = np.abs(x) < 0.01
    # log(1 + x) = 2 (w + w^3 / 3 + ...), and x - 2 w = x w; the next term is 1e-17 of it.
    w = x / (2 + x)
    s = w * w
    series: Array = w * (x - s * (2 / 3 + s * (2 / 5 + s * (2 / 7))))
    if np.count_nonzero(near) == near.size:  # in a quarter of the time of all()
        return series
    return np.where(near, series, x - np.log1p(x))
