"""docs/theory.md is what the tables say."""

import re
import unicodedata
from fractions import Fraction
from math import nextafter
from pathlib import Path

import pytest

import tabular_trpo as tt
from scripts import theory_page
from scripts.theory_words import REFERENCES
from tabular_trpo import formats
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.misquotations import MISQUOTATIONS
from tabular_trpo._theory.theorems import THEOREMS, TOPICS, distinct

DOCS = Path(__file__).parents[2] / "docs"
COMMITTED = (DOCS / "theory.md").read_text(encoding="utf-8")
each = pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)


def test_committed_page_is_the_generated_one(tmp_path: Path) -> None:
    assert theory_page.main([str(tmp_path / "theory.md")]) == 0
    made = (tmp_path / "theory.md").read_text(encoding="utf-8")
    assert made == COMMITTED, "run make theory"


@each
def test_statement_has_one_row_and_one_entry(theorem: Theorem) -> None:
    rows = re.findall(
        rf"^\| \[`{theorem.name}`\]\(#{theorem.name}\) \|.*$", COMMITTED, re.MULTILINE
    )
    entries = re.findall(rf"^#### {theorem.name}$", COMMITTED, re.MULTILINE)
    assert (len(rows), len(entries)) == (1, 1)
    assert rows[0].count(" | ") == len(theory_page.COLUMNS) - 1  # no name breaks the table
    assert f"| {theorem.exactness} | {theorem.sides} |" in rows[0]


@each
def test_entry_holds_the_formula_and_the_condition(theorem: Theorem) -> None:
    entry = COMMITTED.split(f"#### {theorem.name}\n")[1].split("\n#")[0]
    assert " ".join(theorem.text()) in entry
    when = theorem.condition_text()
    assert (when or "") in entry
    assert ("\nwhen " in entry) == (when not in (None, "mixture"))
    assert ("For mixtures" in entry) == (when == "mixture")


def found(theorem: Theorem) -> str:
    """The cell of the committed page with the largest ratio of the atlas."""
    (row,) = re.findall(rf"^\| \[`{theorem.name}`\].*$", COMMITTED, re.MULTILINE)
    return row.strip("| ").split(" | ")[theory_page.COLUMNS.index("Found")]


@each
def test_largest_ratio_of_the_atlas_stands_in_the_row_with_its_witness(theorem: Theorem) -> None:
    entries = [x for x in tt.atlas() if x.theorem == theorem.name and x.ratio is not None]
    if not entries:
        assert found(theorem) == "-"
        return
    cell = re.fullmatch(r"\[(1|0\.\d{4}\.\.)\]\(([^)]+)\) at ([\d.]+)", found(theorem))
    assert cell is not None
    shown, link, gamma = cell.groups()
    (entry,) = [x for x in entries if x.gamma == Fraction(gamma)]
    largest = max(x.ratio or 0.0 for x in entries)
    assert entry.ratio == largest
    assert (shown == "1") == any(x.attained for x in entries) == entry.attained
    if shown != "1":
        assert 0 <= largest - float(shown.removesuffix("..")) <= 1.0001e-4
    assert Path(link).name == entry.witness
    assert formats.load(DOCS / link).mdp.gamma == entry.gamma


def test_the_column_is_neither_empty_nor_full() -> None:
    cells = [found(theorem) for theorem in THEOREMS]
    assert cells.count("-") == len(THEOREMS) - len({x.theorem for x in tt.atlas()})
    assert any("[1](" in cell for cell in cells) and any("[0." in cell for cell in cells)


def test_what_only_rounds_to_1_is_not_shown_as_1() -> None:
    theorem = next(t for t in THEOREMS if t.name == "npg_progress")
    entries = [x for x in tt.atlas() if x.theorem == theorem.name]
    assert max(x.ratio or 0 for x in entries) == nextafter(1, 0)
    assert not any(x.attained for x in entries)
    assert found(theorem).startswith("[0.9999..](")


def test_topics_follow_in_order() -> None:
    titles = re.findall(r"^## (.*)$", COMMITTED, re.MULTILINE)
    assert titles == [*TOPICS, "Left out", "References"]


def test_counts() -> None:
    n, n_distinct = len(THEOREMS), len(distinct(THEOREMS))
    said = f"{n} statements in {len(TOPICS)} topics, {n_distinct} of them distinct, with"
    assert f"{said} {len(MISQUOTATIONS)} misquotations" in " ".join(COMMITTED.split())


@each
def test_row_says_what_counts_and_entry_what_is_quoted(theorem: Theorem) -> None:
    (row,) = re.findall(rf"^\| \[`{theorem.name}`\].*$", COMMITTED, re.MULTILINE)
    cell = row.strip("| ").split(" | ")[theory_page.COLUMNS.index("Counts")]
    kind = "algebra" if theorem.algebra else "yes"
    assert cell == (f"same as `{theorem.same_as}`" if theorem.same_as else kind)
    entry = COMMITTED.split(f"#### {theorem.name}\n")[1].split("\n#")[0]
    assert (f"Quoted: {theorem.quoted}." in entry) == (theorem.source != "own")
    assert theorem.differs in entry


def test_every_source_is_in_the_references() -> None:
    plain = unicodedata.normalize("NFKD", REFERENCES).encode("ascii", "ignore").decode()
    entries = plain.replace("Korner", "Koerner").split("\n- ")[1:]
    for source in {theorem.source.removeprefix("after ") for theorem in THEOREMS} - {"own"}:
        *_, year = re.findall(r"\d{4}", source)
        first = source.split()[0]
        assert [e for e in entries if e.startswith(f"{first}") and year in e], source
