"""Metamorphic laws of evaluation, with equality in rational arithmetic; each has a false variant.

A law changes a model and predicts how the results change.  With `misquoted` it tests a similar
false prediction, for which a counterexample is found, so that no law holds for arbitrary results.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tests.strategies import Case, cases, rational_cases

Law = Callable[[Case, np.random.Generator, bool], bool]
LAWS: list[Law] = []
ZERO: Any = Fraction(0)


def law(function: Law) -> Law:
    """Return the law after adding it to the table."""
    LAWS.append(function)
    return function


def same(*sides: Any) -> bool:
    """Return whether arguments 0 and 1, 2 and 3, ... are equal exactly, shapes included."""
    pairs = zip(map(np.asarray, sides[::2]), map(np.asarray, sides[1::2]), strict=True)
    return all(x.shape == y.shape and bool(np.all(x == y)) for x, y in pairs)


def changed(mdp: tt.MDP, **parts: Any) -> tt.MDP:
    """Return the model with some fields replaced."""
    kept = {name: getattr(mdp, name) for name in ("P", "r", "rho0", "gamma", "allowed")}
    return tt.MDP(**(kept | parts))


def plus(mdp: tt.MDP, reward: Any) -> tt.MDP:
    """Return the model with `reward` added to the rewards of the allowed pairs."""
    return changed(mdp, r=np.where(mdp.mask, mdp.r + reward, ZERO))


def fractions(rng: np.random.Generator, *shape: int) -> Any:
    """Return random rationals k/7 of either sign, with 0 < abs(k) < 7."""
    k = rng.integers(1, 7, shape) * rng.choice([-1, 1], shape)
    return np.vectorize(lambda x: Fraction(int(x), 7), otypes=[object])(k)[()]


def appended(table: Any, at: int, axis: int) -> Any:
    """Return the array with a copy of slice `at` appended along an axis."""
    return np.concatenate([table, np.take(table, [at], axis=axis)], axis=axis)


@law
def relabel_states(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """Quantities do not depend on names of states.  Misquoted: nor on their order in V."""
    mdp, pi, pi_new = case.triple
    order = rng.permutation(mdp.n_states)
    moved = changed(
        mdp, P=mdp.P[order][:, :, order], r=mdp.r[order], rho0=mdp.rho0[order],
        allowed=mdp.mask[order],
    )  # fmt: skip
    old, new = tt.Pair(mdp, pi, pi_new), tt.Pair(moved, pi[order], pi_new[order])
    back = slice(None) if misquoted else order
    return same(new.V, old.V[back], new.rho, old.rho[order], new.A, old.A[order], new.L, old.L)


@law
def relabel_actions(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """Quantities do not depend on names of actions.  Misquoted: even for the old policy table."""
    mdp, pi, pi_new = case.triple
    order = rng.permutation(mdp.n_actions)
    moved = changed(mdp, P=mdp.P[:, order], r=mdp.r[:, order], allowed=mdp.mask[:, order])
    if misquoted:
        kept = np.all(moved.mask | (pi == 0))
        return not kept or same(tt.evaluate(moved, pi).V, tt.evaluate(mdp, pi).V)
    old, new = tt.Pair(mdp, pi, pi_new), tt.Pair(moved, pi[:, order], pi_new[:, order])
    return same(new.V, old.V, new.rho, old.rho, new.Q, old.Q[:, order], new.L, old.L)


@law
def scale_rewards(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """Values scale by k, penalties by |k|; rho, TV do not change.  Misquoted: penalties by k."""
    mdp, pi, pi_new = case.triple
    k = fractions(rng)
    old, new = tt.Pair(mdp, pi, pi_new), tt.Pair(changed(mdp, r=k * mdp.r), pi, pi_new)
    size = k if misquoted else abs(k)
    return same(new.V, k * old.V, new.A, k * old.A, new.rho, old.rho, new.eta, k * old.eta) and (
        same(new.L, k * old.L, new.eps, size * old.eps, new.C, size * old.C, new.tv, old.tv)
    )


@law
def shift_rewards(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """A reward c in every step adds c / (1 - gamma) to V and 0 to A.  Misquoted: c to V."""
    mdp, pi, pi_new = case.triple
    c = fractions(rng)
    old, new = tt.Pair(mdp, pi, pi_new), tt.Pair(plus(mdp, c), pi, pi_new)
    more = c if misquoted else c / (1 - mdp.gamma)
    return same(new.V, old.V + more, new.eta, old.eta + more, new.L, old.L + more, new.A, old.A)


@law
def shape_rewards(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """With r + gamma P f - f, V falls by f, A does not change.  Misquoted: with r + P f - f."""
    mdp, pi, pi_new = case.triple
    f = fractions(rng, mdp.n_states)
    discount = 1 if misquoted else mdp.gamma
    shaped = plus(mdp, discount * (mdp.P @ f) - f[:, None])
    old, new = tt.Pair(mdp, pi, pi_new), tt.Pair(shaped, pi, pi_new)
    gains = (new.eta_new - new.eta, old.eta_new - old.eta, new.L - new.eta, old.L - old.eta)
    return same(new.V, old.V - f, new.A, old.A, new.rho, old.rho, new.C, old.C, *gains)


@law
def duplicate_action(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """Mass may be split between an action and its copy.  Misquoted: uniform policies are equal."""
    mdp, pi, pi_new = case.triple
    a, share = int(rng.integers(mdp.n_actions)), abs(fractions(rng))
    P, r, allowed = (appended(x, a, 1) for x in (mdp.P, mdp.r, mdp.mask))
    twin = changed(mdp, P=P, r=r, allowed=allowed)
    if misquoted:
        uniform = tt.policies.uniform
        return same(tt.evaluate(twin, uniform(twin)).V, tt.evaluate(mdp, uniform(mdp)).V)
    split = []
    for p in (pi, pi_new):
        p = appended(p, a, 1)
        p[:, a], p[:, -1] = share * p[:, a], (1 - share) * p[:, -1]
        split.append(p)
    old, new = tt.Pair(mdp, pi, pi_new), tt.Pair(twin, *split)
    scalars = (new.eta_new, old.eta_new, new.L, old.L, new.eps, old.eps)
    return same(new.V, old.V, new.rho, old.rho, new.A, appended(old.A, a, 1), new.tv, old.tv) and (
        same(*scalars)
    )


@law
def split_state(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """A state and its copy share its visits and have its V.  Misquoted: each has its rho."""
    mdp, pi, pi_new = case.triple
    s = int(rng.integers(mdp.n_states))
    P = appended(appended(mdp.P, s, 0), s, 2)
    rho0 = appended(mdp.rho0, s, 0)
    shares = abs(fractions(rng, *P.shape[:2]))  # of each row, independent of other rows
    P[:, :, s], P[:, :, -1] = shares * P[:, :, s], (1 - shares) * P[:, :, -1]
    rho0[s], rho0[-1] = shares[0, 0] * rho0[s], (1 - shares[0, 0]) * rho0[-1]
    r, allowed = appended(mdp.r, s, 0), appended(mdp.mask, s, 0)
    old = tt.Pair(mdp, pi, pi_new)
    wide = changed(mdp, P=P, r=r, rho0=rho0, allowed=allowed)
    new = tt.Pair(wide, appended(pi, s, 0), appended(pi_new, s, 0))
    lumped = new.rho[:-1].copy()
    if not misquoted:
        lumped[s] += new.rho[-1]
    scalars = (new.eta, old.eta, new.eta_new, old.eta_new, new.L, old.L, new.C, old.C)
    return same(new.V, appended(old.V, s, 0), new.A, appended(old.A, s, 0), lumped, old.rho) and (
        same(*scalars)
    )


@law
def mixture_ends(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """Weights 0 and 1 give pi and the target; L is linear.  Misquoted: eta is linear."""
    mdp, pi, target, _ = case
    alpha = abs(fractions(rng))
    zero, part, one = (
        tt.Pair.mixture(mdp, pi, target, w) for w in (Fraction(0), alpha, Fraction(1))
    )
    ends = (zero.eta_new, zero.eta, zero.L, zero.eta, zero.max_tv, Fraction(0))
    goal = (one.eta_new, tt.evaluate(mdp, target).eta, one.pi_new, target, zero.pi_new, pi)
    line = "eta_new" if misquoted else "L"
    low, middle, high = (getattr(pair, line) for pair in (zero, part, one))
    return same(*ends, *goal, middle, (1 - alpha) * low + alpha * high)


@law
def zero_discount(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """At gamma = 0, V is the first reward and L is exact.  Misquoted: at gamma = 1/2 too."""
    mdp, pi, pi_new = case.triple
    pair = tt.Pair(changed(mdp, gamma=Fraction(int(misquoted), 2)), pi, pi_new)
    first = (pi * mdp.r).sum(axis=1)
    return same(pair.V, first, pair.Q, mdp.r, pair.rho, mdp.rho0, pair.L, pair.eta_new) and (
        same(pair.C, Fraction(0))
    )


@law
def lazy_chain(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """Staying with probability w is like the smaller discount g = gamma (1 - w) / (1 - gamma w).

    I - gamma (w I + (1 - w) P) = (1 - gamma w) (I - g P).  Misquoted: g = gamma (1 - w).
    """
    mdp, pi, _ = case.triple
    w, I = abs(fractions(rng)), np.eye(mdp.n_states, dtype=int)[:, None, :]
    P = np.where(mdp.mask[:, :, None], w * I + (1 - w) * mdp.P, ZERO)
    lazy = tt.evaluate(changed(mdp, P=P), pi)
    scale = 1 - mdp.gamma * w
    gamma = mdp.gamma * (1 - w) / (1 if misquoted else scale)
    quick = tt.evaluate(changed(mdp, gamma=gamma), pi)
    return same(scale * lazy.V, quick.V, scale * lazy.rho, quick.rho, scale * lazy.eta, quick.eta)


@law
def change_start(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """rho and eta are linear in rho0, V does not depend on it.  Misquoted: nor does rho."""
    mdp, pi, _ = case.triple
    old = tt.evaluate(mdp, pi)
    points = [[Fraction(int(i == s)) for i in range(mdp.n_states)] for s in range(mdp.n_states)]
    new = [tt.evaluate(changed(mdp, rho0=np.array(p, dtype=object)), pi) for p in points]
    if misquoted:
        return all(same(ev.rho, old.rho) for ev in new)
    rho = sum(p * ev.rho for p, ev in zip(mdp.rho0, new, strict=True))
    return same(rho, old.rho) and all(
        same(ev.V, old.V, ev.eta, old.V[s]) for s, ev in enumerate(new)
    )


@law
def reward_in_unvisited_states(case: Case, rng: np.random.Generator, misquoted: bool) -> bool:
    """Rewards in unvisited states do not change eta or V elsewhere.  Misquoted: nor L."""
    mdp, pi, pi_new = case.triple
    old = tt.Pair(mdp, pi, pi_new)
    extra = np.where(old.rho == 0, fractions(rng, mdp.n_states), ZERO)
    new = tt.Pair(plus(mdp, extra[:, None]), pi, pi_new)
    if misquoted:
        return same(new.L, old.L)
    seen = old.rho > 0
    return same(new.eta, old.eta, new.V[seen], old.V[seen])


@pytest.mark.parametrize("true", LAWS, ids=lambda law: law.__name__)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_law_holds(true: Law, case: Case, seed: int) -> None:
    assert true(case, np.random.default_rng(seed), False)


@pytest.mark.parametrize("true", LAWS, ids=lambda law: law.__name__)
def test_false_variant_fails(true: Law, rng: np.random.Generator) -> None:
    assert not all(true(case, rng, True) for case in rational_cases(seed=2, n=300))
