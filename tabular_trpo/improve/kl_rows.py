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

from tabular_trpo.core.numbers import Array, frozen
from tabular_trpo.exact.divergence import excess

STEPS = 200  # of Newton or bisection; about 3 are usual
NEAR = 3e-7  # a step of Newton this small leaves about its square
LOWEST, HIGHEST = -690.0, 45.0  # of log t less that of the span: below it q would lose support
TINY = -740.0  # log of the smallest t
SMALL = 1e-5  # divergence, below which plain logarithms lose more than 1e-10 of it
LEAST = 1e-320  # stands for 0 in logarithms
LEVEL, PRICE = 0, 1  # what is given: the divergence or the price, as in CURVES


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of N rows: p, and G in units of its largest entry, so that squares are safe.

    unit:   of G and so of every price
    widens: whether an action outside of the support of its row is better than all in it
    g:      top - G on the support of p, else 0
    mean, variance, third: of g under p, the last one being the central moment
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
    return np.asarray(x @ _ones(x.shape[-1]))


@cache
def _ones(n: int) -> Array:
    return frozen(np.ones(n))


def rows_of(p: Array, G: Array) -> Rows:
    """Prepare rows p (N, A) on the simplex with gradients G (N, A), -inf where not allowed."""
    p, G = np.asfortranarray(p), np.asfortranarray(G)  # loops over rows, not over a few actions
    on = p > 0
    whole, size = bool(on.all()), np.abs(G)
    unit = float(size.max(initial=0.0, where=True if whole else size < np.inf)) or 1.0
    G = G / unit
    top = (G if whole else np.where(on, G, -np.inf)).max(axis=-1)
    g = top[:, None] - G if whole else np.where(on, top[:, None] - G, 0.0)
    mean = sums(p * g)
    c = g - mean[:, None]
    square = p * c * c
    none = np.zeros(len(p)), np.zeros(len(p), dtype=int), np.full(len(p), np.inf)
    rows = Rows(unit, False, p, g, mean, sums(square), sums(square * c), g.max(axis=-1), *none)
    if whole:
        return rows
    outside = np.where(on, -np.inf, G)
    out = np.maximum(outside.max(axis=-1) - top, 0.0)
    if not out.any():
        return rows
    k_out = np.where(out > 0, divergence(rows, np.where(out > 0, out, 1.0)), np.inf)
    return replace(rows, widens=True, out=out, choice=outside.argmax(axis=-1), k_out=k_out)


def divergence(rows: Rows, t: Array) -> Array:
    """Return h(t) = sum p log(t + g) + log sum p / (t + g), with its digits where it is tiny.

    With z = (t + g) / (t + mean) and x = z - 1, whose mean is 0, both sums are of terms >= 0.
    """
    on = rows.p > 0
    around = (t + rows.mean)[:, None]
    x = np.where(on, (rows.g - rows.mean[:, None]) / around, 0.0)
    z = np.where(on, (t[:, None] + rows.g) / around, 1.0)  # x alone is -1 where z is small
    apart = np.where(np.abs(x) < 0.5, excess(np.clip(x, -0.5, 0.5)), x - np.log(z))
    return np.asarray(np.maximum(np.log1p(sums(rows.p * x * (x / z))) - sums(rows.p * apart), 0.0))


def shares(rows: Rows, y: Array) -> tuple[Array, Array, Array, Array]:
    """Return t = exp(y), r = t / (t + g), F = p.r so that lam = t / F, and d log lam / dy."""
    t = np.exp(y)
    r = t[:, None] / (t[:, None] + rows.g)
    u = rows.p * r
    F = sums(u)
    return t, r, F, sums(u * r) / F


def log_level(rows: Rows, t: Array, r: Array, F: Array, rise: Array) -> tuple[Array, Array]:
    """Return log h and its derivative by y; h = log F - sum p log r."""
    h, fall = np.log(F) - sums(rows.p * np.log(r)), F - rise
    if h.min(initial=1.0) < SMALL:
        h = np.maximum(divergence(rows, t), LEAST)
        fall = -sums(rows.p * (r - F[:, None]) ** 2) / F
    return np.log(h), fall / h


def log_price(rows: Rows, t: Array, r: Array, F: Array, rise: Array) -> tuple[Array, Array]:
    """Return log lam and its derivative by y."""
    return np.log(t / F), rise


CURVES = log_level, log_price


def settle(rows: Rows, kind: int, x: float, y: Array, low: Array, high: Array) -> Array:
    """Return log t in [low, high] where each row has log h = x, or log lam = x.

    y: where Newton's steps start; one out of what is known to hold the root becomes a bisection
    """
    y = np.minimum(np.maximum(y, low), high)
    with np.errstate(all="ignore"):  # where h or its slope vanishes
        for _ in range(STEPS):
            own, slope = CURVES[kind](rows, *shares(rows, y))
            right = own > x if kind == LEVEL else own < x
            low, high = np.where(right, y, low), np.where(right, high, y)
            new = y + (x - own) / slope
            new = np.where((low <= new) & (new <= high), new, (low + high) / 2)
            still = np.abs(new - y).max(initial=0.0) <= NEAR
            y = new
            if still:
                break
    return y


def within(rows: Rows, d: float, start: Array | None = None) -> tuple[Array, Array, Array]:
    """Solve max q.G subject to KL(p || q) <= d > 0 in each row.

    return: q (N, A), prices lam (N,) = df/dd in units, and log t to start from the next time
    """
    y = start_within(rows, d) if start is None else start.copy()
    free = (rows.span > 0) & (rows.k_out > d)
    some = rows.some(free) if rows.widens else rows
    scale = np.log(some.span)
    y[free] = settle(some, LEVEL, math.log(d), y[free], scale + LOWEST, scale + HIGHEST)
    return *best_within(rows, d, y), y


def start_within(rows: Rows, d: float) -> Array:
    """Return log t near where h = d: d small, or two actions of equal chance."""
    with np.errstate(all="ignore"):
        far = np.sqrt(rows.variance / -math.expm1(-2 * d))
        t = far - rows.third / (1.5 * rows.variance) - rows.mean
    t = np.fmax(t, rows.span * 1e-3)
    return np.asarray(np.log(np.where(t > 0, t, 1.0)))


def best_within(rows: Rows, d: float, y: Array) -> tuple[Array, Array]:
    """Return q and the prices of the rows whose divergence at t = exp(y) is d."""
    q, lam = _inner(rows, y)
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
    y = priced(rows, lam)
    kl, edge = divergence(rows, np.exp(y)), np.exp(y) < rows.out
    if rows.widens:
        kl = np.where(edge, sums(rows.p * np.log(_nu(rows, edge) / lam)), kl)
    return best_at_price(rows, lam, y), kl


def priced(rows: Rows, lam: float) -> Array:
    """Return log t where each row has the price lam, the actions outside of the support apart."""
    x = np.full(len(rows.p), math.log(lam))  # t <= lam
    return settle(rows, PRICE, math.log(lam), start_at_price(rows, lam), np.minimum(x, TINY), x)


def start_at_price(rows: Rows, lam: float) -> Array:
    """Return log t near where the price is lam, if that is large."""
    with np.errstate(over="ignore"):
        t = lam + rows.variance / lam - rows.mean
    return np.asarray(np.log(np.minimum(np.maximum(t, lam * 1e-3), lam)))


def best_at_price(rows: Rows, lam: float, y: Array) -> Array:
    """Return q of the rows whose price at t = exp(y) is lam."""
    q, _ = _inner(rows, y)
    if rows.widens:
        edge = np.exp(y) < rows.out
        q = np.where(edge[:, None], _at_edge(rows, np.full(len(y), lam), edge), q)
    return q


def _inner(rows: Rows, y: Array) -> tuple[Array, Array]:
    """Return q and the prices at t = exp(y), the actions outside of the support apart."""
    t, r, F, _ = shares(rows, y)
    q = rows.p * (r / F[:, None])
    return q / sums(q)[:, None], t / F


def _nu(rows: Rows, edge: Array) -> Array:
    return np.asarray(np.where(edge, rows.out, 1.0)[:, None] + rows.g)


def _at_edge(rows: Rows, lam: Array, edge: Array) -> Array:
    """Return q where nu = out: the mass that is left over goes to the action outside."""
    q = lam[:, None] * rows.p / _nu(rows, edge)
    rest = np.maximum(1 - q.sum(axis=-1, keepdims=True), 0.0)
    np.put_along_axis(q, rows.choice[:, None], rest, axis=-1)
    return np.asarray(q / q.sum(axis=-1, keepdims=True))
