"""What is no claim, no pair or no limit is refused at the door, in words."""

import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.claim import claim
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.statements.coupling import trpo_bound


def test_what_is_no_question_is_refused_at_the_door() -> None:
    theorem, pair = trpo_bound, fixtures.tight()()
    for wrong in (lambda p: (p.eta, "<=", 1), "trpo_bound", None):
        with pytest.raises(TypeError, match="expected a Theorem"):
            judge(wrong, pair)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a Pair"):
        judge(theorem, pair.mdp)  # type: ignore[arg-type]
    for bits in (0, -5):
        with pytest.raises(InvalidMDPError, match=f"bits = {bits}, expected a positive integer"):
            judge(theorem, pair, bits=bits)
    for word in ("a", 64.0, True, None):
        with pytest.raises(TypeError, match="expected an integer"):
            judge(theorem, pair, bits=word)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="expected an integer"):
            tt.pair_certificate(pair, bits=word)  # type: ignore[arg-type]


def test_claims_need_a_title_a_formula_and_a_known_centre() -> None:
    for title in (lambda p: (p.eta, "<=", 1), 5, "", None):
        with pytest.raises(TypeError, match=r"title = .*, expected a text"):
            claim(title)
    for center in ("zzz", "V", "", 5):
        with pytest.raises(InvalidMDPError, match="expected None or a number of a pair"):
            claim("x", center=center)
    with pytest.raises(TypeError, match="expected a function of p"):
        claim("x")("eta <= 1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a function of p"):
        claim("x", when="eta <= 1")(lambda p: (p.eta, "<=", 1))
