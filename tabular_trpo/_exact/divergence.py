"""Divergences between rows of two policies: total variation and Kullback-Leibler.

Problem: KL of rows that differ by a tiny step, where sum p log(p / q) cancels to rounding noise.
Method: both rows sum to 1, so KL = sum p (x - log(1 + x)) with x = (q - p) / p, all terms
nonnegative (q where p = 0); near x = 0 x - log(1 + x) is summed as a series (`excess`).
Guarantee: rational rows give exact reals, which are sums of rational multiples of logarithms of
rationals (`_core.real`) and are compared exactly.  Source: TRPO (2015), section 2 and equation (7).
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
# Range of x = (q - p) / p: below it 1 + x rounds off the digits of a small q; above it x may
# overflow.
LOW, HIGH = -0.5, 2.0**20


@public
def tv(p: object, q: object) -> Scalar:
    """Return the total variation distance of rows, half their L1 distance.

    D_TV(p, q) = 1/2 sum_a abs(p_a - q_a), with the factor 1/2 of TRPO (2015), equation (7).

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
    """Return KL(p || q) of rows; 0 log 0 = 0, and infinite where q_a = 0 < p_a for some a.

    D_KL(p || q) = sum_a p_a log(p_a / q_a).  TRPO (2015), section 3.  For float rows the terms are
    p x - p log(1 + x) >= 0 with x = (q - p) / p, which are accurate for tiny steps too; rational
    rows give exact reals (`_core.real`), exactly 0 for equal rows.

    p, q:   (..., A) rows on the simplex, one arithmetic
    return: (...)
    raises: InvalidMDPError for rows off the simplex or of other shapes; ExactnessError for rows in
            different arithmetics

    >>> float(kl(np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    inf
    """
    return kl_of_rows(*_rows(p, q))


def kl_of_rows(p: Array, q: Array) -> Scalar:
    """Return KL(p || q), (...), of checked rows p and q (..., A) in one arithmetic."""
    if p.shape != q.shape:
        p, q = np.broadcast_arrays(p, q)
    if not is_rational(p):
        return _float_kl(p, q)
    out = np.empty(p.shape[:-1], dtype=object)
    for at in np.ndindex(out.shape):
        out[at] = _rational_kl(p[at], q[at])
    return np.asarray(out)[()]


def _rows(p: object, q: object) -> tuple[Array, Array]:
    """Return p and q as arrays in one arithmetic, after the checks that `tv` and `kl` raise."""
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
    """Return KL(p || q) of two rational rows (A,) as an exact real."""
    pairs = [(x, y) for x, y in zip(p, q, strict=True) if x != 0 and x != y]
    if any(y == 0 for _, y in pairs):
        return INFINITY
    return sum((x * log(x / y) for x, y in pairs), Fraction(0))


def _float_kl(p: Array, q: Array) -> Array:
    """Return KL(p || q), (...), of float rows (..., A) of one shape."""
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
    """Return sum_a p (x - log(1 + x)), (...), for LOW <= x <= HIGH.

    The series of `excess` is used unless every divergence is above PLAIN.
    """
    one = ones(x.shape[-1])
    plain = (p * (x - np.log1p(x))).dot(one)
    large = np.count_nonzero(plain > PLAIN) == np.size(plain)
    return np.asarray(plain if large else (p * excess(x)).dot(one))[()]


def excess(x: Array) -> Array:
    """Return x - log(1 + x) >= 0 of each x > -1, by a series near 0, where the terms cancel."""
    near = np.abs(x) < 0.01
    # log(1 + x) = 2 (w + w^3 / 3 + ...) and x - 2 w = x w; the first omitted term is below 1e-17
    # of the sum.
    w = x / (2 + x)
    s = w * w
    series: Array = w * (x - s * (2 / 3 + s * (2 / 5 + s * (2 / 7))))
    if np.count_nonzero(near) == near.size:  # faster than all()
        return series
    return np.where(near, series, x - np.log1p(x))
