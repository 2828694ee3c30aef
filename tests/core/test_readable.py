"""The repr of every record: as usual for short numbers, shortened for long ones."""

import pickle
from dataclasses import dataclass, make_dataclass
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.numbers import zeros
from tabular_trpo._core.readable import readable
from tabular_trpo._improve.iterate import iterate
from tabular_trpo._improve.stopping import iterations
from tabular_trpo._improve.total_variation import tv_penalty

NAMES = ("performance_difference", "trpo_bound", "coupling_span")
LONG = F(10**1000 - 1, 10**1000)


@pytest.mark.parametrize(
    "value",
    [1, True, None, 0.5, "x", F(1, 3), [1, F(1, 2)], (F(1, 2),), (), {"a": [F(2)]}, {1, 2},
     np.array([[0.5, 1.0]]), np.array([F(1, 2), F(3)], dtype=object), np.arange(3)],
)  # fmt: skip
def test_short_values_look_as_dataclasses_show_them(value: Any) -> None:
    usual = make_dataclass("Found", ["x"])(value)
    assert repr(readable(make_dataclass("Found", ["x"]))(value)) == repr(usual)  # type: ignore[misc]


def test_long_numbers_are_shortened_wherever_they_are() -> None:
    @readable
    @dataclass
    class Found:
        x: Any

    array = zeros((2,), rational=True)
    array[1] = F(1, 10**5000)
    for value in (10**5000, F(1, 10**5000), [F(10**5000, 3)], {"x": (10**5000,)}, array):
        text = repr(Found(value))
        assert "about" in text and len(text) < 150
    assert "set" not in repr(Found({10**5000})) and len(repr(Found({10**5000}))) > 5000


def test_arrays_are_on_one_line_and_large_ones_are_named_by_their_shape() -> None:
    made = make_dataclass("Found", ["x"])
    for value in (np.eye(3), np.array([[F(1), F(2)], [F(3), F(4)]], dtype=object)):
        text = repr(readable(made)(value))  # type: ignore[misc]
        assert "\n" not in text and "shape" not in text
    assert repr(readable(made)(np.zeros((4, 4)))) == "Found(x=array of shape (4, 4))"  # type: ignore[misc]


def test_public_records_have_a_repr_on_one_line() -> None:
    mdp = tt.MDP([[["1/3", "2/3"]], [["0", "1"]]], [["0"], ["1"]], ["1", "0"], "9/10")
    assert repr(mdp) == "<MDP: S=2, A=1, gamma 9/10, rational>"
    assert repr(mdp.to_float()) == "<MDP: S=2, A=1, gamma 0.9, float>"
    batch = tt.MDP(np.ones((2, 1, 1, 1)), np.zeros((2, 1, 1)), [1.0], np.array([0.5, 0.9]))
    assert repr(batch) == "<MDP: batch (2,), S=1, A=1, gamma 0.5 to 0.9, float>"
    weights = tt.policies.normalize(mdp, [["3"], ["1"]])
    assert (
        repr(weights)
        == "Normalized(pi=array([[Fraction(1, 1)], [Fraction(1, 1)]], dtype=object), off=2.0)"
    )
    assert "\n" not in repr(tt.evaluate(mdp, weights.pi))


def test_records_of_a_run_on_long_numbers_have_a_repr() -> None:
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1e400"]], ["1"], LONG)
    pi, new = [["1/2", "1/2"]], [["1/4", "3/4"]]
    pair = tt.Pair(mdp, pi, new)
    ev, best = tt.evaluate(mdp, pi), tt.optimal(mdp)
    run = list(iterate(mdp, pi, lambda e, L: tv_penalty(L, tt.penalty(e)), [iterations(1)]))
    verdicts = [tt.judge(theorem, pair) for theorem in tt.THEOREMS if theorem.name in NAMES]
    records = [mdp, ev, best, tt.surrogate(ev), pair, *run, run[0].step, *verdicts]
    for record in [*records, tt.verify_pair(pair), verdicts[0].claim]:
        assert 0 < len(repr(record)) < 20_000 and str(record)
    assert repr(pickle.loads(pickle.dumps(verdicts[0]))) == repr(verdicts[0])
