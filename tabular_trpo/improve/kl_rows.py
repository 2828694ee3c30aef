"""Rows of a policy under KL(p || q): the best q within a radius, or at a price; vectorised.

The optimum has q_a = lam p_a / (nu - G_a) on the support of p.  With top = max of G on the support,
g = top - G and t = nu - top > 0, the divergence h(t) and the price lam(t) are functions of t alone.
An action outside of the support gains what is left over once nu meets its G.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from tabular_trpo.core.numbers import Array
from tabular_trpo.exact.divergence import excess

STEPS = 200  # of Newton or bisection; about 6 are usual
CLOSE = 1e-13
LOWEST, HIGHEST = -600.0, 45.0  # of log t, less that of the span


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of N rows: p, G (-inf where not allowed), and what follows from them.

    g:      top - G on the support of p, else 0; mean, span: of g under p, and its largest
    out:    largest G outside of the support less top, at least 0; 0 where nothing is to be gained
    choice: the first action with that G
    """

    p: Array
    g: Array
    mean: Array
    span: Array
    best: Array
    out: Array
    choice: Array
    k_out: Array


def rows_of(p: Array, G: Array) -> Rows:
    """Prepare rows p (N, A) on the simplex with gradients G (N, A)."""
    on = p > 0
    top = np.where(on, G, -np.inf).max(axis=-1)
    g = np.where(on, top[:, None] - np.where(on, G, 0.0), 0.0)
    outside = np.where(on, -np.inf, G)
    choice = outside.argmax(axis=-1)
    out = np.maximum(outside.max(axis=-1) - top, 0.0)
    best = np.where(on & (g == 0), p, 0.0).sum(axis=-1)
    rows = Rows(p, g, (p * g).sum(axis=-1), g.max(axis=-1), best, out, choice, out)
    k_out = np.where(out > 0, divergence(rows, np.where(out > 0, out, 1.0)), np.inf)
    return Rows(p, g, rows.mean, rows.span, best, out, choice, k_out)


def divergence(rows: Rows, t: Array) -> Array:
    """Return h(t) = sum p log(t + g) + log sum p / (t + g), with its digits where it is tiny."""
    near = rows.mean > t  # there plain logarithms are better, and 1 + x may be 0
    x = (rows.g - rows.mean[:, None]) / np.where(near, 1.0, t + rows.mean)[:, None]
    x = np.where((rows.p > 0) & ~near[:, None], x, 0.0)
    h = np.log1p((rows.p * x * x / (1 + x)).sum(axis=-1)) - (rows.p * excess(x)).sum(axis=-1)
    if near.any():
        p, u = rows.p[near], t[near][:, None] + rows.g[near]
        h[near] = (p * np.log(u)).sum(axis=-1) + np.log((p / u).sum(axis=-1))
    return np.asarray(np.maximum(h, 0.0))


def price(rows: Rows, t: Array) -> Array:
    """Return lam(t) = 1 / sum p / (t + g), the harmonic mean of t + g."""
    return np.asarray(1 / (rows.p / (t[:, None] + rows.g)).sum(axis=-1))


def within(rows: Rows, d: float, start: Array | None = None) -> tuple[Array, Array, Array]:
    """Solve max q.G subject to KL(p || q) <= d > 0 in each row.

    return: q (N, A), prices lam (N,) = df/dd, and log t to start from the next time
    """
    even = rows.span == 0
    edge = rows.k_out <= d
    moving = ~(even | edge)
    scale = np.log(np.where(even, 1.0, rows.span))
    low, high = scale + LOWEST, scale + HIGHEST
    if start is None:
        variance = (rows.p * (rows.g - rows.mean[:, None]) ** 2).sum(axis=-1)
        start = np.log(np.sqrt(variance / (2 * d)) + np.exp(scale) * 1e-3)
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
    lam = np.where(even, 0.0, price(rows, t))
    q = np.where(even[:, None], rows.p, lam[:, None] * rows.p / (t[:, None] + rows.g))
    if edge.any():
        spread = (rows.p * np.log(np.where(edge, rows.out, 1.0)[:, None] + rows.g)).sum(axis=-1)
        lam = np.where(edge, np.exp(spread - d), lam)
        q = np.where(edge[:, None], _at_edge(rows, lam, edge), q)
    return _whole(q), lam, x


def at_price(rows: Rows, lam: float) -> tuple[Array, Array]:
    """Solve max q.G - lam KL(p || q) for lam > 0 in each row.

    return: q (N, A) and its divergences (N,)
    """
    # lam(t) is increasing and concave, so Newton's steps from below stay below.
    t = np.maximum(np.maximum(lam - rows.mean, lam * rows.best), np.finfo(float).tiny)
    for _ in range(STEPS):
        u = t[:, None] / (t[:, None] + rows.g)
        F = (rows.p * u).sum(axis=-1)
        slope = (rows.p * u * u).sum(axis=-1) / F**2
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
