"""Quantities of the average reward: no gamma, and chains with one recurrent class alone.

With H = (I - P_pi + 1 rho0)^{-1}, in which rho0 stands for any law, all follows from one inverse:
rho0 H is stationary, h = H r_pi solves h = r_pi - J + P_pi h, and trace(H) is that of the
fundamental matrix (I - P_pi + 1 d_avg)^{-1}.  Chains with two recurrent classes have no H:
a NoValueError, and NaN for those of a float batch.
"""

from functools import cached_property
from typing import Any

import numpy as np

from tabular_trpo._theory.computed import computed
from tabular_trpo._theory.functions import Functions


class Averages(Functions):
    """The average rewards of pi and pi_new and what belongs to them (abstract)."""

    r: Any

    def settled(self, name: str, value: Any, *parts: str) -> Any:
        """Return a computed value as it is; a pair of doubles refuses what overflows."""
        return value

    @cached_property
    def H(self) -> Any:
        """The inverse of I - P_pi + 1 rho0, (..., S, S)."""
        return self.ops.restarted(self.pi, self.rho0)

    @cached_property
    def H_new(self) -> Any:
        """The inverse of I - P_new + 1 rho0, (..., S, S)."""
        return self.ops.restarted(self.pi_new, self.rho0)

    @cached_property
    def classes(self) -> Any:
        """The number of recurrent classes of the chain of pi."""
        return self.ops.classes(self.pi)

    @cached_property
    def classes_new(self) -> Any:
        """The number of recurrent classes of the chain of pi_new."""
        return self.ops.classes(self.pi_new)

    @cached_property
    def d_avg(self) -> Any:
        """The stationary law of pi, (..., S)."""
        return (self.spread(self.rho0, 1) * self.H).sum(axis=-2)

    @cached_property
    def d_avg_new(self) -> Any:
        """The stationary law of pi_new, (..., S)."""
        return (self.spread(self.rho0, 1) * self.H_new).sum(axis=-2)

    @cached_property
    def J(self) -> Any:
        """Average reward of pi, d_avg . r_pi.  Puterman (1994), section 8.2."""
        return self.sum_s(self.d_avg * self.sum_a(self.pi * self.r))

    @cached_property
    def J_new(self) -> Any:
        """Average reward of pi_new."""
        return self.sum_s(self.d_avg_new * self.sum_a(self.pi_new * self.r))

    @computed("kemeny")
    def h(self) -> Any:
        """Relative value of pi, with rho0 . h = J, (..., S).  Puterman (1994), section 8.2."""
        return self._relative(self.H, self.pi)

    @computed("kemeny_new")
    def h_new(self) -> Any:
        """Relative value of pi_new, with rho0 . h_new = J_new, (..., S)."""
        return self._relative(self.H_new, self.pi_new)

    @cached_property
    def kemeny(self) -> Any:
        """Kemeny's constant of pi: 1 and the mean time to a state drawn from d_avg."""
        return _trace(self.H)

    @cached_property
    def kemeny_new(self) -> Any:
        """Kemeny's constant of pi_new."""
        return _trace(self.H_new)

    def _relative(self, H: Any, pi: Any) -> Any:
        return (H * self.sum_a(pi * self.r)[..., None, :]).sum(axis=-1)


def _trace(H: Any) -> Any:
    s = np.arange(H.shape[-1])
    return H[..., s, s].sum(axis=-1)
