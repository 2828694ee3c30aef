"""Scores are above 1 exactly where a claim fails, and reach 1 where a bound is attained."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.score import APPLICABLE, NO_PENALTY, NO_VALUE, OUTSIDE, scorer
from tabular_trpo._theory.plain import FastPair, PairTables

CASES = draw(np.random.default_rng(5), 3000, 3, 3)


def texts(terms: Any) -> list[str]:
    return [f"{sign:+.0f} {e}" for sign, e in terms]


def alone(x: Any) -> FastPair:
    """Return a pair or an instance as a batch of one pair."""
    return FastPair(PairTables.stacked([PairTables.of(getattr(x, "instance", x))]))


@pytest.mark.parametrize("theorem", tt.THEOREMS, ids=lambda t: t.name)
def test_no_theorem_scores_above_one(theorem: tt.Theorem) -> None:
    assert scorer(theorem)(FastPair(CASES)).max() <= 1.0 + 1e-9


@pytest.mark.parametrize("variant", tt.MISQUOTATIONS, ids=lambda v: v.claim.name)
def test_every_misquotation_scores_above_one_where_it_is_refuted(variant: Any) -> None:
    assert scorer(variant.claim)(alone(variant.fixture().exact))[0] > 1.0


def test_gap_and_penalty_are_distinguished() -> None:
    score = scorer(tt.THEOREMS[[t.name for t in tt.THEOREMS].index("trpo_bound")])
    assert texts(score.gap) == ["+1 L", "-1 eta_new"]
    assert texts(score.penalty) == ["-1 4*eps*gamma*max_tv**2/(1 - gamma)**2"]


def test_terms_inside_a_maximum_are_compared_state_by_state() -> None:
    @tt.claim("half of Pinsker")
    def false(p: Any) -> Any:
        return p.max_s(p.tv**2 - p.kl / 4), "<=", 0

    score = scorer(false)
    assert texts(score.gap) == ["+1 tv**2"]
    assert texts(score.penalty) == ["-1 kl/4"]
    assert score(FastPair(CASES)).max() == pytest.approx(2.0, rel=1e-3)


def of_states_and_numbers(p: Any) -> Any:
    return p.max_s(p.tv - p.max_kl), "<=", 0


def of_numbers_and_states(p: Any) -> Any:
    return p.max_s(p.eta - p.L + p.V_new - p.V - p.abs(p.A_bar) / (1 - p.gamma)), "<=", 0


def of_all_ranks(p: Any) -> Any:
    return p.max_sa(p.A - p.Q + p.V - p.tv - p.max_kl), "<=", 0


@pytest.mark.parametrize(
    "formula",
    [of_states_and_numbers, of_numbers_and_states, of_all_ranks],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("count", [3, 7])  # as many pairs as states, and not as many
def test_what_is_of_a_pair_holds_at_each_of_its_states(formula: Any, count: int) -> None:
    """The score of a pair does not depend on its batch and equals the exact ratio."""
    score = scorer(tt.claim("mixed")(formula))
    found = score(FastPair(CASES[np.arange(count)]))
    for i in range(count):
        assert score(FastPair(CASES[[i]]))[0] == found[i]
        ratio = score.ratio(CASES.exact(i).pair())
        if ratio is not None and score.penalty and ratio > 0:
            assert found[i] == pytest.approx(ratio, rel=1e-6)


def test_a_claim_without_penalty_scores_by_its_share() -> None:
    @tt.claim("more surrogate, more return")
    def false(p: Any) -> Any:
        return p.eta_new, ">=", p.L

    score = scorer(false)
    assert score.penalty == ()
    value = score(FastPair(CASES))
    p = FastPair(CASES)
    clear = np.abs(p.eta_new - p.L) > 1e-6
    assert np.array_equal((value > 1)[clear], (p.eta_new < p.L)[clear])


def test_rounding_is_no_violation() -> None:
    """At steps of 1e-5 gaps are close to the resolution of doubles; no score may exceed 1."""
    tiny = CASES.changed(alpha=np.full(len(CASES), 1e-5))
    for theorem in tt.THEOREMS:
        assert scorer(theorem)(FastPair(tiny)).max() <= 1.0 + 1e-9, theorem.name


def test_equalities_score_above_one_where_they_fail() -> None:
    @tt.claim("d for rho")
    def false(p: Any) -> Any:
        return p.eta_new, "==", p.eta + (1 - p.gamma) * p.sum_s(p.rho_new * p.A_bar)

    assert (scorer(false)(FastPair(CASES)) > 1).mean() > 0.9


def test_outside_of_a_precondition_scores_lie_below_and_rise_towards_it() -> None:
    @tt.claim("only long horizons", when=lambda p: (p.gamma, ">=", Fraction(9, 10)))
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.L

    value = scorer(claim)(FastPair(CASES))
    inside = CASES.gamma >= 0.9
    assert np.all(value[inside] > APPLICABLE)
    assert np.all((value[~inside] > OUTSIDE) & (value[~inside] < APPLICABLE))
    order = np.argsort(CASES.gamma[~inside])
    assert np.all(np.diff(value[~inside][order]) >= -1e-12)


def kept(p: Any) -> Any:
    return p.L - p.eta, ">=", p.C * p.mean_kl / 100


def test_a_precondition_measures_a_claim_without_a_penalty() -> None:
    @tt.claim("monotone", when=kept)
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.eta

    score, p = scorer(claim), FastPair(CASES)
    assert score.penalty == () and score.precondition is not None
    gap, penalty = score.precondition
    assert (texts(gap), texts(penalty)) == (["+1 L", "-1 eta"], ["-1 C*mean_kl/100"])
    with np.errstate(invalid="ignore"):
        value, scale = score(p), p.C * p.mean_kl / 100
    left, fails = p.L - p.eta - scale, p.eta - p.eta_new
    clear = (np.abs(left) > 1e-9) & (np.abs(fails) > 1e-9)
    assert np.array_equal((value > 1)[clear], ((left > 0) & (fails > 0))[clear])
    assert np.array_equal((value <= APPLICABLE)[clear], (left < 0)[clear])
    broken = value > 1 + 1e-6
    assert broken.any()
    share = np.minimum(left, fails)[broken] / scale[broken]
    assert value[broken] == pytest.approx(1 + share, rel=1e-6)
    doubled = score(FastPair(CASES.changed(r=2 * CASES.r)))
    assert doubled == pytest.approx(value, rel=1e-6)


def test_the_slack_of_a_precondition_limits_the_score() -> None:
    """A pair near the boundary of the precondition scores low, however much eta falls."""
    p = FastPair(CASES)
    with np.errstate(invalid="ignore", divide="ignore"):
        paid, fails = (p.L - p.eta) / (p.C * p.mean_kl), p.eta - p.eta_new
    falls = np.flatnonzero(np.isfinite(paid) & (paid > 0) & (fails > 1e-2 * np.abs(p.L - p.eta)))
    assert len(falls)
    at = falls[0]
    share = Fraction(paid[at] / 1.001)

    @tt.claim("monotone", when=lambda p: (p.L - p.eta, ">=", p.C * p.mean_kl * share))
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.eta

    assert scorer(claim)(p)[at] == pytest.approx(1.001, abs=1e-5)


def test_no_step_and_no_rewards_are_far_from_failing() -> None:
    @tt.claim("monotone", when=kept)
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.eta

    score = scorer(claim)
    assert score(FastPair(CASES.changed(r=0 * CASES.r))).max() <= 0
    assert score(FastPair(CASES.changed(target=CASES.pi))).max() <= 0.1


@pytest.mark.parametrize(
    "when",
    [
        lambda p: (p.gamma, ">=", Fraction(1, 2)),
        lambda p: (p.mean_kl, "<=", Fraction(1, 100)),
        lambda p: (p.mean_kl, "<=", 2 * p.max_tv**2),
        lambda p: (p.L, ">=", p.eta),
        lambda p: (p.L, "==", p.eta + p.C * p.mean_kl),
    ],
    ids=["gamma", "step", "two divergences", "no penalty", "equation"],
)
def test_what_has_no_penalty_in_rewards_is_no_measure(when: Any) -> None:
    claim = tt.claim("monotone", when=when)(lambda p: (p.eta_new, ">=", p.eta))
    assert scorer(claim).precondition is None


def test_requirements_that_are_joined_count_each_for_itself() -> None:
    """The score depends on the distance from the range of gamma, whatever else is required."""

    def when(p: Any) -> Any:
        return p.smaller(p.smaller(p.L, p.eta) + 10**6, p.gamma - Fraction(9, 10)), ">=", 0

    value = scorer(tt.claim("far", when=when)(lambda p: (p.eta_new, ">=", p.eta)))(FastPair(CASES))
    outside = CASES.gamma < 0.9
    order = np.argsort(CASES.gamma[outside])
    assert np.all(np.diff(value[outside][order]) >= -1e-12)
    assert np.ptp(value[outside]) > 0.1


def test_a_claim_without_a_value_says_so() -> None:
    @tt.claim("the root of a negative number")
    def claim(p: Any) -> Any:
        return p.sqrt(p.gamma - 1), "<=", 1

    assert np.all(scorer(claim)(FastPair(CASES)) == NO_VALUE)


def test_a_gap_without_any_penalty_is_the_worst_score() -> None:
    @tt.claim("max over A without abs", center="L")
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.L - p.max_sa(p.A) * p.max_tv**2

    pit = {v.claim.name: v for v in tt.MISQUOTATIONS}["trpo_bound: eps without abs"].fixture()
    assert scorer(claim)(alone(pit))[0] == NO_PENALTY


def test_ratio_is_exact_where_the_bound_is_attained() -> None:
    case = tt.families.worst_case.tight_thm1("1/10", "1/2")
    pair = tt.Pair(case.mdp, case.pi, case.pi_new)

    @tt.claim("coupling", center="L")
    def coupling(p: Any) -> Any:
        c = p.max_tv * p.gamma / ((1 - p.gamma) * (1 - p.gamma * (1 - p.max_tv)))
        return p.eta_new, ">=", p.L - 4 * p.max_tv * p.eps * c

    score = scorer(coupling)
    assert score.ratio(pair) == 1.0
    assert score(alone(case))[0] == pytest.approx(1.0, abs=1e-9)
    trpo = scorer(tt.THEOREMS[[t.name for t in tt.THEOREMS].index("trpo_bound")])
    assert trpo.ratio(pair) == pytest.approx(0.5 / 0.55)
