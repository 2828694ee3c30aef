"""Compare methods at equal numbers of simulator steps, scored by the exact return.

As in TRPO (2015), figures 3 and 4, but the vertical axis is the exact eta of each policy instead of
an average of sampled returns: the only noise is that of learning, measured over seeds.
"""

from collections.abc import Iterable, Iterator
from typing import final
from zlib import crc32

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, shown
from tabular_trpo._core.policy import uniform
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._core.validate import finite_floats
from tabular_trpo._exact.divergence import kl
from tabular_trpo._exact.evaluate import Evaluation, evaluate
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._families.arguments import size
from tabular_trpo._improve.iterate import Record, iterate
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import Step, step_to
from tabular_trpo._sampled.episodes import Environment, absorbing
from tabular_trpo._sampled.habits import BY_NAME
from tabular_trpo._sampled.live import LiveEnvironment, Registered
from tabular_trpo._sampled.methods import Settings
from tabular_trpo._sampled.simulator import Simulator

NORMAL_95 = 1.959963984540054
TINY = 1e-300  # in place of a sum of weights that are 0


@public
@final
@locked_dataclass(frozen=True, eq=False)
class Curve:
    """One run of one method: exact eta as a function of simulator steps.

    steps: (n,) number of steps used after each iteration, 0 first
    eta:   (n,) exact, to within the radius of its evaluation
    fell:  number of iterations in which eta is proved to have fallen
    mean_kl: (n - 1,) the exact mean KL(old || new) of each iteration over the states in which a
           choice is left, weighted by rho; 0 where the policy stayed.  None if not computed

    >>> curve = Curve([0, 10, 20], [0.0, 1.0, 3.0], 0)
    >>> curve.iterations, curve.at([5, 20])
    (2, array([0., 3.]))
    """

    steps: Array
    eta: Array
    fell: int
    mean_kl: Array | None = None

    @property
    def iterations(self) -> int:
        """The number of iterations of the method."""
        return len(self.steps) - 1

    @public
    def at(self, grid: object) -> Array:
        """Return eta of the last iteration that ends within each number of steps, (G,).

        grid:   (G,) numbers of steps
        raises: InvalidMDPError for another shape, and for values that are not numbers
        """
        grid = _read_grid(grid)
        return np.asarray(self.eta[np.searchsorted(self.steps, grid, side="right") - 1])


@public
def run(
    mdp: MDP,
    name: str,
    seed: int,
    budget: int,
    settings: Settings,
    live: Registered | None = None,
) -> Curve:
    """Return one run of a method, from the uniform policy until the budget of steps is used.

    The random numbers depend on the seed and the name of the method only, so the result is the same
    in any process and beside any other methods; all habits have the same numbers.  Each iteration
    of the exact limit counts as one batch.

    name:     a key of `METHODS` or of `HABITS`
    budget:   simulator steps; the iteration that reaches it is the last
    settings: as in `Settings`
    live:     the environment to play, whose table the model is; None for a `Simulator` of the model
    raises:   InvalidMDPError, also for a method that cannot play a live environment;
              ExactnessError, MissingExtraError

    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> run(mdp, "exact", 0, 4000, Settings()).eta.round(2)
    array([1.  , 1.31, 1.57])
    """
    ev = evaluate(mdp, uniform(mdp))
    steps, etas, fell, kls = [0], [ev.eta], 0, []
    ends, _ = absorbing(mdp)
    for used, pi in _policies(mdp, name, seed, budget, settings, live):
        old, ev = ev, evaluate(mdp, pi)
        fell += bool(ev.eta + ev.radius.eta < old.eta - old.radius.eta)
        weight = np.where(ends, 0.0, old.rho)
        moved = (weight > 0) & (pi != old.pi).any(axis=1)
        divergence = np.where(moved, kl(old.pi, pi), 0.0)
        kls.append(weight @ divergence / max(weight.sum(), TINY))
        etas.append(ev.eta)
        steps.append(used)
    return Curve(np.array(steps), np.array(etas), fell, np.array(kls))


@public
def records(
    mdp: MDP,
    name: str,
    seed: int,
    budget: int,
    settings: Settings,
    live: Registered | None = None,
) -> Iterator[tuple[int, Record]]:
    """Yield (steps used, exact record) of each iteration of `run`, with its exact gain and KLs.

    Arguments and errors as in `run`.  The record has the certified bounds of the step and whether
    eta is proved to have risen or fallen, see `improve.Record`.

    >>> mdp = MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    >>> [(n, x.monotone.value) for n, x in records(mdp, "exact", 0, 4000, Settings())]
    [(2000, 'proved'), (4000, 'proved')]
    """
    used, policies = 0, _policies(mdp, name, seed, budget, settings, live)

    def step(ev: Evaluation, L: Surrogate) -> Step:
        nonlocal used
        used, pi = next(policies)
        return step_to(L, pi)

    for record in iterate(mdp, uniform(mdp), step, halting=False):
        yield used, record
        if used >= budget:
            return


def _policies(
    mdp: MDP, name: str, seed: int, budget: int, settings: Settings, live: Registered | None
) -> Iterator[tuple[int, Array]]:
    """Yield (steps used, policy) of each iteration of a method; arguments as in `run`."""
    if name not in BY_NAME:
        raise invalid("choice", "name", f"= {shown(name)}", f"one of {', '.join(BY_NAME)}")
    method = BY_NAME[name]
    if live is not None and not method.live:
        names = ", ".join(key for key, other in BY_NAME.items() if other.live)
        got = f"= {name!r}, which needs a simulator that can be put into a state"
        raise invalid("choice", "name", got, f"one of {names} on a live environment")
    size("seed", seed, 0)
    size("budget", budget, 1)
    rng = np.random.default_rng(
        np.random.SeedSequence([seed, crc32((method.seeds or name).encode())])
    )
    sim: Environment = Simulator(mdp, rng)
    if live is not None:
        sim = LiveEnvironment(live.make, mdp.gamma, rng, mdp.n_states)
    policy_class = SoftmaxClass((mdp.n_states, mdp.n_actions), None, mdp.allowed)
    for i, pi in enumerate(method.run(mdp, sim, policy_class, settings), 1):
        used = sim.steps if method.sampled else i * settings.batch
        yield used, pi
        if used >= budget:
            return


def _read_grid(grid: object) -> Array:
    """Return numbers of steps, (G,), checked."""
    steps = finite_floats("grid", grid)
    if steps.ndim != 1:
        raise shape_error("grid", steps.shape, "(G,)")
    return steps


@public
@final
@locked_dataclass(frozen=True, eq=False)
class Band:
    """Mean and confidence interval of the runs of one method over seeds, on a grid of steps.

    grid:       (G,) numbers of steps
    mean:       (G,) mean of eta over seeds
    half_width: (G,) of the 95 % confidence interval of that mean: 1.96 standard errors over seeds;
                NaN for a single seed

    >>> Band([10], [2.0], [0.5]).mean
    array([2.])
    """

    grid: Array
    mean: Array
    half_width: Array


@public
def band(curves: Iterable[Curve], grid: object) -> Band:
    """Return the mean of curves and its confidence band, mean +- 1.96 sd / sqrt(n).

    curves: of one method, one a seed
    grid:   (G,) numbers of steps
    raises: InvalidMDPError for no curve, and for another grid

    >>> two = [Curve(np.array([0, 10]), np.array([0.0, x]), 0) for x in (1.0, 3.0)]
    >>> band(two, np.array([5, 10])).mean, band(two, np.array([10])).half_width.round(2)
    (array([0., 2.]), array([1.96]))
    """
    steps, runs = _read_grid(grid), tuple(curves)
    if not runs or not all(isinstance(curve, Curve) for curve in runs):
        raise invalid("type", "curves", "hold no Curve, or others", "curves only")
    values = np.array([curve.at(steps) for curve in runs])
    n = len(values)
    # Less the first one, so that curves that agree have their own value as mean, and no spread.
    off = values - values[0]
    error = off.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(steps), np.nan)
    return Band(steps, values[0] + off.mean(axis=0), NORMAL_95 * error)
