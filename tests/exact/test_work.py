"""The work of exact arithmetic: its estimate, and limits that are checked before the work."""

from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tests.exact.long_digits import with_digits

F = Fraction


@pytest.mark.parametrize("shape", [(2, 1), (3, 2), (5, 4), (9, 2)])
@pytest.mark.parametrize("digits", [3, 12, 50])
def test_estimated_digits_are_those_of_the_values(shape: tuple[int, int], digits: int) -> None:
    mdp = with_digits(*shape, digits)
    for pi in (tt.policies.uniform(mdp), tt.policies.greedy(mdp, mdp.r)):
        guess = tt.exact_work(mdp, pi).digits
        bits = max(x.denominator.bit_length() for x in tt.evaluate(mdp, pi).V)
        true = 0.30103 * bits
        assert true / 1.5 - 3 <= guess <= 1.5 * true + 10


def test_estimate_grows_with_states_actions_and_digits() -> None:
    base = tt.exact_work(with_digits(6, 2, 20)).seconds
    for more in (with_digits(9, 2, 20), with_digits(6, 4, 20), with_digits(6, 2, 60)):
        assert tt.exact_work(more).seconds > 1.5 * base


def test_twenty_states_of_two_hundred_digits_are_refused_before_the_work() -> None:
    mdp = with_digits(20, 2, 200)
    cure = r"needs about \d+ s of exact arithmetic.*at most 20 s.*--arithmetic float.*--work"
    with pytest.raises(tt.LimitError, match=cure) as found:
        tt.evaluate(mdp, tt.policies.uniform(mdp))
    assert found.value.exit_code == 4 and "20 states, 2 actions" in str(found.value)
    assert np.isfinite(tt.optimal(mdp.to_float()).eta_star)  # the cure in the message


ENTRIES: dict[str, Any] = {
    "evaluate": lambda m, pi: tt.evaluate(m, pi, work=1e-6),
    "optimal": lambda m, pi: tt.optimal(m, work=1e-6),
    "Pair": lambda m, pi: tt.Pair(m, pi, pi).eta,
    "average": lambda m, pi: tt.Pair(m, pi, pi).kemeny,
    "certificate": lambda m, pi: tt.pair_certificate(tt.Pair(m, pi, pi)),
    "iterate": lambda m, pi: next(iter(tt.improve.iterate(m, pi, tt.improve.greedy))),  # type: ignore[arg-type]
    "return moments": lambda m, pi: tt.sampled.return_moments(m, pi),
    "finite moments": lambda m, pi: tt.sampled.path_moments(m, pi, pi, horizon=3),
    "finite n-step moments": lambda m, pi: tt.sampled.path_moments(
        m, pi, pi, 3, baseline=[0] * m.n_states, n_step=2
    ),
    "finite off-policy moments": lambda m, pi: tt.sampled.off_policy_moments(m, pi, pi, horizon=3),
    "off-policy moments": lambda m, pi: tt.sampled.off_policy_moments(m, pi, pi),
    "moments of a gradient": lambda m, pi: tt.sampled.gradient_moments(m, pi, horizon=3),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_function_keeps_the_limit(entry: str) -> None:
    mdp = with_digits(4, 2, 5)
    pi = tt.policies.uniform(mdp)
    with tt.work_limit(1e-6), pytest.raises(tt.LimitError, match="exact arithmetic"):
        ENTRIES[entry](mdp, pi)


@pytest.mark.parametrize("entry", ["path_moments", "vine_moments"])
def test_moments_of_long_fractions_are_refused_before_the_work(entry: str) -> None:
    # One evaluation is within the default limit; the moments would take minutes.
    mdp = with_digits(20, 3, 20)
    pi = tt.policies.uniform(mdp)
    pi_new = tt.policies.mixture(pi, tt.policies.greedy(mdp, mdp.r), "1/97")
    assert tt.exact_work(mdp).seconds < 10
    options = {"common": False} if entry == "vine_moments" else {}
    with tt.work_limit(20), pytest.raises(tt.LimitError, match="moments of paths"):
        getattr(tt.sampled, entry)(mdp, pi, pi_new, **options)


def test_verdict_beyond_the_budget_is_undecided_with_the_estimate() -> None:
    mdp = with_digits(4, 2, 5)
    pi = tt.policies.uniform(mdp)
    theorem = next(t for t in tt.THEOREMS if t.name == "trpo_kl_bound")
    pair = tt.Pair.mixture(mdp, pi, tt.policies.greedy(mdp, mdp.r), "1/10")
    with tt.work_limit(1e-6):
        verdict = tt.judge(theorem, pair)
    assert verdict.status == "undecided" and "exact arithmetic" in verdict.reason
    with tt.work_limit(inf):
        assert tt.judge(theorem, pair).status == "proved"


def test_limit_is_the_sum_over_all_calls_inside() -> None:
    mdp = with_digits(4, 2, 5)
    pi = tt.policies.uniform(mdp)
    one = tt.exact_work(mdp, pi).seconds
    with tt.work_limit(2.5 * one) as budget:
        tt.evaluate(mdp, pi)
        tt.evaluate(mdp, pi)
        with pytest.raises(tt.LimitError, match="after"):
            tt.evaluate(mdp, pi)
        tt.evaluate(mdp.to_float(), np.array(pi, dtype=float))  # doubles are not counted
    assert budget is not None
    assert budget.spent == pytest.approx(2 * one)


@pytest.mark.parametrize("bad", [-1.0, nan])
def test_budget_is_a_number_of_seconds(bad: float) -> None:
    with pytest.raises(tt.InvalidMDPError, match="seconds"), tt.work_limit(bad):
        pass
    with pytest.raises(TypeError, match="seconds"), tt.work_limit("1"):  # type: ignore[arg-type]
        pass


def test_float_models_have_no_estimate() -> None:
    with pytest.raises(tt.ExactnessError, match="float arithmetic"):
        tt.exact_work(tt.MDP([[[1.0]]], [[1.0]], [1.0], 0.5))
