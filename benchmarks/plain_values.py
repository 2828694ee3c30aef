"""Plain floats against enclosures and exact values: where do they differ by more than rounding?"""

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
    """Return how the plain float values of a side differ from the truth."""
    try:
        exact = float(side.value(floats.exact))
    except LimitError:
        return []
    except (ArithmeticError, ValueError):
        exact = np.nan
    try:
        held = side.value(floats.enclosed())
        low, high = float(held.lo), float(held.hi)
    except (ArithmeticError, ValueError, TabularError):
        low, high = -np.inf, np.inf
    reach = NEAR + NARROW * abs(exact) if np.isfinite(exact) else 0.0
    differences = []
    if not np.isnan(exact) and not low - reach <= exact <= high + reach:
        differences.append(f"the enclosure [{low}, {high}] does not hold {exact}")
    for name, layout in layouts(floats).items():
        plain = _plain(side, layout)
        if np.isnan(exact) or np.isnan(plain):
            wrong = not (np.isnan(exact) and np.isnan(plain))
        elif low == high or high - low <= NARROW * (1 + abs(exact)):
            wrong = not low - reach <= plain <= high + reach
        else:
            wrong = False
        if wrong and _alike(side, floats, layout):
            differences.append(f"{name}: {plain} is {exact} exactly")
    return differences


def _plain(side: Expression, layout: tt.Pair) -> float:
    """Return the plain float value of a side, NaN where it has none."""
    try:
        return float(np.ravel(side.value(layout))[-1])
    except ArithmeticError:
        return np.nan


def overlooked(claim: Theorem, floats: tt.Pair) -> bool:
    """Whether the scores of `falsify` pass by a pair that an infinite side refutes.

    Pairs with a mask are left out, as the hunt has none, and those whose floats are not alike.
    """
    if floats.mdp.allowed is not None:
        return False
    parts = floats.mdp.P, floats.mdp.r, floats.mdp.rho0, floats.mdp.gamma, floats.pi
    end = (floats.target, floats.alpha) if floats.is_mixture else (floats.pi_new, 1.0)
    one = FastPair(PairTables(*(np.asarray(x, dtype=float)[None] for x in (*parts, *end))))
    sides = [claim.statement.lhs, claim.statement.rhs]
    if claim.condition is not None:
        sides += [claim.condition.lhs, claim.condition.rhs]
    return not scorer(claim)(one)[0] > 1 and all(_alike(x, floats, one) for x in sides)


@lru_cache(maxsize=2)
def layouts(floats: tt.Pair) -> dict[str, tt.Pair]:
    """Return the pair as it is, with CSR transitions, and as the second of a batch."""
    return {name: _on(floats, *parts) for name, parts in _models(floats).items()}


def _models(floats: tt.Pair) -> dict[str, tuple[tt.MDP, Any]]:
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
    if floats.is_mixture:
        alpha = np.full(mdp.batch_shape, floats.alpha) if mdp.batch_shape else floats.alpha
        return tt.Pair.mixture(mdp, each(floats.pi), each(floats.target), alpha)
    return tt.Pair(mdp, each(floats.pi), each(floats.pi_new))


def _alike(side: Expression, floats: tt.Pair, layout: Any) -> bool:
    """Whether zeros, infinities and signs of all parts are those of the exact values.

    Where a difference of equal numbers is 1e-17 in floats, a division by it is rounding's fault.
    """
    known: dict[Expression, Any] = {}
    return all(_same(x, floats, layout, known) for x in _parts(side))


def _parts(e: Expression) -> list[Expression]:
    inner = [part for x in e.args if isinstance(x, Expression) for part in _parts(x)]
    return [*inner, e]


def _same(e: Expression, floats: tt.Pair, layout: Any, known: dict[Expression, Any]) -> bool:
    try:
        exact = np.asarray(e.value(floats.exact, known), dtype=object)
    except (ArithmeticError, ValueError, LimitError):
        return True  # a part without a value is reached by parts that have one
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
    return real.sign(x), real.is_infinite(x)


def _float_kind(x: float) -> tuple[int, bool]:
    return int(np.sign(x)) if not np.isnan(x) else 2, bool(np.isinf(x))
