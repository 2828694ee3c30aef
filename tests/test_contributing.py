"""The questions of CONTRIBUTING.md: each names one file or folder that exists."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def _questions() -> dict[str, str]:
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in x.strip("|").split("|")] for x in lines if x[:1] == "|"]
    return {row[0]: row[1].strip("`") for row in rows if row[0].endswith("?")}


def test_each_question_has_one_path_that_exists() -> None:
    questions = _questions()
    assert len(questions) >= 20
    assert [path for path in questions.values() if not (ROOT / path).exists()] == []


def test_folders_of_the_package_are_all_listed() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = {path.parent.name for path in (ROOT / "tabular_trpo").glob("_*/__init__.py")}
    assert [name for name in folders if f"| `{name}` |" not in text] == []
