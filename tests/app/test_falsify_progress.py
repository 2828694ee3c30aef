"""The bar of a hunt: on a terminal only, on standard error only."""

import sys

import pytest

from tabular_trpo._app.falsify.progress import hunting
from tests.app.test_progress import Terminal


def test_bar_shows_share_and_best_ratio(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with hunting(quiet=False) as begin:
        for title in ("[red]one\x1b", "two"):
            tell = begin(title)
            assert tell is not None
            tell(0.25, -2.5)  # no pair that the claim speaks of
            tell(0.5, 0.875)
            tell(0.75, 0.5)  # of a larger size: the best stays
    shown = stream.getvalue()
    assert "two" in shown and "75%" in shown and "best ratio 0.8750" in shown
    assert "0.5000" not in shown
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("quiet", "terminal"), [(True, True), (False, False)])
def test_no_bar(quiet: bool, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream if terminal else None)
    with hunting(quiet) as begin:
        assert begin("one") is None
    assert stream.getvalue() == ""
