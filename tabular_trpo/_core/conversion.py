"""The numbers of a model in the other arithmetic, as the arguments that `MDP` builds it from."""

from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo._core.build import guard_dense
from tabular_trpo._core.errors import ExactnessError
from tabular_trpo._core.grid import renormalise_largest
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Matrix, elementwise
from tabular_trpo._core.rewards import exact_triples

Numbers = dict[str, Any]  # P, r, rho0, gamma and r_next of a model, by name


def floats(model: Numbers) -> Numbers:
    """Return the numbers of a rational model as the nearest doubles.

    raises: ExactnessError where a positive probability would become 0, gamma 1, or a reward
            infinite
    """
    exact = {n: x for n, x in model.items() if n != "gamma"}
    near: Numbers = {
        n: x if x is None else elementwise(nearest, x, np.float64) for n, x in exact.items()
    }
    if any(near[n] is not None and not np.all(np.isfinite(near[n])) for n in ("r", "r_next")):
        raise _no_double("overflow", "a reward", "is beyond the largest double")
    if any(np.any((near[n] == 0) != (exact[n] == 0)) for n in ("P", "rho0")):
        raise _no_double("underflow", "a positive probability", "is below the smallest double")
    gamma = nearest(model["gamma"])
    if gamma == 1.0:
        raise _no_double("gamma", "gamma", f"= 1 - {nearest(1 - model['gamma']):.3g} rounds to 1")
    return near | {"gamma": gamma}


def _no_double(code: str, where: str, got: str) -> ExactnessError:
    cure = "Stay in rational arithmetic"
    return ExactnessError.of(code, where, got, "a number float64 can hold", cure)


def rationals(model: Numbers, below: Array | None) -> Numbers:
    """Return the numbers of one float model as exact dyadic rationals.

    In a row with entries below 2^-53 the largest entry is adjusted so that the sum is 1; in rewards
    r(s, a, s') the one of largest weight, so that r is their mean (see `rewards.exact_triples`).

    below:  (S, A) the mass of each row of P in entries below 2^-53; None where there are none
    raises: MemoryGuardError where the dense table would not fit
    """
    n_states, n_actions = shape = model["r"].shape
    guard_dense(n_states, n_actions, rational=True)
    P = _table(model["P"], shape)
    if below is not None:
        for s, a in np.argwhere(below):
            P[s, a] = renormalise_largest(P[s, a].tolist())
    rho0 = elementwise(Fraction, model["rho0"])
    rho0[:] = renormalise_largest(rho0.tolist())
    r, r_next = elementwise(Fraction, model["r"]), model["r_next"]
    if r_next is not None:
        r_next = exact_triples(P, r, _table(r_next, shape))
    return {"P": P, "r": r, "rho0": rho0, "gamma": Fraction(model["gamma"]), "r_next": r_next}


def _table(matrix: Matrix, shape: tuple[int, int]) -> Array:
    """Return a dense array (S, A, S) or CSR (S*A, S) as Fractions, (S, A, S) with shape (S, A)."""
    dense = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    return elementwise(Fraction, dense.reshape(*shape, shape[0]))
