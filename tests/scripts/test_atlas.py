"""The atlas that is shipped: every witness is judged again; the script at a tiny size."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import tabular_trpo as tt
from scripts import atlas, atlas_page, mean_kl, witnesses
from tabular_trpo._falsify.atlas import GAMMAS, Entry, EntryStatus, is_bound, shipped
from tabular_trpo._falsify.score import scorer

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "mdps" / "atlas"
ENTRIES = tt.atlas()
BOUNDS = {t.name: t for t in tt.THEOREMS if is_bound(t)}


def test_every_bound_has_an_entry_at_every_gamma() -> None:
    assert [(x.theorem, x.gamma) for x in ENTRIES] == [(n, g) for n in BOUNDS for g in GAMMAS]
    assert {x.status for x in ENTRIES} <= {"met", "vacuous"}
    assert {x.theorem for x in ENTRIES if x.status == "vacuous"} <= {"trpo_mean_kl"}


@pytest.mark.parametrize("name", BOUNDS)
def test_every_witness_has_the_shipped_ratio_exactly(name: str) -> None:
    theorem, score = BOUNDS[name], scorer(BOUNDS[name])
    for one in ENTRIES:
        if one.theorem != name or one.witness is None:
            continue
        pair = witnesses.load(FOLDER / one.witness)
        assert (pair.mdp.arithmetic, pair.gamma) == ("rational", one.gamma)
        assert tt.judge(theorem, pair).status == "proved"
        assert score.ratio(pair) == one.ratio and (one.ratio or 0) <= 1
        assert any(x == y != 0 for x, y in score.sides(pair)) is one.attained
        if one.lhs is not None:
            claim = theorem(pair)
            assert (claim.lhs, claim.rhs) == (one.lhs, one.rhs)


def test_the_folder_holds_the_witnesses_and_nothing_else() -> None:
    named = [x.witness for x in ENTRIES if x.witness is not None]
    named += [x["witness"] for x in shipped()["mean_kl"]]
    assert sorted(named) == sorted(path.name for path in FOLDER.iterdir())


def test_best_constants_are_met() -> None:
    """What theory attains the hunt meets exactly, and what tends to 1 nearly."""
    ratio = {(x.theorem, x.gamma): x for x in ENTRIES}
    for gamma in GAMMAS:
        assert ratio["coupling_span", gamma].attained and ratio["cpi_coupling", gamma].attained
        assert 0.98 < (ratio["trpo_bound", gamma].ratio or 0) < 1


def test_page_has_the_tables_of_the_data() -> None:
    page = (ROOT / "docs" / atlas_page.PAGE).read_text(encoding="utf-8")
    assert atlas_page.bounds_table(ENTRIES) in page
    findings = [mean_kl.Finding.from_dict(x) for x in shipped()["mean_kl"]]
    assert atlas_page.mean_kl_table(findings) in page
    assert (ROOT / "docs" / atlas_page.FIGURE).stat().st_size < 150_000


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write into, and two gammas instead of eight."""
    monkeypatch.setattr(atlas, "GAMMAS", (Fraction(1, 10), Fraction(1, 2)))
    monkeypatch.setattr(mean_kl, "BELOW", ("0.1",))
    monkeypatch.setattr(mean_kl, "ABOVE", ())
    marks = [
        f"<!-- {name}: {end} -->" for name in ("bounds", "mean_kl") for end in ("begin", "end")
    ]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "atlas.md").write_text("\n".join(["above", *marks, "below"]))
    return tmp_path


def made(
    root: Path, *bounds: str, workers: int = 1, rounds: int = 2, more: int = 0, again: bool = False
) -> dict[str, bytes]:
    options = {"root": root, "workers": workers, "rounds": rounds, "more": more}
    arguments = [x for name, value in options.items() for x in (f"--{name}", str(value))]
    assert atlas.main([*arguments, *["--again"] * again, "--bounds", *bounds]) == 0
    return {path.name: path.read_bytes() for path in root.rglob("*.*") if path.is_file()}


def test_script_writes_the_same_whatever_the_workers(root: Path) -> None:
    names = "coupling_span", "trpo_mean_kl", "mean_kl"
    alone = made(root, *names, more=1)
    assert sorted(alone) == [
        "atlas.json",
        "atlas.md",
        "atlas.png",
        "coupling_span_0.1.mdp.json",
        "coupling_span_0.5.mdp.json",
        "mean_kl_0.1.mdp.json",
        "trpo_mean_kl_0.5.mdp.json",
    ]
    (root / "mdps" / "atlas" / "stale_0.5.mdp.json").write_text("{}")
    assert made(root, *names, workers=2, more=1) == alone
    data = json.loads(alone["atlas.json"])
    vacuous = Entry.from_dict(data["entries"][2])
    assert (vacuous.theorem, vacuous.status, vacuous.ratio) == ("trpo_mean_kl", "vacuous", None)
    page = alone["atlas.md"].decode()
    assert page.startswith("above") and page.endswith("below")
    assert "| [`trpo_mean_kl`](theory.md#trpo_mean_kl) | - | 0." in page
    assert "| 0.1 | **refuted** | 1.0425 | 6 |" in page


def test_a_part_keeps_the_rest(root: Path) -> None:
    whole = made(root, "trpo_bound", "coupling_span", "mean_kl")
    again = made(root, "coupling_span", rounds=1)
    assert again.keys() == whole.keys()
    before, after = (json.loads(x["atlas.json"]) for x in (whole, again))
    assert after["mean_kl"] == before["mean_kl"] and after["entries"][:2] == before["entries"][:2]
    assert [x["rounds"] for x in after["entries"]] == [2, 2, 1, 1]


def test_what_is_made_anew_forgets_what_it_no_longer_makes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(root, "tv_squared_kl", "pinsker", rounds=1)
    monkeypatch.setattr(atlas, "GAMMAS", (Fraction(1, 2),))
    after = made(root, "tv_squared_kl", rounds=1)
    names = [(x["theorem"], x["gamma"]) for x in json.loads(after["atlas.json"])["entries"]]
    assert names == [("tv_squared_kl", "1/2"), ("pinsker", "1/10"), ("pinsker", "1/2")]
    assert "tv_squared_kl_0.1.mdp.json" not in after


def test_the_second_pass_carries_witnesses_over_and_only_raises(root: Path) -> None:
    """One of another bound and gamma is all that it takes; the rest keeps its bytes."""
    names = "mean_kl_linear", "tv_squared_kl"
    before = made(root, *names, rounds=1)
    stranger = "mean_kl_linear_0.3.mdp.json"
    (root / "mdps" / "atlas" / stranger).write_bytes((FOLDER / stranger).read_bytes())
    after = made(root, *names, more=1, again=True)
    old, new = (json.loads(x["atlas.json"])["entries"] for x in (before, after))
    assert stranger not in after and len(new) == 4
    assert [x["ratio"] > y["ratio"] for x, y in zip(new, old, strict=True)] == [0, 0, 1, 1]
    assert new[3]["ratio"] > 0.3 > old[3]["ratio"]
    kept = "tv_squared_kl_0.1.mdp.json", "tv_squared_kl_0.5.mdp.json"
    assert all(after[name] == before[name] for name in kept) and new[:2] == old[:2]


@pytest.mark.parametrize(
    ("ratio", "attained", "status", "expected"),
    [
        (0.5, False, "met", False),
        (0.50004, False, "met", False),
        (0.50006, False, "met", True),
        (0.5, True, "met", True),
        (0.4, False, "met", False),
        (0.4, False, "refuted", True),
        (None, False, "no value", False),
    ],
)
def test_a_witness_gives_way_to_a_larger_ratio(
    ratio: float | None, attained: bool, status: str, expected: bool
) -> None:
    old = Entry(
        "x", Fraction(1, 2), EntryStatus.RATIO, 0.5, False, None, None, 1, 1, 0, "x.mdp.json"
    )
    new = replace(old, ratio=ratio, attained=attained, status=EntryStatus(status))
    assert atlas.improves(new, old) is expected
    assert atlas.improves(old, replace(old, status=EntryStatus.VACUOUS, ratio=None))
    assert not atlas.improves(old, replace(old, attained=True))


def test_an_unknown_bound_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        atlas.main(["--bounds", "trpo_bond"])
    assert "no bound is called 'trpo_bond'" in capsys.readouterr().err


def test_a_second_pass_of_no_rounds_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        atlas.main(["--again", "--more", "0"])
    assert "--more is 0" in capsys.readouterr().err
