"""Each kind of error ends in one exit code and one clear text, never in a traceback."""

import json
from collections.abc import Callable

import pytest

from tabular_trpo._app.shared.errors import UsageError, guarded
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._core.errors import (
    ExactnessError,
    InvalidMDPError,
    LimitError,
    MemoryGuardError,
    MissingExtraError,
    Problem,
)

PROBLEM = Problem("code", "here", "= 1", "2", "Do this")


def raising(error: BaseException) -> Callable[[], Answer]:
    """Return a command that raises this."""

    def command() -> Answer:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (InvalidMDPError(PROBLEM), 3, "here = 1, expected 2. Do this"),
        (ExactnessError(PROBLEM), 3, "here = 1, expected 2. Do this"),
        (LimitError(PROBLEM), 4, "here = 1, expected 2. Do this"),
        (MemoryGuardError(PROBLEM), 5, "here = 1, expected 2. Do this"),
        (MissingExtraError(PROBLEM), 2, "here = 1, expected 2. Do this"),
        (UsageError("no such thing"), 2, "no such thing"),
        (FileNotFoundError(2, "No such file", "a\x1b.json"), 3, "a\\x1b.json: No such file"),
        (PermissionError(13, "Permission denied"), 3, "Permission denied"),
        (MemoryError(), 5, "out of memory; a smaller model, or --arithmetic float, needs less"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_error_becomes_code_and_text(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), as_json=False, quiet=False) == code
    assert capsys.readouterr() == ("", f"tabular-trpo: {text}\n")


def test_unforeseen_error_is_one_line_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(ZeroDivisionError("a\nb")), as_json=False, quiet=False) == 70
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "internal error at test_errors.py:" in err and "ZeroDivisionError: a b" in err


def test_errors_of_json_runs_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(InvalidMDPError(PROBLEM)), as_json=True, quiet=False) == 3
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["exit_code"] == 3
    assert document["error"]["problems"] == [
        {"code": "code", "where": "here", "got": "= 1", "expected": "2", "cure": "Do this"}
    ]
    assert "here = 1" in err


def test_interrupt_of_a_json_run_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(KeyboardInterrupt()), as_json=True, quiet=False) == 130
    out, err = capsys.readouterr()
    assert json.loads(out)["exit_code"] == 130 and err == "tabular-trpo: interrupted\n"


def test_closed_pipe_is_quiet_and_keeps_the_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(answer: Answer, as_json: bool, quiet: bool) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("tabular_trpo._app.shared.errors.emit", broken)
    assert guarded(lambda: Answer(1, {}, [], "line"), as_json=False, quiet=False) == 1
    assert capsys.readouterr() == ("", "")
