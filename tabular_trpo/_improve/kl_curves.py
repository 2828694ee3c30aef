"""The divergence and the price of rows under KL(p || q) as functions of t, and where they are met.

Newton's steps are for the power of h or lam that is linear in t up to the second order: they are of
the third order, and from far away, where h is a power or a logarithm of t, they are nearly exact.
"""

import math

import numpy as np
from scipy.special import xlogy

from tabular_trpo._core.numbers import Array
from tabular_trpo._improve.kl_rows import (
    Rows,
    best_at_price,
    best_within,
    divergence,
    divergence_at_price,
)

STEPS = 200  # of Newton or bisection, each kept between what is known to hold the root
QUICK = 6  # steps of Newton before that, for all rows together; 2 or 3 are usual
NEAR = 5e-4  # a step of the third order this small leaves about its cube
SAFE = 3e-6  # a step of the second order this small leaves about its square
LOWEST, HIGHEST = 1e-300, 1e20  # of t in spans
TINY = 1e-322  # the smallest t
SMALL = 1e-5  # divergence, below which plain logarithms lose more than 1e-10 of it
LEAST = 1e-320  # stands for 0 in logarithms
LEVEL, PRICE = 0, 1  # what is given: the divergence or the price, as in CURVES
STEEP = -4.0  # slope of log h, beyond what there is: it is noise by noise where h is as good as 0
LEAST_SHARE = -0.9  # of t that a step of Newton adds, which would else be beyond 0
BENT = 0.1, 2.0  # of bends of log h; where h is tiny rounding takes them beyond

Parts = tuple[Array, Array, Array, Array, Array, Array]


def parts(rows: Rows, t: Array) -> Parts:
    """Return t, r = t / (t + g), F = p.r, p.r^2, p.r^3 and p.r^2 / F.

    The price is t / F, and the last is d log lam / d log t.
    """
    column, one = t[:, None], rows.one
    r = column / (column + rows.g)
    u = rows.p * r
    F = u.dot(one)
    u *= r
    square = u.dot(one)
    u *= r
    return t, r, F, square, u.dot(one), square / F


def log_level(rows: Rows, at: Parts) -> tuple[Array, Array]:
    """Return log h and its derivative by log t; h = log F - sum p log r."""
    t, r, F, _, _, rise = at
    h, fall = np.log(F) - xlogy(rows.p, r).dot(rows.one), F - rise
    if np.count_nonzero(h < SMALL):  # sooner told than the least of them
        h = np.maximum(divergence(rows, t), LEAST)
        fall = -(rows.p * (r - F[:, None]) ** 2).dot(rows.one) / F
        return np.log(h), np.fmax(fall / h, STEEP)
    return np.log(h), fall / h


def log_price(rows: Rows, at: Parts) -> tuple[Array, Array]:
    """Return log lam and its derivative by log t."""
    t, _, F, _, _, rise = at
    return np.log(t / F), rise


CURVES = log_level, log_price


def change(kind: int, at: Parts, gap: Array, slope: Array) -> Array:
    """Return the step of Newton, as a share of t, for a power of h or lam that is linear in t.

    With v = log h or log lam as a function of log t, v^(bend / v') is linear up to the second order
    for bend = 1 - v'' / v'.

    gap, slope: what v is to rise at t, and v'
    """
    _, _, F, square, cube, rise = at
    if kind == LEVEL:
        bend = slope + (square + rise * rise - 2 * cube / F) / (F - rise)
        bend = np.fmin(np.fmax(bend, BENT[0]), BENT[1])
    else:
        bend = 2 * cube / square - rise
    return np.asarray(np.fmax(np.expm1(gap * bend / slope) / bend, LEAST_SHARE))


def settle(rows: Rows, kind: int, x: float, t: Array) -> Array:
    """Return t where each row has log h = x, or log lam = x; Newton's steps start at t."""
    t, lost = _newton(rows, kind, x, t)
    if lost is not None:
        rest = rows.some(lost)
        start = start_of_rare(rest, kind, x)
        found, lost_again = _newton(rest, kind, x, start)
        if lost_again is not None:
            last = rest.some(lost_again)
            found[lost_again] = _settle_safely(last, kind, x, start[lost_again])
        t[lost] = found
    return t


def _lowest(rows: Rows) -> Array:
    """Return the t below which q_a = lam p_a / (t + g_a) would be below 1e-300 somewhere.

    So it would where the best actions are certain but for 1e-200, and all else is to be given up.
    """
    worse = (rows.g > 0) & (rows.p > 0)
    best = np.where(worse, 0.0, rows.p).dot(rows.one)
    least = np.min(np.where(worse, rows.p, 1.0), axis=-1)
    return np.asarray(rows.span * np.fmin(LOWEST * np.fmax(best / least, 1.0), 1.0))


def _newton(rows: Rows, kind: int, x: float, t: Array) -> tuple[Array, Array | None]:
    """Take a few steps for all rows together; return t, and which are not near it, None if all."""
    curve = CURVES[kind]
    for _ in range(QUICK):
        at = parts(rows, t)
        own, slope = curve(rows, at)
        share = change(kind, at, x - own, slope)
        t = t + t * share
        near = np.abs(share) <= NEAR
        if np.count_nonzero(near) == near.size:
            return t, None
    return t, ~near


def _settle_safely(rows: Rows, kind: int, x: float, t: Array) -> Array:
    """Return the same by steps each of which is kept between what is known to hold the root."""
    if kind == LEVEL:
        low, high = _lowest(rows), rows.span * HIGHEST
    else:
        high = np.full(len(rows.p), math.exp(x))
        low = np.minimum(high, TINY)
    t = np.fmin(np.fmax(t, low), high)
    for _ in range(STEPS):
        own, slope = CURVES[kind](rows, parts(rows, t))
        right = own > x if kind == LEVEL else own < x
        low, high = np.where(right, t, low), np.where(right, high, t)
        # Far from the root it is the logarithms that are nearly linear.
        new = t * np.exp((x - own) / slope)
        new = np.where((low <= new) & (new <= high), new, np.sqrt(low) * np.sqrt(high))
        still = bool((np.abs(new - t) <= SAFE * t).all())
        t = new
        if still:
            break
    return t


def within(rows: Rows, d: float, start: Array | None = None) -> tuple[Array, Array, Array]:
    """Solve max q.G subject to KL(p || q) <= d > 0 in each row that can gain.

    return: q (N, A), prices lam (N,) = df/dd in units, and t to start from the next time
    """
    x = math.log(d)
    with np.errstate(all="ignore"):  # where h or its slope vanishes
        t = start_within(rows, d) if start is None else start
        if rows.outside is None:
            t = settle(rows, LEVEL, x, t)
        else:
            t, free = t.copy(), rows.outside.k_out > d
            t[free] = settle(rows.some(free), LEVEL, x, t[free])
    return *best_within(rows, d, t), t


def start_within(rows: Rows, d: float) -> Array:
    """Return t near where h = d.

    y = sigma / sqrt(e^2h - 1) is 0 with t, and t + far + more / t + ... for large t.  So is
    t (t + far + b) / (t + b) with b = -more / far, which is set equal to y at h = d.
    With central moments m_k of g and skew = 2/3 m_3 / sigma^2 it is far = mean + skew > 0 and
    more = 3/2 skew^2 - 3/4 m_4 / sigma^2 + 1/4 sigma^2 < 0.
    """
    variance = rows.variance
    y = np.sqrt(variance * (math.exp(-2 * d) / -math.expm1(-2 * d)))
    skew = rows.third / (1.5 * variance)
    far = rows.mean + skew
    more = 1.5 * skew * skew - 0.75 * rows.fourth / variance + 0.25 * variance
    b = -more / far
    half = (y - far - b) / 2
    t = half + np.sqrt(half * half + b * y)
    return np.asarray(np.fmax(t, LOWEST))


def start_of_rare(rows: Rows, kind: int, x: float) -> Array:
    """Return t where h or lam has the logarithm x, if all g but 0 are far above t.

    Then p.r = p_0 + t m with p_0 the chance of g = 0 and m = sum p / g over g > 0, the price is
    t / (p_0 + t m), and if p_0 is small h = log(p_0 / t + m) + sum p log g.
    """
    positive = rows.g > 0
    g = np.where(positive, rows.g, 1.0)
    p = np.where(positive, rows.p, 0.0)
    rare, m = (rows.p - p).dot(rows.one), (p / g).dot(rows.one)
    over = np.exp(math.exp(x) - xlogy(p, g).dot(rows.one)) if kind == LEVEL else math.exp(-x)
    t = rare / (over - m)
    return np.asarray(np.where((t > 0) & (t < np.inf), t, rows.span))


def at_price(rows: Rows, lam: float) -> tuple[Array, Array]:
    """Solve max q.G - lam KL(p || q) for lam > 0, in units, in each row.

    return: q (N, A) and its divergences (N,)
    """
    t = priced(rows, lam)
    return best_at_price(rows, lam, t), divergence_at_price(rows, lam, t)


def priced(rows: Rows, lam: float) -> Array:
    """Return t where each row has the price lam, the actions outside of the support apart."""
    with np.errstate(all="ignore"):  # where the slope vanishes
        return settle(rows, PRICE, math.log(lam), start_at_price(rows, lam))


def start_at_price(rows: Rows, lam: float) -> Array:
    """Return t near where the price is lam, if that is large."""
    t = lam + (rows.variance - rows.third / lam) / lam - rows.mean
    return np.asarray(np.maximum(t, lam * 1e-3))
