"""The progress bar: on a terminal only, on standard error only."""

import io
import sys

import pytest

from tabular_trpo._app.shared.progress import steps

WORK = [(0, "a"), (0, "b"), (1, "c")]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "quiet", "shown"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_bar_is_shown_on_a_terminal(
    terminal: bool, quiet: bool, shown: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    assert list(steps(WORK, 2, quiet)) == ["a", "b", "c"]
    assert ("verifying" in stream.getvalue()) is shown
    assert capsys.readouterr().out == ""


def test_no_bar_where_standard_error_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert list(steps(WORK, 2, quiet=False)) == ["a", "b", "c"]
