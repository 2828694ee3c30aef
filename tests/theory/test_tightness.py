"""What is said of tightness is computed again, exactly where no logarithm is in it."""

from fractions import Fraction

import numpy as np
import pytest

from tabular_trpo._falsify.score import scorer
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.claim import Theorem, claim
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.tightness import TIGHTNESS

NAMED = {theorem.name: theorem for theorem in THEOREMS}
EXACT = [name for name in TIGHTNESS if NAMED[name].exactness == "rational"]
LOGS = [name for name in TIGHTNESS if NAMED[name].exactness != "rational"]


def exact_ratio(theorem: Theorem, pair: Pair) -> Fraction:
    """Return gap / penalty in rationals, the largest over the states."""
    terms = scorer(theorem)
    gap, penalty = (
        np.atleast_1d(sum((int(sign) * e.value(pair) for sign, e in side), Fraction(0)))  # type: ignore[arg-type]
        for side in (terms.gap, terms.penalty)
    )
    both = zip(*np.broadcast_arrays(gap, penalty), strict=True)
    return max(Fraction(x) / -y for x, y in both if y != 0)


@pytest.mark.parametrize("name", TIGHTNESS)
def test_statement_speaks_of_its_pair_and_holds(name: str) -> None:
    assert judge(NAMED[name], TIGHTNESS[name].fixture()).status == "proved"


@pytest.mark.parametrize("name", EXACT)
def test_ratio_is_exact(name: str) -> None:
    assert exact_ratio(NAMED[name], TIGHTNESS[name].fixture()) == TIGHTNESS[name].ratio


@pytest.mark.parametrize("name", LOGS)
def test_ratio_with_logarithms_is_cut_after_four_digits(name: str) -> None:
    ratio = scorer(NAMED[name]).ratio(TIGHTNESS[name].fixture())
    assert ratio is not None
    if TIGHTNESS[name].attained:
        assert ratio == 1
    else:
        assert 0 <= ratio - TIGHTNESS[name].ratio < Fraction(1, 10000)


@pytest.mark.parametrize("name", [n for n in TIGHTNESS if "tends to 1:" in TIGHTNESS[n].words])
def test_what_tends_to_one_is_near_it(name: str) -> None:
    assert Fraction(99, 100) < TIGHTNESS[name].ratio < 1


def test_attained_is_equality() -> None:
    assert TIGHTNESS["coupling_span"].attained
    assert not TIGHTNESS["trpo_bound"].attained


def test_sides() -> None:
    pair = fixtures.tight()()
    assert NAMED["coupling_span"].sides == "two"  # abs(...)
    assert NAMED["simulation_lemma"].sides == "two"  # max_s(abs(...))
    assert NAMED["performance_difference"].sides == "two"  # ==
    assert NAMED["trpo_bound"].sides == "one"
    assert NAMED["policy_iteration_contraction"].sides == "one"
    assert NAMED["advantage_lemma"].sides == "two"  # max_s(abs(...) - ...)
    assert NAMED["hellinger"].sides == "two"  # (1 - gamma)*abs(...)
    assert NAMED["visitation_kl"].sides == "one"
    one = claim("a sum")(lambda p: (abs(p.eta) + p.L, "<=", abs(p.eta) + p.L))
    assert one.sides == "one"
    assert judge(one, pair).status == "proved"
