"""The comparison of arithmetics finds no difference, and finds each fault that is put back."""

from functools import cache

import numpy as np
import pytest

from benchmarks.formulas import Formulas, nesting, pair
from benchmarks.semantic_faults import FAULTS
from benchmarks.semantics import Count, compare, run
from tabular_trpo._theory.symbols import Symbols

PAIRS = 30  # of 20 formulas each


@cache
def counted() -> Count:
    return run(0, range(PAIRS))


def test_arithmetics_agree_on_random_formulas() -> None:
    assert counted().differences == []


@pytest.mark.parametrize(
    ("kind", "least"),
    [("masked, with a value", 0.3), ("with an infinite side", 0.1), ("nested", 0.1)],
)
def test_edges_are_common(kind: str, least: float) -> None:
    seen = counted().seen
    assert seen["formulas"] == 20 * PAIRS
    assert seen[kind] >= least * seen["formulas"]


@pytest.mark.parametrize("name", FAULTS)
def test_faults_put_back_are_found(name: str) -> None:
    with FAULTS[name]():
        assert any(compare(0, number).differences for number in range(PAIRS))


def test_nesting_counts_roots_logarithms_and_powers_inside_each_other() -> None:
    p = Symbols()
    assert nesting(p.sqrt(p.log(p.eps) + p.eta**2) * p.L) == 2
    assert nesting(p.sqrt(p.eps) * p.log(p.eps)) == 1


def test_formulas_depend_on_the_generator_alone() -> None:
    texts = [str(Formulas(np.random.default_rng(3), False).claim("x").statement) for _ in "ab"]
    assert texts[0] == texts[1]
    models = [pair(np.random.default_rng(3)).mdp for _ in "ab"]
    assert np.array_equal(models[0].P, models[1].P)
