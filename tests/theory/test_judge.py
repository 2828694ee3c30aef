"""Verdicts: four ends, three arithmetics, certain signs, and limits that say which they are."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core import real
from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._families.random import garnet
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.claim import Theorem, claim
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS, TOPICS
from tabular_trpo._theory.verdicts import verify, verify_pair
from tabular_trpo.families import worst_case

IDENTITIES = TOPICS["Identities"]
COUPLING = TOPICS["Theorem 1 and its proof"]
BY_NAME = {theorem.name: theorem for theorem in THEOREMS}
TIGHT = fixtures.tight()


def stated(formula: Callable[[Any], Any], when: Any = None) -> Theorem:
    return claim("stated", when=when)(formula)


def lost_support() -> Pair:
    """X is left half-way to losing an action, Y loses one: KL is infinite."""
    mdp = tt.MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [["0", "1"]] * 2, ["1", "0"], "1/2")
    return Pair(mdp, [["1/2", "1/2"]] * 2, [["1/4", "3/4"], ["0", "1"]])


def equal_policies() -> Pair:
    pair = TIGHT()
    return Pair(pair.mdp, pair.pi, pair.pi)


def test_a_verdict_is_no_bool() -> None:
    verdicts = verify_pair(TIGHT())
    with pytest.raises(TypeError, match="no bool"):
        bool(verdicts[0])
    with pytest.raises(TypeError, match="all_proved"):
        bool(verdicts)


def test_verdicts_are_a_sequence_with_names() -> None:
    pair = TIGHT()
    verdicts = verify(pair.mdp, pair.pi, pair.pi_new)
    assert len(verdicts) == len(THEOREMS) and verdicts.all_proved
    assert [v.claim.name for v in verdicts] == list(BY_NAME)
    assert verdicts["trpo_bound"] is verdicts[list(BY_NAME).index("trpo_bound")]
    silent = {v.claim.name for v in verdicts if v.status == "vacuous"}
    mixtures = {theorem.name for theorem in THEOREMS if theorem.mixture}
    assert mixtures < silent and {"trpo_bound", "trpo_mean_kl", "hellinger"}.isdisjoint(silent)
    assert verdicts.counts()["proved"] == len(THEOREMS) - len(silent)
    lines = str(verdicts).splitlines()
    assert len(lines) == len(THEOREMS)
    assert lines[0].split() == "proved performance_difference_paths rational slack 0".split()
    with pytest.raises(KeyError):
        verdicts["trpo"]


def test_verdicts_become_plain_data() -> None:
    data = verify_pair(TIGHT()).to_dict()
    row = next(row for row in data["verdicts"] if row["name"] == "trpo_bound")
    # By hand: slack 18/5 - 36/19 = 162/95, tightness 10/19.
    assert row["slack"] == ["162/95", "162/95"]
    assert row["tightness"] == pytest.approx(10 / 19)
    assert (row["status"], row["lane"], row["equation"]) == (
        "proved",
        "rational",
        "TRPO (8), Theorem 1",
    )


def test_a_refuted_claim_spoils_all_proved() -> None:
    false = stated(lambda p: (p.eta_new, ">=", p.L))
    verdicts = verify_pair(TIGHT(), [BY_NAME["trpo_bound"], false])
    assert not verdicts.all_proved
    assert verdicts[1].slack_lo == Fraction(-36, 19)


# ---- the four ends -------------------------------------------------------------------------------


def test_vacuous_where_the_pair_is_no_mixture() -> None:
    verdict = judge(BY_NAME["cpi_bound"], TIGHT())
    assert (verdict.status, verdict.reason) == ("vacuous", "the pair is no mixture")
    assert verdict.slack_lo is None and verdict.slack_hi is None


def test_vacuous_where_the_precondition_fails() -> None:
    verdict = judge(BY_NAME["monotone_improvement"], TIGHT())
    assert (verdict.status, verdict.reason) == ("vacuous", "the precondition fails")
    holds = judge(BY_NAME["monotone_improvement"], equal_policies())
    assert holds.status == "proved"


@pytest.mark.parametrize("floats", [False, True], ids=["rational", "float"])
def test_vacuous_where_a_penalty_is_infinite(floats: bool) -> None:
    pair = lost_support().to_float() if floats else lost_support()
    for name in ("trpo_kl_bound", "trpo_kl_bound_half", "minorant_gain"):
        verdict = judge(BY_NAME[name], pair)
        assert (verdict.status, verdict.reason) == ("vacuous", "a side is infinite")
    # The maximum over states sees the finite state, so these two still speak.
    assert judge(BY_NAME["pinsker"], pair).status == "proved"
    assert judge(BY_NAME["monotone_improvement"], pair).status == "vacuous"
    assert judge(BY_NAME["trpo_bound"], pair).status == "proved"


@pytest.mark.parametrize("floats", [False, True], ids=["rational", "float"])
def test_an_infinite_precondition_holds(floats: bool) -> None:
    pair = lost_support().to_float() if floats else lost_support()
    guarded = stated(lambda p: (p.eps, ">=", 100), when=lambda p: (p.max_kl, ">=", 1))
    assert judge(guarded, pair).status == "refuted"


@pytest.mark.parametrize("floats", [False, True], ids=["rational", "float"])
def test_refuted_where_a_side_is_infinite_the_other_way(floats: bool) -> None:
    pair = lost_support().to_float() if floats else lost_support()
    verdict = judge(stated(lambda p: (p.max_kl, "<=", 100)), pair)
    assert verdict.status == "refuted"
    assert verdict.slack_lo == -np.inf
    assert judge(stated(lambda p: (p.max_kl, "==", 100)), pair).status == "refuted"


@pytest.mark.parametrize(
    "formula",
    [
        lambda p: (p.max_kl / p.max_tv, "<=", 5),
        lambda p: (p.sqrt(p.max_tv - 1), "<=", 5),
    ],
    ids=["0/0", "root of -1"],
)
def test_vacuous_where_a_side_has_no_value(formula: Any) -> None:
    for pair in (equal_policies(), equal_policies().to_float()):
        verdict = judge(stated(formula), pair)
        assert verdict.status == "vacuous"
        assert verdict.reason.startswith("a side has no value")


def test_no_value_to_a_difference_of_infinities() -> None:
    verdict = judge(stated(lambda p: (p.max_kl - p.max_kl, "<=", 5)), lost_support())
    assert verdict.status == "vacuous"
    assert verdict.reason.startswith("a side has no value")


def test_equal_policies_are_settled_without_logarithms() -> None:
    for name in ("tv_squared_kl", "pinsker", "trpo_kl_bound", "minorant_gain"):
        verdict = judge(BY_NAME[name], equal_policies())
        assert (verdict.status, verdict.slack_lo, verdict.slack_hi) == ("proved", 0, 0)
        assert verdict.arithmetic == "rational"


# ---- certain signs -------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [10, 60, 300])
def test_ties_of_the_kl_are_decided(digits: int) -> None:
    pair = TIGHT()
    lo, hi = real.enclose(pair.max_kl - 0, 4 * digits + 20)
    below, above = lo - Fraction(1, 10**digits), hi + Fraction(1, 10**digits)
    assert judge(stated(lambda p: (p.max_kl, "<=", above)), pair).status == "proved"
    assert judge(stated(lambda p: (p.max_kl, "<=", below)), pair).status == "refuted"
    verdict = judge(stated(lambda p: (p.max_kl, ">=", below)), pair)
    assert verdict.status == "proved" and verdict.arithmetic == "enclosure"
    assert 0 < verdict.slack_lo <= verdict.slack_hi < Fraction(2, 10**digits)


def test_a_limit_of_bits_leaves_it_undecided_and_says_so() -> None:
    pair = TIGHT()
    _, hi = real.enclose(pair.max_kl, 220)
    near = stated(lambda p: (p.max_kl, "<=", hi))
    verdict = judge(near, pair, bits=128)
    assert (verdict.status, verdict.arithmetic) == ("undecided", "enclosure")
    assert "128 bits" in verdict.reason
    assert judge(near, pair).status == "proved"
    assert not verify_pair(pair, [near], bits=128).all_proved


def test_an_open_precondition_leaves_it_undecided() -> None:
    pair = TIGHT()
    _, hi = real.enclose(pair.max_kl, 220)
    guarded = stated(lambda p: (p.eta, "<=", p.eta), when=lambda p: (p.max_kl, "<=", hi))
    assert judge(guarded, pair, bits=128).status == "undecided"
    assert judge(guarded, pair).status == "proved"


def test_roots_are_exact() -> None:
    pair = TIGHT()
    pinsker = stated(lambda p: (p.max_tv, "<=", p.sqrt(p.max_kl / 2)))
    assert (pinsker.exactness, judge(pinsker, pair).status) == ("log", "proved")
    square = stated(lambda p: (p.sqrt(p.max_tv**2), "==", p.max_tv))
    assert (square.exactness, judge(square, pair).status) == ("sqrt", "proved")
    irrational = stated(lambda p: (p.sqrt(2) ** 2, "==", 2))
    assert judge(irrational, pair).status == "proved"
    assert judge(stated(lambda p: (p.sqrt(2), "<=", 1)), pair).status == "refuted"


# ---- arithmetics -----------------------------------------------------------------


def test_floats_settle_what_they_can_and_rationals_the_rest() -> None:
    arithmetics = {v.claim.name: v.arithmetic for v in verify_pair(TIGHT().to_float())}
    assert arithmetics["trpo_bound"] == arithmetics["trpo_kl_bound"] == "float"
    assert {arithmetics[identity.name] for identity in IDENTITIES} == {"rational"}
    assert arithmetics["coupling_span"] == "rational"  # attained with equality


def test_floats_alone_never_prove_an_equality_nor_refute_a_true_one() -> None:
    for verdict in verify_pair(TIGHT().to_float(), IDENTITIES, arithmetic="float"):
        assert verdict.status == "undecided"
        assert "by choice" in verdict.reason


def test_the_rational_arithmetic_can_be_asked_for() -> None:
    arithmetics = {v.arithmetic for v in verify_pair(TIGHT().to_float(), arithmetic="rational")}
    assert arithmetics == {"rational", "enclosure"}


def test_a_large_model_stays_with_floats_and_says_why() -> None:
    mdp = garnet(np.random.default_rng(0), 150, 2, 3, 0.9)
    pi = tt.policies.uniform(mdp)
    pi_new = tt.policies.mixture(pi, tt.policies.deterministic(mdp, np.zeros(150, int)), 0.01)
    verdicts = verify(mdp, pi, pi_new)
    assert {v.status for v in verdicts} == {"proved", "undecided", "vacuous"}
    assert {v.arithmetic for v in verdicts} == {"float"}
    for name in ("trpo_bound", "trpo_kl_bound", "coupling_span", "pinsker"):
        assert verdicts[name].status == "proved"
    reason = verdicts["visitation_mass"].reason
    assert "S = 150" in reason and "120" in reason


def test_float_mixtures_are_judged_as_exact_mixtures() -> None:
    pair = fixtures.cpi()().to_float()
    verdict = judge(BY_NAME["cpi_bound"], pair)
    assert (verdict.status, verdict.arithmetic) == ("proved", "float")


def test_batches_and_unknown_arithmetics_are_refused() -> None:
    pair = TIGHT().to_float()
    mdp = pair.mdp
    batch = tt.MDP(np.stack([mdp.P] * 2), np.stack([mdp.r] * 2), mdp.rho0, mdp.gamma)
    with pytest.raises(InvalidMDPError, match="expected a single pair"):
        judge(BY_NAME["trpo_bound"], Pair(batch, pair.pi, pair.pi_new))
    with pytest.raises(InvalidMDPError, match="auto, float, rational"):
        judge(BY_NAME["trpo_bound"], pair, arithmetic="exact")


# ---- tightness -----------------------------------------------------------------------------------


def test_tightness_is_gap_over_penalty() -> None:
    pair = Pair.of(worst_case.tight_thm1("1/10", "9/10"))
    ratios = {v.claim.name: v.tightness for v in verify_pair(pair)}
    assert ratios["trpo_bound"] == pytest.approx(10 / 19)
    assert ratios["trpo_bound_upper"] == pytest.approx(-10 / 19)
    assert ratios["coupling_span"] == ratios["coupling_bound"] == 1
    assert ratios["performance_difference"] is None
    assert ratios["pinsker"] is None  # its right side is 0
    floats = {v.claim.name: v.tightness for v in verify_pair(pair.to_float(), arithmetic="float")}
    assert floats["trpo_bound"] == pytest.approx(10 / 19)


def test_tightness_survives_sizes_beyond_floats() -> None:
    mdp = TIGHT().mdp
    scaled = tt.MDP(mdp.P, mdp.r * Fraction(10) ** 400, mdp.rho0, mdp.gamma)
    pair = Pair(scaled, TIGHT().pi, TIGHT().pi_new)
    assert judge(BY_NAME["trpo_bound"], pair).tightness == pytest.approx(10 / 19)
    assert judge(BY_NAME["trpo_kl_bound"], pair).tightness is None
    assert str(verify_pair(pair))


def test_formula_called_on_a_pair_gives_the_same_numbers() -> None:
    pair = TIGHT()
    for theorem in (*IDENTITIES, *COUPLING):  # others combine vectors with tables
        if not theorem.mixture and "push_forward" not in theorem.names():
            lhs, relation, rhs = theorem.formula(pair)
            made = theorem(pair)
            assert (made.lhs, made.relation, made.rhs) == (lhs, relation, rhs)
