"""Each experiment runs at a tiny size, prints a table, draws a figure; and says what it should."""

import importlib
from pathlib import Path

import pytest

EXPERIMENTS = (
    "aliasing", "collapse", "ladder", "max_or_mean", "penalty", "regions", "small_steps", "stuck",
)  # fmt: skip


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_runs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = importlib.import_module(f"scripts.{name}")
    script.experiment(3, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5_000
    out = capsys.readouterr().out
    assert len(out.splitlines()) > 6 and "nan" not in out
    rows = [line.split("│")[1:-1] for line in out.splitlines() if line.startswith("│")]
    if name == "collapse":
        for _, L, eta, bound in (tuple(map(float, row)) for row in rows):
            assert bound <= eta <= L
    if name == "ladder":
        for _, span, _, theorem, half, whole, best in rows:
            assert 1 >= float(span) > float(theorem) > float(half) > float(whole) > 0
            assert best.strip() == "coupling_span"
    if name == "max_or_mean":
        for largest, mean in zip(rows[::2], rows[1::2], strict=True):
            assert float(mean[4]) >= float(largest[4]) and float(mean[2]) > float(mean[0])
            assert all(float(x) <= float(row[5]) for row in (largest, mean) for x in row[6:])
    if name == "penalty":
        for share, _, gain, same, price, realised, certified in (map(float, row) for row in rows):
            assert same == gain and price == share and certified <= realised
    if name == "regions":
        assert "fell" not in out
    if name == "stuck":
        assert out.splitlines()[-2].split()[3:6:2] == ["0", "0"]  # certain policies, gamma = 0.9
