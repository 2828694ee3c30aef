"""Rows of a policy under KL(p || q): the best q within a radius, or at a price; vectorised.

The optimum has q_a = lam p_a / (nu - G_a) on the support of p.  With top = max of G on the support,
g = top - G and t = nu - top > 0, the divergence h(t) and the price lam(t) are functions of t alone.
An action outside of the support gains what is left over once nu meets its G.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy.optimize import brentq

from tabular_trpo.core.numbers import Array
from tabular_trpo.exact.divergence import excess

STEPS = 200  # of Newton or bisection; about 6 are usual
CLOSE = 1e-13
LOWEST, HIGHEST = -690.0, 45.0  # of log t, less that of the span


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of N rows: p, and G in units of its largest entry, so that squares are safe.

    unit:   of G and so of every price
    g:      top - G on the support of p, else 0; mean, span: of g under p, and its largest
    best:   mass of the actions with g = 0
    out:    largest G outside of the support less top, at least 0; 0 where nothing is to be gained
    choice: the first action with that G
    k_out:  divergence at which that action begins to gain; inf where there is none
    """

    unit: float
    p: Array
    g: Array
    mean: Array
    span: Array
    best: Array
    out: Array
    choice: Array
    k_out: Array

    def deviation(self) -> Array:
        """Return the standard deviation of G under p, in units."""
        variance = (self.p * (self.g - self.mean[:, None]) ** 2).sum(axis=-1)
        return np.asarray(np.sqrt(variance))


def rows_of(p: Array, G: Array) -> Rows:
    """Prepare rows p (N, A) on the simplex with gradients G (N, A), -inf where not allowed."""
    on = p > 0
    unit = float(np.max(np.abs(G), where=np.isfinite(G), initial=0.0)) or 1.0
    G = G / unit
    top = np.where(on, G, -np.inf).max(axis=-1)
    g = np.where(on, top[:, None] - np.where(on, G, 0.0), 0.0)
    outside = np.where(on, -np.inf, G)
    out = np.maximum(outside.max(axis=-1) - top, 0.0)
    best = np.where(on & (g == 0), p, 0.0).sum(axis=-1)
    mean, span, choice = (p * g).sum(axis=-1), g.max(axis=-1), outside.argmax(axis=-1)
    none = np.full(len(p), np.inf)
    rows = Rows(unit, p, g, mean, span, best, out, choice, none)
    k_out = np.where(out > 0, divergence(rows, np.where(out > 0, out, 1.0)), none)
    return replace(rows, k_out=k_out)


def divergence(rows: Rows, t: Array) -> Array:
    """Return h(t) = sum p log(t + g) + log sum p / (t + g), with its digits where it is tiny.

    With z = (t + g) / (t + mean) and x = z - 1, whose mean is 0, both sums are of terms >= 0.
    """
    on = rows.p > 0
    around = (t + rows.mean)[:, None]
    x = np.where(on, (rows.g - rows.mean[:, None]) / around, 0.0)
    z = np.where(on, (t[:, None] + rows.g) / around, 1.0)  # x alone is -1 where z is small
    apart = np.where(np.abs(x) < 0.5, excess(np.clip(x, -0.5, 0.5)), x - np.log(z))
    h = np.log1p((rows.p * x * (x / z)).sum(axis=-1)) - (rows.p * apart).sum(axis=-1)
    return np.asarray(np.maximum(h, 0.0))


def root(decreasing: Callable[[float], float], guess: float, low: float, high: float) -> float:
    """Return where a decreasing function is 0, or the end of [low, high] that is nearest to it."""
    step, down, up = 0.1, guess, guess
    while decreasing(down) < 0 and down > low:
        down, step = max(down - step, low), 2 * step
    while decreasing(up) > 0 and up < high:
        up, step = min(up + step, high), 2 * step
    if decreasing(down) <= 0:
        return down
    return up if decreasing(up) >= 0 else float(brentq(decreasing, down, up, xtol=1e-10))


def within(rows: Rows, d: float, start: Array | None = None) -> tuple[Array, Array, Array]:
    """Solve max q.G subject to KL(p || q) <= d > 0 in each row.

    return: q (N, A), prices lam (N,) = df/dd in units, and log t to start from the next time
    """
    even = rows.span == 0
    edge = rows.k_out <= d
    moving = ~(even | edge)
    scale = np.log(np.where(even, 1.0, rows.span))
    low, high = scale + LOWEST, scale + HIGHEST
    if start is None:
        start = np.log(rows.deviation() / math.sqrt(2 * d) + np.exp(scale) * 1e-3)
    x = np.clip(np.where(np.isfinite(start), start, scale), low, high)
    for _ in range(STEPS):
        t = np.exp(x)
        h = divergence(rows, t)
        low, high = np.where(h >= d, x, low), np.where(h <= d, x, high)
        u = t[:, None] / (t[:, None] + rows.g)
        F = (rows.p * u).sum(axis=-1)
        slope = -(rows.p * (u - F[:, None]) ** 2).sum(axis=-1) / F  # dh / dx
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.log(d / h) * h / slope if d < 1 else (d - h) / slope
        new = x + change
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        if not (moving & (np.abs(new - x) > CLOSE * (1 + np.abs(x)))).any():
            break
        x = np.where(moving, new, x)
    t = np.exp(x)
    lam = np.where(even, 0.0, 1 / (rows.p / (t[:, None] + rows.g)).sum(axis=-1))
    q = np.where(even[:, None], rows.p, lam[:, None] * rows.p / (t[:, None] + rows.g))
    if edge.any():
        spread = (rows.p * np.log(np.where(edge, rows.out, 1.0)[:, None] + rows.g)).sum(axis=-1)
        lam = np.where(edge, np.exp(spread - d), lam)
        q = np.where(edge[:, None], _at_edge(rows, lam, edge), q)
    return _whole(q), lam, x


def at_price(rows: Rows, lam: float) -> tuple[Array, Array]:
    """Solve max q.G - lam KL(p || q) for lam > 0, in units, in each row.

    return: q (N, A) and its divergences (N,)
    """
    # lam(t) is increasing and concave, so Newton's steps from below stay below.
    t = np.maximum(np.maximum(lam - rows.mean, lam * rows.best), np.finfo(float).tiny)
    for _ in range(STEPS):
        u = t[:, None] / (t[:, None] + rows.g)
        F = (rows.p * u).sum(axis=-1)
        slope = (rows.p * u * (u / F[:, None])).sum(axis=-1) / F
        new = np.maximum(t + (lam - t / F) / slope, t)
        done = new - t <= CLOSE * t
        t = new
        if done.all():
            break
    edge = (rows.out > 0) & (t < rows.out)
    q, kl = lam * rows.p / (t[:, None] + rows.g), divergence(rows, t)
    if edge.any():
        q = np.where(edge[:, None], _at_edge(rows, np.full(len(t), lam), edge), q)
        nu = np.where(edge, rows.out, 1.0)[:, None] + rows.g
        kl = np.where(edge, (rows.p * np.log(nu / lam)).sum(axis=-1), kl)
    return _whole(q), kl


def _at_edge(rows: Rows, lam: Array, edge: Array) -> Array:
    """Return q where nu = out: the mass that is left over goes to the action outside."""
    nu = np.where(edge, rows.out, 1.0)[:, None] + rows.g
    q = lam[:, None] * rows.p / nu
    np.put_along_axis(
        q, rows.choice[:, None], np.maximum(1 - q.sum(axis=-1, keepdims=True), 0.0), axis=-1
    )
    return np.asarray(q)


def _whole(q: Array) -> Array:
    return np.asarray(q / q.sum(axis=-1, keepdims=True))
