"""Sums over independent units of data, and the standard errors of their means.

Estimand: the gradient G and the return eta of a `Surrogate`.  Estimator: each unit, a path or the
roots of a path, contributes terms `value` at pairs (s, a); G is their mean over units, less its
average under pi in each state.  Units are independent and identically distributed, so the standard
error of a mean is sqrt(sample variance / n); no model of the correlation within a unit is needed.
"""

from dataclasses import fields
from typing import Self, final

import numpy as np

from tabular_trpo._core.numbers import Array, Scalar, is_rational, zeros
from tabular_trpo._core.overflow import finite, unit_of
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.surrogate import Surrogate


@final
@locked_dataclass(frozen=True, eq=False)
class Contributions:
    """Contributions of n independent units, such as paths; estimates are means over units.

    unit, state, action, value: (M,) each; a contribution `value` to the gradient at (state, action)
    visit_unit, visit_state, weight: (M',) each; the weight of a visit of a state
    returns: (n,) estimates of eta
    """

    unit: Array
    state: Array
    action: Array
    value: Array
    visit_unit: Array
    visit_state: Array
    weight: Array
    returns: Array

    @property
    def n(self) -> int:
        """The number of units."""
        return len(self.returns)

    def joined(self, other: Self) -> "Contributions":
        """Return the contributions of two sets of units as those of one set."""
        parts = []
        for name in (field.name for field in fields(Contributions)):
            shift = self.n if name in ("unit", "visit_unit") else 0
            parts.append(np.concatenate([getattr(self, name), getattr(other, name) + shift]))
        return Contributions(*parts)

    @np.errstate(over="ignore", invalid="ignore")  # what overflows is refused
    def surrogate(self, pi: Array, visible: Array) -> Surrogate:
        """Return L with G the mean of the values, less its own average under pi in each state.

        Subtracting the average turns rho Q into rho A; it changes no policy's gain.

        pi:      (S, A) the old policy
        visible: (S, A) bool: the actions that the data can show
        raises:  LimitError where doubles overflow
        """
        finite("a return", self.returns)
        finite("G", self.value)
        S, A = pi.shape
        rational = is_rational(self.value)
        G = sum_by_index(self.state * A + self.action, self.value, S * A, rational)
        G = G.reshape(S, A) / self.n
        G = finite("G", np.where(visible, G - (pi * G).sum(axis=1, keepdims=True), 0 * G))
        weight = sum_by_index(self.visit_state, self.weight, S, rational) / self.n
        eta = finite("eta", self.returns.sum() / self.n)
        stderr = G_stderr = None
        if not rational:
            stderr = standard_error(self.returns)
            G_stderr = np.where(visible, self._standard_errors(pi), 0.0)
            if self.n > 1:
                finite("a standard error", np.append(G_stderr, stderr))
        allowed = None if visible.all() else visible
        return Surrogate(G, weight, pi, eta, stderr, allowed=allowed, G_stderr=G_stderr)

    def gains(self, pi: Array, pi_new: Array) -> Array:
        """Return each unit's own L(pi_new) - eta, (n,); their mean is that of the surrogate."""
        step = (pi_new - pi)[self.state, self.action]
        return sum_by_index(self.unit, self.value * step, self.n, is_rational(self.value))

    def _standard_errors(self, pi: Array) -> Array:
        """Return the standard error of each entry of G, (S, A).

        With g(s, a) the sum of a unit's values and m(s) = sum_a pi g, a unit contributes g - m at
        all actions of s; sums of squares are accumulated over the entries g != 0 only.
        """
        if self.n == 1:
            return np.full(pi.shape, np.inf)
        S, A = pi.shape
        key, inverse = np.unique(
            (self.unit * S + self.state) * A + self.action, return_inverse=True
        )
        unit = unit_of(self.value)  # squares overflow before the values do
        g, pair = np.bincount(inverse, self.value / unit, len(key)), key % (S * A)
        place, at = np.unique(key // A, return_inverse=True)
        m = np.bincount(at, pi.reshape(-1)[pair] * g, len(place))
        cross = np.bincount(pair, g * (g - 2 * m[at]), S * A).reshape(S, A)
        squares = cross + np.bincount(place % S, m * m, S)[:, None]
        total = np.bincount(pair, g, S * A).reshape(S, A)
        total = total - np.bincount(place % S, m, S)[:, None]
        variance = (squares - total * total / self.n) / (self.n - 1)
        return np.asarray(unit * np.sqrt(np.maximum(variance, 0.0) / self.n))


def standard_error(values: Array) -> Scalar:
    """Return the standard error of a mean of independent values; inf of a single one.

    >>> standard_error(np.array([1.0, 3.0]))
    np.float64(1.0)
    """
    if len(values) == 1:
        return np.float64(np.inf)
    unit = unit_of(values)
    return unit * np.std(values / unit, ddof=1) / np.sqrt(len(values))


def sum_by_index(index: Array, values: Array, n: int, rational: bool) -> Array:
    """Return the sums of values that share an index, (n,), in either arithmetic."""
    if not rational:
        return np.bincount(index, values, n)
    total = zeros((n,), rational=True)
    np.add.at(total, index, values)
    return total
