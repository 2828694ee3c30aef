"""The hinge: a local surrogate of eta, the same record whether it was computed or estimated."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo.core.build import same_lane, shape_error
from tabular_trpo.core.numbers import Array, Scalar, frozen, is_rational
from tabular_trpo.exact.evaluate import Evaluation

U = 2.0**-53


@final
@dataclass(frozen=True, slots=True, eq=False)
class Surrogate:
    """L(pi_new) = eta + sum_{s,a} G(s, a) (pi_new - pi)(a|s), linear in the new policy.  TRPO (2015), equation (3).

    G:        (..., S, A) gradient with respect to the table; exact: G = rho * A
    weight:   (..., S)    weight of each state; exact: rho, unnormalised
    pi:       (..., S, A) the old policy
    eta:      (...)       its return
    stderr:   (...) or None where the surrogate is exact
    G_radius, eta_radius: proved error bounds (zeros in the rational lane), None for estimates
    """

    G: Array
    weight: Array
    pi: Array
    eta: Scalar
    stderr: Scalar | None = None
    G_radius: Array | None = None
    eta_radius: Scalar | None = None

    def value(self, pi_new: Any) -> Any:
        """Return L(pi_new), shape (...).

        raises: LaneError, InvalidMDPError for another lane or shape
        """
        return self.eta + (self.G * self._step(pi_new)).sum(axis=(-2, -1))

    def gradient(self, pi_new: Any) -> Array:
        """Return dL/dpi_new, which is G at every pi_new because L is linear."""
        self._step(pi_new)
        return self.G

    def radius(self, pi_new: Any) -> Any:
        """Return a proved bound of the error of `value(pi_new)`; 0 in the rational lane, None for estimates."""
        step = np.abs(self._step(pi_new))
        if self.G_radius is None:
            return None
        error = self.eta_radius + (self.G_radius * step).sum(axis=(-2, -1))
        if is_rational(self.G):
            return error
        n = self.G.shape[-2] * self.G.shape[-1] + 8
        size = np.abs(self.eta) + (np.abs(self.G) * step).sum(axis=(-2, -1))
        return (error + 2 * n * U / (1 - n * U) * size) * (1 + 2.0**-30)

    def _step(self, pi_new: Any) -> Array:
        new = np.asarray(pi_new)
        same_lane("pi_new", new, is_rational(self.pi))
        if new.shape[-2:] != self.pi.shape[-2:]:
            raise shape_error("pi_new", new.shape, f"(..., S, A) = {self.pi.shape}")
        return np.asarray(new - self.pi)


def surrogate(evaluation: Evaluation) -> Surrogate:
    """Return the exact surrogate of an evaluated policy: G = rho * A.

    L_pi(pi_new) = eta(pi) + sum_s rho(s) sum_a pi_new(a|s) A(s, a).  TRPO (2015), equation (3).

    >>> from tabular_trpo.core.mdp import MDP
    >>> from tabular_trpo.exact.evaluate import evaluate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> surrogate(evaluate(mdp, [["1/2", "1/2"]])).value(np.array([[0, 1]], dtype=object))
    Fraction(2, 1)
    """
    e, rad = evaluation, evaluation.radius
    rho, rho_radius = e.rho[..., None], rad.rho[..., None]
    G = rho * e.A
    G_radius = np.abs(rho) * rad.A + rho_radius * (np.abs(e.A) + rad.A)
    if not is_rational(G):
        G_radius = (G_radius + 2 * U * np.abs(G)) * (1 + 2.0**-40)
    return Surrogate(frozen(G), e.rho, e.pi, e.eta, None, frozen(G_radius), rad.eta)
