"""The table P of an environment: what is put together, and what is refused, by state and action."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tests.formats.gym_cases import fake, two

LAKE = [(0.5, 0, 1.0, False), (0.25, 1, 3.0, False), (0.25, 1, 5.0, False)]


def test_reading_an_environment_adds_up_what_is_listed_twice() -> None:
    ends = [(0.25, 0, 1, True), (0.25, 1, 5.0, True), (np.float32(0.5), np.int64(0), 2.0, False)]
    mdp = tt.from_gym(fake({0: {0: LAKE}, 1: [ends]}), Fraction(1, 2))
    assert mdp.P[0, 0].tolist() == [0.5, 0.5, 0] and mdp.P[1, 0].tolist() == [0.5, 0, 0.5]
    assert mdp.r_next[0, 0, :2].tolist() == [1, 4]
    assert mdp.r_next[1, 0, [0, 2]].tolist() == [2, 3]
    assert mdp.r[:, 0].tolist() == [2.5, 2.5, 0]
    assert mdp.P[2, 0].tolist() == [0, 0, 1] and mdp.rho0.tolist() == [1, 0, 0]


def test_no_state_is_added_where_nothing_terminates() -> None:
    never = [(1.0, 1, 0.0, False), (0.0, 0, 7.0, True), (0.0, 1, 7.0, False)]
    mdp = tt.from_gym(two(never), 0.5)
    assert mdp.state_names == ("0", "1") and mdp.P[1, 0].tolist() == [0, 1] and mdp.r[1, 0] == 0


def test_the_same_reward_keeps_its_digits() -> None:
    assert (0.05 * 0.1 * 2) / (2 * 0.05) != 0.1
    row = [(0.05, 0, 0.1, False)] * 2 + [(0.9, 1, 0.1, False), (0.0, 0, 7.0, False)]
    mdp = tt.from_gym(two(row), 0.5)
    assert mdp.r[1, 0] == 0.1 and mdp.r_next is None and mdp.repair < 1e-15


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([(0.5, 0, 0.0, False)], r"^P\[s=1, a=0\] sums to 0.5, expected 1"),
        ([(0.5, 0, 0.0, True)], r"^P\[s=1, a=0\] sums to 0.5, expected 1"),
        ([(0.0, 0, 0.0, True)], r"^P\[s=1, a=0\] sums to 0.0, expected 1"),
        ([(1 / np.float32(3), 0, 0.0, False)] * 3, r"^P\[s=1, a=0\] sums to 1.00000002"),
        (
            [(-0.5, 0, 0.0, False), (1.5, 0, 0.0, False)],
            r"^P\[s=1, a=0\]\[0\] probability = -0.5, expected a probability, without a minus",
        ),
        ([(float("nan"), 0, 0.0, False)], r"^P\[s=1, a=0\]\[0\] probability = nan, .*finite"),
        ([(1.0, 0, -np.inf, False)], r"^P\[s=1, a=0\]\[0\] reward = -inf, expected a finite"),
        ([(1.0, 0, 10**400, False)], r"^P\[s=1, a=0\]\[0\] reward = an integer of about 401 digit"),
        ([("1", 0, 0.0, False)], r"^P\[s=1, a=0\]\[0\] probability = '1', expected a real number"),
        ([(1.0, 2, 0.0, False)], r"^P\[s=1, a=0\]\[0\] next_state = 2, expected an integer 0 to 1"),
        ([(1.0, -1, 0.0, True)], r"^P\[s=1, a=0\]\[0\] next_state = -1, expected an integer 0"),
        ([(1.0, 0.0, 0.0, False)], r"^P\[s=1, a=0\]\[0\] next_state = 0.0, expected an integer"),
        ([(1.0, 0, 0.0, "no")], r"^P\[s=1, a=0\]\[0\] terminated = 'no', expected True or False"),
        ([(1.0, 0, 0.0)], r"^P\[s=1, a=0\]\[0\] = \(1.0, 0, 0.0\), expected \(probability, next"),
        (None, r"^P\[s=1, a=0\] is a NoneType, expected a list of \(probability, next_state"),
    ],
)
def test_wrong_rows_are_named_by_state_and_action(row: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.from_gym(two(row), 0.9)


def test_every_wrong_outcome_is_counted() -> None:
    with pytest.raises(tt.InvalidMDPError, match="5 more problems") as caught:
        tt.from_gym(two([(0.1, 9, 0.0, False)] * 25), 0.9)
    assert len(caught.value.problems) == 20


STAY = [(1.0, 0, 0.0, False)]


@pytest.mark.parametrize(
    ("P", "message"),
    [
        ({0: {0: STAY, 1: STAY}, 1: {0: STAY}}, r"^P\[s=1, a=1\] is missing.*An empty list"),
        ({0: {0: STAY, 2: STAY}, 1: {0: STAY}}, r"P\[s=0, a=1\] is missing.*\n *P\[s=1, a=1\]"),
        ({0: {0: STAY}, 10**9: {0: STAY}}, r"^P\[s=1\] is missing, expected all states"),
        ({0: {0: STAY}, "x": {0: STAY}}, r"^P has the key 'x', expected integer indices"),
        ({0: {0: STAY}, 1: {True: STAY}}, r"^P\[s=1\] has the key True, expected integer"),
        ({0: {0: STAY}, 1: {-1: STAY}}, r"^P\[s=1\] has the key -1"),
        ({0: {0: STAY}, 1: {}}, r"^P\[s=1\] is empty"),
        (np.ones((2, 1, 2)), r"^P is a ndarray, expected a dict"),
        ([[STAY], [[]]], r"^P\[s=1\] has no outcome, .*stays there"),
    ],
)
def test_wrong_tables(P: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.from_gym(fake(P), 0.9)
