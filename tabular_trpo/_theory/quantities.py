"""The values of the quantities of a pair, in floats, rationals and intervals.

The table `vocabulary` defines the quantities.  A quantity is computed by its formula when it is
first read, and stored.  An equation x = b + gamma*sum_a(pi*expect_next(x)) is solved.  EVALUATED
lists the quantities that the evaluation of a policy contains; VALUES has the others that no formula
defines: 0 log 0, and averages.

Average rewards do not depend on gamma, and exist for chains with one recurrent class.  With
H = (I - P_pi + 1 rho0)^-1, where rho0 may be any distribution, rho0 H is stationary, h = H r_pi
solves h = r_pi - J + P_pi h, and trace(H) = trace((I - P_pi + 1 d_avg)^-1).
Chains with more recurrent classes have no H: a NoValueError, and NaN in a float batch.
Source: Puterman (1994), section 8.2 and appendix A.
"""

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

from tabular_trpo._core.errors import NoValueError, Problem
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._exact.evaluate import evaluate_checked
from tabular_trpo._exact.optimal import optimal
from tabular_trpo._theory.expression import Expression, Values
from tabular_trpo._theory.ops import Ops
from tabular_trpo._theory.symbols import Symbols, definition
from tabular_trpo._theory.vocabulary import (
    FUNCTIONS,
    LITERAL,
    QUANTITIES,
    VocabularyEntry,
    entries,
)

EVALUATED = {
    name + new: attrgetter(f"{policy}.{name}")
    for policy, new in (("old", ""), ("new", "_new"))
    for name in ("V", "Q", "A", "rho", "d", "eta")
}
VALUES: dict[str, Callable[["Quantities"], Scalar]] = {
    "V_star": lambda p: optimal(p.mdp).V_star,
    "kl": lambda p: p.ops.kl(p.pi, p.pi_new),
    "kl_reversed": lambda p: p.ops.kl(p.pi_new, p.pi),
    "kl_d": lambda p: p.ops.kl(p.d, p.d_new),
    "log_gap": lambda p: p.ops.log_gap(p.pi, p.pi_new),
    "entropy": lambda p: p.ops.entropy(p.pi),
    "entropy_new": lambda p: p.ops.entropy(p.pi_new),
    "H": lambda p: p.ops.fundamental_matrix(p.pi, p.rho0),
    "H_new": lambda p: p.ops.fundamental_matrix(p.pi_new, p.rho0),
    "classes": lambda p: p.ops.classes(p.pi),
    "classes_new": lambda p: p.ops.classes(p.pi_new),
    "kemeny": lambda p: _trace(p.H),
    "kemeny_new": lambda p: _trace(p.H_new),
    "d_avg": lambda p: (p.ops.spread(p.rho0, 1) * p.H).sum(axis=-2),
    "d_avg_new": lambda p: (p.ops.spread(p.rho0, 1) * p.H_new).sum(axis=-2),
    "h": lambda p: _relative(p, p.H, p.pi),
    "h_new": lambda p: _relative(p, p.H_new, p.pi_new),
    "natural": lambda p: p.ops.natural_gradient(p.pi, p.rho, p.A, shared=False),
    "w_fit": lambda p: p.ops.natural_gradient(p.pi, p.rho, p.A, shared=True),
    "w_fit_new": lambda p: p.ops.natural_gradient(p.pi_new, p.rho_new, p.A_new, shared=True),
}


class Quantities:
    """A pair of policies in one arithmetic: its attributes are the quantities of the vocabulary.

    Scalars have the batch shape (...), the others (..., S) or (..., S, A).  The functions of the
    formula language are methods.  The class is abstract: a subclass supplies the operations of an
    arithmetic (`ops`), the model and the policies.
    """

    ops: Ops[Scalar]
    mdp: MDP
    gamma: Scalar
    rho0: Scalar
    r: Scalar
    pi: Scalar
    pi_new: Scalar
    target: Scalar  # None unless a mixture
    alpha: Scalar
    kept: Values | None = None

    @cached_property
    def old(self) -> Any:
        """The evaluation of the old policy pi."""
        return self._evaluation(self.pi)

    @cached_property
    def new(self) -> Any:
        """The evaluation of the new policy pi_new."""
        return self._evaluation(self.pi_new)

    def _evaluation(self, pi: Scalar) -> Any:
        """Return the evaluation of a checked policy."""
        return evaluate_checked(self.mdp, pi)

    @property
    def is_mixture(self) -> bool:
        """Whether pi_new is given as (1 - alpha) pi + alpha target."""
        return self.target is not None

    def settled(self, name: str, value: Scalar, *parts: str) -> Scalar:
        """Return a computed value; `Pair.settled` raises an error where doubles overflow."""
        return value

    def __getattr__(self, name: str) -> Any:
        """Return a quantity, which is computed once, or a function of the formula language."""
        found = [entry for entry in entries([name]) if entry.takes or entry.formula]
        if not found:
            raise AttributeError(f"a pair has no quantity or function {name!r}")
        (entry,) = found
        if entry.takes:
            return _function(self, entry)
        if entry.name not in self.__dict__:
            self.__dict__[entry.name] = self._computed(entry)
        return self.__dict__[entry.name]

    def __dir__(self) -> list[str]:
        """Return the names of all attributes, including the quantities and functions."""
        return [*super().__dir__(), *QUANTITIES, *FUNCTIONS]

    def _computed(self, entry: VocabularyEntry) -> Scalar:
        if not self.is_mixture and entry.mixture:
            got, cure = "has no target", "Make a mixture by Pair.mixture(mdp, pi, target, alpha)"
            raise NoValueError(Problem("target", "the pair", got, "a mixture", cure))
        if entry.name in EVALUATED:
            return EVALUATED[entry.name](self)
        if entry.name in VALUES:
            with np.errstate(over="ignore", invalid="ignore"):
                value = VALUES[entry.name](self)
            if entry.is_equation or "log" in entry.words:  # infinite or NaN by themselves
                return value
        elif entry.is_equation:
            value = self._solution(definition(entry))
        else:
            value = definition(entry).value(self)
        return self.settled(entry.name, value, *(x for x in entry.words if x != entry.name))

    def _solution(self, equation: Expression) -> Scalar:
        """Return the solution x of x = b + gamma*sum_a(policy*expect_next(x)), (..., S)."""
        b, discounted = equation.args
        policy, _ = discounted.args[1].args[0].args
        with np.errstate(over="ignore", invalid="ignore"):
            return self.ops.solve(policy.value(self), b.value(self))


def _function(p: Quantities, entry: VocabularyEntry) -> Callable[..., Scalar]:
    """Return a function of the formula language as a Python function of values of the pair."""

    def call(*values: Scalar) -> Scalar:
        if not entry.formula:
            return abs(*values) if entry.name == "abs" else getattr(p.ops, entry.name)(*values)
        args, known = [], {}
        for value, rank in zip(values, entry.takes, strict=True):
            if rank != LITERAL:
                held = Expression("value", (object(),), rank)
                known[held] = value
            args.append(value if rank == LITERAL else held)
        return getattr(Symbols(), entry.name)(*args).value(p, known)

    return call


def _relative(p: Quantities, H: Scalar, pi: Scalar) -> Scalar:
    return (H * p.ops.sum_a(pi * p.r)[..., None, :]).sum(axis=-1)


def _trace(H: Scalar) -> Scalar:
    s = np.arange(H.shape[-1])
    return H[..., s, s].sum(axis=-1)
