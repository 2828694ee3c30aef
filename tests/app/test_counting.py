"""The bar of counted work: on a terminal only, on standard error only."""

import sys

import pytest

from tabular_trpo._app.shared.counting import counting
from tests.app.test_progress import Terminal


def test_bar_counts_pairs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with counting(900, False, "screening", "pairs") as tell:
        tell(300)
        tell(600)
    assert "600/900" in stream.getvalue() and "pairs" in stream.getvalue()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("quiet", "terminal"), [(True, True), (False, False)])
def test_no_bar(quiet: bool, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream if terminal else None)
    with counting(900, quiet, "screening", "pairs") as tell:
        tell(300)
    assert stream.getvalue() == ""
