"""The numbers of a model in the other arithmetic, as the arguments that `MDP` builds it from."""

from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo._core.build import guard_dense
from tabular_trpo._core.errors import ExactnessError
from tabular_trpo._core.grid import renormalise_largest
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, elementwise, is_sparse
from tabular_trpo._core.rewards import exact_triples


def floats(mdp: Any) -> dict[str, Any]:
    """Return P, r, rho0, gamma and r_next of a rational model as the nearest doubles.

    raises: ExactnessError where a positive probability would become 0, gamma 1, or a reward infinite
    """
    P, rho0 = (elementwise(nearest, x, np.float64) for x in (mdp.P, mdp.rho0))
    gamma = nearest(mdp.gamma)
    r, r_next = (
        None if x is None else elementwise(nearest, x, np.float64) for x in (mdp.r, mdp.r_next)
    )
    if any(x is not None and not np.all(np.isfinite(x)) for x in (r, r_next)):
        raise _no_double("overflow", "a reward", "is beyond the largest double")
    if np.any((P == 0) != (mdp.P == 0)) or np.any((rho0 == 0) != (mdp.rho0 == 0)):
        what = "a positive probability"
        raise _no_double("underflow", what, "is below the smallest double")
    if gamma == 1.0:
        raise _no_double("gamma", "gamma", f"= 1 - {nearest(1 - mdp.gamma):.3g} rounds to 1")
    return {"P": P, "r": r, "rho0": rho0, "gamma": gamma, "r_next": r_next}


def _no_double(code: str, where: str, got: str) -> ExactnessError:
    cure = "Stay in rational arithmetic"
    return ExactnessError.of(code, where, got, "a number float64 can hold", cure)


def rationals(mdp: Any) -> dict[str, Any]:
    """Return P, r, rho0, gamma and r_next of a single float model as the dyadics that they are.

    In a row with entries below 2^-53 the largest entry gives way; in rewards r(s, a, s') the one
    that weighs most, so that r is their mean exactly (see `rewards.exact_triples`).

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


def _table(mdp: Any, matrix: Any) -> Array:
    """Return a dense array or CSR as Fractions, (S, A, S)."""
    dense = matrix.toarray() if is_sparse(matrix) else matrix
    return elementwise(Fraction, dense.reshape(*mdp.r.shape, mdp.n_states))
