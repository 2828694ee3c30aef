"""Gap and penalty of a claim do not depend on how the claim is written."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.score import APPLICABLE, NO_VALUE, scorer
from tabular_trpo._falsify.search import _ratio
from tabular_trpo._theory.plain import FastPair

CASES = draw(np.random.default_rng(11), 600, 3, 3)
PAIRS = [CASES.exact(i).pair() for i in range(6)]


def penalty(p: Any) -> Any:
    return 3 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "L": lambda p: (p.eta_new, ">=", p.L - penalty(p)),
    "turned round": lambda p: (p.L - penalty(p), "<=", p.eta_new),
    "sum last": lambda p: (p.eta_new, ">=", p.eta + p.sum_s(p.rho * p.A_bar) - penalty(p)),
    "sum first": lambda p: (p.eta_new, ">=", p.sum_s(p.rho * p.A_bar) + p.eta - penalty(p)),
    "gain": lambda p: (p.eta_new - p.eta, ">=", p.sum_s(p.rho * p.A_bar) - penalty(p)),
    "on one side": lambda p: (p.eta + p.sum_s(p.A_bar * p.rho) - penalty(p) - p.eta_new, "<=", 0),
    "over actions": lambda p: (
        p.eta_new, ">=", p.eta + p.sum_s(p.rho * p.sum_a(p.pi_new * p.A)) - penalty(p)),
    "over changes": lambda p: (
        p.eta_new, ">=", p.eta + p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.Q)) - penalty(p)),
    "Q and V": lambda p: (
        p.eta_new, ">=", p.eta + p.sum_s(p.rho * (p.sum_a(p.pi_new * p.Q) - p.V)) - penalty(p)),
    "mean over d": lambda p: (
        p.eta_new, ">=", p.eta + p.mean_d(p.A_bar) / (1 - p.gamma) - penalty(p)),
    "penalty in the sum": lambda p: (
        p.eta_new, ">=", p.eta + p.sum_s(p.rho * (p.A_bar - (1 - p.gamma) * penalty(p)))),
    "penalty in the mean": lambda p: (
        p.eta_new, ">=", p.eta + p.mean_d(p.A_bar / (1 - p.gamma) - penalty(p))),
    "a factor of all": lambda p: (
        (1 - p.gamma) ** 2 * (p.L - p.eta_new), "<=", 3 * p.eps * p.gamma * p.max_tv**2),
    "factors separately": lambda p: (
        p.eta_new * (1 - p.gamma), ">=", (1 - p.gamma) * (p.L - penalty(p))),
    "half of it": lambda p: ((p.L - p.eta_new) / 2, "<=", penalty(p) / 2),
    "divided": lambda p: (
        (p.L - p.eta_new) / p.max_tv**2, "<=", 3 * p.eps * p.gamma / (1 - p.gamma) ** 2),
    "divided by C": lambda p: (
        (p.eta + p.sum_s(p.rho * p.A_bar) - p.eta_new) / (p.C * p.max_tv**2), "<=", Fraction(3, 4)),
    "minus": lambda p: (-p.eta_new, "<=", penalty(p) - p.L),
    "a single maximum": lambda p: (p.max_s(p.L - p.eta_new - penalty(p) + 0 * p.V), "<=", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_ratio_is_that_of_the_plain_spelling(name: str) -> None:
    plain, other = (scorer(tt.claim(x)(SPELLINGS[x])) for x in ("L", name))
    assert other.penalty
    for pair in PAIRS:
        before, after = plain.ratio(pair), other.ratio(pair)
        assert before is not None and after == pytest.approx(before, rel=1e-12)
    p = FastPair(CASES.changed(alpha=np.clip(CASES.alpha, 0.01, 1.0)))
    some = (p.max_tv > 1e-3) & (p.C > 1e-3)
    assert other(p)[some] == pytest.approx(plain(p)[some], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", SPELLINGS)
def test_nothing_over_nothing_is_no_ratio(name: str) -> None:
    """At gamma = 0 the surrogate is exact and the penalty is 0."""
    claim = tt.claim(name)(SPELLINGS[name])
    still = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "0")
    pair = tt.Pair(still, [["1/2", "1/2"]], [["1/4", "3/4"]])
    assert scorer(claim).ratio(pair) is None
    found = tt.falsify(claim, rounds=1, gamma=0, start=[pair])
    assert found.status != "refuted" and found.ratio is None  # type: ignore[union-attr]


def test_the_minorant_is_a_sum() -> None:
    named = scorer(tt.claim("M")(lambda p: (p.eta_new, ">=", p.M)))
    separate = scorer(tt.claim("L")(lambda p: (p.eta_new, ">=", p.L - p.C * p.max_kl)))
    assert [named.ratio(x) for x in PAIRS] == [separate.ratio(x) for x in PAIRS]


SOFT: list[Callable[[Any], Any]] = [
    lambda p: (
        p.eta_new + p.sum_s(p.rho0 * p.K_new), ">=",
        p.eta + p.sum_s(p.rho0 * p.K)
        + p.sum_s(p.rho * (p.A_bar + p.sum_a(p.gamma * p.pi_new * p.next(p.K))))
        + p.sum_s(p.rho * (p.entropy_new - p.K))
        - 2 * p.gamma / (1 - p.gamma) ** 2 * p.span_s(p.A_bar + p.entropy_new) * p.max_tv),
    lambda p: (
        p.sum_s(p.rho0 * (p.V_new + p.K_new)), ">=",
        p.sum_s(p.rho0 * (p.V + p.K)) + p.sum_s(p.rho * (p.A_bar - p.kl_reversed))),
    lambda p: (p.sum_s(p.rho0 * p.V_new), ">=", p.L + p.sum_s(p.rho * (p.entropy_new - p.entropy))
               - p.mean_d(p.C * p.kl)),
]  # fmt: skip


@pytest.mark.parametrize("formula", SOFT)
def test_a_soft_version_has_a_penalty(formula: Callable[[Any], Any]) -> None:
    assert scorer(tt.claim("soft")(formula)).penalty


def ranks(p: Any) -> Any:
    return p.sum_s(p.log(1 + abs(p.V)) - (p.M + p.h_new)), "<=", 0


def counted(p: Any) -> Any:
    return p.eta_new, ">=", p.eta + p.sum_s(p.rho * p.A_bar - p.eps * p.max_tv)


def test_terms_of_lower_rank_are_spread() -> None:
    assert scorer(tt.claim("ranks")(ranks))(FastPair(CASES)).shape == (len(CASES),)
    score, p = scorer(tt.claim("counted")(counted)), FastPair(CASES)
    assert [e.rank for _, e in score.gap + score.penalty] == [0] * 4
    ((sign, e),) = score.penalty
    assert sign * e.value(p) == pytest.approx(-3 * p.eps * p.max_tv)


def true(p: Any) -> Any:
    return p.eta_new, ">=", p.L - p.C * p.max_tv**2


@pytest.mark.parametrize("center", ["L", "eta + sum_s(rho*A_bar)", lambda p: p.L + 0])
def test_the_user_names_the_gap(center: Any) -> None:
    claim = tt.claim("plain")(true)
    named = tt.claim("plain", center=center)(true)
    for pair in PAIRS:
        ratio = scorer(named).ratio(pair)
        assert ratio == pytest.approx(scorer(claim).ratio(pair), rel=1e-12)
        assert tt.judge(named, pair).tightness == pytest.approx(ratio, rel=1e-12)
    found = tt.falsify(claim, rounds=2, gamma="1/2", center=center)
    assert found.status == "unrefuted" and found.ratio is not None and found.ratio < 1  # type: ignore[union-attr]
    assert found.ratio == _ratio(scorer(named), found.witness)  # type: ignore[arg-type, union-attr]


def test_another_centre_measures_by_another_penalty() -> None:
    claim = tt.claim("plain")(SPELLINGS["L"])
    about_eta = tt.claim("plain", center="eta")(SPELLINGS["L"])
    pair = PAIRS[0]
    assert scorer(about_eta).ratio(pair) == pytest.approx(
        float((pair.eta - pair.eta_new) / (pair.eta - pair.L + penalty(pair)))
    )
    assert scorer(about_eta)(FastPair(CASES)).max() <= 1 + 1e-9  # the claim is true
    assert (scorer(claim)(FastPair(CASES)) > APPLICABLE).all() and NO_VALUE < APPLICABLE


def test_an_equation_lies_around_nothing() -> None:
    claim = tt.claim("equation")(lambda p: (p.eta_new, "==", p.L))
    with pytest.raises(tt.InvalidMDPError, match=r"an equation, was given.*Leave it out"):
        tt.falsify(claim, rounds=1, center="L")
