"""What independent units of data contribute to a surrogate: sums, and how far they scatter."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.numbers import Array, frozen, is_rational, zeros
from tabular_trpo._core.overflow import finite, unit_of
from tabular_trpo._core.records import locked
from tabular_trpo._exact.surrogate import Surrogate


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Contributions of n independent units, such as paths; estimates are means over units.

    unit, state, action, value: (M,) each; value belongs to the Q-like gradient at (state, action)
    visit_unit, visit_state, weight:  (M',) each; the weight of a visit
    returns:                    (n,) estimates of eta
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

    def surrogate(self, pi: Array, visible: Array) -> Surrogate:
        """Return L with G the mean of the values, less its own average under pi in each state.

        The average under pi is what turns rho Q into rho A; no policy's gain depends on it.

        pi:      (S, A) the old policy
        visible: (S, A) bool: the actions the data can tell of
        raises:  LimitError where doubles overflow
        """
        finite("a return", self.returns)
        finite("G", self.value)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._surrogate(pi, visible)

    def _surrogate(self, pi: Array, visible: Array) -> Surrogate:
        S, A = pi.shape
        pair = self.state * A + self.action
        rational = is_rational(self.value)
        G = sum_by_index(pair, self.value, S * A, rational).reshape(S, A) / self.n
        G = np.where(visible, G - (pi * G).sum(axis=1, keepdims=True), 0 * G)
        weight = sum_by_index(self.visit_state, self.weight, S, rational) / self.n
        eta = self.returns.sum() / self.n
        errors = None if rational else frozen(np.where(visible, self._scatter(pi), 0.0))
        stderr = None if rational else standard_error(self.returns)
        finite("G", G)
        finite("eta", eta)
        if stderr is not None and self.n > 1:
            finite("a standard error", np.append(errors, stderr) if errors is not None else stderr)
        allowed = None if visible.all() else visible
        return Surrogate(
            frozen(G), frozen(weight), pi, eta, stderr, allowed=allowed, G_stderr=errors
        )

    def gains(self, pi: Array, pi_new: Array) -> Array:
        """Return each unit's own L(pi_new) - eta, (n,); their mean is that of the surrogate."""
        step = (pi_new - pi)[self.state, self.action]
        return sum_by_index(self.unit, self.value * step, self.n, is_rational(self.value))

    def _scatter(self, pi: Array) -> Array:
        """Return the standard error of each entry of G, (S, A)."""
        if self.n == 1:
            return np.full(pi.shape, np.inf)
        S, A = pi.shape
        key, inverse = np.unique(
            (self.unit * S + self.state) * A + self.action, return_inverse=True
        )
        unit = unit_of(self.value)  # squares overflow before the values do
        g, pair = np.bincount(inverse, self.value / unit, len(key)), key % (S * A)
        # m is the unit's average under pi in that state, taken off all actions of it.
        place, at = np.unique(key // A, return_inverse=True)
        m = np.bincount(at, pi.reshape(-1)[pair] * g, len(place))
        crossed = np.bincount(pair, g * (g - 2 * m[at]), S * A).reshape(S, A)
        squares = crossed + np.bincount(place % S, m * m, S)[:, None]
        total = np.bincount(pair, g, S * A).reshape(S, A)
        total = total - np.bincount(place % S, m, S)[:, None]
        variance = (squares - total * total / self.n) / (self.n - 1)
        return np.asarray(unit * np.sqrt(np.maximum(variance, 0.0) / self.n))


def standard_error(values: Array) -> Any:
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
