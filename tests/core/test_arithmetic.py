"""The arithmetic of several arrays: the odd one is named, and errors of numbers come first."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.arithmetic import read_common

FLOATS: dict[str, Any] = {"P": [[[0.5, 0.5]], [[1.0, 0.0]]], "r": [0.5, 1.5], "rho0": [1.0, 0.0]}
EXACT: dict[str, Any] = {"P": [[["1/2", "1/2"]], [[1, 0]]], "r": ["1/2", 1], "rho0": [1, 0]}


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        (
            FLOATS | {"gamma": "9/10"},
            "mixed_lanes",
            "gamma = '9/10' is exact, expected floats throughout. Write it as a float, or quote",
        ),
        (FLOATS | {"gamma": 0.9, "r": [0, "1/2"]}, "mixed_lanes", "r[1] = '1/2' is exact"),
        (FLOATS | {"gamma": 0.9, "r": [Fraction(1, 2), 0]}, "mixed_lanes", "r[0] = 1/2 is exact"),
        (
            EXACT | {"gamma": 0.9},
            "mixed_lanes",
            "gamma = 0.9 is a float, expected exact numbers throughout. Write it as a string or",
        ),
        (EXACT | {"gamma": "9/10", "r": [0, np.float64(0.5)]}, "mixed_lanes", "r[1] = 0.5 is a fl"),
        (EXACT | {"gamma": "9/10", "r": ["1", "2", 0.5]}, "mixed_lanes", "r[2] = 0.5 is a float"),
        (FLOATS | {"gamma": 0.9, "r": [0.5, 0.5, "1"]}, "mixed_lanes", "r[2] = '1' is exact"),
        (FLOATS | {"gamma": "nine"}, "number", "gamma = 'nine' is not a number"),
        (FLOATS | {"gamma": 0.9, "r": [0.5, "x"]}, "number", "r[1] = 'x' is not a number"),
        (FLOATS | {"gamma": 0.9, "r": ["x", "x"]}, "number", "r[0] = 'x' is not a number"),
        (
            FLOATS | {"gamma": 0.9, "r": [0.5, 10**400]},
            "not_a_double",
            "r[1] = an integer of about 401 digits does not fit, expected a double",
        ),
        (
            FLOATS | {"gamma": 0.9, "r": [0, 10**5000]},
            "not_a_double",
            "r[1] = an integer of about 5001 digits does not fit, expected a double",
        ),
        (
            FLOATS | {"gamma": 0.9, "r": [0, 2**53 + 1]},
            "not_a_double",
            "r[1] = 9007199254740993 does not fit",
        ),
    ],
)
def test_the_odd_one_out_is_named(fields: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP(**fields)
    assert caught.value.code == code
    assert str(caught.value).startswith(message)


def test_rewards_of_transitions_are_named_by_their_row() -> None:
    rows: list[Any] = [(0, 0, 0, 0.5, 0), (0, 0, 1, 0.5, "1/2"), (1, 0, 1, 1.0, 0)]
    with pytest.raises(tt.InvalidMDPError, match=r"^transitions\[1\] reward = '1/2' is exact"):
        tt.MDP.from_transitions(rows, [1, 0], 0.9)


def test_large_whole_numbers_that_are_doubles_do_not_choose_a_arithmetic() -> None:
    mdp = tt.MDP(**FLOATS | {"gamma": 0.9, "r": [0, 2**60]})
    assert mdp.arithmetic == "float" and mdp.r[1, 0] == 2.0**60
    assert tt.MDP(**EXACT | {"gamma": "9/10", "r": [0, 2**60 + 1]}).r[1, 0] == 2**60 + 1


def test_one_arithmetic_is_that_of_the_first_argument_that_has_one() -> None:
    whole, exact = read_common(p=[1, 0], q=["1/2", Decimal("0.5")])
    assert whole.tolist() == [1, 0] and exact.tolist() == [Fraction(1, 2)] * 2
    assert {x.dtype for x in read_common(p=[1, 0], q=[0, 1])} == {np.dtype(float)}
    with pytest.raises(
        tt.ExactnessError, match="q is in float arithmetic, expected rational arithmetic"
    ):
        read_common(p=["1/2", "1/2"], q=[0.5, 0.5])
    with pytest.raises(
        tt.ExactnessError, match="q is in rational arithmetic, expected float arithmetic"
    ):
        read_common(p=[0.5, 0.5], q=["1/2", "1/2"])


@pytest.mark.parametrize("minus", [-0.0, np.float32(-0.0), "-0", "-0.0", "-0/7", Decimal("-0")])
@pytest.mark.parametrize("where", ["P", "rho0", "transitions", "policy", "kl"])
def test_minus_zero_is_no_probability_as_in_files(minus: Any, where: str) -> None:
    exact = isinstance(minus, (str, Decimal))
    one: Any = "1" if exact else 1.0
    row = [one, minus]
    build: dict[str, Callable[[], Any]] = {
        "P": lambda: tt.MDP([[row], [[0, one]]], [0, 0], [one, 0], 0),
        "rho0": lambda: tt.MDP([[[one, 0]], [[0, one]]], [0, 0], row, 0),
        "transitions": lambda: tt.MDP.from_transitions(
            [(0, 0, 0, one, 0), (0, 0, 1, minus, 0), (1, 0, 1, one, 0)], [one, 0], 0
        ),
        "policy": lambda: tt.policies.check_policy(
            tt.MDP([[[one], [one]]], [[0, 0]], [one], 0), [row]
        ),
        "kl": lambda: tt.kl([one, 0], row),
    }
    with pytest.raises(tt.InvalidMDPError, match="a probability, without a minus") as caught:
        build[where]()
    assert caught.value.code == "negative"
