"""Shrinking keeps the refutation and lowers the cost."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._falsify import shrink
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.rational_readings import exceeding, rationalised
from tabular_trpo._falsify.score import scorer
from tabular_trpo._falsify.shrink import cost
from tabular_trpo._theory.plain import FastPair, PairTables


@tt.claim("more surrogate, more return")
def naive(p: Any) -> Any:
    return p.eta_new, ">=", p.L


@tt.claim("constant 1 for mixtures")
def of_mixtures(p: Any) -> Any:
    return p.eta_new, ">=", p.L - p.eps_target * p.gamma * p.alpha**2 / (1 - p.gamma) ** 2


def found(claim: tt.Theorem, size: tuple[int, int] = (3, 3), seed: int = 0) -> PairTables:
    """Return a pair that refutes a claim, not yet shrunk."""
    score = scorer(claim)
    cases = draw(np.random.default_rng(seed), 20_000, *size)
    for i in np.flatnonzero(score(FastPair(cases)) > 1):
        for reading in exceeding(score, rationalised(cases[[i]], claim.mixture, None)):
            if shrink.refuted(claim, reading):
                return reading
    raise AssertionError("nothing found")


@pytest.mark.parametrize("claim", [naive, of_mixtures], ids=lambda c: c.name)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_is_left_is_refuted_and_small(claim: tt.Theorem, seed: int) -> None:
    start = found(claim, seed=seed)
    end = shrink.shrunk(claim, scorer(claim), start, free_gamma=True)
    assert cost(end) < cost(start)
    assert tt.judge(claim, end.pair()).status == "refuted"
    assert end.size <= (2, 3)
    assert (end.alpha is None) == (not claim.mixture)


def test_a_fixed_gamma_stays() -> None:
    start = found(naive).changed(gamma=Fraction(7, 19))
    assert shrink.refuted(naive, start)
    assert shrink.shrunk(naive, scorer(naive), start, free_gamma=False).gamma == Fraction(7, 19)


def test_shrinking_is_idempotent_and_deterministic() -> None:
    start, score = found(naive), scorer(naive)
    once = shrink.shrunk(naive, score, start, free_gamma=True)
    again = shrink.shrunk(naive, score, start, free_gamma=True)
    assert cost(once) == cost(again)
    assert np.array_equal(once.P, again.P) and np.array_equal(once.target, again.target)
    assert shrink.shrunk(naive, score, once, free_gamma=True) is once


@pytest.mark.parametrize("rule", shrink.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("mixture", [True, False])
def test_every_rule_proposes_sound_pairs(mixture: bool, rule: shrink.Rule) -> None:
    """Each proposal is a valid model with valid policies, and some proposal costs less."""
    cases = draw(np.random.default_rng(11), 200, 3, 3)
    mixed = (cases.rho0 > 0).all(axis=1) & (cases.pi > 0).all(axis=(1, 2)) & (cases.alpha < 0.9)
    uneven = cases[np.flatnonzero(mixed)[:1]].changed(alpha=np.array([0.377]))
    start = rationalised(uneven, mixture, Fraction(1234, 1357))[-2]
    proposals = list(rule(start))
    assert proposals
    for proposal in proposals[:: max(1, len(proposals) // 40)]:
        proposal.pair()
    assert any(cost(x) < cost(start) for x in proposals)


def test_cost_orders_states_before_actions_before_rewards_before_bits() -> None:
    x = found(naive, (2, 2))
    one = np.array([[Fraction(1)]], dtype=object)
    tiny = PairTables(one[None], one, one[0], Fraction(1, 2), one, one, None)
    assert cost(tiny) < cost(x)
    assert cost(x.changed(r=x.r * 0)) < cost(x)
    simpler = x.changed(gamma=Fraction(1, 2))
    assert cost(simpler.changed(gamma=Fraction(12345, 99999))) > cost(simpler)
    assert [type(part) for part in cost(x)] == [int] * 5


def test_merging_states_keeps_all_probability() -> None:
    x = found(naive)
    for y in shrink.drop_state(x):
        assert y.size == (2, 3)
        assert all(total == 1 for total in y.P.sum(axis=-1).ravel())
        assert sum(y.rho0) == 1


def test_dropping_an_action_rescales_the_rest() -> None:
    half, zero = Fraction(1, 2), Fraction(0)
    P = np.full((1, 3, 1), Fraction(1), dtype=object)
    pi = np.array([[half, half, zero]], dtype=object)
    only = np.array([[zero, zero, Fraction(1)]], dtype=object)
    r = np.array([[zero, Fraction(1), zero]], dtype=object)
    x = PairTables(P, r, np.array([Fraction(1)], dtype=object), half, pi, only, None)
    first, second, third = shrink.drop_action(x)
    assert first.pi.tolist() == [[1, 0]] and first.target.tolist() == [[0, 1]]
    assert second.pi.tolist() == [[1, 0]]
    assert third.pi.tolist() == [[half, half]] and third.target.tolist() == [[1, 0]]


def test_readings_are_exact_and_grow_finer() -> None:
    cases = draw(np.random.default_rng(3), 1, 3, 2)
    readings = rationalised(cases, mixture=True, gamma=Fraction(1, 7))
    for x in readings:
        assert x.gamma == Fraction(1, 7)
        assert all(total == 1 for total in x.P.sum(axis=-1).ravel())
        assert all(
            total == 1 for total in [*x.pi.sum(axis=-1), *x.target.sum(axis=-1), sum(x.rho0)]
        )
    denominators = [max(p.denominator for p in x.P.ravel()) for x in readings]
    assert denominators[0] <= 2
    last = PairTables.stacked(readings[-2:])
    assert np.abs(last.P - cases.P).max() < 1e-6
    assert np.abs(last.pi - cases.pi).max() < 1e-6
    plain = rationalised(cases, mixture=False, gamma=None)[-2]
    assert plain.alpha is None
    new = cases.pi + cases.alpha[:, None, None] * (cases.target - cases.pi)
    assert np.abs(PairTables.stacked([plain]).target - new).max() < 1e-3


def test_centred_readings_have_value_zero() -> None:
    cases = draw(np.random.default_rng(4), 1, 3, 2)
    for x in rationalised(cases, mixture=False, gamma=Fraction(1, 2))[1::2]:
        assert all(v == 0 for v in x.pair().V)
