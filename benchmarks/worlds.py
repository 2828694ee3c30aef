"""Random small models with policies, records and files, for `benchmarks.invalid_input`."""

from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import tabular_trpo as tt
from tabular_trpo._improve.step import step_to
from tabular_trpo._improve.stopping import iterations

HORIZON = 3


class World:
    """A random small model, and policies, evaluations, surrogates, samples and records of it.

    rational: whether its numbers are Fractions
    sparse:   whether P is CSR (floats only)
    masked:   whether some action of some state is not allowed
    """

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw the sizes, the mask and the numbers of the model."""
        self.rng = rng
        self.folder = Path(".")
        self.rational = bool(rng.random() < 0.4)
        self.sparse = not self.rational and bool(rng.random() < 0.3)
        self.S, self.A = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        self.masked = self.A > 1 and bool(rng.random() < 0.4)
        self.allowed = np.ones((self.S, self.A), dtype=bool)
        if self.masked:
            self.allowed[rng.integers(self.S), rng.integers(self.A)] = False
        self.P = self.rows((self.S, self.A, self.S))
        self.P[~self.allowed] = 0 * self.P[~self.allowed]
        self.r = self.numbers((self.S, self.A))
        self.rho0 = self.rows((self.S,))
        self.gamma = Fraction(1, 2) if self.rational else 0.5
        self.state_names = [f"state {s}" for s in range(self.S)]
        self.action_names = [f"action {a}" for a in range(self.A)]
        self.counts = rng.integers(1, 9, (self.S, self.A, self.S))

    def numbers(self, shape: tuple[int, ...]) -> Any:
        """Return random multiples of 1/4 from -9/4 to 9/4 in the arithmetic of the model."""
        whole = self.rng.integers(-9, 10, shape)
        exact = np.array([Fraction(int(x), 4) for x in whole.flat], dtype=object).reshape(shape)
        return exact if self.rational else exact.astype(float)

    def rows(self, shape: tuple[int, ...], mask: Any = None) -> Any:
        """Return random probabilities over the last axis, positive where the mask is true."""
        weight = self.rng.integers(1, 9, shape) * (1 if mask is None else mask)
        exact = np.array([Fraction(int(x)) for x in weight.flat], dtype=object).reshape(shape)
        exact = exact / exact.sum(axis=-1, keepdims=True)
        return exact if self.rational else exact.astype(float)

    @cached_property
    def transitions(self) -> list[tuple[Any, ...]]:
        """The transitions (s, a, s', probability, reward) of the model."""
        sizes = np.ndindex(self.S, self.A, self.S)
        return [(s, a, t, self.P[s, a, t], self.r[s, a]) for s, a, t in sizes if self.allowed[s, a]]

    @cached_property
    def mdp(self) -> tt.MDP:
        """The model with its mask, as CSR if `sparse`."""
        P = self.P
        if self.sparse:
            from scipy import sparse

            P = sparse.csr_array(P.reshape(-1, self.S))
        return tt.MDP(P, self.r, self.rho0, self.gamma, self.allowed if self.masked else None)

    @cached_property
    def batch(self) -> tt.MDP:
        """A batch of two float models of the same size."""
        P = np.full((2, self.S, self.A, self.S), 1 / self.S)
        return tt.MDP(P, np.zeros((2, self.S, self.A)), np.full((2, self.S), 1 / self.S), 0.5)

    @cached_property
    def floats(self) -> tt.MDP:
        """The model converted to floats."""
        return self.mdp.to_float()

    @cached_property
    def pi(self) -> Any:
        """A policy (S, A) in which every allowed action has positive probability."""
        return self.rows((self.S, self.A), self.allowed)

    @cached_property
    def pi_new(self) -> Any:
        """A second policy (S, A) in which every allowed action has positive probability."""
        return self.rows((self.S, self.A), self.allowed)

    @cached_property
    def float_pi(self) -> Any:
        """The first policy in floats."""
        return tt.policies.check_policy(self.floats, self.pi.astype(float))

    @cached_property
    def float_pi_new(self) -> Any:
        """The second policy in floats."""
        return tt.policies.check_policy(self.floats, self.pi_new.astype(float))

    @cached_property
    def pair(self) -> tt.Pair:
        """The pair of both policies."""
        return tt.Pair(self.mdp, self.pi, self.pi_new)

    @cached_property
    def ev(self) -> tt.Evaluation:
        """The evaluation of the first policy."""
        return tt.evaluate(self.mdp, self.pi)

    @cached_property
    def L(self) -> tt.Surrogate:
        """The surrogate of the first policy."""
        return tt.surrogate(self.ev)

    @cached_property
    def float_L(self) -> tt.Surrogate:
        """The surrogate of the first policy on the float model."""
        return tt.surrogate(tt.evaluate(self.floats, self.float_pi))

    @cached_property
    def members(self) -> tt.improve.SoftmaxClass:
        """The softmax policies with a logit for each allowed action."""
        return tt.improve.SoftmaxClass((self.S, self.A), None, self.allowed)

    @cached_property
    def theta(self) -> Any:
        """Logits (S, A) of the first policy."""
        return np.log(np.where(self.allowed, self.float_pi, 1.0))

    @cached_property
    def step(self) -> Any:
        """The step from the first to the second policy."""
        return step_to(self.L, self.pi_new)

    @cached_property
    def tv_step(self) -> Any:
        """The step of the total variation constraint with radius 1/4."""
        return tt.improve.tv_constraint(self.L, Fraction(1, 4) if self.rational else 0.25)

    @property
    def sim(self) -> tt.sampled.Simulator:
        """A new simulator, reset to two trajectories."""
        sim = tt.sampled.Simulator(self.floats, np.random.default_rng(0))
        sim.reset(2)
        return sim

    @cached_property
    def rollouts(self) -> tt.sampled.Rollouts:
        """Sampled paths of the first policy."""
        return tt.sampled.single_path(self.sim, self.float_pi, 4, HORIZON)

    @cached_property
    def counted(self) -> tt.sampled.TransitionCounts:
        """The transition counts of the sampled paths."""
        empty = tt.sampled.TransitionCounts.empty((self.S, self.A), float(self.sim.gamma))
        return empty.added(self.rollouts)

    @cached_property
    def empirical(self) -> tt.sampled.EmpiricalEvaluation:
        """The evaluation of the first policy in the empirical model of the counts."""
        return self.counted.estimate(self.float_pi)

    @cached_property
    def stream(self) -> tt.sampled.Stream:
        """A stream of two parallel episodes."""
        return tt.sampled.Stream(self.sim, 2)

    @cached_property
    def vine(self) -> tt.sampled.Vine:
        """A vine of the first policy with all actions."""
        return tt.sampled.vine(self.sim, self.float_pi, 4, horizon=HORIZON)

    @cached_property
    def record(self) -> Any:
        """The record of a greedy step."""
        run = tt.improve.iterate(
            self.mdp, self.pi, lambda ev, L: tt.improve.greedy(L), [iterations(1)]
        )
        return next(run)

    @cached_property
    def verdict(self) -> tt.Verdict:
        """The verdict on the first theorem of the table for the pair."""
        return tt.judge(tt.THEOREMS[0], self.pair)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The model as a document of the file format."""
        return tt.formats.to_document(self.mdp)

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """A certificate of two theorems on a fixed pair."""
        case = tt.families.worst_case.fork("1/2", "1/4", "1/4")
        return tt.certificate(case.mdp, case.pi, case.pi_new, ["trpo_bound", "surrogate_value"])

    @cached_property
    def curve(self) -> Any:
        """A learning curve of three points."""
        grid = np.arange(3.0)
        return tt.sampled.comparison.Curve(grid, grid, 0)

    @cached_property
    def full_vine(self) -> tt.sampled.Vine:
        """A vine of the first policy with two sampled actions at each root."""
        return tt.sampled.vine(self.sim, self.float_pi, 4, 2, horizon=HORIZON)

    @cached_property
    def ratio(self) -> tt.sampled.SelfNormalised:
        """The self-normalised objective of the vine with sampled actions."""
        return tt.sampled.self_normalised(self.full_vine, self.float_pi)

    @property
    def at_0(self) -> tt.sampled.Simulator:
        """A simulator with two trajectories in state 0."""
        sim = self.sim
        sim.restore(np.zeros(2, dtype=int))
        return sim

    @property
    def path(self) -> Any:
        """The path of a file with the model."""
        path = self.folder / "model.mdp.json"
        if not path.exists():
            tt.write(self.mdp, path)
        return path

    @cached_property
    def exact(self) -> tuple[Any, Any, Any]:
        """A rational model, policy and step in total variation."""
        case = tt.families.worst_case.fork("1/2", "1/4", "1/4")
        L = tt.surrogate(tt.evaluate(case.mdp, case.pi))
        return case.mdp, case.pi, tt.improve.tv_penalty(L, Fraction(1, 4))
