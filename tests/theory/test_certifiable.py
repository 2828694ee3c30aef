"""A certificate holds what the lone checker can follow; the rest is left out, or refused."""

import json
import math
from fractions import Fraction
from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo import check
from tabular_trpo._core.errors import InvalidMDPError, LimitError
from tabular_trpo._theory.certifiable import hexadecimal
from tabular_trpo._theory.certificate import certificate, pair_certificate
from tabular_trpo._theory.claim import Theorem, claim
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS

BY_NAME = {theorem.name: theorem for theorem in THEOREMS}


def one_state() -> Pair:
    """One state, so that the largest and the mean KL are one number."""
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    return Pair(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]])


def checked(made: dict[str, Any]) -> dict[str, str]:
    """Return {name: status} as the checker reads a certificate that went through JSON."""
    return {line.name: line.status for line in check.check(json.loads(json.dumps(made)))}


@pytest.mark.parametrize("digits", [1000, 1500])
def test_what_the_checker_cannot_settle_is_not_certified(digits: int) -> None:
    # p = (1/2, 1/2) against (1/2 + h, 1/2 - h): KL/2 - tv^2 = h^4 + ..., the logarithms near h.
    h = Fraction(1, 10**digits)
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    half = Fraction(1, 2)
    pair = Pair(mdp, [[half, half]], [[half + h, half - h]])
    assert judge(BY_NAME["pinsker"], pair).status == "proved"
    assert checked(pair_certificate(pair)).keys() < BY_NAME.keys()
    with pytest.raises(LimitError, match="bits"):
        pair_certificate(pair, ["pinsker"])


TIES = {
    "root": (lambda p: (p.sqrt(2) ** 2, "<=", 2), None),
    "within a side": (lambda p: (p.max_kl - p.mean_kl, "<=", 0), None),
    "across": (lambda p: (p.max_kl, "==", p.mean_kl), None),
    "span": (lambda p: (p.span_s(p.kl), "<=", 0), None),
    "root of a hidden 0": (lambda p: (p.sqrt(p.max_kl - p.mean_kl), "<=", 1), None),
    "logarithm": (lambda p: (p.log(p.max_kl / p.mean_kl), "==", 0), None),
    "quotient": (lambda p: (p.max_kl / p.mean_kl, "==", 1), None),
    "precondition": (lambda p: (p.eta, "==", p.eta), lambda p: (p.max_kl, "<=", p.mean_kl)),
}
NEAR_TIES = {
    "rational slack": lambda p: (p.max_kl - p.mean_kl, "<=", 1),
    "refuted": lambda p: (p.max_kl - p.mean_kl, ">=", 1),
    "unequal": lambda p: (p.max_kl - p.mean_kl, "==", 1),
    "no weight": lambda p: (0 * p.max_kl, "==", 0),
    "root of a number": lambda p: (p.sqrt(p.max_kl), "<=", 5),
    "perfect square": lambda p: (p.sqrt(Fraction(4, 9)), "==", Fraction(2, 3)),
}


@pytest.mark.parametrize("name", TIES)
def test_ties_that_only_an_identity_shows_are_not_certified(name: str) -> None:
    formula, when = TIES[name]
    tie = claim("tie", when=when)(formula)
    assert judge(tie, one_state()).status == "proved"
    with pytest.raises(LimitError, match="follows from an identity"):
        pair_certificate(one_state(), [tie])


@pytest.mark.parametrize("name", NEAR_TIES)
def test_other_rational_slacks_are_certified(name: str) -> None:
    made = pair_certificate(one_state(), [claim("near")(NEAR_TIES[name])])
    assert checked(made) == {"near": judge(claim("near")(NEAR_TIES[name]), one_state()).status}


def test_theorems_may_be_named() -> None:
    made = pair_certificate(one_state(), ["trpo_bound", "pinsker"])
    assert list(checked(made)) == ["trpo_bound", "pinsker"]
    with pytest.raises(InvalidMDPError, match="'trpo_bond', expected names as trpo_bound"):
        pair_certificate(one_state(), ["trpo_bond"])
    for wrong in ("trpo_bound", BY_NAME["pinsker"], 5, [5], [lambda p: p]):
        with pytest.raises(TypeError, match=r"theorems (=|has) "):
            pair_certificate(one_state(), wrong)  # type: ignore[arg-type]


def test_claims_that_check_would_refuse_are_refused_when_made() -> None:
    weak = claim("trpo_bound")(lambda p: (p.eta_new, ">=", p.L - 8 * p.eps / (1 - p.gamma) ** 2))
    with pytest.raises(InvalidMDPError, match=r"'trpo_bound' is named like a theorem .* expected"):
        pair_certificate(one_state(), [weak])
    with pytest.raises(InvalidMDPError, match="'pinsker' occurs 2 times, expected each title"):
        pair_certificate(one_state(), ["pinsker", "pinsker"])
    with pytest.raises(InvalidMDPError, match="is empty, expected at least one claim"):
        pair_certificate(one_state(), [])
    undefined = claim("no value")(lambda p: (p.max_kl / p.eps / 0, "<=", 1))
    with pytest.raises(LimitError, match=r"'no value' is left out .* expected one to certify"):
        pair_certificate(one_state(), [undefined])
    for most in (Fraction(10) ** 2000, Fraction(10) ** 5000):
        far = claim("far")(lambda p: (p.eta, "<=", most))  # noqa: B023
        with pytest.raises(LimitError, match="more than 1000 characters"):
            pair_certificate(one_state(), [far])


@pytest.mark.parametrize("power", [4000, 4400])
def test_numbers_that_check_does_not_read_are_a_limit(power: int) -> None:
    mdp = tt.MDP([[["1"], ["1"]]], [[Fraction(0), Fraction(10) ** power]], ["1"], "1/2")
    policies = [["1/2", "1/2"]], [["1/4", "3/4"]]
    with pytest.raises(LimitError, match="a number of the model has more than 4000 digits"):
        certificate(mdp, *policies)
    small = tt.MDP(mdp.P, mdp.r / 10 ** (power - 3999), mdp.rho0, mdp.gamma)
    assert checked(certificate(small, *policies))["trpo_bound"] == "proved"


def test_computed_numbers_that_check_does_not_read_are_a_limit() -> None:
    with pytest.raises(LimitError, match="a computed number has more than 65536 digits"):
        hexadecimal(Fraction(1, 16**65536))
    assert len(hexadecimal(Fraction(1, 16**65536 - 1))) == 65538


@pytest.mark.parametrize("title", ["x" * 501, "x" * 4001, "two\nlines", "x\ud800", "x\x1b[2J"])
def test_titles_that_the_checker_refuses_are_not_written(title: str) -> None:
    own = claim(title)(lambda p: (p.eta, "<=", p.eta + 1))
    with pytest.raises(InvalidMDPError, match="a title that no line can hold") as caught:
        pair_certificate(one_state(), [own])
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_formulas_nested_deeper_than_the_checker_reads_are_left_out() -> None:
    def product(n: int) -> Theorem:
        return claim(f"{n}")(lambda p: (math.prod([p.L] * n), ">=", 0))

    assert checked(pair_certificate(one_state(), [product(240)])) == {"240": "proved"}
    assert checked(pair_certificate(one_state(), [product(20), product(300)])) == {"20": "proved"}
    with pytest.raises(LimitError, match="nested more than 250 deep"):
        pair_certificate(one_state(), [product(300)])
