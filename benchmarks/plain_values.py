"""Plain float values of formulas compared with enclosures and exact values.

A plain value is computed in doubles without a radius, in three layouts: dense, CSR and batched.  It
must agree with the exact value up to rounding wherever the parts of the formula have the same
signs, zeros and infinities in both.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp

import tabular_trpo as tt
from tabular_trpo._core import real
from tabular_trpo._core.errors import LimitError, TabularError
from tabular_trpo._falsify.score import scorer
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.plain import FastPair, PairTables

NARROW, NEAR = 1e-6, 1e-9


def plain_differences(side: Expression, floats: tt.Pair) -> list[str]:
    """Return how the plain values and the enclosure of a side contradict its exact value."""
    try:
        exact = float(side.value(floats.exact))
    except LimitError:
        return []
    except (ArithmeticError, ValueError):
        exact = np.nan
    try:
        enclosure = side.value(floats.enclosed())
        low, high = float(enclosure.lo), float(enclosure.hi)
    except (ArithmeticError, ValueError, TabularError):
        low, high = -np.inf, np.inf
    margin = NEAR + NARROW * abs(exact) if np.isfinite(exact) else 0.0
    differences = []
    if not np.isnan(exact) and not low - margin <= exact <= high + margin:
        differences.append(f"the enclosure [{low}, {high}] does not contain {exact}")
    for name, layout in layouts(floats).items():
        plain = _plain(side, layout)
        if np.isnan(exact) or np.isnan(plain):
            wrong = not (np.isnan(exact) and np.isnan(plain))
        elif low == high or high - low <= NARROW * (1 + abs(exact)):
            wrong = not low - margin <= plain <= high + margin
        else:
            wrong = False
        if wrong and _same_signs(side, floats, layout):
            differences.append(f"{name}: {plain} is {exact} in exact arithmetic")
    return differences


def _plain(side: Expression, layout: tt.Pair) -> float:
    """Return the plain float value of a side, NaN if it has no value."""
    try:
        return float(np.ravel(side.value(layout))[-1])
    except ArithmeticError:
        return np.nan


def overlooked(claim: Theorem, floats: tt.Pair) -> bool:
    """Return whether the score of `falsify` misses a pair that an infinite side refutes.

    A score above 1 sends a pair to the judge.  The answer is False for pairs with a mask, which
    `falsify` does not have, and for pairs whose floats differ from the exact values in a sign, a
    zero or an infinity.
    """
    if floats.mdp.allowed is not None:
        return False
    parts = floats.mdp.P, floats.mdp.r, floats.mdp.rho0, floats.mdp.gamma, floats.pi
    end = (floats.target, floats.alpha) if floats.is_mixture else (floats.pi_new, 1.0)
    one = FastPair(PairTables(*(np.asarray(x, dtype=float)[None] for x in (*parts, *end))))
    sides = [claim.statement.lhs, claim.statement.rhs]
    if claim.condition is not None:
        sides += [claim.condition.lhs, claim.condition.rhs]
    return not scorer(claim)(one)[0] > 1 and all(_same_signs(x, floats, one) for x in sides)


@lru_cache(maxsize=2)
def layouts(floats: tt.Pair) -> dict[str, tt.Pair]:
    """Return the pair in three layouts: dense, CSR, and as the second pair of a batch."""
    return {name: _on(floats, *parts) for name, parts in _models(floats).items()}


def _models(floats: tt.Pair) -> dict[str, tuple[tt.MDP, Any]]:
    """Return for each layout the model, and the function that converts an array to the layout."""
    mdp = floats.mdp
    rows = sp.csr_array(mdp.P.reshape(-1, mdp.n_states))
    other = np.zeros_like(mdp.P)
    other[..., 0] = mdp.mask
    two = tt.MDP(
        np.stack([other, mdp.P]),
        np.stack([mdp.r, mdp.r]),
        np.stack([mdp.rho0, mdp.rho0]),
        np.array([0.5, mdp.gamma]),
        mdp.allowed,
    )
    return {
        "dense": (mdp, lambda x: x),
        "csr": (tt.MDP(rows, mdp.r, mdp.rho0, mdp.gamma, mdp.allowed), lambda x: x),
        "batch": (two, lambda x: np.stack([x, x])),
    }


def _on(floats: tt.Pair, mdp: tt.MDP, each: Any) -> tt.Pair:
    """Return the pair on another layout of its model; `each` converts a policy to the layout."""
    if floats.is_mixture:
        alpha = np.full(mdp.batch_shape, floats.alpha) if mdp.batch_shape else floats.alpha
        return tt.Pair.mixture(mdp, each(floats.pi), each(floats.target), alpha)
    return tt.Pair(mdp, each(floats.pi), each(floats.pi_new))


def _same_signs(side: Expression, floats: tt.Pair, layout: Any) -> bool:
    """Return whether all parts of a side have the signs, zeros and infinities of the exact values.

    If a difference that is exactly 0 is 1e-17 in floats, a quotient by it cannot be compared.
    """
    cache: dict[Expression, Any] = {}
    return all(_same(x, floats, layout, cache) for x in _parts(side))


def _parts(e: Expression) -> list[Expression]:
    """Return an expression and all its subexpressions, operands before operations."""
    inner = [part for x in e.args if isinstance(x, Expression) for part in _parts(x)]
    return [*inner, e]


def _same(e: Expression, floats: tt.Pair, layout: Any, cache: dict[Expression, Any]) -> bool:
    """Return whether the plain and the exact value of e have equal signs, zeros and infinities."""
    try:
        exact = np.asarray(e.value(floats.exact, cache), dtype=object)
    except (ArithmeticError, ValueError, LimitError):
        return True  # a part without a value has operands that are compared
    try:
        plain = np.asarray(e.value(layout), dtype=float)
    except ArithmeticError:
        return False
    plain = np.broadcast_to(plain[-1] if plain.ndim > exact.ndim else plain, exact.shape)
    if exact.ndim == 2:
        exact, plain = exact[floats.mdp.mask], plain[floats.mdp.mask]
    return all(
        _kind(x) == _float_kind(y) for x, y in zip(exact.ravel(), plain.ravel(), strict=True)
    )


def _kind(x: Any) -> tuple[int, bool]:
    """Return the sign of an exact number, and whether it is infinite."""
    return real.sign(x), real.is_infinite(x)


def _float_kind(x: float) -> tuple[int, bool]:
    """Return the sign of a double (2 for NaN), and whether it is infinite."""
    return int(np.sign(x)) if not np.isnan(x) else 2, bool(np.isinf(x))
