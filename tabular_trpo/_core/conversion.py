"""The numbers of a model in the other arithmetic, as the arguments that `MDP` builds it from."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from tabular_trpo._core.build import guard_dense
from tabular_trpo._core.errors import ExactnessError
from tabular_trpo._core.grid import renormalise_largest
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Matrix, elementwise
from tabular_trpo._core.rewards import exact_triples

if TYPE_CHECKING:
    from tabular_trpo._core.mdp import MDP

Numbers = dict[str, Any]  # arguments of `MDP`, by name


def floats(mdp: "MDP") -> Numbers:
    """Return P, r, rho0, gamma and r_next of a rational model as the nearest doubles.

    raises: ExactnessError where a positive probability would become 0, gamma 1, or a reward
            infinite
    """
    exact = {"P": mdp.P, "r": mdp.r, "rho0": mdp.rho0, "r_next": mdp.r_next}
    near: Numbers = {
        n: x if x is None else elementwise(nearest, x, np.float64) for n, x in exact.items()
    }
    if any(near[n] is not None and not np.all(np.isfinite(near[n])) for n in ("r", "r_next")):
        raise _no_double("overflow", "a reward", "is beyond the largest double")
    if any(np.any((near[n] == 0) != (exact[n] == 0)) for n in ("P", "rho0")):
        raise _no_double("underflow", "a positive probability", "is below the smallest double")
    gamma = nearest(mdp.gamma)
    if gamma == 1.0:
        raise _no_double("gamma", "gamma", f"= 1 - {nearest(1 - mdp.gamma):.3g} rounds to 1")
    return near | {"gamma": gamma}


def _no_double(code: str, where: str, got: str) -> ExactnessError:
    cure = "Stay in rational arithmetic"
    return ExactnessError.of(code, where, got, "a number float64 can hold", cure)


def rationals(mdp: "MDP") -> Numbers:
    """Return P, r, rho0, gamma and r_next of one float model as exact dyadic rationals.

    In a row with entries below 2^-53 the largest entry is adjusted so that the sum is 1; in rewards
    r(s, a, s') the one of largest weight, so that r is their mean (see `rewards.exact_triples`).

    raises: MemoryGuardError where the dense table would not fit
    """
    n_states, n_actions = mdp.r.shape
    guard_dense(n_states, n_actions, rational=True)
    P = _table(mdp, mdp.P)
    if mdp._below is not None:
        for s, a in np.argwhere(mdp._below):
            P[s, a] = renormalise_largest(P[s, a].tolist())
    rho0 = elementwise(Fraction, mdp.rho0)
    rho0[:] = renormalise_largest(rho0.tolist())
    r = elementwise(Fraction, mdp.r)
    r_next = None if mdp.r_next is None else exact_triples(P, r, _table(mdp, mdp.r_next))
    return {"P": P, "r": r, "rho0": rho0, "gamma": Fraction(mdp.gamma), "r_next": r_next}


def _table(mdp: "MDP", matrix: Matrix) -> Array:
    """Return a dense array or CSR as Fractions, (S, A, S)."""
    dense = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    return elementwise(Fraction, dense.reshape(*mdp.r.shape, mdp.n_states))
