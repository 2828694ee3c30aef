"""Enclosures hold the exact quantities; batches and CSR models agree with single dense ones."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._core import real
from tabular_trpo._core.interval import Interval
from tabular_trpo._theory.claim import claim
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.vocabulary import QUANTITIES
from tabular_trpo.families import worst_case
from tests.strategies import mixture_pairs, pairs, rational_pairs

OF_MIXTURES = {name for name, entry in QUANTITIES.items() if entry.mixture}
OF_AVERAGES = {name for name, entry in QUANTITIES.items() if entry.average}
OF_FITS = {"natural", "w_fit", "w_fit_new"}
SOLVED_FOR = (
    {"K", "K_new"} | OF_AVERAGES | OF_FITS
)  # enclosed pairs do not solve; chains may not mix


def near(x: Any, y: Any) -> bool:
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return bool(np.allclose(x, y, rtol=1e-9, atol=1e-9, equal_nan=True))


def held(interval: Interval, exact: Any) -> bool:
    """Whether an interval holds exact numbers, entry by entry."""
    for lo, hi, x in zip(
        interval.lo.ravel(), interval.hi.ravel(), np.ravel(np.asarray(exact, dtype=object)),
        strict=True,
    ):  # fmt: skip
        if real.is_infinite(x):
            if hi != np.inf and lo != -np.inf:
                return False
            continue
        low, high = real.enclose(x, 200)
        if (np.isfinite(lo) and low < Fraction(lo)) or (np.isfinite(hi) and high > Fraction(hi)):
            return False
    return True


def check_enclosed(floats: Pair) -> None:
    enclosed, exact = floats.enclosed(), floats.exact
    for name in set(QUANTITIES) - SOLVED_FOR:
        if name not in OF_MIXTURES or floats.is_mixture:
            assert held(getattr(enclosed, name), getattr(exact, name)), name
    assert held(enclosed.step_tv(3), exact.step_tv(3))
    assert held(enclosed.shift(enclosed.V), exact.shift(exact.V))
    assert held(enclosed.sqrt(enclosed.max_tv), exact.sqrt(exact.max_tv))


@given(pairs())
def test_enclosures_hold_the_exact_quantities(pair: Pair) -> None:
    check_enclosed(pair.to_float())


@given(mixture_pairs())
def test_enclosures_hold_the_exact_mixture(pair: Pair) -> None:
    check_enclosed(pair.to_float())


def test_enclosures_hold_where_policies_have_mass_below_the_grid() -> None:
    case = worst_case.tight_thm1(0.1, 0.9)
    pi_new = np.array([[1.0, 1e-20, 1e-30], [1e-17, 1.0, 0.0]])
    check_enclosed(Pair(case.mdp, case.pi, pi_new))


def test_enclosures_hold_where_the_model_has_mass_below_the_grid() -> None:
    P = [[[1.0, 1e-20], [0.5, 0.5]], [[0.0, 1.0], [1.0, 1e-18]]]
    mdp = tt.MDP(P, [[1.0, 0.0], [0.0, 2.0]], [1.0, 1e-19], 0.9)
    floats = Pair(mdp, [[0.5, 0.5]] * 2, [[0.25, 0.75]] * 2)
    enclosed, exact = floats.enclosed(), floats.exact
    for name in set(QUANTITIES) - OF_MIXTURES - SOLVED_FOR:
        assert held(getattr(enclosed, name), getattr(exact, name)), name
    with pytest.raises(tt.LimitError, match="below 2"):
        enclosed.step_tv(1)


@given(mixture_pairs())
def test_floats_are_near_the_exact_quantities(pair: Pair) -> None:
    """Radii are proved elsewhere; this says that formulas agree."""
    if pair.gamma > Fraction(99, 100):
        return
    floats = pair.to_float()
    # A constant of 0 that rounding makes 1e-17 leaves an infinite penalty instead of none.
    jumps = {"M"} if pair.C == 0 and real.is_infinite(pair.max_kl) else set()
    # The Fisher matrix of a nearly deterministic row is 0 but for its rounding.
    if min(x for pi in (pair.pi, pair.pi_new) for x in pi.ravel() if x) < Fraction(1, 10**4):
        jumps |= OF_FITS
    for name in set(QUANTITIES) - jumps - OF_AVERAGES:
        exact = np.asarray(getattr(pair, name), dtype=object)
        assert near(getattr(floats, name), np.reshape([float(x) for x in exact.flat], exact.shape))


def stacked() -> tuple[Pair, list[Pair]]:
    """As many models as states, so that a scalar that meets a vector wrongly cannot go unseen."""
    singles = []
    for (mdp, pi, pi_new), gamma in zip(islice(same_mask(), 3), (0.2, 0.5, 0.9), strict=True):
        floats = mdp.to_float()
        model = tt.MDP(floats.P, floats.r, floats.rho0, gamma, mdp.allowed)
        singles.append(Pair(model, *(tt.policies.to_float(x) for x in (pi, pi_new))))
    P, r, rho0 = (np.stack([getattr(x.mdp, name) for x in singles]) for name in ("P", "r", "rho0"))
    mdp = tt.MDP(P, r, rho0, np.array([0.2, 0.5, 0.9]), singles[0].mdp.allowed)
    policies = [np.stack([getattr(one, name) for one in singles]) for name in ("pi", "pi_new")]
    return Pair(mdp, *policies), singles


def same_mask() -> Iterator[Any]:
    """Yield pairs with three states of which one lacks an action."""
    mask = np.array([[True, True], [True, False], [True, True]])
    for mdp, pi, pi_new in rational_pairs(seed=5, n=4000, max_states=3, max_actions=2, masked=True):
        fits = mdp.mask.shape == mask.shape and bool(np.all(mdp.mask == mask))
        if fits and np.any(pi != pi_new):
            yield mdp, pi, pi_new


def test_batches_agree_with_single_models() -> None:
    batch, singles = stacked()
    for theorem in THEOREMS:
        if theorem.mixture:
            continue
        made, alone = theorem(batch), [theorem(one) for one in singles]
        for side in ("lhs", "rhs", "slack"):
            with np.errstate(invalid="ignore"):  # inf - inf where the precondition fails
                expected = [getattr(one, side) for one in alone]
                found = getattr(made, side)
            assert near(np.broadcast_to(found, (3,)), expected), theorem.name
    for name in set(QUANTITIES) - OF_MIXTURES:
        assert near(getattr(batch, name), [getattr(one, name) for one in singles]), name


def test_scalars_spread_over_states_and_tables_in_batches() -> None:
    batch, singles = stacked()

    @claim("spread")
    def spread(p: Any) -> Any:
        return p.max_s(p.gamma * p.tv - p.eps), "<=", p.max_sa(p.A / (1 + p.eta**2))

    made, alone = spread(batch), [spread(one) for one in singles]
    assert near(made.lhs, [one.lhs for one in alone])
    assert near(made.rhs, [one.rhs for one in alone])


def test_batch_index_gives_single_pairs() -> None:
    batch, singles = stacked()
    assert near(batch[1].eta_new, singles[1].eta_new)
    mixed = Pair.mixture(batch.mdp, batch.pi, batch.pi_new, np.array([0.25, 0.5, 1.0]))
    alone = [
        Pair.mixture(one.mdp, one.pi, one.pi_new, w)
        for one, w in zip(singles, (0.25, 0.5, 1.0), strict=True)
    ]
    bound = next(theorem for theorem in THEOREMS if theorem.mixture)
    assert near(bound(mixed).slack, [bound(one).slack for one in alone])
    assert near(bound(mixed[2]).slack, bound(alone[2]).slack)


def test_csr_models_agree_with_dense_ones() -> None:
    mdp, pi, pi_new = next(
        x for x in rational_pairs(seed=3, n=99, masked=True) if x[0].n_states == 4
    )
    dense = mdp.to_float()
    rows = sp.csr_array(dense.P.reshape(-1, dense.n_states))
    sparse = tt.MDP(rows, dense.r, dense.rho0, dense.gamma, mdp.allowed)
    policies = [tt.policies.to_float(x) for x in (pi, pi_new)]
    mine, other = Pair(sparse, *policies), Pair(dense, *policies)
    for name in set(QUANTITIES) - OF_MIXTURES:
        assert near(getattr(mine, name), getattr(other, name)), name
    assert near(mine.step_tv(3), other.step_tv(3))
    check_enclosed(mine)


def test_repr_says_the_batch() -> None:
    assert repr(stacked()[0]) == "<Pair: pair, S=3, A=2, batch (3,), float arithmetic>"


def test_enclosed_pair_refuses_to_solve() -> None:
    mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    pair = Pair(mdp, [[0.5, 0.5]], [[0.25, 0.75]]).enclosed()
    with pytest.raises(tt.LimitError, match=r"asks for a linear solve.*to_rational"):
        _ = pair.V_dot
