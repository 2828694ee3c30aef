"""Each experiment runs at a tiny size, prints a table, draws a figure; and says what it should."""

import importlib
from pathlib import Path

import pytest

EXPERIMENTS = ("collapse", "regions", "small_steps", "stuck")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_runs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = importlib.import_module(f"scripts.{name}")
    script.experiment(3, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5_000
    out = capsys.readouterr().out
    assert len(out.splitlines()) > 6 and "nan" not in out and "fell" not in out
    rows = [line.split("│")[1:-1] for line in out.splitlines() if line.startswith("│")]
    if name == "collapse":
        for _, L, eta, bound in (tuple(map(float, row)) for row in rows):
            assert bound <= eta <= L
    if name == "stuck":
        assert out.splitlines()[-2].split()[3:6:2] == ["0", "0"]  # certain policies, gamma = 0.9
