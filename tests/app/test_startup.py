"""Start-up is lazy: neither the package nor --help imports what no command was asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tabular_trpo
from tabular_trpo._app.cli import COMMANDS

ROOT = Path(tabular_trpo.__file__).parents[1]
HEAVY = {"numpy", "scipy", "networkx", "rich", "matplotlib", "flint", "multiprocessing"}
OWN = "tabular_trpo._app."
HELP = """
from contextlib import redirect_stdout
from io import StringIO
from tabular_trpo._app.cli import main
with redirect_stdout(StringIO()):
    assert main({words!r}) == 0
"""


def imported(code: str) -> set[str]:
    """Return the modules that a program has imported in the end."""
    end = "\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + end],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "code",
    ["import tabular_trpo", HELP.format(words=["--help"]), HELP.format(words=["--version"])],
    ids=["import", "--help", "--version"],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    modules = imported(code)
    assert {name for name in modules if name.split(".")[0] in HEAVY} == set()
    commands = {f"{OWN}{module}" for module, _ in COMMANDS.values()}
    assert modules & commands == set()


@pytest.mark.parametrize("name", ["solve", "check"])
def test_a_command_imports_no_other_one(name: str) -> None:
    modules = imported(HELP.format(words=[name, "--help"]))
    commands = {f"{OWN}{module}" for module, _ in COMMANDS.values()}
    assert modules & commands == {OWN + COMMANDS[name][0]}
    assert not {name.split(".")[0] for name in modules} & {"matplotlib", "multiprocessing"}


def test_every_command_has_its_module() -> None:
    for module, line in COMMANDS.values():
        path = ROOT / "tabular_trpo" / "_app" / f"{module.replace('.', '/')}.py"
        assert path.is_file() and line
