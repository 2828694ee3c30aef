"""`verify`: what it judges, what it says, what it stores, and how it ends."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo import check
from tabular_trpo._app.shared import theorems
from tabular_trpo._app.verify import command as verify
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.claim import claim
from tabular_trpo._theory.theorems import THEOREMS, distinct
from tests.app.conftest import MDPS, Model, Run

STAY_OR_GO = MDPS / "stay_or_go.mdp.json"


@claim("no penalty at all", center="L")
def no_penalty(p: Any) -> Any:
    """The surrogate is a lower bound: false."""
    return p.eta_new, ">=", p.L


@pytest.fixture
def false_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a false claim into the table."""
    monkeypatch.setattr(theorems, "THEOREMS", (*THEOREMS, no_penalty))


def test_every_theorem_holds_on_every_model(run: Run) -> None:
    result = run("verify", MDPS, "--json")
    document = result.document
    assert result.code == document["exit_code"] == 0
    assert [one["name"] for one in document["statements"]] == [one.name for one in THEOREMS]
    for one in document["statements"]:
        assert one["refuted"] == one["undecided"] == 0
        assert one["proved"] > 0
    n_files = len(list(MDPS.glob("*.mdp.json")))
    assert len(document["models"]) == n_files
    n_pairs = sum(len(one["pairs"]) for one in document["models"])
    totals, n_distinct = document["totals"], len(distinct(THEOREMS))
    assert document["distinct"] == n_distinct < len(THEOREMS)
    assert totals["proved"] + totals["vacuous"] == n_pairs * n_distinct
    assert totals["proved"] == sum(
        one["proved"] for one in document["statements"] if one["same_as"] is None
    )


MAY_BE_SILENT = re.compile(r"ratio|/pi\b|log|kl_reversed")


@pytest.mark.parametrize("pairs", ["file", "made"])
def test_each_theorem_says_something_on_each_model(run: Run, pairs: str) -> None:
    """Those with a precondition, an average or a divisor that may be 0 somewhere; others always."""
    document = run("verify", MDPS, "--json", "--pairs", pairs).document
    bare = [
        t for t in THEOREMS if t.condition is None and not MAY_BE_SILENT.search(f"{t.statement}")
    ]
    assert len(bare) > 50
    spoken = set()
    for one in document["models"]:
        for i, theorem in enumerate(THEOREMS):
            said = {pair["verdicts"][i]["status"] for pair in one["pairs"]}
            assert "proved" in said or theorem not in bare, (one["name"], theorem.name)
            spoken |= {theorem.name} if "proved" in said else set()
    assert spoken == {theorem.name for theorem in THEOREMS}


def test_page_has_a_row_for_each_statement_and_model(run: Run) -> None:
    out = run("verify", MDPS, columns=100).out
    for theorem in THEOREMS:
        assert len(re.findall(rf"^ .* {theorem.name}  +\d", out, re.MULTILINE)) == 1
    for path in MDPS.glob("*.mdp.json"):
        assert path.name.removesuffix(".mdp.json") in out
    assert max(map(len, out.split("\n"))) <= 100
    assert "Exit code 0: all that is claimed holds." in out


def test_full_page_has_a_row_for_each_model_and_statement(run: Run) -> None:
    out = run("verify", STAY_OR_GO, MDPS / "ties.mdp.json", "--full", columns=100).out
    rows = [line.split() for line in out.split("\n")]
    assert sum(row[:2] == ["ties", "trpo_bound"] for row in rows) == 1
    assert max(map(len, out.split("\n"))) <= 100


def test_slack_by_hand(run: Run, model: Model) -> None:
    # The pair of test_evaluate: eta_new = 3, L = 10/3, C max_tv^2 = 2.
    document = run("verify", model(), "--theorem", "trpo_bound", "--json").document
    pair = next(one for one in document["models"][0]["pairs"] if one["name"] == "uniform -> greedy")
    verdict = pair["verdicts"][0]
    assert verdict["slack"] == ["5/3", "5/3"] and verdict["status"] == "proved"
    assert verdict["tightness"] == pytest.approx((10 / 3 - 3) / 2)
    assert verdict["lane"] == "rational"


def test_statements_can_be_chosen(run: Run) -> None:
    chosen = ["--theorem", "cpi_bound", "--theorem", "pinsker", "--theorem", "pinsker"]
    document = run("verify", STAY_OR_GO, *chosen, "--json").document
    assert [one["name"] for one in document["statements"]] == ["pinsker", "cpi_bound"]


def test_unknown_statement_is_a_usage_error_with_a_hint(run: Run) -> None:
    result = run("verify", STAY_OR_GO, "--theorem", "trpo_bond")
    assert result.code == 2 and "did you mean 'trpo_bound'" in result.err
    assert "there is " in run("verify", STAY_OR_GO, "--theorem", "xxxxxx").err


def test_answer_depends_on_the_seed_alone(run: Run) -> None:
    words = ["verify", STAY_OR_GO, "--pairs", "made", "--json", "--seed"]
    first = run(*words, "7").out
    assert first == run(*words, "7").out != run(*words, "8").out
    assert "seed 7;" in run(*words[:-2], "--seed", "7").out


def test_float_arithmetic_says_what_it_leaves_open(run: Run) -> None:
    result = run("verify", STAY_OR_GO, "--arithmetic", "float")
    assert result.code == 4 and "UNDECIDED" in result.out and "Exit code 4" in result.out
    document = run("verify", STAY_OR_GO, "--arithmetic", "float", "--json").document
    assert document["exit_code"] == 4 and document["totals"]["lanes"] == ["float"]
    assert document["totals"]["refuted"] == 0


def test_hint_of_the_float_arithmetic_can_work(run: Run, model: Model) -> None:
    out = run("verify", STAY_OR_GO, "--arithmetic", "float", "--quiet").out
    assert (
        "left open; identities and ties need the rational arithmetic; leave out --arithmetic float."
        in out
    )
    states = [f"s{i}" for i in range(121)]
    rows = [[s, "a", s, "1", "1"] for s in states]
    path = model(states=states, actions=["a"], transitions=rows, rho0={"s0": "1"})
    for arithmetic in ("auto", "float"):
        result = run(
            "verify", path, "--theorem", "visitation_mass", "--arithmetic", arithmetic, "--quiet"
        )
        assert result.code == 4 and "S <= 120 and S*S*A <= 1048576" in result.out
        assert "--arithmetic" not in result.out and "--bits" not in result.out


def test_help_says_that_expectations_are_not_compared(run: Run) -> None:
    assert "`expected` blocks of model files are not compared" in run("verify", "--help").out


def test_few_bits_leave_logarithms_open(run: Run, model: Model) -> None:
    # p = (1/2, 1/2) against (1/2 + h, 1/2 - h): KL/2 - tv^2 = h^4 + ..., with h = 1e-12.
    half, more, less = "1/2", f"{5 * 10**11 + 1}/{10**12}", f"{5 * 10**11 - 1}/{10**12}"
    old = {s: {"stay": half, "go": half} for s in "xy"}
    new = {s: {"stay": more, "go": less} for s in "xy"}
    rows = [[s, a, s, "1", "0"] for s in "xy" for a in ("stay", "go")]
    path = model(policies={"old": old, "new": new}, transitions=rows)
    words = ["verify", path, "--theorem", "pinsker"]
    assert run(*words).code == 0
    result = run(*words, "--bits", "64")
    assert result.code == 4 and "UNDECIDED pinsker on small: old -> new: " in result.out
    assert "something is left open; try more --bits" in result.out


def test_verdict_beyond_certificates_is_told(run: Run, model: Model, tmp_path: Path) -> None:
    # As above with h = 1e-1000: the slack h^4 is settled with 16384 bits, not with 4096.
    n = 10**1000
    old = {s: {"stay": "1/2", "go": "1/2"} for s in "xy"}
    new = {s: {"stay": f"{n + 2}/{2 * n}", "go": f"{n - 2}/{2 * n}"} for s in "xy"}
    rows = [[s, a, s, "1", "0"] for s in "xy" for a in ("stay", "go")]
    path = model(policies={"old": old, "new": new}, transitions=rows)
    chosen = ["--theorem", "pinsker", "--theorem", "trpo_bound"]
    assert run("verify", path, *chosen).code == 0
    result = run("verify", path, *chosen, "--certificates", tmp_path / "certs")
    out = " ".join(result.out.split())
    assert result.code == 4 and "left open; not every verdict has a certificate" in out
    assert "NO CERTIFICATE of small: old -> new, pinsker: not settled at the 4096 bits" in out
    assert run("check", *(tmp_path / "certs").iterdir()).code == 0


@pytest.mark.usefixtures("false_claim")
def test_refutation_is_shown_with_its_counterexample(run: Run, tmp_path: Path) -> None:
    result = run("verify", STAY_OR_GO, "--pairs", "all")
    assert result.code == 1 and "Exit code 1: a statement is refuted." in result.out
    assert "REFUTED no penalty at all on stay_or_go: " in result.out and "slack -" in result.out
    document = next(line for line in result.out.split("\n") if line.startswith("{"))
    statements = check.check(json.loads(document))
    assert [one.status for one in statements if one.user_claim] == ["refuted"]


@pytest.mark.usefixtures("false_claim")
def test_line_that_repeats_a_refutation_does(run: Run) -> None:
    out = run("verify", STAY_OR_GO, "--pairs", "made", "--seed", "3", "--n-random", "6").out
    line = next(line for line in out.split("\n") if line.startswith("Repeat: "))
    words = shlex.split(line.removeprefix("Repeat: tabular-trpo "))
    again = run(*words)
    assert again.code == 1 and "1 statement;" in again.out
    refuted = [line for line in out.split("\n") if line.startswith("REFUTED")]
    assert refuted == [line for line in again.out.split("\n") if line.startswith("REFUTED")]


@pytest.mark.usefixtures("false_claim")
def test_refutations_in_json_carry_their_certificates(run: Run) -> None:
    result = run("verify", STAY_OR_GO, "--pairs", "made", "--json")
    assert result.code == result.document["exit_code"] == 1
    found = result.document["counterexamples"]
    assert found and {one["model"] for one in found} == {"stay_or_go"}
    for one in found:
        statements = check.check(one["certificate"])
        assert any(s.status == "refuted" and s.user_claim for s in statements)


def test_certificates_are_written_and_hold(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "certs"
    result = run("verify", STAY_OR_GO, MDPS / "tight_cpi.mdp.json", "--certificates", folder)
    files = sorted(folder.iterdir())
    assert result.code == 0 and f"{len(files)} certificates in {folder}" in result.out
    assert all(path.name.endswith(".cert.json") for path in files)
    assert "stay_or_go-half-to-climb.cert.json" in {path.name for path in files}
    for path in files:
        statements = check.check(json.loads(path.read_text(encoding="utf-8")))
        assert {one.name for one in statements} <= {one.name for one in THEOREMS}
        assert len(statements) > 55
        assert {one.status for one in statements} <= {"proved", "vacuous"}
    assert run("check", *files).code == 0


def test_certificate_that_fails_its_check_is_not_stored(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> dict[str, Any]:
        return {**pair_certificate(*args), "digest": "0" * 64}

    monkeypatch.setattr(verify, "pair_certificate", broken)
    result = run("verify", STAY_OR_GO, "--certificates", tmp_path / "certs")
    assert result.code == 1 and "CERTIFICATE FAILS ITS CHECK: stay_or_go: " in result.out
    assert "Exit code 1: a certificate fails its check." in result.out
    assert not (tmp_path / "certs").exists()


def test_unwritable_folder_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("verify", STAY_OR_GO, "--certificates", tmp_path / "file")
    assert result.code == 3 and result.err.count("\n") == 1 and "file" in result.err


def test_nothing_is_written_unasked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("verify", STAY_OR_GO)
    assert list(tmp_path.iterdir()) == []
