"""Pairs given as `start` of a search: judged exactly first, first parents, rejected if large."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from scripts import witnesses
from tabular_trpo._falsify import seeds
from tabular_trpo._falsify.atlas import entry
from tabular_trpo._falsify.result import Refutation, Unrefuted
from tabular_trpo._falsify.score import scorer
from tabular_trpo._families.worst_case import ladder, tight_cpi, tight_thm1

ATLAS = Path(__file__).parents[2] / "mdps" / "atlas"
THEOREMS = {t.name: t for t in tt.THEOREMS}
STEP = Fraction(1, 1000)


@tt.claim("(9) with the mean KL", center="L")
def mean_kl(p: Any) -> Any:
    return p.eta_new, ">=", p.L - p.C * p.mean_kl


def of(case: Any) -> tt.Pair:
    """Return the Pair of a worst-case instance."""
    return tt.Pair(case.mdp, case.pi, case.pi_new)


def ratio(found: Any) -> float:
    assert isinstance(found, Unrefuted) and found.ratio is not None
    return found.ratio


def test_a_counterexample_that_is_given_is_read_before_any_round() -> None:
    pair = of(ladder(3, "1/10", STEP))
    found = tt.falsify(mean_kl, rounds=5, families=False, start=[pair])
    assert isinstance(found, Refutation)
    assert (found.tried, found.rounds) == (1, 1)
    assert tt.judge(mean_kl, found.pair).status == "refuted"
    assert found.certificate is not None
    assert tt.check.check(found.certificate)[0].status == "refuted"


def test_it_is_refuted_where_gamma_is_held_and_only_there() -> None:
    """Ladders of six levels refute at gamma = 1/10, not at 1/4; the fixed gamma replaces theirs."""
    pair = of(ladder(6, "1/4", STEP))
    held = tt.falsify(mean_kl, rounds=1, families=False, gamma="1/10", start=[pair])
    assert isinstance(held, Refutation) and held.pair.gamma == Fraction(1, 10)
    own = tt.falsify(mean_kl, rounds=1, families=False, gamma="1/4", start=[pair])
    assert isinstance(own, Unrefuted)


def test_larger_pairs_are_climbed_from() -> None:
    """A given pair of ten states adds its size to the search, and few rounds raise its ratio."""
    pair = of(ladder(5, "1/4", Fraction(1, 10)))
    before = scorer(mean_kl).ratio(pair)
    assert before is not None
    found = tt.falsify(mean_kl, rounds=30, families=False, gamma="1/4", start=[pair])
    bare = tt.falsify(mean_kl, rounds=30, families=False, gamma="1/4")
    assert ratio(bare) < before < ratio(found)
    assert isinstance(found, Unrefuted) and found.witness is not None
    assert found.witness.mdp.r.shape == (10, 2)


def test_the_order_of_the_search_is_the_same_without_pairs() -> None:
    bare = tt.falsify(mean_kl, rounds=6, gamma="1/4")
    none = tt.falsify(mean_kl, rounds=6, gamma="1/4", start=())
    assert ratio(bare) == ratio(none) and bare.tried == none.tried


def test_any_pair_will_do_for_mixtures_and_a_mixture_for_any_pair() -> None:
    gamma = Fraction(1, 2)
    case = tight_cpi(gamma, -1, Fraction(1, 100))
    assert case.target is not None and case.alpha is not None
    mixture = tt.Pair.mixture(case.mdp, case.pi, case.target, case.alpha)
    plain = of(tight_thm1(Fraction(1, 100), gamma))
    taken = seeds.tables(plain, True, None)
    assert taken.alpha == 1 and (taken.pair().pi_new == plain.pi_new).all()
    kept = seeds.tables(mixture, True, None).pair()
    assert kept.alpha == mixture.alpha and (kept.target == mixture.target).all()
    left = seeds.tables(mixture, False, None).pair()
    assert not left.is_mixture and (left.pi_new == mixture.pi_new).all()
    assert isinstance(tt.falsify(THEOREMS["cpi_bound"], rounds=1, start=[plain]), Unrefuted)


def test_a_pair_of_floats_is_read_as_what_its_doubles_are() -> None:
    pair = tt.Pair(tt.MDP([[[1.0], [1.0]]], [[0.0, 0.1]], [1.0], 0.5), [[0.5, 0.5]], [[0.0, 1.0]])
    (r,) = seeds.tables(pair, False, None).pair().mdp.r
    assert r[1] == Fraction(0.1)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (
            tt.Pair(
                tt.MDP(np.ones((2, 1, 2, 1)), np.zeros((2, 1, 2)), np.ones((2, 1)), [0.5, 0.5]),
                np.full((2, 1, 2), 0.5),
                np.full((2, 1, 2), 0.5),
            ),
            r"start has shape \(2, 1, 2\), expected one pair of at most 16 states and actions",
        ),
        (of(ladder(9, "1/10", STEP)), r"start has shape \(18, 2\)"),
    ],
    ids=["batch", "large"],
)
def test_what_cannot_be_climbed_from_is_refused(pair: tt.Pair, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.falsify(mean_kl, rounds=1, start=[pair])


def test_an_action_that_is_not_allowed_does_what_an_allowed_one_does() -> None:
    rows = [[[0, 0], [0, 1], [1, 0]], [["1/2", "1/2"], [0, 0], [1, 0]]]
    allowed = [[False, True, True], [True, False, True]]
    mdp = tt.MDP(rows, [[0, 3, -1], [2, 0, 5]], [1, 0], "1/3", allowed=allowed)
    pair = tt.Pair(mdp, [[0, "1/4", "3/4"], [1, 0, 0]], [[0, 1, 0], ["1/2", 0, "1/2"]])
    filled = seeds.tables(pair, False, None).pair()
    assert filled.mdp.mask.all()
    assert (filled.mdp.P[0, 0] == mdp.P[0, 1]).all() and (filled.mdp.P[1, 1] == mdp.P[1, 0]).all()
    assert filled.mdp.r.tolist() == [[3, 3, -1], [2, 2, 5]]
    for name in ("eta", "eta_new", "L", "eps", "max_tv", "V", "rho_new", "A_bar"):
        assert np.all(getattr(filled, name) == getattr(pair, name)), name


@pytest.mark.parametrize("name", ["cpi_step", "spi_step"])
def test_the_answer_is_as_near_as_the_given_pair(name: str) -> None:
    """Both pairs are on the boundary of a precondition, which rounding of doubles leaves."""
    pair = witnesses.load(ATLAS / f"{name}_0.7.mdp.json")
    theorem = THEOREMS[name]
    before = scorer(theorem).ratio(pair)
    found = tt.falsify(theorem, rounds=1, gamma="7/10", start=[pair])
    bare = tt.falsify(theorem, rounds=1, gamma="7/10")
    assert before is not None and ratio(bare) < before <= ratio(found)
    carried, _ = entry(theorem, "7/10", rounds=1, start=[pair])
    assert carried.ratio is not None and carried.ratio >= before * (1 - 1e-4)


def test_a_pair_that_the_claim_does_not_apply_to_is_no_witness() -> None:
    """The ratio is above 1, but gamma is below 8/17, so the precondition fails."""
    pair, theorem = of(ladder(3, "1/10", STEP)), THEOREMS["trpo_mean_kl"]
    assert (scorer(theorem).ratio(pair) or 0) > 1
    found = tt.falsify(theorem, rounds=2, start=[pair])
    assert ratio(found) < 1 and isinstance(found, Unrefuted) and found.witness is not None
    assert tt.judge(theorem, found.witness).status == "proved"
