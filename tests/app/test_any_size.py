"""Numbers of any size: every command ends with a documented code, and prints no NaN."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo._app.improve.methods import METHODS
from tests.app.conftest import Model, Run

NINES = "0." + "9" * 1990
FRACTION = f"1{'7' * 398}3/{'9' * 399}1"
# name -> gamma, the rewards, one
SIZES: dict[str, tuple[Any, list[Any], Any]] = {
    "huge": ("9/10", ["0", "1e400", "-1e400", "3e399"], "1"),
    "tiny": ("9/10", ["0", "1e-400", "-1e-400", "3e-399"], "1"),
    "fractions": ("9/10", ["0", FRACTION, f"-{FRACTION}", "1"], "1"),
    "nines": (NINES, ["0", "1", "2", "-1"], "1"),
    "both": (NINES, ["0", "1e400", "1e-400", "1"], "1"),
    "long": ("9/10", ["0", "1" * 1990, f"1/{'3' * 1990}", "-1"], "1"),
    "floats": (0.9, [0.0, 1e307, -1e307, 1.0], 1.0),
    "largest": (0.5, [0.0, 1.7e308, -1.7e308, 1.0], 1.0),
    "smallest": (0.9, [0.0, 1e-307, 5e-324, -1e-307], 1.0),
}
CODES = (0, 1, 2, 3, 4, 5)
GIVEN = {"delta": "1/50", "lam": "1/2", "C": "3"}
COMMANDS: list[list[str]] = [
    ["solve"], ["evaluate"], ["show"], ["show", "--dot"],
    *(["evaluate", "--policy", old, "--policy-new", new] for old, new in
      [("uniform", "greedy"), ("uniform", "full"), ("full", "uniform")]),
    ["verify", "--pairs", "file", "--theorem", "trpo_bound"],
    ["verify", "--pairs", "file", "--theorem", "trpo_kl_bound"],
    ["compare", "--seeds", "1", "--steps", "100", "--batch", "50", "--executor", "serial"],
    *(["improve", "--iterations", "1", "--policy", "full", "--method", name,
       *(word for key in METHODS[name].needs for word in (f"--{key}", GIVEN[key]))]
      for name in METHODS),
]  # fmt: skip


def sized(model: Model, name: str) -> Path:
    """Write a model of these sizes, with a policy that takes every action."""
    gamma, rewards, one = SIZES[name]
    moves = [("x", "stay", "x"), ("x", "go", "y"), ("y", "stay", "y"), ("y", "go", "x")]
    rows = [[*move, one, reward] for move, reward in zip(moves, rewards, strict=True)]
    full = {"stay": "1/3", "go": "2/3"} if one == "1" else {"stay": 0.25, "go": 0.75}
    policies = {"full": {"x": full, "y": full}, "first": {"x": {"stay": one}, "y": {"go": one}}}
    return model(name, gamma=gamma, rho0={"x": one}, transitions=rows, policies=policies)


@pytest.mark.parametrize("arithmetic", ["auto", "float"])
@pytest.mark.parametrize("name", list(SIZES))
def test_every_command_ends_with_a_documented_code(
    run: Run, model: Model, name: str, arithmetic: str
) -> None:
    path, before = sized(model, name), sys.get_int_max_str_digits()
    for command, *words in COMMANDS:
        chosen = [] if command == "compare" else ["--arithmetic", arithmetic]
        if command == "compare" and arithmetic == "float":
            continue
        for how in ([], ["--json"]) if "--dot" not in words else ([],):
            done = run(command, path, *words, *chosen, *how)
            assert done.code in CODES, (command, words, done.err[:300])
            assert "internal" not in done.err and "Warning" not in done.err
            assert len(done.err) < 2000 and not re.search(r"\bnan\b", done.out, re.IGNORECASE)
            assert done.code == 0 or done.err or done.out, (command, words)
            assert not how or done.document is not None
    assert sys.get_int_max_str_digits() == before


@pytest.mark.parametrize("name", ["huge", "tiny", "nines", "both", "long", "fractions"])
def test_exact_models_of_any_size_are_evaluated(run: Run, model: Model, name: str) -> None:
    path = sized(model, name)
    done = run("evaluate", path, "--policy", "uniform", "--policy-new", "full")
    assert done.code == 0 and "inf" not in re.findall(r"[\w.+-]+", done.out)
    document = run("evaluate", path, "--policy", "uniform", "--policy-new", "full", "--json")
    assert document.code == 0 and "inf" not in document.document["pair"].values()
    assert run("improve", path, "--method", "tv", "--iterations", "1").code == 0


def test_overflow_of_doubles_is_told(run: Run, model: Model) -> None:
    done = run("evaluate", sized(model, "floats"), "--policy-new", "full")
    assert done.code == 4 and "C overflows float64" in done.err and done.out == ""
    assert run("evaluate", sized(model, "floats")).code == 0


def test_long_numbers_in_errors_are_short(run: Run, model: Model) -> None:
    for gamma in ("1." + "9" * 1990, "9" * 5000, "1e99999"):
        done = run("evaluate", model(gamma=gamma))
        assert done.code == 3 and len(done.err) < 400
    rows = [["x", "stay", "x", f"1/{'7' * 1900}", "0"]]
    done = run("solve", model(states=["x"], actions=["stay"], transitions=rows))
    assert done.code == 3 and "off by" in done.err and len(done.err) < 600
