"""A generative model: trajectories are simulated in parallel, and the MDP's tables stay hidden.

A learner in TRPO (2015), section 5, observes states, actions and rewards only; the vine procedure
also needs to return to a visited state (`restore`).  Sampling is by inversion (`categorical`), so
outcomes have exactly the probabilities of the float model.
"""

from typing import final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import ExactnessError, invalid
from tabular_trpo._core.indices import read_indices
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import generator, size
from tabular_trpo._sampled.categorical import Categorical
from tabular_trpo._sampled.episodes import Outcome, absorbing


@public
@final
class Simulator:
    """A model behind `reset`, `step`, `save` and `restore`, for many trajectories at once.

    The sizes, gamma, the allowed actions and the number of steps used are public.  Probabilities
    and rewards are observed in samples only, and these have exactly the distribution of the model.
    The observed reward is r(s, a, s') where the model stores it, otherwise its expectation r(s, a).

    mdp:     one model in float arithmetic; gamma < 1, as in every model
    rng:     the only source of randomness; the same state of it gives the same bytes
    raises:  InvalidMDPError for a batch of models or another generator, ExactnessError for a
             rational model, MemoryGuardError

    n_states, n_actions, gamma: of the model
    allowed: (S, A) bool
    ends:    (S,) bool, the absorbing states, in which episodes end (`absorbing`)
    tail:    (S,) the value r / (1 - gamma) of an absorbing state; 0 elsewhere
    states:  (n,) current state of each trajectory, read-only
    steps:   number of transitions so far, over all trajectories

    >>> mdp = MDP([[[0.0, 1.0]], [[1.0, 0.0]]], [1.0, 0.0], [1.0, 0.0], 0.9)
    >>> sim = Simulator(mdp, np.random.default_rng(0))
    >>> sim.reset(2), sim.step([0, 0]), sim.steps
    (array([0, 0]), (array([1., 1.]), array([1, 1])), 2)
    """

    __slots__ = (
        "_next", "_reward", "_start", "allowed", "ends", "gamma", "n_actions", "n_states", "rng",
        "states", "steps", "tail",
    )  # fmt: skip

    @public
    def __init__(self, mdp: MDP, rng: np.random.Generator) -> None:
        """Tabulate the successors and rewards of each pair."""
        one_model(mdp)
        if mdp.arithmetic == "rational":
            cure = "Sample mdp.to_float()"
            raise ExactnessError.of("lane", "mdp", "is rational", "floats: samples are drawn", cure)
        self.rng = generator(rng)
        self.n_states, self.n_actions = mdp.n_states, mdp.n_actions
        self.gamma, self.allowed = float(mdp.gamma), frozen(mdp.mask)
        P = mdp.P if mdp.is_sparse else mdp.P.reshape(-1, self.n_states)
        self._next = Categorical.of(P)
        self._start = Categorical.of(mdp.rho0[None])
        pair = np.arange(len(self._next.outcome)) >> self._next.levels
        if mdp.r_next is None:
            reward = mdp.r.reshape(-1)[pair]
        elif mdp.is_sparse:
            reward = np.asarray(mdp.r_next[pair, self._next.outcome]).reshape(-1)
        else:
            reward = mdp.r_next.reshape(-1, self.n_states)[pair, self._next.outcome]
        self._reward = frozen(reward)
        ends, tail = absorbing(mdp)
        self.ends, self.tail = frozen(ends), frozen(tail)
        self.states = frozen(np.zeros(0, dtype=np.intp))
        self.steps = 0

    def reset(self, n: int = 1) -> Array:
        """Put n trajectories at the start and return their states, (n,), drawn from rho0.

        raises: InvalidMDPError unless n is a whole number >= 1, MemoryGuardError
        """
        guard(size("n", n, 1) * 32, f"n = {n:,} trajectories", "Play fewer at once")
        u = self.rng.random(n)
        self.states = frozen(self._start.draw(np.zeros(len(u), dtype=np.intp), u))
        return self.states

    def step(self, actions: object, uniforms: object = None) -> tuple[Array, Array]:
        """Take one action in every trajectory; return rewards (n,) and new states (n,).

        actions:  (n,) integers, allowed where their trajectory is
        uniforms: (n,) in [0, 1), for common random numbers; drawn if None
        raises:   InvalidMDPError naming the trajectory whose action is out of range or not allowed
        """
        expected = f"{self.states.shape} integers"
        chosen = read_indices("actions", actions, None, expected, self.states.shape)
        within = (chosen >= 0) & (chosen < self.n_actions)
        good = within & self.allowed[self.states, np.where(within, chosen, 0)]
        if (bad := np.flatnonzero(~good)).size:
            i = int(bad[0])
            options = np.flatnonzero(self.allowed[self.states[i]]).tolist()
            where, got = f"actions[{i}]", f"= {chosen[i]} in state {self.states[i]}"
            raise invalid("action", where, got, f"one of {options}", hidden=len(bad) - 1)
        u = None
        if uniforms is not None:
            u = read_as("uniforms", uniforms, rational=False)
            if u.shape != chosen.shape or not ((u >= 0) & (u < 1)).all():
                raise shape_error("uniforms", u.shape, f"{chosen.shape} numbers in [0, 1)")
        return self.advance(chosen.astype(np.intp), u)

    @public
    def advance(self, actions: Array, uniforms: Array | None = None) -> tuple[Array, Array]:
        """Take one step as `step` does, without checks: for actions of a checked policy."""
        u = self.rng.random(len(actions)) if uniforms is None else uniforms
        at = self._next.places(self.states * self.n_actions + actions, u)
        self.states = frozen(self._next.outcome[at])
        self.steps += len(actions)
        return self._reward[at], self.states

    def play(self, actions: Array) -> Outcome:
        """Take one step in every trajectory, as an environment reports it; not checked."""
        rewards, states = self.advance(actions)
        terminated = self.ends[states]
        return Outcome(rewards, states, terminated, np.zeros_like(terminated), self.tail[states])

    def restart(self, which: Array) -> Array:
        """Put the marked trajectories at the start, (n,) bool; return the states of all, (n,)."""
        states = self.states.copy()
        u = self.rng.random(int(which.sum()))
        states[which] = self._start.draw(np.zeros(len(u), dtype=np.intp), u)
        self.states = frozen(states)
        return self.states

    def save(self) -> Array:
        """Return the states of all trajectories, (n,), for a later `restore`."""
        return self.states

    def restore(self, states: object) -> Array:
        """Set the states of the trajectories, any number of them, such as a part of a saved array.

        states: (n,) integers
        raises: InvalidMDPError for another shape, and for an index out of range
        """
        index = read_indices("states", states, self.n_states, "(n,) integers")
        self.states = frozen(index.astype(np.intp))
        return self.states
