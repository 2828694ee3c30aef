"""docs/vocabulary.md is what the table says, and docs/certificate.md names what it should."""

import re
from pathlib import Path

import pytest

from scripts import vocabulary_page
from tabular_trpo import check
from tabular_trpo._theory.vocabulary import QUANTITIES, SCALAR, VocabularyEntry

DOCS = Path(__file__).parents[2] / "docs"


def test_page_is_the_generated_one(tmp_path: Path) -> None:
    assert vocabulary_page.main([str(tmp_path / "x.md")]) == 0
    made = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert made == (DOCS / "vocabulary.md").read_text(encoding="utf-8"), "run make theory"


def test_page_on_certificates_lists_the_names() -> None:
    page = (DOCS / "certificate.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:numbers|per state|per state and action) \| `([^`]*)` \|", page, re.M)
    listed = [name for row in rows for name in row.split()]
    assert listed == [name for name, entry in QUANTITIES.items() if entry.certifiable]
    (functions,) = re.findall(r"^\| functions \| (.*) \|$", page, re.M)
    words = {word for code in re.findall("`([^`]*)`", functions) for word in code.split()}
    assert {word.partition("(")[0] for word in words} == {*check.ARITY}


def test_a_row_is_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = VocabularyEntry("far", SCALAR, "2*max_tv", "largest 1-norm | of rows")
    monkeypatch.setitem(QUANTITIES, "far", entry)
    assert "| `far` | `2*max_tv` | largest 1-norm \\| of rows |  |  |" in vocabulary_page.page()
