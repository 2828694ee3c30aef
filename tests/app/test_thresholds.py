"""Numbers on a threshold: what is less than 1, or less than all, is printed as less."""

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from scripts import atlas_page, mean_kl
from tabular_trpo._app.compare.report import percentage
from tabular_trpo._app.falsify.outcome import ClaimResult
from tabular_trpo._app.falsify.report import _search
from tabular_trpo._app.show import _gamma
from tabular_trpo._app.verify.tables import _ratio
from tabular_trpo._falsify.atlas import Entry, EntryStatus
from tabular_trpo._falsify.result import Unrefuted
from tabular_trpo._falsify.screen import _kept
from tabular_trpo._theory.ratio import ratio_of
from tests.app.conftest import Run

BELOW = [Fraction(39960000, 39960001), 1 - Fraction(1, 10**14), 1 - Fraction(1, 10**40)]


@pytest.mark.parametrize("exact", BELOW)
def test_a_ratio_below_1_stays_below(exact: Fraction) -> None:
    ratio = ratio_of(exact, Fraction(1))
    assert ratio is not None and 1 - 1e-7 < ratio < 1
    assert ratio_of(1 / exact, Fraction(1)) == pytest.approx(1) and (1 / ratio) > 1
    assert ratio_of(exact, exact) == 1.0
    assert _ratio(ratio).startswith("0.99") or _ratio(ratio) == "1 - 1.1e-16"


@pytest.mark.parametrize("sides", [(0, 0), (1, 0), (math.inf, math.inf)])
def test_what_has_no_ratio_has_none(sides: tuple[Any, Any]) -> None:
    gap, penalty = (Fraction(x) if math.isfinite(x) else x for x in sides)
    assert ratio_of(gap, penalty) is None


@pytest.mark.parametrize("exact", BELOW)
def test_the_largest_ratio_of_a_search_is_not_told_as_1(exact: Fraction) -> None:
    claim = tt.claim("x")(lambda p: (p.eta_new, ">=", p.L - p.C * p.max_tv**2))
    found = Unrefuted(claim, None, ratio_of(exact, Fraction(1)), 9, 9, 0, 1, 0)

    (told,) = _search(ClaimResult(None, found, None, None))  # type: ignore[arg-type]
    (number,) = re.findall(r"gap / penalty is ([^;]*);", str(told))
    assert number != "1" and number.startswith("0.99")


def test_bounds_of_the_judge_stay_below_1_in_every_arithmetic() -> None:
    claim = tt.claim("nearly")(lambda p: (p.eta, "<=", p.eta + Fraction(1, 10**30)))
    pair = tt.Pair(tt.MDP([[["1"]]], [["1"]], ["1"], "1/2"), [["1"]], [["1"]])
    tightness = tt.judge(claim, pair).tightness
    assert tightness is not None and tightness < 1


@pytest.mark.parametrize(
    ("ratio", "attained", "text"),
    [
        (1.0, True, "**1**"),
        (math.nextafter(1, 0), False, "**0.9999**"),
        (0.49999, False, "0.4999"),
        (4.85e-6, False, "4.8e-06"),
    ],
)
def test_cells_of_the_atlas(ratio: float, attained: bool, text: str) -> None:
    one = Entry("x", Fraction(1, 2), EntryStatus.RATIO, ratio, attained, None, None, 1, 1, 0, "x")
    assert atlas_page.cell(one) == text


def test_no_entry_of_the_atlas_is_1_unless_attained() -> None:
    assert all((one.ratio == 1) is one.attained for one in tt.atlas() if one.ratio is not None)
    finding = mean_kl.Finding(Fraction(1, 5), "proved", 0.99999999, 2, "x", 0.99999, 1.0, "x")
    assert "| 0.9999 | 2 | x | 0.99999 | 1.0000 |" in atlas_page.mean_kl_table([finding])
    assert "0.99999999." in mean_kl.why(finding)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100.0"), (0.0, "0.0"), (-0.0, "0.0"), (0.9996, "99.96"), (0.0004, "0.04"),
        (math.nan, "-"), (1 - 2**-53, "100.0"), (1.0004, "100.04"), (-0.0001, "-0.01"),
    ],
)  # fmt: skip
def test_shares_are_0_or_100percentage_only_where_they_are(share: float, text: str) -> None:
    assert percentage(share) == text


@pytest.mark.parametrize("gamma", ["0.99999999", "0.9999999999999", f"0.{'9' * 40}"])
def test_a_discount_is_not_shown_as_1(gamma: str) -> None:
    mdp = tt.MDP([[["1"]]], [["1"]], ["1"], gamma)
    assert not _gamma(mdp).startswith("1") or " - " in _gamma(mdp)
    if len(gamma) < 20:
        assert float(_gamma(mdp.to_float())) < 1


def test_scores_that_are_kept_do_not_become_1() -> None:
    scores = np.array([1 - 1e-14, 1.0, 0.1234567890123456])
    assert _kept(scores).tolist() == [1 - 1e-14, 1.0, 0.123456789012]


def test_a_ratio_beside_1_is_not_printed_as_1(run: Run) -> None:
    words = ("--method", "greedy", "--arithmetic", "rational")
    printed = run("improve", Path(__file__).parents[2] / "mdps" / "impatient.mdp.json", *words).out
    assert "1.0005" in printed, printed
