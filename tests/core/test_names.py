"""Names in arrays follow the rule of the files."""

from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo._core.names import MOST_NAME, is_name, read_names
from tabular_trpo._formats.header import name_fault

BAD = ["", "two\nlines", "a\x7f", "\x85", "\u2028", "half \ud800", "x" * (MOST_NAME + 1)]
GOOD = ["a", " ", "two words", "Größe", "状态", "x" * MOST_NAME, "None", "[0]"]


@pytest.mark.parametrize("name", BAD + GOOD)
def test_arrays_and_files_have_one_rule(name: str) -> None:
    assert is_name(name) == (name_fault(name) is None) == (name in GOOD)
    if name in GOOD:
        assert read_names("state_names", [name]) == (name,)
    else:
        with pytest.raises(
            tt.InvalidMDPError, match=r"^state_names\[0\] = .*, expected a name of 1"
        ):
            tt.MDP([[[1]]], [0], [1], 0.5, state_names=[name])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "a"], r"state_names\[1\] = 'a', as state_names\[0\] is, expected each name once"),
        (["a", ["b"]], r"state_names\[1\] = \['b'\], expected a name of"),
        (["a", 1], r"state_names\[1\] = 1, expected a name of"),
        ([], "state_names has 0 entries, expected"),
        ("ab", "state_names is a str, expected a list of names"),
        (5, "state_names is a int, expected a list of names"),
    ],
)
def test_wrong_names_are_refused_by_every_constructor(names: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP([[[1, 0]], [[0, 1]]], [0, 0], [1, 0], 0.5, state_names=names)
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP.from_transitions([("a", "x", "a", 1, 0)], [1, 0], 0.5, names, ["x"])


def test_every_wrong_name_is_counted() -> None:
    with pytest.raises(tt.InvalidMDPError) as caught:
        read_names("state_names", [""] * 25, 25)
    assert len(caught.value.problems) == 20 and caught.value.hidden == 5


def test_names_may_come_from_a_generator() -> None:
    mdp = tt.MDP.from_transitions([("a", "x", "a", 1, 0)], [1], 0.5, iter("a"), iter("x"))
    assert (mdp.state_names, mdp.action_names) == (("a",), ("x",))
