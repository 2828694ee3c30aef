"""The public surface called with valid and invalid arguments, and faults that must be found."""

import inspect
import re

import numpy as np
import pytest

import tabular_trpo as tt
from benchmarks import invalid_input
from benchmarks.arguments import KINDS
from benchmarks.surface import RECIPES, RECORDS, WITHOUT, parameters, public
from benchmarks.worlds import World
from tabular_trpo._exact import evaluate


def names() -> list[str]:
    return [name for name, _ in public(tt)]


def test_each_public_name_is_called_or_says_why_not():
    have = {*RECIPES, *RECORDS}
    left = [n for n in names() if n not in have and not any(re.fullmatch(p, n) for p in WITHOUT)]
    assert left == [] and have <= set(names())
    for pattern in WITHOUT:
        assert any(re.fullmatch(pattern, n) and n not in have for n in names()), pattern


def test_each_parameter_of_a_recipe_has_a_kind_and_invalid_values():
    kinds = {kind for recipe in RECIPES.values() for _, kind, _ in parameters(recipe)}
    assert kinds == set(KINDS)
    world = World(np.random.default_rng(0))
    assert [k for k in sorted(kinds) if k != "none" and len(KINDS[k].invalid(world)) < 4] == []


@pytest.mark.parametrize("seed", [11, 12])
def test_valid_calls_return_and_invalid_ones_name_the_argument(seed):
    wrong = invalid_input.trial(seed, 1500, "", 0, 1, limit=False)
    # Time is measured by the benchmark; in a test it would depend on the machine.
    assert [x for x in wrong if not x[1].startswith("over time")] == []


FAULTS = {
    "escape": inspect.unwrap(evaluate.evaluate_checked),  # without checks of the policy
    "accepted": lambda mdp, pi: None,
    "refused": lambda mdp, pi: tt.evaluate(None, pi),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_found(kind, monkeypatch):
    monkeypatch.setattr(invalid_input, "function_of", lambda name: FAULTS[kind])
    found = invalid_input.trial(0, 80, "^evaluate$", 0, 1, limit=False)
    assert any(text.startswith(kind) for _, text, _ in found)
