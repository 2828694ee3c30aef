"""What a campaign finds and tells: violations with their pairs, sums, exit codes, wrong usage."""

import json
from pathlib import Path
from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo._app.shared import theorems
from tabular_trpo._falsify import screen
from tabular_trpo._formats.document import from_document
from tabular_trpo._theory import selection as choice
from tests.app.conftest import Run

FEW = ("trpo_bound", "pinsker", "cpi_bound", "performance_difference")
SMALL = ("campaign", "--pairs", "650", "--chunk", "100", "--theorems", *FEW)
WHOLE = ("campaign", "--pairs", "120", "--chunk", "50")


@tt.claim("half of Theorem 1", center="L")
def half_bound(p: Any) -> Any:
    return p.eta_new, ">=", p.L - p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a false neighbour of Theorem 1 into the table, and return its name."""
    for module in (choice, theorems):
        monkeypatch.setattr(module, "THEOREMS", (*tt.THEOREMS, half_bound))
    return half_bound.name


def test_false_statement_is_a_violation_with_its_pair(
    run: Run, tmp_path: Path, planted: str
) -> None:
    path = tmp_path / "false.jsonl"
    words = ("campaign", "--pairs", "400", "--chunk", "100", "--executor", "serial")
    result = run(*words, "--theorems", planted, "trpo_bound", "--out", path, "--json")
    assert result.code == result.document["exit_code"] == 1
    records = [json.loads(line) for line in path.read_text().splitlines()]
    found = [(record, one) for record in records for one in record.get("violations", ())]
    assert found and len(found) <= result.document["violations"]
    assert {one["statement"] for one in result.document["violated"]} == {planted}
    for _, one in found:
        document = from_document(one["model"])
        policies = document.policies
        pair = tt.Pair.mixture(document.mdp, policies["pi"], policies["target"], one["alpha"])
        assert (pair.pi_new == policies["pi_new"]).all()
        assert tt.judge(half_bound, pair).status == "refuted"
    shown = run(*words, "--theorems", planted, "trpo_bound", "--out", path)
    assert shown.code == 1 and f"REFUTED {planted}: case" in shown.out


def test_what_is_left_open_is_exit_code_4(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "FAILS", 0.0)
    monkeypatch.setattr(screen, "SUSPECTS", 1)
    result = run(*SMALL, "--executor", "serial", "--out", tmp_path / "open.jsonl", "--json")
    assert result.code == 4 and result.document["violations"] == 0
    assert result.document["undecided"] > 0


def test_the_whole_table_and_its_summary(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "whole.jsonl"
    result = run(*WHOLE, "--executor", "serial", "--out", path, "--json")
    assert result.code == 0
    header, *chunks, summary = (json.loads(line) for line in path.read_text().splitlines())
    assert header["theorems"] == [theorem.name for theorem in tt.THEOREMS]
    assert (header["seed"], header["pairs"], header["chunk"]) == (0, 120, 50)
    assert header["package"] == tt.__version__
    assert [one["chunk"] for one in chunks] == [0, 1, 2]
    assert [one["pairs"] for one in chunks] == [50, 50, 20]
    whole = summary["summary"]
    assert {key: result.document[key] for key in whole} == whole
    assert (whole["pairs"], whole["chunks"], whole["violations"]) == (120, 3, 0)
    for name, one in whole["statements"].items():
        assert one["speaks"] == sum(x["statements"][name]["speaks"] for x in chunks)
        scores = [x["statements"][name]["tightest"] for x in chunks]
        best = max((x["score"] for x in scores if x), default=None)
        assert (one["tightest"] or {"score": None})["score"] == best
        assert one["judged"]["refuted"] == 0
        if one["tightest"]:
            tightest = one["tightest"]["exact"]
            document = from_document(tightest["model"])
            assert document.mdp.arithmetic == "rational" and set(document.policies) == {
                "pi",
                "target",
                "pi_new",
            }
    # What an index says can be drawn again, and is the pair that the summary holds.
    tightest = whole["statements"]["trpo_bound"]["tightest"]
    plan = screen.Plan(0, 120, 50, tuple(header["theorems"]))
    pair = screen.batch(plan, tightest["chunk"]).pair(tightest["case"])
    assert (from_document(tightest["exact"]["model"]).policies["pi"] == pair.pi).all()
    assert float(pair.gamma) == tightest["gamma"]


def test_finished_file_is_only_reported(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "finished.jsonl"
    assert run(*SMALL, "--executor", "serial", "--out", path).code == 0
    before = path.read_bytes()
    again = run(*SMALL, "--executor", "mpi", "--out", path, "--quiet")  # no worker is begun
    assert again.code == 0 and path.read_bytes() == before
    assert again.out.startswith("650 pairs, 4 statements: 0 violations, 0 left open; judged")
    assert again.out.count("\n") == 1


def test_seed_changes_what_is_drawn(run: Run, tmp_path: Path) -> None:
    found = []
    for seed in (0, 1):
        path = tmp_path / f"{seed}.jsonl"
        assert run(*SMALL, "--seed", seed, "--executor", "serial", "--out", path).code == 0
        found.append(json.loads(path.read_bytes().splitlines()[1])["statements"])
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--theorems", "trpo_bond"), 2, "did you mean 'trpo_bound'"),
        (("--executor", "serial", "--workers", "2"), 2, "which is one process"),
        (("--executor", "threads"), 2, "invalid choice"),
        (("--pairs", "0"), 2, "is not an integer in 1.."),
        (("--chunk", "1e3"), 2, "is not an integer"),
        (("--out", "/nowhere/x.jsonl"), 3, "/nowhere/x.jsonl cannot be written: No such file"),
    ],
)
def test_wrong_usage(run: Run, words: tuple[str, ...], code: int, text: str) -> None:
    result = run("campaign", *words)
    assert result.code == code and text in result.err and result.out == ""
