"""`compare --runs DIR`: finished runs are kept and read, and change nothing of the output."""

import json
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo._sampled import comparison
from tests.app.conftest import MDPS, Run

MODEL = str(MDPS / "weather.mdp.json")
SIZE = ("--steps", "1200", "--batch", "600", "--seeds", "2", "--executor", "serial")
NAMES = ("--methods", "exact", "single_path")


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The runs that are made, as they are made."""
    made: list[Any] = []
    true = comparison.run

    def run(*task: Any) -> Any:
        made.append(task[1:3])
        return true(*task)

    monkeypatch.setattr(comparison, "run", run)
    return made


def test_a_second_comparison_reads_all_runs_and_prints_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, folder = counted(monkeypatch), str(tmp_path / "new" / "runs")
    plain = run("compare", MODEL, *SIZE, *NAMES, "--json")
    assert len(made) == 3
    first = run("compare", MODEL, *SIZE, *NAMES, "--json", "--runs", folder)
    assert len(made) == 6 and len(list(Path(folder).iterdir())) == 3
    second = run("compare", MODEL, *SIZE, *NAMES, "--json", "--runs", folder)
    assert len(made) == 6 and plain.out == first.out == second.out and plain.code == 0
    # What an interrupted comparison left is used; the rest is run.
    next(Path(folder).glob("*single_path-1-*")).unlink()
    third = run("compare", MODEL, *SIZE, *NAMES, "--json", "--runs", folder)
    assert made[6:] == [("single_path", 1)] and third.out == plain.out


@pytest.mark.parametrize(
    "other", [("--delta", "0.04"), ("--seed", "7"), ("--steps", "1800"), ("--batch", "500"),
              ("--horizon", "20")]
)  # fmt: skip
def test_other_settings_are_other_runs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: tuple[str, str]
) -> None:
    made = counted(monkeypatch)
    run("compare", MODEL, *SIZE, *NAMES, "--runs", str(tmp_path))
    found = run("compare", MODEL, *SIZE, *NAMES, *other, "--json", "--runs", str(tmp_path))
    assert len(made) == 6
    assert found.out == run("compare", MODEL, *SIZE, *NAMES, *other, "--json").out


def test_another_model_of_the_same_name_is_another_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = counted(monkeypatch)
    document = json.loads(Path(MODEL).read_text())
    copy = tmp_path / "weather.mdp.json"
    for gamma in ("9/10", "4/5"):
        copy.write_text(json.dumps(document | {"gamma": gamma}))
        run("compare", str(copy), *SIZE, *NAMES, "--runs", str(tmp_path / "runs"))
    assert len(made) == 6


@pytest.mark.parametrize("text", ["", "{", "[]", '{"steps": [0]}', '{"steps": 3, "eta": 4}'])
def test_a_broken_file_is_named_and_its_cure_works(run: Run, tmp_path: Path, text: str) -> None:
    run("compare", MODEL, *SIZE, *NAMES, "--runs", str(tmp_path))
    broken = next(tmp_path.glob("*exact*"))
    kept = broken.read_text()
    broken.write_text(text)
    result = run("compare", MODEL, *SIZE, *NAMES, "--runs", str(tmp_path))
    assert result.code == 3 and broken.name in result.err.replace("\n  ", "")
    assert "Delete it" in result.err
    broken.unlink()
    assert run("compare", MODEL, *SIZE, *NAMES, "--runs", str(tmp_path)).code == 0
    assert broken.read_text() == kept


def test_a_folder_that_is_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    there = tmp_path / "file"
    there.write_text("")
    result = run("compare", MODEL, *SIZE, *NAMES, "--runs", str(there))
    assert result.code == 3 and f"--runs {there} is no folder" in result.err.replace("\n  ", " ")
    assert run("compare", MODEL, *SIZE, *NAMES, "--runs", str(tmp_path / "other")).code == 0
