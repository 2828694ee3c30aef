"""`tt.falsify` refutes false claims and no true ones, and equal seeds give equal results."""

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo import check
from tabular_trpo._falsify.climb import climb
from tabular_trpo._falsify.result import Refutation, Unrefuted
from tabular_trpo._falsify.score import scorer
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.vocabulary import beyond_certificates


def c(p: Any) -> Any:
    return coupling_constant(p.max_tv, p.gamma)


@tt.claim("0.99 of the coupling bound")
def coupling(p: Any) -> Any:
    return abs(p.eta_new - p.L), "<=", Fraction(99, 100) * 4 * p.max_tv * p.eps * c(p)


@tt.claim("0.99 of Kakade & Langford 4.1", center="L")
def conservative(p: Any) -> Any:
    penalty = 2 * p.alpha**2 * p.gamma * p.eps_target
    scale = (1 - p.gamma) * (1 - p.gamma * (1 - p.alpha))
    return p.eta_new, ">=", p.L - Fraction(99, 100) * penalty / scale


@tt.claim("0.99 of the bound of constrained policy optimization")
def constrained(p: Any) -> Any:
    bound = 2 * p.gamma * p.eps_cpi * p.mean_tv / (1 - p.gamma) ** 2
    return abs(p.eta_new - p.L), "<=", Fraction(99, 100) * bound


@tt.claim("0.99 of the visitation bound")
def visitation(p: Any) -> Any:
    return p.sum_s(abs(p.rho_new - p.rho)), "<=", Fraction(99, 100) * 2 * c(p)


HARD = (coupling, conservative, constrained, visitation)


def refuted(claim: tt.Theorem, **options: Any) -> Refutation:
    """Search without worst-case families; return a Refutation whose certificate is accepted."""
    found = tt.falsify(claim, **{"families": False, "rounds": 4000, **options})
    assert isinstance(found, Refutation)
    assert tt.judge(claim, found.pair).status == "refuted"
    assert found.pair.mdp.arithmetic == "rational"
    if beyond_certificates(claim.names()):
        assert found.certificate is None and "no witness" in found.reason
        return found
    (statement,) = check.check(json.loads(json.dumps(found.certificate)))
    assert (statement.name, statement.status) == (claim.name, "refuted")
    return found


@pytest.mark.parametrize("variant", tt.MISQUOTATIONS, ids=lambda v: v.claim.name)
def test_every_misquotation_is_refuted_without_families(variant: Any) -> None:
    found = refuted(variant.claim)
    n_states, n_actions = found.pair.mdp.r.shape
    assert n_states <= 3 and n_actions <= 3
    assert found.tried < 10**6


@pytest.mark.parametrize("gamma", ["1/10", "1/2", "9/10"])
@pytest.mark.parametrize("claim", HARD, ids=lambda claim: claim.name)
def test_a_hundredth_below_the_best_constant_is_refuted(claim: tt.Theorem, gamma: str) -> None:
    assert refuted(claim, gamma=gamma).pair.gamma == Fraction(gamma)


def below_theorem_1(p: Any) -> Any:
    penalty = Fraction(39, 10) * p.eps * p.gamma * p.max_tv**2
    return p.eta_new, ">=", p.L - penalty / (1 - p.gamma) ** 2


@pytest.mark.parametrize("gamma", ["9/10", "999/1000", "9999/10000"])
def test_theorem_1_with_constant_39_tenths_at_a_long_horizon(gamma: str) -> None:
    """The ratio is 1 / (1 + gamma max_tv / (1 - gamma)), so steps must be as short as 1 - gamma."""
    claim = tt.claim("Theorem 1 with 3.9", center="L")(below_theorem_1)
    assert refuted(claim, gamma=gamma, rounds=500).pair.gamma == Fraction(gamma)
    assert refuted(claim, gamma=gamma, rounds=500, families=True).rounds < 100


def test_the_mean_divergence_is_no_penalty_even_at_one_tenth() -> None:
    """Theorem 1 with the mean KL holds for gamma >= 8/17; its failure at 1/10 needs four states."""

    @tt.claim("(9) with the mean KL", center="L")
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.L - p.C * p.mean_kl

    found = refuted(claim, gamma="1/10")
    assert found.pair.mdp.n_states <= 5


def monotone(title: str, when: Any) -> tt.Theorem:
    """Return the claim that eta_new >= eta where the precondition `when` holds."""
    return tt.claim(title, when=when)(lambda p: (p.eta_new, ">=", p.eta))


def id_of(x: Any) -> Any:
    """Return the id of a parameter: the name of a claim, else the parameter itself."""
    return getattr(x, "name", x)


def theorem_1(p: Any, constant: Any) -> Any:
    return constant * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


def mean_tv(p: Any, constant: Any) -> Any:
    return constant * p.eps_cpi * p.gamma * p.mean_tv / (1 - p.gamma) ** 2


def short_horizon(p: Any) -> Any:
    return p.smaller(p.L - p.eta - p.C * p.mean_kl, Fraction(1, 10) - p.gamma), ">=", 0


WEAK_PRECONDITIONS = (
    (monotone("mean KL, gamma <= 1/10", short_horizon), None),
    (monotone("a quarter of C", lambda p: (p.L - p.eta, ">=", p.C * p.mean_kl / 4)), "1/2"),
    (monotone("constant 7/2", lambda p: (p.L, ">=", p.eta + theorem_1(p, Fraction(7, 2)))), None),
    (monotone("mean TV", lambda p: (mean_tv(p, Fraction(3, 2)), "<=", p.L - p.eta)), None),
)
STRONG_PRECONDITIONS = (
    (monotone("mean KL", lambda p: (p.L - p.eta, ">=", p.C * p.mean_kl)), "1/2"),
    (monotone("constant 4", lambda p: (p.L, ">=", p.eta + theorem_1(p, 4))), None),
    (monotone("mean TV, 2", lambda p: (mean_tv(p, 2), "<=", p.L - p.eta)), None),
)


@pytest.mark.parametrize(("claim", "gamma"), WEAK_PRECONDITIONS, ids=id_of)
def test_a_precondition_that_is_too_weak_is_refuted(claim: tt.Theorem, gamma: str | None) -> None:
    found = refuted(claim, gamma=gamma)
    assert found.pair.eta_new < found.pair.eta < found.pair.L
    assert found.tried < 500_000
    if claim.condition is not None and "smaller" in claim.condition.names():
        assert found.pair.gamma <= Fraction(1, 10)


@pytest.mark.parametrize(("claim", "gamma"), STRONG_PRECONDITIONS, ids=id_of)
def test_a_precondition_that_is_strong_enough_is_not(claim: tt.Theorem, gamma: str | None) -> None:
    found = tt.falsify(claim, rounds=60, gamma=gamma, families=False)
    assert isinstance(found, Unrefuted) and found.status == "unrefuted"
    assert found.n_applicable > found.tried / 4  # most children satisfy the precondition
    assert found.witness is not None
    assert tt.judge(claim, found.witness).status == "proved"


@pytest.mark.parametrize("theorem", tt.THEOREMS, ids=lambda t: t.name)
def test_no_theorem_is_refuted(theorem: tt.Theorem) -> None:
    found = tt.falsify(theorem, rounds=12, seed=3)
    assert isinstance(found, Unrefuted)
    assert found.ratio is None or found.ratio <= 1


def test_families_seed_the_search() -> None:
    name = "trpo_bound"
    theorem = next(t for t in tt.THEOREMS if t.name == name)
    bare = tt.falsify(theorem, rounds=4, families=False, gamma="99/100")
    seeded = tt.falsify(theorem, rounds=4, families=True, gamma="99/100")
    assert isinstance(bare, Unrefuted) and isinstance(seeded, Unrefuted)
    assert bare.ratio is not None and seeded.ratio is not None
    assert bare.ratio < seeded.ratio and seeded.ratio > 0.9


def test_same_seed_same_answer_another_seed_another() -> None:
    first, again, other = (refuted(coupling, seed=seed) for seed in (1, 1, 2))
    assert first.certificate == again.certificate
    assert (first.tried, first.rounds) == (again.tried, again.rounds)
    assert first.certificate != other.certificate


def test_a_precondition_is_climbed_into() -> None:
    """The claim applies only to gammas in a narrow range, which the search must find."""

    @tt.claim("narrow", when=lambda p: (abs(p.gamma - Fraction(6, 7)), "<=", Fraction(1, 1000)))
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.L

    found = refuted(claim)
    assert abs(found.pair.gamma - Fraction(6, 7)) <= Fraction(1, 1000)


def test_a_precondition_that_never_holds_is_vacuous() -> None:
    @tt.claim("nowhere", when=lambda p: (p.gamma, ">=", 1))
    def claim(p: Any) -> Any:
        return p.eta_new, ">=", p.L

    found = tt.falsify(claim, rounds=6)
    assert isinstance(found, Unrefuted)
    assert (found.status, found.n_applicable, found.witness) == ("vacuous", 0, None)
    assert found.tried > 2000


def test_an_unrefuted_answer_carries_its_tightest_witness() -> None:
    theorem = next(t for t in tt.THEOREMS if t.name == "coupling_lemma")
    found = tt.falsify(theorem, rounds=30)
    assert isinstance(found, Unrefuted) and found.witness is not None
    assert found.ratio == scorer(theorem).ratio(found.witness)
    assert found.n_applicable <= found.tried
    assert "true" not in repr(found.status)


def test_a_failure_that_doubles_take_for_a_tie_is_refuted() -> None:
    """The coupling bound is attained, so 1 - 10^-14 times the bound is false by a share 10^-14."""

    @tt.claim("a hair below", center="L")
    def hair(p: Any) -> Any:
        c = p.max_tv * p.gamma / ((1 - p.gamma) * (1 - p.gamma * (1 - p.max_tv)))
        return p.eta_new, ">=", p.L - (4 - Fraction(1, 10**14)) * p.max_tv * p.eps * c

    refuted(hair, rounds=60)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0}, "budget = 0, expected a positive number"),
        ({"budget": float("nan")}, "budget = nan, expected a positive number"),
        ({"rounds": 0}, "rounds = 0, expected a whole number, at least 1"),
        ({"gamma": 1}, "gamma = 1, expected a number in [0, 1)"),
        ({"gamma": "-1/2"}, "gamma = -1/2, expected a number in [0, 1)"),
    ],
)
def test_options_out_of_range_are_refused(options: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError) as error:
        tt.falsify(coupling, **options)
    assert message in str(error.value)


def test_what_is_no_claim_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a claim"):
        tt.falsify(lambda p: (p.eta, "<=", p.L))


def test_the_climb_never_loses_its_best(rng: np.random.Generator) -> None:
    best = -np.inf
    generations = climb(scorer(coupling), rng, (2, 2), 0.5)
    for _, generation in zip(range(80), generations, strict=False):
        assert generation.scores[0] >= best
        assert np.all(np.diff(generation.scores) <= 0)
        best = generation.scores[0]
    assert best > 1.0
    assert np.all(generation.cases.gamma == 0.5)
