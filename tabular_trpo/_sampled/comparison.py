"""Methods side by side on equal steps of the simulator, scored by the exact return."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final
from zlib import crc32

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, shown
from tabular_trpo._core.policy import uniform
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._core.validate import finite_floats
from tabular_trpo._exact.evaluate import Evaluation, evaluate
from tabular_trpo._families.arguments import size
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._sampled.methods import METHODS, Settings
from tabular_trpo._sampled.simulator import Simulator

NORMAL_95 = 1.959963984540054


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One run of one method: true eta after so many steps of the simulator.

    steps: (n,) 0 first
    eta:   (n,) exact, to within the radius of its evaluation
    fell:  iterations after which eta is lower for certain
    """

    steps: Array
    eta: Array
    fell: int

    @property
    def iterations(self) -> int:
        """How many times the method moved on."""
        return len(self.steps) - 1

    @public
    def at(self, grid: Array) -> Array:
        """Return eta as it is when each number of steps has been used.

        grid:   (G,) numbers of steps
        raises: InvalidMDPError for another shape, and for what is no number
        """
        grid = _read_grid(grid)
        return np.asarray(self.eta[np.searchsorted(self.steps, grid, side="right") - 1])


@public
def run(mdp: MDP, name: str, seed: int, budget: int, settings: Settings) -> Curve:
    """Return one run: from the uniform policy until the budget of steps is used.

    The seed and the name of the method make the random numbers, so that neither the other methods
    nor who carries out the run changes them.  The exact limit counts a batch an iteration.

    name:   of METHODS
    budget: steps of the simulator; the iteration that reaches it is the last
    raises: InvalidMDPError, ExactnessError, MissingExtraError

    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> run(mdp, "exact", 0, 4000, Settings()).eta.round(2)
    array([1.  , 1.31, 1.57])
    """
    if name not in METHODS:
        expected = f"one of {', '.join(METHODS)}"
        raise invalid("choice", "name", f"= {shown(name)}", expected)
    size("seed", seed, 0)
    size("budget", budget, 1)
    method = METHODS[name]
    rng = np.random.default_rng(np.random.SeedSequence([seed, crc32(name.encode())]))
    sim = Simulator(mdp, rng)
    policy_class = SoftmaxClass((mdp.n_states, mdp.n_actions), None, mdp.allowed)
    ev = evaluate(mdp, uniform(mdp))
    steps, etas, fell = [0], [ev.eta], 0
    for i, pi in enumerate(method.run(mdp, sim, policy_class, settings), 1):
        old, ev = ev, evaluate(mdp, pi)
        fell += _fell(old, ev)
        etas.append(ev.eta)
        steps.append(sim.steps if method.sampled else i * settings.batch)
        if steps[-1] >= budget:
            break
    return Curve(np.array(steps), np.array(etas), fell)


def _read_grid(grid: Any) -> Array:
    """Return numbers of steps, (G,), checked.

    raises: InvalidMDPError for another shape, and for what is no number; ExactnessError for exact ones
    """
    steps = finite_floats("grid", grid)
    if steps.ndim != 1:
        raise shape_error("grid", steps.shape, "(G,)")
    return steps


def _fell(old: Evaluation, new: Evaluation) -> bool:
    """Return whether the new return is below the old one by more than both errors."""
    return bool(new.eta + new.radius.eta < old.eta - old.radius.eta)


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Runs of one method over seeds, on a common grid of steps.

    grid:       (G,)
    mean:       (G,) of the true eta
    half_width: (G,) of the 95 % confidence interval of that mean: 1.96 standard errors over seeds;
                NaN of a single seed
    """

    grid: Array
    mean: Array
    half_width: Array


@public
def band(curves: Iterable[Curve], grid: Array) -> Band:
    """Return the mean of curves and its confidence band.

    grid:   (G,) numbers of steps
    raises: InvalidMDPError for no curve, and for another grid

    >>> two = [Curve(np.array([0, 10]), np.array([0.0, x]), 0) for x in (1.0, 3.0)]
    >>> band(two, np.array([5, 10])).mean, band(two, np.array([10])).half_width.round(2)
    (array([0., 2.]), array([1.96]))
    """
    grid, curves = _read_grid(grid), tuple(curves)
    if not curves or not all(isinstance(curve, Curve) for curve in curves):
        raise invalid("type", "curves", "hold no Curve, or others", "curves only")
    values = np.array([curve.at(grid) for curve in curves])
    n = len(values)
    # Less the first one, so that curves that agree have their own value as mean, and no spread.
    off = values - values[0]
    spread: Any = off.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(grid), np.nan)
    return Band(grid, values[0] + off.mean(axis=0), NORMAL_95 * spread)
