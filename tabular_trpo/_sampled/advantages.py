"""Estimates of the advantage of each step of a path.

Problem: A(s_t, a_t) from the rewards of one path and a baseline b, which stands for V.  With the
discount f per step and the errors delta_t = r_t + f b(s_{t+1}) - b(s_t), the estimates are

    return to go               sum_{k >= t} f^(k-t) r_k - b(s_t)
    n steps                    sum_{t <= k < t+n} f^(k-t) delta_k
    generalized advantages     sum_{k >= t} (f lam)^(k-t) delta_k

Guarantee: the first adds no bias to L for any b that is independent of the path.  The others are
unbiased for b = V; `path_moments` has their exact mean and variance for any b.

Sources: Sutton and Barto (2018), section 7.1; Schulman et al. (2016), equation (16).
"""

from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import ExactnessError, invalid
from tabular_trpo._core.numbers import Array, Scalar, shown
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.rollouts import Rollouts, rewards_to_go


@final
class Advantages(NamedTuple):
    """A choice of estimate.

    b:      (S,), or None for returns without a baseline
    lam:    of generalized advantage estimation, or None
    n_step: number of steps, or None; returns to go where lam is None too
    standardise: whether to subtract the mean over all steps, and divide by the standard deviation
    """

    b: Array | None = None
    lam: Scalar = None
    n_step: int | None = None
    standardise: bool = False

    @classmethod
    def read(
        cls,
        baseline: Scalar,
        lam: Scalar,
        n_step: int | None,
        n_states: int,
        rational: bool,
        standardise: bool = False,
    ) -> "Advantages":
        """Return a checked choice, in the arithmetic of the data.

        raises: InvalidMDPError for lam or n_step without a baseline, for both, and for numbers out
                of range; ExactnessError, also for standardised advantages in rationals
        """
        if standardise and rational:
            got, cure = "divides by a square root", "Sample the model in floats, by to_float()"
            raise ExactnessError.of("lane", "standardise", got, "rational operations", cure)
        b = None if baseline is None else read_baseline(baseline, n_states, rational)
        for name, value in (("lam", lam), ("n_step", n_step)):
            if value is not None and b is None:
                raise invalid("baseline", name, f"= {shown(value)}", "a baseline too, as V")
        if lam is not None and n_step is not None:
            raise invalid("choice", "n_step", f"= {shown(n_step)}, with lam", "one of the two")
        if lam is not None:
            lam = read_as("lam", lam, rational)[()]
            if not 0 <= lam <= 1:
                raise invalid("range", "lam", f"= {shown(lam)}", "a number in [0, 1]")
        if n_step is not None:
            n_step = size("n_step", n_step, 1)
        return cls(b, lam, n_step, bool(standardise))

    def of(self, rollouts: Rollouts) -> Array:
        """Return A_hat of each step, (N, T)."""
        found = self._plain(rollouts)
        if not self.standardise:
            return found
        taken = found[rollouts.within]
        spread = np.std(taken)
        return np.asarray((found - np.mean(taken)) / (spread if spread > 0 else 1.0))

    def _plain(self, rollouts: Rollouts) -> Array:
        if self.b is None:
            return rollouts.returns
        if self.lam is not None:
            return generalized_advantages(rollouts, self.b, self.lam)
        if self.n_step is not None:
            return n_step_advantages(rollouts, self.b, self.n_step)
        return np.asarray(rollouts.returns - self.b[rollouts.states[:, :-1]])


RETURNS = Advantages()


def read_baseline(baseline: Scalar, n_states: int, rational: bool) -> Array:
    """Return a baseline, (S,), in the arithmetic of the data.

    raises: InvalidMDPError, ExactnessError
    """
    b = read_as("baseline", baseline, rational)
    if b.shape != (n_states,):
        raise shape_error("baseline", b.shape, f"(S,) = ({n_states},)")
    if not rational and not np.isfinite(b).all():
        raise invalid("baseline", "baseline", "has NaN or infinities", "numbers")
    return b


def generalized_advantages(rollouts: Rollouts, V: Array, lam: Scalar) -> Array:
    """Return A_hat of each step, (N, T), by generalized advantage estimation.

    A_hat_t = delta_t + f lam A_hat_{t+1}, f the discount per step.

    V:   (S,) in the arithmetic of the paths
    lam: in [0, 1]
    """
    return rewards_to_go(_errors(rollouts, V), rollouts.factor * lam)


def n_step_advantages(rollouts: Rollouts, V: Array, n: int) -> Array:
    """Return A_hat of each step, (N, T), the sum of the next n discounted errors.

    V: (S,) in the arithmetic of the paths
    n: at least 1
    """
    errors = _errors(rollouts, V)
    out, power = errors.copy(), rollouts.factor
    for k in range(1, min(n, errors.shape[1])):
        out[:, :-k] = out[:, :-k] + power * errors[:, k:]
        power = power * rollouts.factor
    return out


def _errors(rollouts: Rollouts, V: Array) -> Array:
    """Return delta_t = r_t + f V(s_{t+1}) - V(s_t) of each step, (N, T); 0 beyond a path's length.

    After an end V is the tail, after a stop 0, after a cut V of the last state.
    """
    at = V[rollouts.states]
    after = at[:, 1:].copy()
    if rollouts.geometric:  # a path that stops has no next state
        after[np.arange(1, at.shape[1]) >= rollouts.length[:, None]] *= 0
    rows = np.flatnonzero(rollouts.ended & (rollouts.length > 0))
    after[rows, rollouts.length[rows] - 1] = rollouts.tail[rows]
    errors = rollouts.rewards + rollouts.factor * after - at[:, :-1]
    return np.asarray(np.where(rollouts.within, errors, 0 * errors))
