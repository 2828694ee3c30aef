"""Rows of a policy under KL(p || q): what is known of each, and the best q at a given t.

The optimum has q_a = lam p_a / (nu - G_a) on the support of p.  With top = max of G on the support,
g = top - G and t = nu - top > 0, the divergence h(t) and the price lam(t) are functions of t alone.
An action outside of the support gains what is left over once nu meets its G.
"""

from dataclasses import dataclass, fields, replace
from typing import final

import numpy as np

from tabular_trpo._core.numbers import Array, largest, ones
from tabular_trpo._core.readable import readable
from tabular_trpo._exact.divergence import excess

LIFT = 2.0**600


@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class Outside:
    """Actions outside of the support of their row that are better than all in it.

    out:    largest G outside of the support less top, at least 0; 0 where nothing is to be gained
    choice: the first action with that G
    k_out:  divergence at which that action begins to gain; inf where there is none
    """

    out: Array
    choice: Array
    k_out: Array

    def some(self, which: Array) -> "Outside":
        """Return what is said of the rows that are asked for."""
        return Outside(self.out[which], self.choice[which], self.k_out[which])


@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of N rows: p, and G in units of its largest entry, so that squares are safe.

    unit:    of G and so of every price
    outside: None where no action outside of the support of its row is better than all in it
    one:     (A,) ones: a product with them adds up rows, faster than `sum` along a short axis
    p:       (N, A)
    g:       (N, A) top - G on the support of p, else 0
    mean, variance, third, fourth: (N,) of g under p, the last three being central moments
    """

    unit: float
    outside: Outside | None
    one: Array
    p: Array
    g: Array
    mean: Array
    variance: Array
    third: Array
    fourth: Array

    @property
    def span(self) -> Array:
        """The largest g, (N,)."""
        return np.asarray(np.maximum.reduce(self.g, axis=-1))

    @property
    def out(self) -> Array:
        """What the best action outside is better by, (N,)."""
        return np.zeros(len(self.p)) if self.outside is None else self.outside.out

    def some(self, which: Array) -> "Rows":
        """Return the rows that are asked for."""
        arrays = (getattr(self, f.name)[which] for f in fields(self)[3:])
        outside = self.outside and self.outside.some(which)
        return Rows(self.unit, outside, self.one, *arrays)


def rows_of(p: Array, G: Array) -> Rows:
    """Prepare rows p (N, A) on the simplex with gradients G (N, A), -inf where not allowed."""
    p, G = np.asfortranarray(p), np.asfortranarray(G)  # loops over rows, not over a few actions
    on = p > 0
    whole, size = np.count_nonzero(on) == on.size, np.abs(G)
    unit = float(largest(size if whole else size[size < np.inf])) or 1.0
    G = G / unit
    top = np.maximum.reduce(G if whole else np.where(on, G, -np.inf), axis=-1)[:, None]
    g, one = top - G if whole else np.where(on, top - G, 0.0), ones(p.shape[1])
    mean = (p * g).dot(one)
    c = g - mean[:, None]
    square = p * c * c
    cube = square * c
    moments = mean, square.dot(one), cube.dot(one), (cube * c).dot(one)
    rows = Rows(unit, None, one, p, g, *moments)
    return rows if whole else _widened(rows, np.where(on, -np.inf, G), top[:, 0])


def _widened(rows: Rows, outside: Array, top: Array) -> Rows:
    """Return the rows with what is to be gained outside of their support."""
    out = np.maximum(outside.max(axis=-1) - top, 0.0)
    if not out.any():
        return rows
    k_out = np.where(out > 0, divergence(rows, np.where(out > 0, out, 1.0)), np.inf)
    return replace(rows, outside=Outside(out, outside.argmax(axis=-1), k_out))


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
    left, right = (rows.p * apart).dot(rows.one), (rows.p * x / z * x).dot(rows.one)
    return np.asarray(np.maximum(np.log1p(right) - left, 0.0))


def best_within(rows: Rows, d: float, t: Array) -> tuple[Array, Array]:
    """Return q and the prices of the rows whose divergence at t is d."""
    q, lam = _inner(rows, t)
    if rows.outside:
        edge = rows.outside.k_out <= d
        spread = (rows.p * np.log(_nu(rows, edge))).dot(rows.one)
        lam = np.where(edge, np.exp(spread - d), lam)
        q = np.where(edge[:, None], _at_edge(rows, lam, edge), q)
    return q, lam


def best_at_price(rows: Rows, lam: float, t: Array) -> Array:
    """Return q of the rows whose price at t is lam."""
    q, _ = _inner(rows, t)
    if rows.outside:
        edge = t < rows.out
        q = np.where(edge[:, None], _at_edge(rows, np.full(len(t), lam), edge), q)
    return q


def divergence_at_price(rows: Rows, lam: float, t: Array) -> Array:
    """Return the divergence of the rows whose price at t is lam."""
    kl = divergence(rows, t)
    if rows.outside:
        edge = t < rows.out
        kl = np.where(edge, (rows.p * np.log(_nu(rows, edge) / lam)).dot(rows.one), kl)
    return kl


def _inner(rows: Rows, t: Array) -> tuple[Array, Array]:
    """Return q and the prices at t, the actions outside of the support apart."""
    lifted = t * LIFT  # so that p r is never below the doubles
    u = rows.p * (lifted[:, None] / (t[:, None] + rows.g))
    F = u.dot(rows.one)
    return u / F[:, None], lifted / F


def _nu(rows: Rows, edge: Array) -> Array:
    return np.asarray(np.where(edge, rows.out, 1.0)[:, None] + rows.g)


def _at_edge(rows: Rows, lam: Array, edge: Array) -> Array:
    """Return q where nu = out: the mass that is left over goes to the action outside."""
    assert rows.outside is not None
    q = lam[:, None] * rows.p / _nu(rows, edge)
    rest = np.maximum(1 - q.sum(axis=-1, keepdims=True), 0.0)
    np.put_along_axis(q, rows.outside.choice[:, None], rest, axis=-1)
    return np.asarray(q / q.sum(axis=-1, keepdims=True))
