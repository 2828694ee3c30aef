"""The quantities of a float pair as intervals: each computed value with its proved error radius."""

from dataclasses import fields, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from tabular_trpo._core.grid import below_grid
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.public import public
from tabular_trpo._exact.evaluate import Evaluation, Radius
from tabular_trpo._exact.optimal import optimal
from tabular_trpo._theory.interval_ops import IntervalOps, UnboundedError
from tabular_trpo._theory.quantities import Quantities
from tabular_trpo._theory.vocabulary import SCALAR, VocabularyEntry

BOUNDED = [field.name for field in fields(Radius)]


@public
@final
class EnclosedPair(Quantities):
    """The quantities of a single float pair as intervals that hold the exact ones.

    The exact quantities are those of the rational reading of the pair.  Attributes are as in
    `Pair`, `Interval`s of shape (), (S,) or (S, A).
    W and eta_dot, for which other arithmetics solve, are V_new - V and L - eta here: the
    performance difference identity, TRPO (1), and the first-order agreement, TRPO (4).
    Enclosures prove no equality (see `judge`).

    raises: LimitError for a quantity that is not enclosed: K, natural, w_fit

    >>> from tabular_trpo import MDP, Pair
    >>> pair = Pair(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.9), [[0.5, 0.5]], [[0.25, 0.75]])
    >>> enclosed = pair.enclosed()
    >>> bool(enclosed.L.lo <= 7.5 <= enclosed.L.hi)
    True
    """

    def __init__(self, old: Evaluation, new: Evaluation, target: Array | None, alpha: Any) -> None:
        """Enclose the two evaluations by their error radii.

        target, alpha: of a mixture, else None
        """
        mdp = old.mdp
        self.mdp, self.ops = mdp, IntervalOps(mdp)
        self.gamma = Interval.exact(mdp.gamma)
        self.rho0, self.r = _stochastic(mdp.rho0), Interval.exact(mdp.r)
        self.pi, self.pi_new = _stochastic(old.pi), _stochastic(new.pi)
        self.target, self.alpha = target, alpha
        radius = new.radius
        if target is not None:
            self.target, self.alpha = _stochastic(target), Interval.exact(alpha)
            self.pi_new = (1 - self.alpha) * self.pi + self.alpha * self.target
            radius = _mixture_radius(new, self.pi_new)
        self.old, self.new = _enclosed(old, old.radius), _enclosed(new, radius)
        self.W = self.V_new - self.V
        self.eta_dot = self.L - self.eta

    def _computed(self, entry: VocabularyEntry) -> Scalar:
        """Return the enclosure of a quantity, computed by its formula.

        An interval that results from 0 times infinity is unbounded.
        """
        try:
            return super()._computed(entry)
        except UnboundedError:
            if entry.rank != SCALAR:
                raise
            return Interval.around(np.zeros(()), np.array(np.inf))

    @cached_property
    def V_star(self) -> Interval:
        """The enclosure of the optimal value V*, (S,), by its own proved error radius."""
        best = optimal(self.mdp)
        return Interval.around(best.V_star, best.radius.V_star)


def _enclosed(ev: Evaluation, radius: Radius) -> Evaluation:
    """Return the evaluation with each field replaced by an interval of its radius."""
    enclosed: dict[str, Any] = {
        name: Interval.around(getattr(ev, name), getattr(radius, name)) for name in BOUNDED
    }
    return replace(ev, radius=radius, **enclosed)


def _stochastic(rows: Array) -> Interval:
    """Return an enclosure of the exact reading of probability rows, (S,) or (S, A).

    In the exact reading the largest entry of each row is reduced by the mass below the grid.
    """
    below = below_grid(rows)
    if not np.any(below):
        return Interval.exact(rows)
    radius = np.zeros(rows.shape)
    largest = np.argmax(rows, axis=-1)[..., None]
    np.put_along_axis(radius, largest, 2 * below[..., None], axis=-1)
    return Interval.around(rows, radius)


def _mixture_radius(new: Evaluation, pi_new: Interval) -> Radius:
    """Return radii enlarged by the distance from the stored mixture to the exact mixture.

    With x the largest 1-norm of the difference of two rows, by the performance difference identity
    abs(V - V') <= x max abs(Q) / (1 - gamma), and sum abs(rho - rho') <= gamma x / (1 - gamma)^2.
    """
    x = abs(pi_new - new.pi).sum(axis=-1).max()
    horizon = 1 / (1 - Interval.exact(new.mdp.gamma))
    radius = new.radius
    dV = x * horizon * abs(Interval.around(new.Q, radius.Q)).max()
    drho = new.mdp.gamma * x * horizon**2
    moved = {"V": dV, "Q": dV, "A": 2 * dV, "rho": drho, "d": drho, "eta": dV}
    return Radius(**{name: (getattr(radius, name) + by).hi for name, by in moved.items()})
