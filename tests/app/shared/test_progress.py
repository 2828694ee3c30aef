"""The progress bar: on a terminal only, on standard error only."""

import io
import sys

import pytest

from tabular_trpo._app.falsify.command import _shown
from tabular_trpo._app.shared.progress import progress_bar


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make standard error a terminal, and return it."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_bar_is_shown_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = terminal(monkeypatch)
    with progress_bar(False, "screening", 900) as update:
        update(300, "300/900 pairs")
        update(600, "600/900 pairs")
    assert "screening" in stream.getvalue() and "600/900 pairs" in stream.getvalue()
    assert capsys.readouterr().out == ""


def test_no_bar_where_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress_bar(True, "screening", 900) as update:
        update(300, "300/900 pairs")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["file", "closed"])
def test_no_bar_elsewhere(
    stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(False, "screening", 900) as update:
        update(300, "300/900 pairs")
    assert (stream is None or stream.getvalue() == "") and capsys.readouterr().out == ""


def test_bar_of_a_search_shows_share_and_best_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    for title in ("[red]one\x1b", "two"):
        with progress_bar(False, title, 1.0) as update:
            show = _shown(update)
            show(0.25, -2.5)  # no pair that the claim applies to
            show(0.5, 0.875)
            show(0.75, 0.5)  # of a larger size: the best stays
    shown = stream.getvalue()
    assert "[red]one\\x1b" in shown and "two" in shown
    assert "75%" in shown and "best ratio 0.8750" in shown and "0.5000" not in shown
