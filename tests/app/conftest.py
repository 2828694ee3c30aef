"""Run the command line as a user does, within the process of the tests."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo._app.cli import main

WIDE = 200
MDPS = Path(__file__).parents[2] / "mdps"


@dataclass(frozen=True)
class Result:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON on standard output, which holds nothing else."""
        return json.loads(self.out, parse_constant=_refuse)


def _refuse(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


Run = Callable[..., Result]
Model = Callable[..., Path]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command line on its arguments, and on `stdin`.

    columns: of the page; a line holds the path of a temporary file, whoever runs the tests
    """

    def call(*argv: str | Path, stdin: bytes = b"", columns: int = WIDE) -> Result:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setenv("COLUMNS", str(columns))
            code = main([str(word) for word in argv])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """Return a function that writes a model: two states, gamma 1/2, with changes."""

    def write(name: str = "small", **changes: Any) -> Path:
        path = tmp_path / f"{name}.mdp.json"
        path.write_text(json.dumps({**SMALL, **changes}), encoding="utf-8")
        return path

    return write


SMALL: dict[str, Any] = {
    "format": "tabular-trpo-mdp",
    "version": 1,
    "gamma": "1/2",
    "states": ["x", "y"],
    "actions": ["stay", "go"],
    "rho0": {"x": "1"},
    "transitions": [
        ["x", "stay", "x", "1", "0"],
        ["x", "go", "y", "1", "1"],
        ["y", "stay", "y", "1", "2"],
    ],
}
# y pays 2 for ever: V(y) = 4.  Going from x at once: V(x) = 1 + 4/2 = 3 = V*.
# Uniform: V(x) = (0 + V(x)/2)/2 + (1 + 4/2)/2, so V(x) = 2.
