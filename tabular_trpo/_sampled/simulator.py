"""A model that can only be played: many copies of it side by side, whose numbers stay inside."""

from typing import Any, final

import numpy as np

from tabular_trpo._core.arguments import one_model
from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, Problem
from tabular_trpo._core.indices import read_indices
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import generator, size
from tabular_trpo._sampled.categorical import Categorical


@public
@final
class Simulator:
    """A model behind `reset`, `step`, `save` and `restore`, for many trajectories at once.

    What a learner may know is public: the sizes, gamma, which actions are allowed, and how many
    steps it has used.  Probabilities and rewards are met in samples only, and these follow the
    model exactly (see `draws`).  A reward r(s, a, s') is met as it is, where the model keeps it;
    else its expectation r(s, a) is.

    mdp:     one model in float arithmetic; gamma < 1, as in every model
    rng:     all randomness there is; the same state of it gives the same bytes
    raises:  InvalidMDPError for a batch of models or another generator, ExactnessError for a rational
             model, MemoryGuardError

    n_states, n_actions, gamma: of the model
    allowed: (S, A) bool
    states:  (n,) where the trajectories are, read-only
    steps:   transitions so far, over all trajectories

    >>> mdp = MDP([[[0.0, 1.0]], [[1.0, 0.0]]], [1.0, 0.0], [1.0, 0.0], 0.9)
    >>> sim = Simulator(mdp, np.random.default_rng(0))
    >>> sim.reset(2), sim.step([0, 0]), sim.steps
    (array([0, 0]), (array([1., 1.]), array([1, 1])), 2)
    """

    __slots__ = (
        "_next", "_pays", "_start", "allowed", "gamma", "n_actions", "n_states", "rng", "states",
        "steps",
    )  # fmt: skip

    @public
    def __init__(self, mdp: MDP, rng: np.random.Generator) -> None:
        """Make the tables of outcomes."""
        one_model(mdp)
        if mdp.arithmetic == "rational":
            got, cure = "is rational", "Sample mdp.to_float()"
            raise ExactnessError(Problem("lane", "mdp", got, "floats: samples are drawn", cure))
        self.rng = generator(rng)
        self.n_states, self.n_actions = mdp.n_states, mdp.n_actions
        self.gamma, self.allowed = float(mdp.gamma), frozen(mdp.mask)
        P = mdp.P if mdp.is_sparse else mdp.P.reshape(-1, self.n_states)
        self._next = Categorical.of(P)
        self._start = Categorical.of(mdp.rho0[None])
        pair = np.arange(len(self._next.outcome)) >> self._next.levels
        if mdp.r_next is None:
            pays = mdp.r.reshape(-1)[pair]
        elif mdp.is_sparse:
            pays = np.asarray(mdp.r_next[pair, self._next.outcome]).reshape(-1)
        else:
            pays = mdp.r_next.reshape(-1, self.n_states)[pair, self._next.outcome]
        self._pays = frozen(pays)
        self.states = frozen(np.zeros(0, dtype=np.intp))
        self.steps = 0

    def reset(self, n: int = 1) -> Array:
        """Put n trajectories at the start and return their states, (n,), drawn from rho0.

        raises: InvalidMDPError unless n is a whole number >= 1, MemoryGuardError
        """
        guard(size("n", n, 1) * 32, f"n = {n:,} trajectories", "Play fewer at once")
        u = self.rng.random(n)
        start = self._start
        self.states = frozen(start.outcome[start.places(np.zeros(len(u), dtype=np.intp), u)])
        return self.states

    def step(self, actions: Any, uniforms: Any = None) -> tuple[Array, Array]:
        """Take one action in every trajectory; return rewards (n,) and new states (n,).

        actions:  (n,) integers, allowed where their trajectory is
        uniforms: (n,) in [0, 1), for common random numbers; drawn if None
        raises:   InvalidMDPError naming the trajectory whose action is none, or not allowed
        """
        expected = f"{self.states.shape} integers"
        chosen = read_indices("actions", actions, None, expected, self.states.shape)
        within = (chosen >= 0) & (chosen < self.n_actions)
        good = within & self.allowed[self.states, np.where(within, chosen, 0)]
        if (bad := np.flatnonzero(~good)).size:
            i = int(bad[0])
            options = np.flatnonzero(self.allowed[self.states[i]]).tolist()
            where, got = f"actions[{i}]", f"= {chosen[i]} in state {self.states[i]}"
            problem = Problem("action", where, got, f"one of {options}")
            raise InvalidMDPError(problem, hidden=len(bad) - 1)
        u = None
        if uniforms is not None:
            u = read_as("uniforms", uniforms, rational=False)
            if u.shape != chosen.shape or not ((u >= 0) & (u < 1)).all():
                raise shape_error("uniforms", u.shape, f"{chosen.shape} numbers in [0, 1)")
        return self.advance(chosen.astype(np.intp), u)

    @public
    def advance(self, actions: Array, uniforms: Array | None = None) -> tuple[Array, Array]:
        """Do what `step` does, without its checks: for actions drawn from a checked policy."""
        u = self.rng.random(len(actions)) if uniforms is None else uniforms
        at = self._next.places(self.states * self.n_actions + actions, u)
        self.states = frozen(self._next.outcome[at])
        self.steps += len(actions)
        return self._pays[at], self.states

    def save(self) -> Array:
        """Return the states of all trajectories, (n,), which `restore` takes back."""
        return self.states

    def restore(self, states: Any) -> Array:
        """Put trajectories at given states, any number of them, such as a part of a saved array.

        states: (n,) integers
        raises: InvalidMDPError for another shape, and an index that is no state
        """
        index = read_indices("states", states, self.n_states, "(n,) integers")
        self.states = frozen(index.astype(np.intp))
        return self.states
