"""falsify --start: pairs of model files to begin with."""

import shlex
from pathlib import Path

import pytest

from tests.app.conftest import Run
from tests.app.falsify.claims import files, one, written

ATLAS = Path(__file__).parents[3] / "mdps" / "atlas"
NINE = one("(9) with the mean KL", 'p.eta_new, ">=", p.L - p.C * p.mean_kl')
SIX_STATES = ATLAS / "mean_kl_0.1.mdp.json"


def test_a_counterexample_in_a_file_is_read_before_any_round(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, NINE)
    words = ("--out", tmp_path / "out", "--rounds", 1, "--gamma", "1/10")
    assert run("falsify", path, *words).code == 0
    done = run("falsify", path, *words, "--start", SIX_STATES, "--json")
    assert done.code == 1
    assert done.document["start"] == [str(SIX_STATES)]
    (found,) = done.document["claims"]
    assert found["rounds"] == 1 and 1 <= found["tried"] <= 12  # the pairs of two policies
    checked = run("check", found["certificate_file"])
    assert (checked.code, "1 refuted" in checked.out) == (0, True)


def test_line_that_repeats_a_run_names_the_files(run: Run, tmp_path: Path) -> None:
    path, out = written(tmp_path, NINE), tmp_path / "out"
    start = ("--start", SIX_STATES, "--start", ATLAS / "mean_kl_0.05.mdp.json")
    first = run("falsify", path, "--out", out, "--rounds", 2, "--gamma", "3/10", *start)
    assert first.code == 0
    (line,) = (x for x in first.out.splitlines() if x.startswith("Repeat it: "))
    before = files(out)
    again = run(*shlex.split(line.removeprefix("Repeat it: "))[1:])
    assert again.out == first.out and files(out) == before


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (["nowhere.mdp.json"], "nowhere.mdp.json"),
        ([str(ATLAS / "mean_kl_0.2.mdp.json")], "mean_kl_0.2.mdp.json has shape (120, 2)"),
        (["-", "-"], "- was given 2 times"),
    ],
    ids=["missing", "large", "twice"],
)
def test_what_cannot_be_begun_with_is_told_before_the_search(
    run: Run, tmp_path: Path, start: list[str], told: str
) -> None:
    words = [word for name in start for word in ("--start", name)]
    done = run("falsify", written(tmp_path, NINE), "--out", tmp_path / "out", *words)
    assert done.code in (2, 3) and told in done.err
    assert not (tmp_path / "out").exists()


def test_standard_input_is_no_claim_and_model_at_once(run: Run) -> None:
    done = run("falsify", "-", "--start", "-", stdin=NINE.encode())
    assert done.code == 2 and "- was given 2 times" in done.err


def test_any_small_model_will_do(run: Run, tmp_path: Path) -> None:
    """One with actions that are not allowed, one without two policies, one of doubles."""
    for name in ("quiz", "rover", "walk"):
        model = ATLAS.parent / f"{name}.mdp.json"
        words = ("--out", tmp_path, "--rounds", 1, "--start", model)
        assert run("falsify", written(tmp_path, NINE), *words).code in (0, 1), name
