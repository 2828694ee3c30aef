"""Digits follow the radius, in every command that shows a number with one."""

import math
import re
from decimal import Decimal
from typing import Any

import pytest

from tabular_trpo._app.shared.formatting import with_radius, within
from tests.app.conftest import Model, Run

NUMBER = re.compile(r"^-?\d+(\.\d+)?(e[+-]?\d+)?$")


def last_place(text: str) -> Decimal:
    """Return what one unit of the last digit shown is worth; trailing zeros are not shown."""
    return Decimal(1).scaleb(Decimal(text).as_tuple().exponent)  # type: ignore[arg-type]


def supported(text: str, value: float, radius: float) -> bool:
    """Tell whether no digit of the text is finer than radius / 10, and it is near the value."""
    place = last_place(text)
    near = abs(Decimal(text) - Decimal(value)) <= Decimal(radius) + place / 2
    return near and (text == "0" or float(place) >= radius / 10)


@pytest.mark.parametrize("exponent", [-320, -40, -17, -3, 0, 2, 16, 33, 300])
@pytest.mark.parametrize("value", [0.0, 1 / 3, -7.77777777777, 123456.789, -6.1e33, 1e-30, 5e300])
def test_last_digit_is_worth_a_tenth_of_the_radius(value: float, exponent: int) -> None:
    for lead in (1.0, 1.0000001, 2.5, 6.1, 9.99):
        radius = float(f"{lead}e{exponent}")
        for digits in (3, 7, 17):
            text = within(value, radius, digits)
            assert NUMBER.match(text), text
            if radius / 10 >= 10.0 ** (math.frexp(value)[1] * 0.30103 - digits):
                assert supported(text, value, radius), (text, value, radius)


def test_no_digit_is_left_beside_a_large_radius() -> None:
    assert with_radius(12.5, 6.1e33) == "0 +- 6.1e+33"
    assert within(12.5, math.inf) == "?" and within(1 / 3, 0.0) == "0.3333333"


@pytest.fixture
def long_horizon(model: Model) -> Any:
    """A float model with gamma = 1 - 1e-15: the radius of V is above a hundredth of V."""
    rows = [["x", "go", "y", 0.75, 0.1], ["x", "go", "x", 0.25, 0.1]]
    rows += [["y", "go", "x", 0.3, -0.7], ["y", "go", "y", 0.7, 0.3]]
    rows += [["x", "stay", "x", 1.0, 0.07], ["y", "stay", "y", 1.0, 0.01]]
    return model(
        states=["x", "y"], actions=["go", "stay"], transitions=rows, rho0={"x": 1.0},
        gamma=1 - 1e-15,
    )  # fmt: skip


def cells(out: str, first: str) -> list[str]:
    """Return the cells of the row that begins so."""
    return next(line for line in out.splitlines() if line.split()[:1] == [first]).split()


def test_commands_show_no_finer_digit(run: Run, long_horizon: Any) -> None:
    solved = run("solve", long_horizon, "--json").document
    shown = run("solve", long_horizon).out
    for state, value in solved["V_star"].items():
        assert supported(cells(shown, state)[1], value, solved["radius"]["V_star"])
    found = run("evaluate", long_horizon, "--policy-new", "greedy", "--json").document
    out = run("evaluate", long_horizon, "--policy-new", "greedy").out
    states = out[out.index("States\n") : out.index("States and actions")]
    for state in ("x", "y"):
        for text, key in zip(cells(states, state)[1:], ("V", "rho", "d"), strict=True):
            assert supported(text, found[key][state], found["radius"][key]), key
    for name, value in found["pair"].items():
        radius = found["pair_radius"][name]
        text = cells(out[out.index("Against policy") :], name)[1]
        assert radius == 0 or value in ("inf", "nan") or supported(text, value, radius), name
    line = run("show", long_horizon).out
    assert " +- " in line


def test_improve_shows_eta_to_its_radius(run: Run, long_horizon: Any) -> None:
    argv = ("improve", long_horizon, "--method", "policy_iteration", "--iterations", "2")
    steps = run(*argv, "--json", "--arithmetic", "float").document["steps"]
    out = run(*argv, "--arithmetic", "float").out
    for step in steps:
        text = cells(out, str(step["i"]))[1]
        assert supported(text, step["eta_new"], step["eta_new_radius"])


def test_undecided_actions_are_named(run: Run, model: Model) -> None:
    """Float ties of different rows cannot be proved; the rational arithmetic decides them."""
    rows = [["x", "up", "u", 1.0, 0.1], ["x", "down", "d", 1.0, 0.1]]
    rows += [["u", "up", "u", 1.0, 0.3], ["d", "up", "d", 1.0, 0.3]]
    path = model(
        states=["x", "u", "d"], actions=["up", "down"], transitions=rows, rho0={"x": 1.0}, gamma=0.9
    )
    document = run("solve", path, "--json").document
    assert document["undecided"] == {"x": ["up", "down"]}
    out = run("solve", path).out
    assert "actions undecided in 1 state" in out and "--arithmetic rational decides" in out
    exact = run("solve", path, "--arithmetic", "rational", "--json").document
    assert exact["undecided"] == {} and exact["optimal"]["x"] == ["up", "down"]
