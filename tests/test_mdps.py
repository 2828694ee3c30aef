"""The authored models of `mdps/`: each says why it exists and has the values found by hand."""

import json
from fractions import Fraction as F
from math import inf
from pathlib import Path

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo import formats
from tabular_trpo._theory.verdicts import verify_pair
from tabular_trpo.families import named, worst_case

FOLDER = Path(__file__).parents[1] / "mdps"
NAMES = sorted(path.name.removesuffix(".mdp.json") for path in FOLDER.glob("*.mdp.json"))
OF_POLICY = ("V", "eta", "rho", "d")
OF_OPTIMUM = ("V_star", "eta_star")
BY_STATE = ("V", "V_star", "rho", "d", "A_bar", "tv", "V_new", "rho_new")


def path_of(name):
    return FOLDER / f"{name}.mdp.json"


def load(name):
    return formats.load(path_of(name))


def policy_of(document, name):
    return tt.policies.uniform(document.mdp) if name == "uniform" else document.policies[name]


def pair_of(document):
    pi, pi_new = (policy_of(document, name) for name in document.expected["pair"])
    if "alpha" not in document.expected:
        return tt.Pair(document.mdp, pi, pi_new)
    pair = tt.Pair.mixture(
        document.mdp, pi, document.policies["target"], document.expected["alpha"]
    )
    assert (pair.pi_new == pi_new).all()
    return pair


def test_there_are_at_least_twenty():
    assert len(NAMES) >= 20


def test_the_table_names_every_model_once():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert rows == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_model_says_what_it_is_for(name):
    document = load(name)
    mdp = document.mdp
    assert document.why.endswith(".") and len(document.why) > 40
    assert document.expected["note"].strip()
    assert mdp.arithmetic == "rational" and mdp.n_states <= 20
    assert (tt.read(path_of(name)).P == mdp.P).all()
    assert len(document.policies) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_a_string(name):
    def numbers(value):
        if isinstance(value, dict):
            value = value.values()
        if isinstance(value, (list, type({}.values()))):
            for item in value:
                yield from numbers(item)
        elif isinstance(value, (int, float)):
            yield value

    document = json.loads(path_of(name).read_text(encoding="utf-8"))
    assert list(numbers(document)) == [document["version"]]


@pytest.mark.parametrize("name", NAMES)
def test_expected_values_hold_exactly(name):
    document = load(name)
    mdp, expected = document.mdp, document.expected
    found = tt.evaluate(mdp, policy_of(document, expected["policy"]))
    best, pair = tt.optimal(mdp), pair_of(document)
    for key, value in expected.items():
        if key in ("policy", "pair", "note", "optimal"):
            continue
        source = found if key in OF_POLICY else best if key in OF_OPTIMUM else pair
        computed = getattr(source, key)
        if key in BY_STATE:
            computed = dict(zip(mdp.state_names, computed, strict=True))
        assert computed == value, key
    actions = np.array(mdp.action_names)
    optimal = zip(mdp.state_names, best.optimal, strict=True)
    assert expected["optimal"] == {s: actions[row].tolist() for s, row in optimal}


@pytest.mark.parametrize("name", NAMES)
def test_no_theorem_is_refuted(name):
    counts = verify_pair(pair_of(load(name))).counts()
    assert counts["refuted"] == counts["undecided"] == 0
    assert counts["proved"] >= 20


def test_kl_is_infinite_where_support_is_lost():
    for name in ("support_mismatch", "twins"):
        assert float(pair_of(load(name)).max_kl) == inf


def test_surrogate_can_promise_what_is_not_there():
    pair = pair_of(load("too_hopeful"))
    assert pair.L > pair.eta_new == pair.eta


def test_surrogate_can_refuse_what_is_there():
    pair = pair_of(load("river_swim"))
    assert pair.L < pair.eta < pair.eta_new / 30


def test_tight_models_attain_their_bounds():
    pair = pair_of(load("tight_thm1"))
    c = pair.max_tv * pair.gamma / ((1 - pair.gamma) * (1 - pair.gamma * (1 - pair.max_tv)))
    assert pair.L - pair.eta_new == 4 * pair.max_tv * pair.eps * c
    pair = pair_of(load("tight_cpi"))
    c = pair.alpha * pair.gamma / ((1 - pair.gamma) * (1 - pair.gamma * (1 - pair.alpha)))
    assert pair.L - pair.eta_new == 2 * pair.alpha * pair.eps_target * c
    pair = pair_of(load("two_region"))
    assert pair.L - pair.eta_new == (1 - pair.gamma) * pair.C * pair.max_tv**2


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("tight_thm1", lambda: worst_case.tight_thm1("1/10", "9/10")),
        ("tight_cpi", lambda: worst_case.tight_cpi("9/10", -1, "1/4")),
        ("two_region", lambda: worst_case.two_region("1/50", "1/100")),
        ("rare_region", lambda: worst_case.rare_region("1/100", "1/1000", "1/500", "1/100")),
        ("river_swim", lambda: named.river_swim(4, "19/20")),
        ("periodic_ring", lambda: named.ring(4, "1/2")),
        ("queue", lambda: named.queue(3, "4/5")),
    ],
)
def test_families_build_the_same_models(name, made):
    document, case = load(name), made()
    mdp = getattr(case, "mdp", case)
    for field in ("P", "r", "rho0", "mask"):
        assert (getattr(mdp, field) == getattr(document.mdp, field)).all(), field
    assert mdp.gamma == document.mdp.gamma
    if mdp is not case:
        assert (case.pi == document.policies["pi"]).all()
        assert (case.pi_new == document.policies["pi_new"]).all()
        assert mdp.state_names == document.mdp.state_names
        assert mdp.action_names == document.mdp.action_names


def test_walk_family_has_the_value_of_the_model():
    document, mdp = load("walk"), named.walk(3, "1023/1024")
    assert mdp.state_names == document.mdp.state_names
    lean = tt.evaluate(mdp, tt.policies.deterministic(mdp, [1] * 7))
    assert lean.V.tolist() == list(document.expected["V_star"].values())


def test_needle_survives_the_float_arithmetic():
    mdp = load("needle").mdp
    dig = mdp.to_float().P[0, mdp.action_names.index("dig")]
    assert 0 < dig[1] < 2 * F(1, 10**20) and dig[0] > 0
