"""`compare --habits`: the table of what implementations do, and its numbers."""

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled import comparison
from tabular_trpo._sampled.habits import HABITS
from tabular_trpo._sampled.methods import Settings
from tests.app.conftest import MDPS, Run

MODEL = str(MDPS / "rover.mdp.json")
SIZE = ("--steps", "1800", "--batch", "600", "--seeds", "2", "--executor", "serial")


def test_the_table_has_a_row_for_each_habit(run: Run) -> None:
    result = run("compare", MODEL, "--habits", *SIZE)
    lines = result.out.splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line.split()[:1]}
    assert result.code == 0 and set(HABITS) <= set(rows)
    assert rows["Habit"][1:] == ["eta", "+-", "%", "of", "gap", "Over", "Worst", "Fell"]
    assert "% of steps whose true mean KL is above delta" in " ".join(result.out.split())
    assert max(len(line) for line in lines if line.startswith(" ")) <= 80
    assert "Settings: steps 1800, batch 600" in result.out


def test_the_numbers_are_those_of_the_runs(run: Run) -> None:
    document = run("compare", MODEL, "--habits", *SIZE, "--json").document
    (model,) = document["models"]
    found = {x["method"]: x for x in model["methods"]}
    assert list(found) == list(HABITS) and document["settings"]["delta"] == 0.01
    mdp, over = tt.read(MODEL).to_float(), 0
    for name in ("as_in_paper", "no_search"):
        curves = [comparison.run(mdp, name, s, 1800, Settings(600, 0.01)) for s in (0, 1)]
        kls = [curve.mean_kl for curve in curves if curve.mean_kl is not None]
        assert found[name]["largest_mean_kl"] == [float(kl.max()) for kl in kls]
        assert found[name]["over_delta"] == [int((kl > 0.01 * (1 + 1e-6)).sum()) for kl in kls]
        assert found[name]["final"] == [float(curve.eta[-1]) for curve in curves]
        over += sum(found[name]["over_delta"])
    assert over > 0
    worst = max(max(np.array(x["largest_mean_kl"])) for x in found.values())
    assert worst / 0.01 < 3


def test_habits_have_their_own_methods(run: Run) -> None:
    result = run("compare", MODEL, "--habits", "--methods", "vine", *SIZE)
    assert result.code == 2 and "leave out --methods" in result.err
    assert run("compare", MODEL, "--habits", *SIZE, "--quiet").code == 0


def test_habits_play_live_environments(run: Run) -> None:
    pytest.importorskip("gymnasium")
    argv = ("compare", "--env", "CliffWalking-v1", "--habits", *SIZE[:4], "--seeds", "1")
    result = run(*argv, "--executor", "serial")
    assert result.code == 0 and "as_in_paper" in result.out and "Certificate" not in result.out
