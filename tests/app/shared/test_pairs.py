"""The pairs that are judged: what is among them, in each arithmetic, the same for the same seed."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._app.shared.pairs import candidates
from tabular_trpo._core.instance import Instance
from tests.strategies import mdps

CHAIN = tt.MDP(
    [[["1", 0], [0, "1"]], [[0, "1"], ["1/2", "1/2"]]], [["0", "1"], ["2", "0"]], ["1", "0"], "9/10"
)
HALF = tt.policies.uniform(CHAIN)
STAY = tt.policies.deterministic(CHAIN, [0, 0])
MOVE = tt.policies.deterministic(CHAIN, [1, 1])


def names(found: list[Instance]) -> list[str]:
    """Return the names of the pairs."""
    return [one.name for one in found]


@given(mdp=mdps())
def test_made_pairs_hold_equal_policies_and_a_mixture(mdp: tt.MDP) -> None:
    found = candidates(mdp, {}, "made", 0, 2)
    assert np.all(found[0].pi == found[0].pi_new)
    assert any(one.target is not None for one in found)


@given(mdp=mdps())
def test_each_candidate_holds_policies_of_the_model(mdp: tt.MDP) -> None:
    for model in (mdp, mdp.to_float()):
        for one in candidates(model, {}, "made", 3, 4):
            for pi in (one.pi, one.pi_new):
                checked = tt.policies.check_policy(model, pi)
                assert np.all(checked == pi)


@pytest.mark.parametrize("model", [CHAIN, CHAIN.to_float()], ids=["rational", "float"])
def test_made_pairs_meet_zero_probabilities_on_both_sides(model: tt.MDP) -> None:
    found = candidates(model, {}, "made", 0, 0)
    lost = [bool(np.any((x.pi > 0) & (x.pi_new == 0))) for x in found]
    gained = [bool(np.any((x.pi == 0) & (x.pi_new > 0))) for x in found]
    assert any(lost) and any(gained)


def test_random_pairs_depend_on_the_seed_alone() -> None:
    def of(seed: int) -> list[str]:
        made = [x for x in candidates(CHAIN, {}, "made", seed, 4) if x.name.startswith("random")]
        assert len(made) == 4
        return [str(x.pi.tolist() + x.pi_new.tolist()) for x in made]

    assert of(1) == of(1) and of(1) != of(2)
    assert names(candidates(CHAIN, {}, "made", 0, 0))[-1].startswith("greedy")


def test_every_ordered_pair_of_the_file_is_there() -> None:
    found = names(candidates(CHAIN, {"half": HALF, "stay": STAY, "move": MOVE}, "auto", 0, 2))
    ordered = {f"{x} -> {y}" for x in ("half", "stay", "move") for y in ("half", "stay", "move")}
    assert ordered - set(found) == {"stay -> stay", "move -> move"}
    assert "half + 1/10 greedy" in found and not any(x.startswith("random") for x in found)


def test_mixture_of_the_file_is_recognised_with_its_weight() -> None:
    pi_new = tt.policies.mixture(STAY, MOVE, Fraction(1, 4))
    found = candidates(CHAIN, {"a": STAY, "b": pi_new, "c": MOVE}, "file", 0, 0)
    one = next(x for x in found if x.name == "a -> b")
    assert one.alpha == Fraction(1, 4) and np.all(one.target == MOVE)
    back = next(x for x in found if x.name == "c -> b")
    assert back.alpha == Fraction(3, 4) and np.all(back.target == STAY)
    assert next(x for x in found if x.name == "b -> a").target is None


@pytest.mark.parametrize(
    ("which", "n_named", "file", "made"),
    [
        ("auto", 0, False, True),
        ("auto", 1, False, True),
        ("auto", 2, True, False),
        ("file", 2, True, False),
        ("file", 1, True, False),
        ("file", 0, False, True),
        ("made", 2, False, True),
        ("all", 2, True, True),
    ],
)
def test_choice_of_pairs(which: str, n_named: int, file: bool, made: bool) -> None:
    named = dict(list({"one": STAY, "two": MOVE}.items())[:n_named])
    found = names(candidates(CHAIN, named, which, 0, 0))
    assert any(x.startswith("one") for x in found) is file
    assert any(x.startswith("uniform") for x in found) is made


def test_equal_pairs_are_judged_once() -> None:
    single = tt.MDP([[["1"]]], [["1"]], ["1"], "1/2")
    assert names(candidates(single, {}, "made", 0, 5)) == [
        "uniform -> uniform",
        "uniform + 1/10 greedy",
    ]
