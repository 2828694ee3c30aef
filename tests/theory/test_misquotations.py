"""Every misquotation is refuted exactly on its own fixture, where its theorem is not."""

import json

import pytest

from tabular_trpo import check
from tabular_trpo._core.errors import LimitError
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.misquotations import MISQUOTATIONS, Misquotation
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.vocabulary import beyond_certificates

OPEN_IN_FLOATS = {
    "policy_iteration: greedy in r",
    "policy_iteration_contraction: gamma squared",
    "reward_weighted: rewards of any sign",
    "npg_progress: over a horizon",
    "soft_performance_difference: old entropy",
    "soft_suboptimality: new visits",
    "natural_gradient: d in place of rho",
    "compatible_features: not centred",
    "compatible_features: fit of the new policy",
    "compatible_fit: the other way",
    "compatible_fit: weights of the table",
}
TRUE = {theorem.name: theorem for theorem in THEOREMS}
each = pytest.mark.parametrize("one", MISQUOTATIONS, ids=lambda one: one.claim.name)


@each
def test_misquotation_is_refuted_and_its_theorem_is_not(one: Misquotation) -> None:
    pair = one.fixture()
    verdict = judge(one.claim, pair)
    assert verdict.status == "refuted"
    assert verdict.arithmetic in ("rational", "enclosure")
    if one.claim.statement.relation == "==":
        assert verdict.slack_lo * verdict.slack_hi > 0
    else:
        assert verdict.slack_lo <= verdict.slack_hi < 0
    assert judge(TRUE[one.theorem], pair).status in ("proved", "vacuous")


@each
def test_misquotation_is_refuted_in_the_float_arithmetic(one: Misquotation) -> None:
    """Enclosures cannot prove a precondition that holds with equality, nor make a soft value or
    a pseudo-inverse."""
    verdict = judge(one.claim, one.fixture().to_float(), arithmetic="float")
    assert verdict.status == ("undecided" if one.claim.name in OPEN_IN_FLOATS else "refuted")
    assert verdict.arithmetic == "float"


@each
def test_refutation_is_certified(one: Misquotation) -> None:
    if beyond_certificates(one.claim.names()):
        with pytest.raises(LimitError, match="for which check has no witness"):
            pair_certificate(one.fixture(), [one.claim])
        return
    made = pair_certificate(one.fixture(), [one.claim])
    read = check.check(json.loads(json.dumps(made)))
    (statement,) = read
    assert (statement.name, statement.status) == (one.claim.name, "refuted")
    assert statement.user_claim


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)
def test_fixtures_refute_no_theorem(theorem: Theorem) -> None:
    for one in MISQUOTATIONS:
        assert judge(theorem, one.fixture()).status in ("proved", "vacuous")


def test_tightness_of_a_refuted_bound_is_above_one() -> None:
    own = "in L", "step", "weight"  # no penalty around L
    bounds = [
        v for v in MISQUOTATIONS if v.claim.center and not any(x in v.claim.name for x in own)
    ]
    assert len(bounds) > 10
    for one in bounds:
        ratio = judge(one.claim, one.fixture()).tightness
        assert ratio is None or ratio > 1  # None: no penalty at all
