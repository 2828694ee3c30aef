"""Batches of float pairs without proofs: what searches and campaigns screen with.

Nothing is validated and nothing has a radius, so a number from here decides nothing; a pair that
looks interesting is read exactly (`Cases.pair`) and judged.
"""

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, final

import numpy as np

from tabular_trpo._core import policy
from tabular_trpo._core.linalg import dense
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.readable import readable
from tabular_trpo._core.records import locked
from tabular_trpo._theory.float_ops import FloatOps
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.quantities import Quantities

MOST_DENOMINATOR = 10**6  # of a gamma that is read as a fraction
SLOWEST = 1e6  # Kemeny's constant, beyond which averages are not searched
STILL = 1e-11  # advantages below this share of the values are rounding


@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """N pairs of one size as plain arrays; the new policy is (1 - alpha) pi + alpha target.

    P:          (N, S, A, S)   rows sum to 1 up to rounding
    r:          (N, S, A)
    rho0:       (N, S)
    gamma:      (N,)           in [0, 1)
    pi, target: (N, S, A)
    alpha:      (N,)           in [0, 1]
    """

    P: Array
    r: Array
    rho0: Array
    gamma: Array
    pi: Array
    target: Array
    alpha: Array

    def __len__(self) -> int:
        """Return N."""
        return len(self.gamma)

    def __getitem__(self, index: Any) -> "Cases":
        """Return some of the cases, by a slice, a mask or an array of indices."""
        return Cases(*(getattr(self, f.name)[index] for f in fields(self)))

    def put(self, index: Any, cases: "Cases") -> None:
        """Overwrite some of the cases; only what owns its arrays may do so."""
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(cases, f.name)

    def changed(self, **arrays: Array) -> "Cases":
        """Return the cases with other arrays in some places."""
        return replace(self, **arrays)

    @staticmethod
    def joined(parts: "list[Cases]") -> "Cases":
        """Return all cases of one size in one batch."""
        return Cases(*(np.concatenate([getattr(c, f.name) for c in parts]) for f in fields(Cases)))

    @property
    def pi_new(self) -> Array:
        """The new policies, (N, S, A)."""
        return np.asarray(self.pi + self.alpha[:, None, None] * (self.target - self.pi))

    def pair(self, index: int, mixture: bool = True) -> Pair:
        """Return one case as an exact pair: rows k / 2^53, gamma the simplest fraction near it.

        mixture: whether as a mixture pair, which has alpha and a target
        raises:  InvalidMDPError for rows that do not sum to 1
        """
        one = self[index]
        gamma = Fraction(float(one.gamma))
        nearest = gamma.limit_denominator(MOST_DENOMINATOR)
        gamma = nearest if float(nearest) == one.gamma else gamma
        exact = MDP(one.P, one.r, one.rho0, 0.5).to_rational()
        mdp = MDP(exact.P, exact.r, exact.rho0, gamma)
        pi, target = policy.to_rational(one.pi), policy.to_rational(one.target)
        made = Pair.mixture(mdp, pi, target, Fraction(float(one.alpha)))
        return made if mixture else Pair(mdp, pi, made.pi_new)


@final
class Plain(NamedTuple):
    """The evaluations of a batch in plain doubles; fields as in `exact.evaluate.Evaluation`."""

    V: Array
    Q: Array
    A: Array
    rho: Array
    d: Array
    eta: Array


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class PlainModel:
    """What `FloatOps` asks of a model."""

    P: Array
    r: Array
    gamma: Array
    mask: Array
    is_sparse: bool = False


@final
class PlainPair(Quantities):
    """Every quantity of a claim on a batch of cases, in plain doubles and without radii."""

    def __init__(self, cases: Cases) -> None:
        """Keep the arrays; nothing is evaluated yet."""
        self.cases = cases
        self.kept = {}
        self.rho0, self.r, self.gamma = cases.rho0, cases.r, cases.gamma
        self.pi, self.pi_new = cases.pi, cases.pi_new
        self.target, self.alpha = cases.target, cases.alpha
        model: Any = PlainModel(
            cases.P, cases.r, cases.gamma, np.ones(cases.r.shape[1:], dtype=bool)
        )
        self.mdp, self.ops = model, FloatOps(model)

    @cached_property
    def old(self) -> Plain:
        """The plain evaluation of pi."""
        return evaluated(self.cases, self.pi)

    @cached_property
    def new(self) -> Plain:
        """The plain evaluation of pi_new."""
        return evaluated(self.cases, self.pi_new)

    @cached_property
    def V_star(self) -> Array:
        """The optimal values."""
        return optimum(self.cases)

    @cached_property
    def field(self) -> Array:
        """The size of values and advantages over a horizon, (N,): what rounding is a share of."""
        return np.asarray((self.max_s(abs(self.V)) + self.eps) / (1 - self.gamma))

    @cached_property
    def average_field(self) -> Array:
        """The same for averages and stationary laws, (N,); Kemeny's constant is the horizon.

        Infinite where a chain hardly mixes: read simply, it would not mix at all.
        """
        values = 1 + np.maximum(self.max_s(abs(self.h)), self.max_sa(abs(self.r)))
        horizon = self.kemeny + self.kemeny_new
        return np.asarray(values * np.where(horizon > SLOWEST, np.inf, horizon))


def optimum(cases: Cases) -> Array:
    """Return the optimal values by policy iteration in plain doubles, (N, S)."""
    actions = np.argmax(cases.r, axis=-1)
    while True:
        taken = (actions[..., None] == np.arange(cases.r.shape[-1])) * 1.0
        found = evaluated(cases, taken)
        best = np.argmax(found.A, axis=-1)
        gain = np.max(found.A, axis=-1)
        # Gains within rounding are none, so that the loop ends.
        better = gain > STILL * (1 + np.abs(found.V).max(axis=-1, keepdims=True))
        if not better.any():
            return found.V
        actions = np.where(better, best, actions)


def evaluated(cases: Cases, pi: Array) -> Plain:
    """Evaluate a policy of each case by one factorization, without radii."""
    P_pi, r_pi = dense.close(cases.P, cases.r, pi)
    resolvent = dense.solve(P_pi, cases.gamma)
    V = resolvent.forward(r_pi)
    # Rounding makes a visitation of 0 slightly negative; times an infinite KL that has no value.
    rho = np.maximum(resolvent.backward(cases.rho0), 0.0)
    Q = cases.r + cases.gamma[:, None, None] * dense.expect(cases.P, V)
    d = (1 - cases.gamma[:, None]) * rho
    return Plain(V, Q, Q - V[..., None], rho, d, np.einsum("ns,ns->n", cases.rho0, V))
