"""Rows of a policy under KL(p || q): the best q within a radius, or at a price; vectorised.

The optimum has q_a = lam p_a / (nu - G_a) on the support of p.  With top = max of G on the support,
g = top - G and t = nu - top > 0, the divergence h(t) and the price lam(t) are functions of t alone.
An action outside of the support gains what is left over once nu meets its G.
"""

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import final

import numpy as np

from tabular_trpo.core.numbers import Array, frozen, largest
from tabular_trpo.exact.divergence import excess

STEPS = 200  # of Newton or bisection, each kept between what is known to hold the root
QUICK = 6  # steps of Newton before that, for all rows together; 2 or 3 are usual
NEAR = 3e-6  # a step of Newton this small leaves less than its square
LOWEST, HIGHEST = 1e-300, 1e20  # of t in spans: below it q would lose support
TINY = 1e-322  # the smallest t
SMALL = 1e-5  # divergence, below which plain logarithms lose more than 1e-10 of it
LEAST = 1e-320  # stands for 0 in logarithms
LEVEL, PRICE = 0, 1  # what is given: the divergence or the price, as in CURVES
LEAST_SHARE = -0.9  # of t that a step of Newton adds, which would else be beyond 0
POWERS = -0.5, 1.0  # of the divergence and of the price: these are nearly linear in t


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of N rows: p, and G in units of its largest entry, so that squares are safe.

    unit:   of G and so of every price
    widens: whether an action outside of the support of its row is better than all in it
    g:      top - G on the support of p, else 0
    mean, variance, third, fourth: of g under p, the last two being central moments
    span:   the largest g
    out:    largest G outside of the support less top, at least 0; 0 where nothing is to be gained
    choice: the first action with that G
    k_out:  divergence at which that action begins to gain; inf where there is none
    """

    unit: float
    widens: bool
    p: Array
    g: Array
    mean: Array
    variance: Array
    third: Array
    fourth: Array
    span: Array
    out: Array
    choice: Array
    k_out: Array

    def some(self, which: Array) -> "Rows":
        """Return the rows that are asked for."""
        arrays = (getattr(self, f.name)[which] for f in fields(self)[2:])
        return Rows(self.unit, self.widens, *arrays)


def sums(x: Array) -> Array:
    """Return the sums of rows; a product is faster than `sum` is along a short axis."""
    return x @ _ones(x.shape[-1])


@cache
def _ones(n: int) -> Array:
    return frozen(np.ones(n))


def rows_of(p: Array, G: Array) -> Rows:
    """Prepare rows p (N, A) on the simplex with gradients G (N, A), -inf where not allowed."""
    p, G = np.asfortranarray(p), np.asfortranarray(G)  # loops over rows, not over a few actions
    on = p > 0
    whole, size = np.count_nonzero(on) == on.size, np.abs(G)
    unit = float(largest(size if whole else size[size < np.inf])) or 1.0
    G = G / unit
    top = np.maximum.reduce(G if whole else np.where(on, G, -np.inf), axis=-1)[:, None]
    g = top - G if whole else np.where(on, top - G, 0.0)
    mean = sums(p * g)
    c = g - mean[:, None]
    square = p * c * c
    cube = square * c
    moments = mean, sums(square), sums(cube), sums(cube * c)
    none = np.zeros(len(p)), np.zeros(len(p), dtype=int), np.full(len(p), np.inf)
    rows = Rows(unit, False, p, g, *moments, np.maximum.reduce(g, axis=-1), *none)
    if whole:
        return rows
    outside = np.where(on, -np.inf, G)
    out = np.maximum(outside.max(axis=-1) - top[:, 0], 0.0)
    if not out.any():
        return rows
    k_out = np.where(out > 0, divergence(rows, np.where(out > 0, out, 1.0)), np.inf)
    return replace(rows, widens=True, out=out, choice=outside.argmax(axis=-1), k_out=k_out)


def divergence(rows: Rows, t: Array) -> Array:
    """Return h(t) = sum p log(t + g) + log sum p / (t + g), with its digits where it is tiny.

    With z = (t + g) / (t + mean) and x = z - 1, whose mean is 0, both sums are of terms >= 0.
    """
    around = (t + rows.mean)[:, None]
    x, z = (rows.g - rows.mean[:, None]) / around, (t[:, None] + rows.g) / around
    if x.min(initial=0.0) > -0.5:
        apart = excess(x)
    else:  # x alone is -1 where z is small
        on = rows.p > 0
        x, z = np.where(on, x, 0.0), np.where(on, z, 1.0)
        apart = np.where(x > -0.5, excess(np.fmax(x, -0.5)), x - np.log(z))
    return np.asarray(np.maximum(np.log1p(sums(rows.p * x * (x / z))) - sums(rows.p * apart), 0.0))


def shares(rows: Rows, t: Array) -> tuple[Array, Array, Array, Array]:
    """Return t, r = t / (t + g), F = p.r so that lam = t / F, and d log lam / d log t."""
    r, u, F = _parts(rows, t)
    return t, r, F, sums(u * r) / F


def _parts(rows: Rows, t: Array) -> tuple[Array, Array, Array]:
    column = t[:, None]
    r = column / (column + rows.g)
    u = rows.p * r
    return r, u, sums(u)


def log_level(rows: Rows, t: Array, r: Array, F: Array, rise: Array) -> tuple[Array, Array]:
    """Return log h and its derivative by log t; h = log F - sum p log r."""
    h, fall = np.log(F) - sums(rows.p * np.log(r)), F - rise
    if np.minimum.reduce(h, initial=1.0) < SMALL:
        h = np.maximum(divergence(rows, t), LEAST)
        fall = -sums(rows.p * (r - F[:, None]) ** 2) / F
    return np.log(h), fall / h


def log_price(rows: Rows, t: Array, r: Array, F: Array, rise: Array) -> tuple[Array, Array]:
    """Return log lam and its derivative by log t."""
    return np.log(t / F), rise


CURVES = log_level, log_price


def change(kind: int, gap: Array, slope: Array) -> Array:
    """Return the step of Newton for the power of h or lam that is nearly linear, as a share of t.

    gap, slope: what the curve is to rise at t, and its slope there
    """
    power = POWERS[kind]
    return np.fmax(np.expm1(gap * power) / (slope * power), LEAST_SHARE)


def settle(rows: Rows, kind: int, x: float, t: Array, low: Array, high: Array) -> Array:
    """Return t in [low, high] where each row has log h = x, or log lam = x.

    t: where Newton's steps start; one out of what is known to hold the root becomes a bisection
    """
    curve, start = CURVES[kind], t
    with np.errstate(all="ignore"):  # where h or its slope vanishes
        for _ in range(QUICK):
            own, slope = curve(rows, *shares(rows, t))
            share = change(kind, x - own, slope)
            t = t + t * share
            if largest(np.abs(share)) <= NEAR and np.minimum.reduce(t, initial=1.0) > 0:
                return t
        t = np.fmin(np.fmax(start, low), high)
        for _ in range(STEPS):
            own, slope = curve(rows, *shares(rows, t))
            right = own > x if kind == LEVEL else own < x
            low, high = np.where(right, t, low), np.where(right, high, t)
            # Far from the root it is the logarithms that are nearly linear.
            new = t * np.exp((x - own) / slope)
            new = np.where((low <= new) & (new <= high), new, np.sqrt(low) * np.sqrt(high))
            still = bool((np.abs(new - t) <= NEAR * t).all())
            t = new
            if still:
                break
    return t


def within(rows: Rows, d: float, start: Array | None = None) -> tuple[Array, Array, Array]:
    """Solve max q.G subject to KL(p || q) <= d > 0 in each row.

    return: q (N, A), prices lam (N,) = df/dd in units, and t to start from the next time
    """
    t = start_within(rows, d) if start is None else start.copy()
    free = (rows.span > 0) & (rows.k_out > d)
    some = rows if free.all() else rows.some(free)
    t[free] = settle(some, LEVEL, math.log(d), t[free], some.span * LOWEST, some.span * HIGHEST)
    return *best_within(rows, d, t), t


def start_within(rows: Rows, d: float) -> Array:
    """Return t near where h = d: d small, or two actions of equal chance.

    With far = sigma / sqrt(2 d), moments m_k and skew = 2/3 m_3 / sigma^2 the first terms of t are
    far - skew - mean + (3/4 (m_4 / sigma^2 - sigma^2) - 3/2 skew^2) / far.
    """
    with np.errstate(all="ignore"):
        variance = rows.variance
        far, skew = np.sqrt(variance / -math.expm1(-2 * d)), rows.third / (1.5 * variance)
        more = 0.75 * (rows.fourth / variance - variance) - 1.5 * skew * skew
        t = far - skew - rows.mean + more / (far + np.abs(skew))  # less of it where d is large
    t = np.fmax(t, rows.span * 1e-3)
    return np.asarray(np.where(t > 0, t, 1.0))


def best_within(rows: Rows, d: float, t: Array) -> tuple[Array, Array]:
    """Return q and the prices of the rows whose divergence at t is d."""
    q, lam = _inner(rows, t)
    if rows.widens:
        edge = rows.k_out <= d
        spread = sums(rows.p * np.log(_nu(rows, edge)))
        lam = np.where(edge, np.exp(spread - d), lam)
        q = np.where(edge[:, None], _at_edge(rows, lam, edge), q)
    return q, lam


def at_price(rows: Rows, lam: float) -> tuple[Array, Array]:
    """Solve max q.G - lam KL(p || q) for lam > 0, in units, in each row.

    return: q (N, A) and its divergences (N,)
    """
    t = priced(rows, lam)
    kl, edge = divergence(rows, t), t < rows.out
    if rows.widens:
        kl = np.where(edge, sums(rows.p * np.log(_nu(rows, edge) / lam)), kl)
    return best_at_price(rows, lam, t), kl


def priced(rows: Rows, lam: float) -> Array:
    """Return t where each row has the price lam, the actions outside of the support apart."""
    high = np.full(len(rows.p), lam)
    low, start = np.minimum(high, TINY), start_at_price(rows, lam)
    return settle(rows, PRICE, math.log(lam), start, low, high)


def start_at_price(rows: Rows, lam: float) -> Array:
    """Return t near where the price is lam, if that is large."""
    with np.errstate(all="ignore"):
        t = lam + (rows.variance - rows.third / lam) / lam - rows.mean
    return np.asarray(np.minimum(np.maximum(t, lam * 1e-3), lam))


def best_at_price(rows: Rows, lam: float, t: Array) -> Array:
    """Return q of the rows whose price at t is lam."""
    q, _ = _inner(rows, t)
    if rows.widens:
        edge = t < rows.out
        q = np.where(edge[:, None], _at_edge(rows, np.full(len(t), lam), edge), q)
    return q


def _inner(rows: Rows, t: Array) -> tuple[Array, Array]:
    """Return q and the prices at t, the actions outside of the support apart."""
    _, u, F = _parts(rows, t)
    return u / F[:, None], t / F


def _nu(rows: Rows, edge: Array) -> Array:
    return np.asarray(np.where(edge, rows.out, 1.0)[:, None] + rows.g)


def _at_edge(rows: Rows, lam: Array, edge: Array) -> Array:
    """Return q where nu = out: the mass that is left over goes to the action outside."""
    q = lam[:, None] * rows.p / _nu(rows, edge)
    rest = np.maximum(1 - q.sum(axis=-1, keepdims=True), 0.0)
    np.put_along_axis(q, rows.choice[:, None], rest, axis=-1)
    return np.asarray(q / q.sum(axis=-1, keepdims=True))
