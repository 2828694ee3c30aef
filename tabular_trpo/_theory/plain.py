"""Batches of pairs in plain doubles: the fast arithmetic of searches and campaigns.

Problem: evaluate every quantity of a claim on thousands of small pairs at once.  Method:
`PairTables` stores N pairs of one size as arrays with a leading axis; each policy is evaluated by
one batched factorization of I - gamma P_pi, and `FastPair` computes the quantities by the formulas
that exact pairs also use.  Guarantee: none.  Inputs are not checked and results have no error
radius, so these numbers decide no claim: a candidate pair is converted to fractions
(`PairTables.exact`) and judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, final

import numpy as np

from tabular_trpo._core import policy
from tabular_trpo._core.instance import Instance
from tabular_trpo._core.linalg import dense
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.readable import readable
from tabular_trpo._theory.float_ops import FloatOps
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.quantities import Quantities

MOST_DENOMINATOR = 10**6  # of a gamma that is read as a fraction
SLOWEST = 1e6  # Kemeny's constant, beyond which averages are not searched
NO_GAIN = 1e-11  # advantages below this share of the values are rounding


@final
@readable
@dataclass(frozen=True, slots=True, eq=False)
class PairTables:
    """Arrays of N pairs of one size in doubles, or of one pair in Fractions, without checks.

    The new policy is (1 - alpha) pi + alpha target.  One pair has no leading axis; its alpha may be
    None, and its target is then the new policy itself.  All actions are allowed.

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
    gamma: Any
    pi: Array
    target: Array
    alpha: Any
    is_sparse: ClassVar = False

    @staticmethod
    def of(instance: Instance) -> "PairTables":
        """Return the tables of one instance; the `allowed` actions of its model are not stored."""
        mdp = instance.mdp
        policies = instance.pi, instance.other, instance.alpha
        return PairTables(mdp.P, mdp.r, mdp.rho0, mdp.gamma, *policies)

    @staticmethod
    def joined(parts: "Sequence[PairTables]") -> "PairTables":
        """Return the concatenation of several batches whose pairs have one size."""
        names = (f.name for f in fields(PairTables))
        return PairTables(*(np.concatenate([getattr(x, name) for x in parts]) for name in names))

    @staticmethod
    def stacked(pairs: "Sequence[PairTables]") -> "PairTables":
        """Return single pairs of one size as a batch in doubles; alpha is 1 where it was None."""
        mixed = [x.changed(alpha=1) if x.alpha is None else x for x in pairs]
        tables = ([getattr(x, f.name) for x in mixed] for f in fields(PairTables))
        return PairTables(*(np.array(x, dtype=object).astype(np.float64) for x in tables))

    def __len__(self) -> int:
        """Return the number N of pairs."""
        return len(self.gamma)

    def __getitem__(self, index: Any) -> "PairTables":
        """Return the batch at a slice, mask or index array, or the single pair at an integer."""
        return PairTables(*(getattr(self, f.name)[index] for f in fields(self)))

    def put(self, index: Any, pairs: "PairTables") -> None:
        """Overwrite the pairs at an index in place; the caller must own the arrays."""
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(pairs, f.name)

    def changed(self, **tables: Any) -> "PairTables":
        """Return the pairs with the given fields replaced."""
        return replace(self, **tables)

    @property
    def size(self) -> tuple[int, int]:
        """The numbers of states and actions, (S, A)."""
        n_states, n_actions = self.r.shape[-2:]
        return n_states, n_actions

    @property
    def mask(self) -> Array:
        """The mask (S, A) of the allowed actions, which is True everywhere."""
        return np.ones(self.size, dtype=bool)

    @property
    def pi_new(self) -> Array:
        """The new policies (1 - alpha) pi + alpha target, (N, S, A)."""
        if self.alpha is None:
            return self.target
        weight = np.asarray(self.alpha)[..., None, None]
        return np.asarray(self.pi + weight * (self.target - self.pi))

    def as_mixture(self, mixture: bool) -> "PairTables":
        """Return one pair as a mixture, or with its new policy as the target and alpha = None.

        A pair without alpha becomes a mixture with alpha = 1.
        """
        if not mixture:
            return self.changed(target=self.pi_new, alpha=None)
        return self if self.alpha is not None else self.changed(alpha=Fraction(1))

    def exact(self, index: int) -> "PairTables":
        """Return one pair of a batch in Fractions.

        Rows are multiples of 2^-53; gamma is a simple fraction that rounds to the double.

        raises: InvalidMDPError for rows that do not sum to 1
        """
        one = self[index]
        gamma = Fraction(float(one.gamma))
        nearest = gamma.limit_denominator(MOST_DENOMINATOR)
        gamma = nearest if float(nearest) == one.gamma else gamma
        mdp = MDP(one.P, one.r, one.rho0, 0.5).to_rational()
        pi, target = policy.to_rational(one.pi), policy.to_rational(one.target)
        return PairTables(mdp.P, mdp.r, mdp.rho0, gamma, pi, target, Fraction(float(one.alpha)))

    def pair(self) -> Pair:
        """Return one pair in Fractions as a `Pair`, which checks the model and the policies."""
        mdp = MDP(self.P, self.r, self.rho0, self.gamma)
        return Pair.of(Instance.towards("", mdp, self.pi, self.target, self.alpha))


@final
class FastEvaluation(NamedTuple):
    """The evaluations of a batch in plain doubles; fields as in `exact.evaluate.Evaluation`."""

    V: Array
    Q: Array
    A: Array
    rho: Array
    d: Array
    eta: Array


@final
class FastPair(Quantities):
    """The quantities of all claims on a batch of pairs, in plain doubles without error radii."""

    def __init__(self, tables: PairTables) -> None:
        """Store the tables; the policies are evaluated when a quantity is first read."""
        self.tables = tables
        self.kept = {}
        self.rho0, self.r, self.gamma = tables.rho0, tables.r, tables.gamma
        self.pi, self.pi_new = tables.pi, tables.pi_new
        self.target, self.alpha = tables.target, tables.alpha
        model: Any = tables  # the operations read P, r, gamma, mask and is_sparse of a model
        self.mdp, self.ops = model, FloatOps(model)

    def _evaluation(self, pi: Array) -> FastEvaluation:
        """Return the evaluation in plain doubles."""
        return evaluated(self.tables, pi)

    @cached_property
    def V_star(self) -> Array:
        """The optimal values V*, (N, S)."""
        return optimum(self.tables)

    @cached_property
    def rounding_scale(self) -> Array:
        """The scale of rounding errors of each pair, (N,).

        It is the largest absolute value or advantage times 1 / (1 - gamma).
        """
        return np.asarray((self.max_s(abs(self.V)) + self.eps) / (1 - self.gamma))

    @cached_property
    def average_rounding_scale(self) -> Array:
        """The scale of rounding errors of average-reward quantities, (N,).

        It is the largest relative value times Kemeny's constant.  It is infinite where a chain
        mixes so slowly that its average rewards are not searched.
        """
        values = 1 + np.maximum(self.max_s(abs(self.h)), self.max_sa(abs(self.r)))
        mixing_time = self.kemeny + self.kemeny_new
        return np.asarray(values * np.where(mixing_time > SLOWEST, np.inf, mixing_time))


def optimum(tables: PairTables) -> Array:
    """Return the optimal values V* by policy iteration in plain doubles, (N, S)."""
    actions = np.argmax(tables.r, axis=-1)
    while True:
        taken = (actions[..., None] == np.arange(tables.r.shape[-1])) * 1.0
        found = evaluated(tables, taken)
        best = np.argmax(found.A, axis=-1)
        gain = np.max(found.A, axis=-1)
        # Gains within rounding do not count, so that the loop ends.
        better = gain > NO_GAIN * (1 + np.abs(found.V).max(axis=-1, keepdims=True))
        if not better.any():
            return found.V
        actions = np.where(better, best, actions)


def evaluated(tables: PairTables, pi: Array) -> FastEvaluation:
    """Evaluate one policy (N, S, A) a pair by a batched factorization, without error radii."""
    P_pi, r_pi = dense.close(tables.P, tables.r, pi)
    resolvent = dense.solve(P_pi, tables.gamma)
    V = resolvent.forward(r_pi)
    # Rounding makes a visitation of 0 slightly negative; times an infinite KL that has no value.
    rho = np.maximum(resolvent.backward(tables.rho0), 0.0)
    Q = tables.r + tables.gamma[:, None, None] * dense.expect(tables.P, V)
    d = (1 - tables.gamma[:, None]) * rho
    eta = np.einsum("ns,ns->n", tables.rho0, V)
    return FastEvaluation(V, Q, Q - V[..., None], rho, d, eta)
