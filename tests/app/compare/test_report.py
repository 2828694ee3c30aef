"""The tables and the one line of `compare`."""

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._app.compare.report import Entry
from tabular_trpo._sampled.comparison import Curve
from tests.app.conftest import MDPS, Model, Run

FEW = ("--methods", "exact", "single_path", "vine")
SIZE = ("--steps", "1500", "--batch", "500", "--seeds", "2", "--executor", "serial")
WEATHER, TWINS = (MDPS / f"{name}.mdp.json" for name in ("weather", "twins"))


def cells(out: str, name: str) -> list[str]:
    """The cells of the row of a method."""
    return next(line.split() for line in out.splitlines() if line.split()[:1] == [name])


def marks(means: list[float], first: float, best: float) -> str:
    """The tenths of the way that each mean has gone."""
    shares = [(eta - first) / (best - first) for eta in means]
    return "".join(
        "*" if x >= 0.98 else "-" if x < -1e-9 else str(int(10 * x + 1e-9)) for x in shares
    )


def test_table_says_how_far_each_came(run: Run) -> None:
    argv = ("compare", WEATHER, *FEW, *SIZE)
    result, told = run(*argv), run(*argv, "--json").document["models"][0]["methods"]
    rows = [x for x in result.out.splitlines() if not x.startswith("Settings: ")]
    assert result.code == 0 and max(map(len, rows)) <= 100
    assert "weather: 2 states, 2 actions, gamma 0.9; eta 10.0909 (uniform) to" in result.out
    assert result.out.count("Method") == 1 and "Share of the gap" not in result.out
    for method in told:
        name, eta, half, share, fell, of, curve = cells(result.out, method["method"])
        error = max(method["half_width"] or 0.0, 1e-5 * abs(method["eta"]))
        assert abs(float(eta) - method["eta"]) <= error
        assert (half == "-") == (name == "exact")
        assert float(share) == pytest.approx(100 * method["share_of_gap"], abs=0.051)
        assert (int(fell), int(of)) == (sum(method["fell"]), sum(method["iterations"]))
        assert len(curve) == 21 and curve[0] == "0"
        # Of uniform and of the forecast, by hand: 111/11 and 184/11.
        assert curve == marks(method["mean"][::3], 111 / 11, 184 / 11)
    quiet = run(*argv, "--quiet").out
    assert quiet.count("\n") == 1
    assert quiet.startswith("1500 steps, 2 seeds from 0: models of 1 with 98 % of the gap closed:")
    assert "exact 0, single_path 0, vine 0" in quiet and "not compared" not in quiet
    assert " ".join(result.out.split()[-40:]).endswith(quiet.strip())


def test_methods_that_reach_the_optimum_are_counted(run: Run, model: Model) -> None:
    small = model()  # V* = 3 from x, and 2 of the uniform policy
    argv = ("compare", small, TWINS, "--methods", "exact", "cem", "--seeds", "1", "--executor")
    result = run(*argv, "serial", "--steps", "30000", "--batch", "1000")
    assert "eta 2 (uniform) to 3 (optimal)" in result.out
    told = run(*argv, "serial", "--steps", "30000", "--batch", "1000", "--json").document
    curve = marks(told["models"][0]["methods"][0]["mean"][::3], 2, 3)
    assert cells(result.out, "exact")[-1] == curve and "9*" in curve and curve[-1] == "*"
    assert "exact 1, cem" in result.out
    assert "models of 1 with 98 %" in result.out  # the other has no gap to close


def test_several_models_have_one_more_table(run: Run) -> None:
    result = run("compare", WEATHER, MDPS / "rover.mdp.json", *FEW, *SIZE)
    summary = result.out.split("Share of the gap that is closed at the end, in %")[1]
    lines = [line.split() for line in summary.splitlines()]
    for name in ("weather", "rover"):
        part = result.out.split(f"{name}: ")[1]
        shares = [cells(part, method)[3] for method in FEW[1:]]
        assert [name, *shares] in lines


def test_a_model_without_a_gap_shows_dashes(run: Run) -> None:
    result = run("compare", TWINS, *FEW, *SIZE)
    for name in FEW[1:]:
        row = cells(result.out, name)
        assert row[3] == "-" and len(row) == 6  # no share and no curve
    assert "models of 0 with 98 %" in result.out
    told = run("compare", TWINS, *FEW, *SIZE, "--json").document["models"][0]["methods"]
    assert all(method["share_of_gap"] is None for method in told)


def test_rounding_is_no_share() -> None:
    """The mean of six equal returns is not theirs, in doubles."""
    mdp = tt.read(MDPS / "rover.mdp.json").to_float()
    first, best = tt.evaluate(mdp, tt.policies.uniform(mdp)).eta, tt.optimal(mdp).eta_star
    still = Curve(np.array([0]), np.array([first]), 0)
    entry = Entry("rover", mdp, float(first), float(best), {"cem": [still] * 6})
    assert (entry.share(entry.band("cem", 100).mean) == 0).all()
    assert np.mean([first] * 6) != first
    assert Entry("", mdp, 10.0, 10.000000000002, {}).gap is None
    assert Entry("", mdp, 10.0, 10.0000000001, {}).gap == pytest.approx(1e-10, rel=1e-4)
