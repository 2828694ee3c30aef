"""Rows of a policy under KL(p || q): the best new row, as a function of one number t.

**Problem.** The trust regions (11) and (12) of TRPO (2015) separate into problems of one state
(`trust_region`).  For its old row p and gains G (rho A, or A),

    maximise  <G, q>  over q on the simplex, subject to  KL(p || q) = sum_a p_a log(p_a / q_a) <= d,

or maximise <G, q> - lam KL(p || q) for a given multiplier lam > 0.

**Method.** The problem is concave, so the optimality conditions (Karush, Kuhn, Tucker) are
sufficient.  With multipliers lam > 0 of the constraint and nu of sum q = 1, stationarity on the
support of p is G_a + lam p_a / q_a = nu, that is

    q_a = lam p_a / (nu - G_a),  nu > G_a.

This is the maximiser of the Lagrangian <G, q> + lam (d - KL(p || q)) + nu (1 - sum q), whose value,
the dual function nu - lam (1 - d + sum_a p_a log((nu - G_a) / lam)), is minimal where sum q = 1 and
KL(p || q) = d.  The first of these two equations is solved in closed form, which leaves one number.
Let top = max of G on the support, g = top - G >= 0 and t = nu - top > 0.  With r_a = t / (t + g_a)
and F = sum_a p_a r_a, sum q = 1 gives

    q = p r / F,   lam(t) = t / F,   h(t) = KL(p || q) = log F - sum_a p_a log r_a.

**Monotonicity.** With S = sum_a p_a r_a^2 it is d log lam / d log t = S / F > 0 and
d h / d log t = F - S / F = -Var_p(r) / F, negative unless g is constant on the support.  As t goes
from 0 to infinity h falls from infinity to 0 and lam rises without bound, so a radius d > 0 or a
multiplier lam > 0 has exactly one t (`kl_curves`).  By the envelope theorem lam is the derivative
of the best gain by d.

**Zeros.** An action with p_a = 0 does not enter the divergence; stationarity is G_a <= nu there,
with equality where q_a > 0.  So only actions with G_a > top can have mass.  Let b be the best of
them and excess = G_b - top.  For t > excess, q_b = 0.  The divergence at t = excess is
h(excess) = `entry_divergence`; for any larger radius d, nu = G_b, q_a = lam p_a / (excess + g_a) on
the support with log lam = sum_a p_a log(excess + g_a) - d, and q_b is the remaining mass.  Actions
of the support keep q_a > 0, since the divergence is infinite at q_a = 0.

**Guarantee.** q and lam are closed forms in t, without cancellation except in q_b; h is evaluated
without cancellation too (`divergence`).  t is approximate (`kl_curves`), so `trust_region` checks
the divergence of the new policy.

Source: the dual of TRPO (Schulman et al. 2015), equations (11) and (12), for tables; Boyd and
Vandenberghe (2004), section 5.5.3.
"""

from dataclasses import dataclass, fields, replace
from typing import final

import numpy as np

from tabular_trpo._core.numbers import Array, largest, ones
from tabular_trpo._core.readable import readable
from tabular_trpo._exact.divergence import excess

LIFT = 2.0**600  # factor of t by which products p r do not underflow


@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class OutsideActions:
    """The best action outside the support of each row, where it is better than all inside.

    excess:           (N,) largest G outside the support less top, at least 0
    action:           (N,) the first action with that G
    entry_divergence: (N,) radius above which that action has mass; inf where the excess is 0
    """

    excess: Array
    action: Array
    entry_divergence: Array

    def take(self, which: Array) -> "OutsideActions":
        """Return the record of the selected rows, an index or a mask of the N rows."""
        return OutsideActions(self.excess[which], self.action[which], self.entry_divergence[which])


@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class KLRows:
    """N rows p with their gains in units of the largest entry, so that squares do not overflow.

    unit:    the largest absolute entry of G, the unit of g and of every multiplier
    outside: None where no action outside the support of its row is better than all inside
    ones:    (A,) ones: a product with them sums rows, faster than `sum` along a short axis
    p:       (N, A) the old rows
    g:       (N, A) top - G on the support of p, else 0
    mean, variance, third, fourth: (N,) mean and central moments of g under p
    """

    unit: float
    outside: OutsideActions | None
    ones: Array
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
    def excess(self) -> Array:
        """The largest G outside the support less the largest inside, (N,); 0 if negative."""
        return np.zeros(len(self.p)) if self.outside is None else self.outside.excess

    def take(self, which: Array) -> "KLRows":
        """Return the record of the selected rows, an index or a mask of the N rows."""
        arrays = (getattr(self, f.name)[which] for f in fields(self)[3:])
        outside = self.outside and self.outside.take(which)
        return KLRows(self.unit, outside, self.ones, *arrays)


def prepare_rows(p: Array, G: Array) -> KLRows:
    """Return the record of old rows p (N, A) with gains G (N, A), -inf where not allowed."""
    p, G = np.asfortranarray(p), np.asfortranarray(G)  # inner loops run over rows
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
    rows = KLRows(unit, None, one, p, g, *moments)
    return rows if whole else _with_outside(rows, np.where(on, -np.inf, G), top[:, 0])


def _with_outside(rows: KLRows, outside: Array, top: Array) -> KLRows:
    """Return the record with `OutsideActions`, if an action outside the support is better.

    outside: (N, A) gains in units, -inf on the support; top: (N,) largest gain on the support
    """
    lead = np.maximum(outside.max(axis=-1) - top, 0.0)
    if not lead.any():
        return rows
    entry = np.where(lead > 0, divergence(rows, np.where(lead > 0, lead, 1.0)), np.inf)
    return replace(rows, outside=OutsideActions(lead, outside.argmax(axis=-1), entry))


def divergence(rows: KLRows, t: Array) -> Array:
    """Return h(t) = KL(p || q), (N,), without cancellation where it is tiny.

    h = sum p log(t + g) + log sum p / (t + g).  With z = (t + g) / (t + mean) and x = z - 1, whose
    mean under p is 0, h = log(1 + sum p x^2 / z) - sum p (x - log z); all terms of both sums are
    >= 0.

    t: (N,)
    """
    center = (t + rows.mean)[:, None]
    x, z = (rows.g - rows.mean[:, None]) / center, (t[:, None] + rows.g) / center
    if x.min(initial=0.0) > -0.5:
        terms = excess(x)
    else:  # x rounds to -1 where z is tiny, so log z is used there
        on = rows.p > 0
        x, z = np.where(on, x, 0.0), np.where(on, z, 1.0)
        terms = np.where(x > -0.5, excess(np.fmax(x, -0.5)), x - np.log(z))
    left, right = (rows.p * terms).dot(rows.ones), (rows.p * x / z * x).dot(rows.ones)
    return np.asarray(np.maximum(np.log1p(right) - left, 0.0))


def policy_at_radius(rows: KLRows, d: float, t: Array) -> tuple[Array, Array]:
    """Return the rows q (N, A) at KL radius d from p, and their multipliers (N,).

    t: (N,) solutions of h(t) = d, with h as in the docstring of the module
    """
    q, lam = _policy_on_support(rows, t)
    if rows.outside:
        entered = rows.outside.entry_divergence <= d
        log_nu = (rows.p * np.log(_nu(rows, entered))).dot(rows.ones)
        lam = np.where(entered, np.exp(log_nu - d), lam)
        q = np.where(entered[:, None], _policy_after_entry(rows, lam, entered), q)
    return q, lam


def policy_at_multiplier(rows: KLRows, lam: float, t: Array) -> Array:
    """Return the rows q (N, A) that maximise <G, q> - lam KL(p || q).

    lam: in units of `rows.unit`; t: (N,) solutions of lam(t) = lam, with lam(t) as in the docstring
         of the module
    """
    q, _ = _policy_on_support(rows, t)
    if rows.outside:
        entered = t < rows.excess
        new = _policy_after_entry(rows, np.full(len(t), lam), entered)
        q = np.where(entered[:, None], new, q)
    return q


def divergence_at_multiplier(rows: KLRows, lam: float, t: Array) -> Array:
    """Return the divergences (N,) of the rows that `policy_at_multiplier` returns.

    lam: in units of `rows.unit`; t: (N,) solutions of lam(t) = lam
    """
    kl = divergence(rows, t)
    if rows.outside:
        entered = t < rows.excess
        kl = np.where(entered, (rows.p * np.log(_nu(rows, entered) / lam)).dot(rows.ones), kl)
    return kl


def _policy_on_support(rows: KLRows, t: Array) -> tuple[Array, Array]:
    """Return q (N, A) = p r / F and lam (N,) = t / F, without actions outside the support."""
    lifted = t * LIFT
    u = rows.p * (lifted[:, None] / (t[:, None] + rows.g))
    F = u.dot(rows.ones)
    return u / F[:, None], lifted / F


def _nu(rows: KLRows, entered: Array) -> Array:
    """Return nu - G = excess + g (N, A) of rows where `entered` (N,); elsewhere 1 + g."""
    return np.asarray(np.where(entered, rows.excess, 1.0)[:, None] + rows.g)


def _policy_after_entry(rows: KLRows, lam: Array, entered: Array) -> Array:
    """Return q (N, A) where nu is the gain of the outside action, which has the remaining mass.

    lam, entered: (N,) multipliers, and whether the outside action has mass
    """
    assert rows.outside is not None
    q = lam[:, None] * rows.p / _nu(rows, entered)
    rest = np.maximum(1 - q.sum(axis=-1, keepdims=True), 0.0)
    np.put_along_axis(q, rows.outside.action[:, None], rest, axis=-1)
    return np.asarray(q / q.sum(axis=-1, keepdims=True))
