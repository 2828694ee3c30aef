"""Roots in t of the divergence h(t) and the multiplier lam(t) of rows under KL(p || q).

**Problem.** `kl_rows` reduces the best new row to one number t > 0, with divergence h(t) and
multiplier lam(t), both strictly monotone.  Find t where h(t) = d, for the constraint KL <= d of
TRPO (2015), (11), or where lam(t) = lam, for a penalty lam KL.

**Method.** Let v = log h or log lam, as a function of u = log t, with derivatives v' and v''.  The
function w = e^(c v), a power of h or lam, has d^2 w / dt^2 = (w / t^2) c (c v'^2 + v'' - v'), which
is 0 at the present t for c = k / v', k = 1 - v'' / v'.  Newton's step in t for the equation
w = e^(c x), where x is the given value of v,

    t_next = t (1 + (e^(k (x - v) / v') - 1) / k),

is therefore of third order.  Far from the root, where h and lam behave like powers of t, it is
nearly exact.  With r = t / (t + g), F = p.r, S = p.r^2, K = p.r^3 and R = S / F the derivatives are

    h' = F - R,         h'' = F - S - R + 2 K / F - R^2,
    (log lam)' = R,     (log lam)'' = R - 2 K / F + R^2,

so k = h'/h + (S + R^2 - 2 K / F) / (F - R) for h, and k = 2 K / S - R for lam.

**Guarantee.** Rows that do not converge in QUICK steps are started again at the limit for a rare
best action.  Rows that fail again are solved by Newton's method in log t inside a bracket of the
root, with bisection where a step leaves the bracket; this converges since h and lam are monotone.
The last relative step is at most 5e-4 at third order (error about 1e-10) or 3e-6 at second order
(about 1e-11).  Nothing is proved about rounding; `trust_region` checks the divergence and the gain
of the new policy.  Source: Newton's method for a transformed function without second derivative, as
in Halley's method, which is Newton's for f / sqrt(f').
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

STEPS = 200  # largest number of bracketed steps
QUICK = 6  # largest number of unbracketed steps for all rows together; 2 or 3 are usual
NEAR = 5e-4  # relative size of the last step of third order; the error is about its cube
SAFE = 3e-6  # relative size of the last step of second order; the error is about its square
LOWEST, HIGHEST = 1e-300, 1e20  # bounds of t, in units of the largest g
TINY = 1e-322  # the smallest t
SMALL = 1e-5  # divergence below which plain logarithms have a relative error above 1e-10
LEAST = 1e-320  # replaces 0 in logarithms
RADIUS, MULTIPLIER = 0, 1  # the quantity that is given, h or lam, as an index of CURVES
STEEP = -4.0  # bound of the slope of log h, which is rounding noise where h is nearly 0
LEAST_SHARE = -0.9  # bound of the relative step, so that t stays positive
EXPONENT_RANGE = 0.1, 2.0  # of k for h; rounding errors exceed it where h is tiny

# t, r, F, S, K and R of N rows, as in the docstring of the module.
Parts = tuple[Array, Array, Array, Array, Array, Array]


def parts(rows: KLRows, t: Array) -> Parts:
    """Return t, r = t / (t + g), F = p.r, S = p.r^2, K = p.r^3 and R = S / F.

    t: (N,); r has the shape (N, A), the others (N,)
    """
    column, one = t[:, None], rows.ones
    r = column / (column + rows.g)
    u = rows.p * r
    F = u.dot(one)
    u *= r
    square = u.dot(one)
    u *= r
    return t, r, F, square, u.dot(one), square / F


def log_divergence(rows: KLRows, at: Parts) -> tuple[Array, Array]:
    """Return log h and its derivative by log t, each (N,); h = log F - sum p log r."""
    t, r, F, _, _, rise = at
    h, fall = np.log(F) - xlogy(rows.p, r).dot(rows.ones), F - rise
    if np.count_nonzero(h < SMALL):  # faster than the minimum
        h = np.maximum(divergence(rows, t), LEAST)
        fall = -(rows.p * (r - F[:, None]) ** 2).dot(rows.ones) / F
        return np.log(h), np.fmax(fall / h, STEEP)
    return np.log(h), fall / h


def log_multiplier(rows: KLRows, at: Parts) -> tuple[Array, Array]:
    """Return log lam = log(t / F) and its derivative by log t, each (N,)."""
    t, _, F, _, _, rise = at
    return np.log(t / F), rise


CURVES = log_divergence, log_multiplier


def newton_step(kind: int, at: Parts, gap: Array, slope: Array) -> Array:
    """Return the step of third order, relative to t, (N,): t_next = t (1 + step).

    kind:       RADIUS or MULTIPLIER
    gap, slope: x - v and v' of each row, (N,), as in the docstring of the module
    """
    _, _, F, square, cube, rise = at
    if kind == RADIUS:
        exponent = slope + (square + rise * rise - 2 * cube / F) / (F - rise)
        exponent = np.fmin(np.fmax(exponent, EXPONENT_RANGE[0]), EXPONENT_RANGE[1])
    else:
        exponent = 2 * cube / square - rise
    return np.asarray(np.fmax(np.expm1(gap * exponent / slope) / exponent, LEAST_SHARE))


def solve_rows(rows: KLRows, kind: int, x: float, t: Array) -> Array:
    """Return t (N,) where log h = x (RADIUS) or log lam = x (MULTIPLIER), starting at t (N,)."""
    t, failed = _newton(rows, kind, x, t)
    if failed is not None:
        rest = rows.take(failed)
        start = start_at_rare_best(rest, kind, x)
        found, failed_again = _newton(rest, kind, x, start)
        if failed_again is not None:
            last = rest.take(failed_again)
            found[failed_again] = _bracketed_newton(last, kind, x, start[failed_again])
        t[failed] = found
    return t


def _lowest(rows: KLRows) -> Array:
    """Return a lower bound of t, (N,), below which some q_a = lam p_a / (t + g_a) would underflow.

    For small t, q_a is about p_a t / (g_a p_0) with the mass p_0 of the best actions, so the bound
    is 1e-300 of the largest g times the ratio of p_0 to the smallest other p_a, if that is above 1.
    """
    worse = (rows.g > 0) & (rows.p > 0)
    best = np.where(worse, 0.0, rows.p).dot(rows.ones)
    least = np.min(np.where(worse, rows.p, 1.0), axis=-1)
    return np.asarray(rows.span * np.fmin(LOWEST * np.fmax(best / least, 1.0), 1.0))


def _newton(rows: KLRows, kind: int, x: float, t: Array) -> tuple[Array, Array | None]:
    """Return t (N,) after at most QUICK steps, and a mask of the rows that did not converge.

    The mask is None where all rows converged.
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
    """Return t (N,) by Newton's method in logarithms, inside a bracket of the root."""
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
        converged = bool((np.abs(new - t) <= SAFE * t).all())
        t = new
        if converged:
            break
    return t


def solve_radius(rows: KLRows, d: float, start: Array | None = None) -> tuple[Array, Array, Array]:
    """Return the rows q that maximise <G, q> subject to KL(p || q) <= d, for d > 0.

    rows:   N rows that are not optimal
    start:  (N,) a first t, or None
    return: q (N, A); multipliers lam (N,) in units of `rows.unit`, which are the derivatives of the
            best gain by d; and t (N,), a start for another radius
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
    """Return a first t, (N,), where h is about d; its error over t + mean is of order d^(3/2).

    y = sigma / sqrt(e^2h - 1) is 0 at t = 0 and t + c1 + c2 / t + ... for large t.  The function
    t (t + c1 + b) / (t + b) with b = -c2 / c1 has both limits; it is set equal to y at h = d, which
    is quadratic in t.  With central moments m_k of g under p and skew = 2/3 m_3 / sigma^2,
    c1 = mean + skew > 0 and c2 = 3/2 skew^2 - 3/4 m_4 / sigma^2 + 1/4 sigma^2 < 0.
    """
    variance = rows.variance
    y = np.sqrt(variance * (math.exp(-2 * d) / -math.expm1(-2 * d)))
    skew = rows.third / (1.5 * variance)
    c1 = rows.mean + skew
    c2 = 1.5 * skew * skew - 0.75 * rows.fourth / variance + 0.25 * variance
    b = -c2 / c1
    half = (y - c1 - b) / 2
    t = half + np.sqrt(half * half + b * y)
    return np.asarray(np.fmax(t, LOWEST))


def start_at_rare_best(rows: KLRows, kind: int, x: float) -> Array:
    """Return a first t, (N,), where log h or log lam is about x, if each positive g is far above t.

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
    """Return the rows q that maximise <G, q> - lam KL(p || q), for lam > 0 in `rows.unit`.

    return: q (N, A) and the divergences KL(p || q) (N,)
    """
    t = t_at_multiplier(rows, lam)
    return policy_at_multiplier(rows, lam, t), divergence_at_multiplier(rows, lam, t)


def t_at_multiplier(rows: KLRows, lam: float) -> Array:
    """Return t (N,) where lam(t) = lam, the multiplier without actions outside the support."""
    with np.errstate(all="ignore"):  # the slope may vanish
        return solve_rows(rows, MULTIPLIER, math.log(lam), start_at_multiplier(rows, lam))


def start_at_multiplier(rows: KLRows, lam: float) -> Array:
    """Return a first t, (N,), where lam(t) is about lam; its error is of order lam^-3.

    t = lam - mean + sigma^2 / lam - m_3 / lam^2 + ... with the moments of g under p.
    """
    t = lam + (rows.variance - rows.third / lam) / lam - rows.mean
    return np.asarray(np.maximum(t, lam * 1e-3))
