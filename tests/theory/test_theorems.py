"""Every theorem on generated pairs: proved, or vacuous, but never refuted and never undecided."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given

from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import INFINITE, NO_VALUE, judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS, TOPICS
from tabular_trpo._theory.verdicts import verify_pair
from tests.strategies import advantage_pairs, mixture_pairs, pairs, rational_pairs

IDENTITIES = TOPICS["Identities"]


def hold(pair: Pair) -> None:
    """Assert that no theorem fails, and that none is silent without a reason."""
    for theorem in THEOREMS:
        verdict = judge(theorem, pair)
        assert verdict.status in ("proved", "vacuous"), (theorem.name, verdict)
        if verdict.status == "vacuous":
            kls = [*pair.kl, *pair.kl_reversed]
            lost = theorem.exactness == "log" and any(kl > 10**9 for kl in kls)
            lost |= verdict.reason == INFINITE and "ratio" in theorem.names()  # no start there
            no_value = verdict.reason.startswith(NO_VALUE)
            mixture_only = theorem.mixture and not pair.is_mixture
            fails = theorem.condition is not None and verdict.reason == "the precondition fails"
            assert lost or no_value or mixture_only or fails, (theorem.name, verdict)
        if theorem in IDENTITIES:
            assert verdict.slack_lo == verdict.slack_hi == Fraction(0)


@given(pairs())
def test_theorems_hold_for_any_two_policies(pair: Pair) -> None:
    hold(pair)


@given(advantage_pairs())
def test_theorems_hold_where_rewards_are_advantages(pair: Pair) -> None:
    hold(pair)


@given(mixture_pairs())
def test_theorems_hold_for_mixtures(pair: Pair) -> None:
    hold(pair)
    assert judge(next(t for t in THEOREMS if t.name == "cpi_bound"), pair).status == "proved"


@given(pairs(max_states=3, max_actions=2))
def test_float_pairs_get_the_verdicts_of_the_rationals_they_are(pair: Pair) -> None:
    floats = pair.to_float()
    for mine, exact in zip(verify_pair(floats), verify_pair(floats.to_rational()), strict=True):
        assert mine.status == exact.status, (mine, exact)


@given(mixture_pairs(max_states=3, max_actions=2))
def test_float_mixtures_get_the_verdicts_of_the_exact_mixtures(pair: Pair) -> None:
    floats = pair.to_float()
    for mine, exact in zip(verify_pair(floats), verify_pair(floats.to_rational()), strict=True):
        assert mine.status == exact.status, (mine, exact)


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda theorem: theorem.name)
def test_residuals_are_exactly_zero_on_a_thousand_pairs(
    identity: Theorem, thousand: list[Pair]
) -> None:
    residuals = Counter(identity(pair).slack for pair in thousand)
    assert residuals == {Fraction(0): 1000}
    assert all(type(residual) is Fraction for residual in residuals)


@pytest.fixture(scope="module")
def thousand() -> list[Pair]:
    return [Pair(*triple) for triple in rational_pairs(seed=1, n=1000)]
