"""Roots in t of the divergence h(t) and the multiplier lam(t) of rows under KL(p || q).

**Problem.** `kl_rows` derives h and lam, both strictly monotone for t > 0.  A step needs the t of
each row where h(t) = d (a radius) or lam(t) = lam (a penalty).

**Method.** Let v = log h or log lam, as a function of u = log t, with derivatives v' and v''.  The
function w = e^(c v), a power of h or lam, has d^2 w / dt^2 = (w / t^2) c (c v'^2 + v'' - v'), which
is 0 at the present t for c v' = bend = 1 - v'' / v'.  Newton's step for w = e^(c x), x being the
given value of v,

    t_next = t (1 + (e^(bend (x - v) / v') - 1) / bend),

is therefore of third order.  Far from the root, where h and lam behave like powers of t, it is
nearly exact.  With S = p.r^2, K = p.r^3, F = p.r and R = S / F the derivatives are

    h' = F - R,         h'' = F - S - R + 2 K / F - R^2,
    (log lam)' = R,     (log lam)'' = R - 2 K / F + R^2,

so bend = h'/h + (S + R^2 - 2 K / F) / (F - R) for h, and 2 K / S - R for lam.

**Guarantee.** Rows that do not converge in a few steps start again near the limit of a rare best
action, and those that fail again are solved by Newton's steps in logarithms that are kept inside a
bracket of the root (bisection where they leave it), which cannot fail since h and lam are monotone.
The last relative step is at most 5e-4 at third order (error about 1e-10) or 3e-6 at second order
(about 1e-11). Nothing is proved about rounding: the callers check radius and gain of the new
policy.
"""

import math

import numpy as np
from scipy.special import xlogy

from tabular_trpo._core.numbers import Array
from tabular_trpo._improve.kl_rows import (
    KLRows,
    divergence,
    divergence_at_multiplier,
    policy_at_multiplier,
    policy_at_radius,
)

STEPS = 200  # of the bracketed iteration, at most
QUICK = 6  # unbracketed steps for all rows together; 2 or 3 are usual
NEAR = 5e-4  # relative size of the last step of third order: its error is about the cube
SAFE = 3e-6  # relative size of the last step of second order: its error is about the square
LOWEST, HIGHEST = 1e-300, 1e20  # bounds of t, in units of the largest g
TINY = 1e-322  # the smallest t
SMALL = 1e-5  # divergence below which plain logarithms lose more than 1e-10 of it
LEAST = 1e-320  # replaces 0 in logarithms
RADIUS, MULTIPLIER = 0, 1  # the given quantity: h or lam; an index of CURVES
STEEP = -4.0  # bound of the slope of log h, which is rounding noise where h is nearly 0
LEAST_SHARE = -0.9  # a step takes at most this share off t, which stays positive
BEND_RANGE = 0.1, 2.0  # of the exponent of h; rounding takes it outside where h is tiny

Parts = tuple[Array, Array, Array, Array, Array, Array]


def parts(rows: KLRows, t: Array) -> Parts:
    """Return t, r = t / (t + g), F = p.r, S = p.r^2, K = p.r^3 and S / F = d log lam / d log t."""
    column, one = t[:, None], rows.ones
    r = column / (column + rows.g)
    u = rows.p * r
    F = u.dot(one)
    u *= r
    square = u.dot(one)
    u *= r
    return t, r, F, square, u.dot(one), square / F


def log_divergence(rows: KLRows, at: Parts) -> tuple[Array, Array]:
    """Return log h and its derivative by log t; h = log F - sum p log r."""
    t, r, F, _, _, rise = at
    h, fall = np.log(F) - xlogy(rows.p, r).dot(rows.ones), F - rise
    if np.count_nonzero(h < SMALL):  # faster than the minimum
        h = np.maximum(divergence(rows, t), LEAST)
        fall = -(rows.p * (r - F[:, None]) ** 2).dot(rows.ones) / F
        return np.log(h), np.fmax(fall / h, STEEP)
    return np.log(h), fall / h


def log_multiplier(rows: KLRows, at: Parts) -> tuple[Array, Array]:
    """Return log lam and its derivative by log t."""
    t, _, F, _, _, rise = at
    return np.log(t / F), rise


CURVES = log_divergence, log_multiplier


def newton_step(kind: int, at: Parts, gap: Array, slope: Array) -> Array:
    """Return the step of third order, as a share of t (see the module).

    gap, slope: the difference of the given and the present v, and v'
    """
    _, _, F, square, cube, rise = at
    if kind == RADIUS:
        bend = slope + (square + rise * rise - 2 * cube / F) / (F - rise)
        bend = np.fmin(np.fmax(bend, BEND_RANGE[0]), BEND_RANGE[1])
    else:
        bend = 2 * cube / square - rise
    return np.asarray(np.fmax(np.expm1(gap * bend / slope) / bend, LEAST_SHARE))


def solve_rows(rows: KLRows, kind: int, x: float, t: Array) -> Array:
    """Return t (N,) where log h = x, or log lam = x, in each row; the iteration starts at t."""
    t, lost = _newton(rows, kind, x, t)
    if lost is not None:
        rest = rows.take(lost)
        start = start_of_rare_best(rest, kind, x)
        found, lost_again = _newton(rest, kind, x, start)
        if lost_again is not None:
            last = rest.take(lost_again)
            found[lost_again] = _bracketed_newton(last, kind, x, start[lost_again])
        t[lost] = found
    return t


def _lowest(rows: KLRows) -> Array:
    """Return a lower bound of t, below which some q_a = lam p_a / (t + g_a) would underflow.

    For small t, q_a is about p_a t / (g_a p_0) with the mass p_0 of the best actions, so the bound
    is 1e-300 of the largest g times the ratio of p_0 to the smallest other p_a, if that is above 1.
    """
    worse = (rows.g > 0) & (rows.p > 0)
    best = np.where(worse, 0.0, rows.p).dot(rows.ones)
    least = np.min(np.where(worse, rows.p, 1.0), axis=-1)
    return np.asarray(rows.span * np.fmin(LOWEST * np.fmax(best / least, 1.0), 1.0))


def _newton(rows: KLRows, kind: int, x: float, t: Array) -> tuple[Array, Array | None]:
    """Take a few steps for all rows together; return t and a mask of rows that did not converge.

    The mask is None where all did.
    """
    curve = CURVES[kind]
    for _ in range(QUICK):
        at = parts(rows, t)
        own, slope = curve(rows, at)
        share = newton_step(kind, at, x - own, slope)
        t = t + t * share
        near = np.abs(share) <= NEAR
        if np.count_nonzero(near) == near.size:
            return t, None
    return t, ~near


def _bracketed_newton(rows: KLRows, kind: int, x: float, t: Array) -> Array:
    """Return t by Newton's steps in logarithms, each kept inside a bracket of the root."""
    if kind == RADIUS:
        low, high = _lowest(rows), rows.span * HIGHEST
    else:
        high = np.full(len(rows.p), math.exp(x))
        low = np.minimum(high, TINY)
    t = np.fmin(np.fmax(t, low), high)
    for _ in range(STEPS):
        own, slope = CURVES[kind](rows, parts(rows, t))
        right = own > x if kind == RADIUS else own < x
        low, high = np.where(right, t, low), np.where(right, high, t)
        # Far from the root the logarithms are nearly linear.
        new = t * np.exp((x - own) / slope)
        new = np.where((low <= new) & (new <= high), new, np.sqrt(low) * np.sqrt(high))
        still = bool((np.abs(new - t) <= SAFE * t).all())
        t = new
        if still:
            break
    return t


def solve_radius(rows: KLRows, d: float, start: Array | None = None) -> tuple[Array, Array, Array]:
    """Solve max <G, q> subject to KL(p || q) <= d, d > 0, in each row that can gain.

    return: q (N, A); multipliers lam (N,) in units, the derivatives of the best gain by d; and t
            (N,), a start for another radius
    """
    x = math.log(d)
    with np.errstate(all="ignore"):  # h or its slope may vanish
        t = start_at_radius(rows, d) if start is None else start
        if rows.outside is None:
            t = solve_rows(rows, RADIUS, x, t)
        else:
            t, free = t.copy(), rows.outside.entry_divergence > d
            t[free] = solve_rows(rows.take(free), RADIUS, x, t[free])
    return *policy_at_radius(rows, d, t), t


def start_at_radius(rows: KLRows, d: float) -> Array:
    """Return a first t where h is about d; its error over t + mean is of order d^(3/2).

    y = sigma / sqrt(e^2h - 1) vanishes with t and is t + far + more / t + ... for large t.  So is
    t (t + far + b) / (t + b) with b = -more / far, which is set equal to y at h = d.
    With central moments m_k of g and skew = 2/3 m_3 / sigma^2, far = mean + skew > 0 and
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


def start_of_rare_best(rows: KLRows, kind: int, x: float) -> Array:
    """Return a t where log h or log lam is about x, if every positive g is far above t.

    With p_0 the probability of g = 0 and m = sum of p / g over g > 0, F is about p_0 + t m and lam
    about t / (p_0 + t m); for small p_0, h is about log(p_0 / t + m) + sum p log g over g > 0.
    """
    positive = rows.g > 0
    g = np.where(positive, rows.g, 1.0)
    p = np.where(positive, rows.p, 0.0)
    rare, m = (rows.p - p).dot(rows.ones), (p / g).dot(rows.ones)
    over = np.exp(math.exp(x) - xlogy(p, g).dot(rows.ones)) if kind == RADIUS else math.exp(-x)
    t = rare / (over - m)
    return np.asarray(np.where((t > 0) & (t < np.inf), t, rows.span))


def solve_at_multiplier(rows: KLRows, lam: float) -> tuple[Array, Array]:
    """Solve max <G, q> - lam KL(p || q) for lam > 0, in units, in each row.

    return: q (N, A) and its divergences (N,)
    """
    t = t_at_multiplier(rows, lam)
    return policy_at_multiplier(rows, lam, t), divergence_at_multiplier(rows, lam, t)


def t_at_multiplier(rows: KLRows, lam: float) -> Array:
    """Return t (N,) where lam(t) = lam on the support of each row."""
    with np.errstate(all="ignore"):  # the slope may vanish
        return solve_rows(rows, MULTIPLIER, math.log(lam), start_at_multiplier(rows, lam))


def start_at_multiplier(rows: KLRows, lam: float) -> Array:
    """Return a first t where lam(t) is about lam; its error over t + mean is of order lam^-4."""
    t = lam + (rows.variance - rows.third / lam) / lam - rows.mean
    return np.asarray(np.maximum(t, lam * 1e-3))
