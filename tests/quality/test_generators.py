"""The generators find the hard cases within some hundred examples, and shrink them well."""

from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import tabular_trpo as tt
from tests.strategies import (
    Array,
    Triple,
    advantage_pairs,
    fractions_simplex,
    gammas,
    mdps,
    mixture_pairs,
    policies,
    policy_pairs,
    rational_pairs,
    triples,
)

EXAMPLES = 200
Feature = Callable[[tt.MDP, Array, Array], Any]


def reachable(mdp: tt.MDP) -> set[int]:
    """States that some policy meets, by walking the positive transitions."""
    seen: set[int] = set()
    todo = [s for s in range(mdp.n_states) if mdp.rho0[s] > 0]
    while todo:
        if (s := todo.pop()) not in seen:
            seen.add(s)
            todo += [t for t in range(mdp.n_states) if any(mdp.P[s, :, t] > 0)]
    return seen


def is_absorbing(mdp: tt.MDP, s: int) -> bool:
    return all(mdp.P[s, a, s] == 1 for a in np.flatnonzero(mdp.mask[s]))


def tied(mdp: tt.MDP, pi: Array) -> bool:
    """Two allowed actions with equal Q that are not the same action twice."""
    Q = tt.evaluate(mdp, pi).Q
    return any(
        Q[s, a] == Q[s, b] and any(mdp.P[s, a] != mdp.P[s, b])
        for s in range(mdp.n_states)
        for a in np.flatnonzero(mdp.mask[s])
        for b in np.flatnonzero(mdp.mask[s])
    )


def largest_step(p: Array, q: Array) -> Any:
    return abs(p - q).max()


# What must be met, and the fewest states and actions that can show it.
FEATURES: dict[str, tuple[Feature, int, int]] = {
    "one state": (lambda m, p, q: m.n_states == 1, 1, 1),
    "one action": (lambda m, p, q: m.n_actions == 1, 1, 1),
    "most states and actions": (lambda m, p, q: (m.n_states, m.n_actions) == (4, 3), 4, 3),
    "tie": (lambda m, p, q: tied(m, p), 2, 2),
    "zero probability": (lambda m, p, q: any(p[m.mask] == 0), 1, 2),
    "new mass on an old zero": (lambda m, p, q: ((p == 0) & (q > 0)).any(), 1, 2),
    "kl infinite": (lambda m, p, q: ((p > 0) & (q == 0)).any(), 1, 2),
    "disjoint supports": (lambda m, p, q: any((p * q).sum(axis=1) == 0), 1, 2),
    "equal policies": (lambda m, p, q: (p == q).all(), 1, 1),
    "policies differ where no one comes": (
        lambda m, p, q: {int(s) for s in np.flatnonzero((p != q).any(axis=1))} - reachable(m),
        2,
        2,
    ),
    "small step": (lambda m, p, q: 0 < largest_step(p, q) <= Fraction(1, 1000), 1, 2),
    "step to an action of probability 0": (
        lambda m, p, q: ((p == 0) & (q > 0) & (q < Fraction(1, 100))).any(),
        1,
        2,
    ),
    "stochastic policy": (lambda m, p, q: ((p > 0) & (p < 1)).any(), 1, 2),
    "absorbing beside others": (
        lambda m, p, q: m.n_states > 1 and any(is_absorbing(m, s) for s in range(m.n_states)),
        2,
        1,
    ),
    "no absorbing state": (
        lambda m, p, q: not any(is_absorbing(m, s) for s in range(m.n_states)),
        2,
        1,
    ),
    "unreachable state": (lambda m, p, q: len(reachable(m)) < m.n_states, 2, 1),
    "all reachable": (lambda m, p, q: len(reachable(m)) == m.n_states == 3, 3, 1),
    "random start": (lambda m, p, q: max(m.rho0) < 1, 2, 1),
    "gamma zero": (lambda m, p, q: m.gamma == 0, 1, 1),
    "gamma small": (lambda m, p, q: 0 < m.gamma <= Fraction(1, 10), 1, 1),
    "gamma near one": (lambda m, p, q: m.gamma >= Fraction(99, 100), 1, 1),
    "action sets differ": (lambda m, p, q: len({tuple(row) for row in m.mask}) > 1, 2, 2),
    "negative reward": (lambda m, p, q: (m.r < 0).any(), 1, 1),
    "first-order worse": (lambda m, p, q: tt.Pair(m, p, q).L < tt.Pair(m, p, q).eta, 1, 2),
}


def first(
    strategy: st.SearchStrategy[Any], feature: Callable[[Any], Any], n: int = EXAMPLES
) -> Any:
    """Return the shrunk example, found within n draws from a fixed seed."""
    effort = settings(max_examples=n, database=None, phases=[Phase.generate, Phase.shrink])
    return find(strategy, feature, settings=effort, random=Random(0))


@pytest.mark.parametrize("name", FEATURES)
def test_triples_meet_and_shrink(name: str) -> None:
    feature, n_states, n_actions = FEATURES[name]
    mdp, _, _ = first(triples(), lambda triple: feature(*triple))
    # Shrinking is a heuristic that changes with Hypothesis: one state or action more is fine.
    assert mdp.n_states + mdp.n_actions <= n_states + n_actions + 1


@pytest.mark.parametrize("name", FEATURES)
def test_counted_cases_meet(name: str) -> None:
    feature, _, _ = FEATURES[name]
    assert any(feature(*triple) for triple in rational_pairs(seed=1, n=1000))


def test_counted_cases_meet_a_surrogate_that_misleads() -> None:
    """L promises a gain and eta falls: what every bound is about; about 4 in 1000."""
    pairs = (tt.Pair(*triple) for triple in rational_pairs(seed=1, n=1000))
    assert any(pair.L > pair.eta > pair.eta_new for pair in pairs)


def test_shrunk_model_is_plain() -> None:
    mdp, pi, _ = first(triples(), lambda triple: tt.evaluate(*triple[:2]).eta > 0)
    assert (mdp.n_states, mdp.n_actions, mdp.gamma) == (1, 1, Fraction(1, 2))
    assert (mdp.r[0, 0], mdp.P[0, 0, 0], pi[0, 0]) == (1, 1, 1)


def test_shrunk_advantages_are_plain() -> None:
    pair = first(advantage_pairs(), lambda pair: pair.eps > 0)
    assert (pair.mdp.n_states, pair.mdp.n_actions, pair.eps) == (1, 2, 1)


def test_rational_pairs_depend_on_the_seed_alone() -> None:
    def listed(seed: int, n: int, skip: int = 0) -> list[Any]:
        found: list[Triple] = list(islice(rational_pairs(seed, n), skip, None))
        return [(m.P.tolist(), m.r.tolist(), p.tolist(), q.tolist()) for m, p, q in found]

    assert listed(3, 20) == listed(3, 30)[:20]
    assert listed(3, 20) != listed(4, 20)
    assert len(listed(3, 20)) == 20


def test_masked_is_obeyed() -> None:
    assert all(mdp.mask.all() for mdp, _, _ in rational_pairs(0, 200, masked=False))
    assert any(not mdp.mask.all() for mdp, _, _ in rational_pairs(0, 20, masked=True))


@given(st.integers(1, 5).flatmap(fractions_simplex), gammas())
def test_simplex_and_gamma_are_exact(row: list[Fraction], gamma: Fraction) -> None:
    assert sum(row) == 1 and min(row) >= 0 and 0 <= gamma < 1
    assert all(isinstance(x, Fraction) for x in [*row, gamma])


@given(st.data())
def test_policies_are_distributions_over_allowed_actions(data: st.DataObject) -> None:
    mdp = data.draw(mdps())
    for pi in [data.draw(policies(mdp)), *data.draw(policy_pairs(mdp))]:
        assert all(pi.sum(axis=1) == 1) and all((pi >= 0).flat) and not pi[~mdp.mask].any()
        assert all(isinstance(x, Fraction) for x in pi.flat)


@given(advantage_pairs())
def test_advantage_pairs_have_value_zero(pair: tt.Pair) -> None:
    assert not pair.old.V.any() and (pair.old.A == pair.mdp.r).all()
    assert all(x.denominator == 1 for x in pair.mdp.r.flat)


@given(mixture_pairs())
def test_mixture_pairs_are_mixtures(pair: tt.Pair) -> None:
    assert (pair.pi_new == (1 - pair.alpha) * pair.pi + pair.alpha * pair.target).all()


@pytest.mark.parametrize("alpha", [Fraction(0), Fraction(1), Fraction(1, 10**5)])
def test_mixture_pairs_meet_the_ends(alpha: Fraction) -> None:
    pair = first(mixture_pairs(), lambda pair: pair.alpha == alpha, 5 * EXAMPLES)
    assert pair.mdp.n_states == pair.mdp.n_actions == 1
