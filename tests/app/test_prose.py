"""The numbers that prose tells are those of the tables and of a run, wherever they stand."""

import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import tabular_trpo
from tabular_trpo import check
from tabular_trpo._theory.misquotations import MISQUOTATIONS
from tabular_trpo._theory.theorems import THEOREMS, distinct
from tests.app.conftest import MDPS, Run

ROOT = Path(__file__).parents[2]
N_MODELS = len(list(MDPS.glob("*.mdp.json")))
ALLOWED = {  # what is counted -> the numbers that may stand before it
    "statements": {len(THEOREMS), len(distinct(THEOREMS)), len(check.TABLES[1])},
    "distinct": {len(distinct(THEOREMS))},
    "rows of theorems": {len(THEOREMS)},
    "misquotations": {len(MISQUOTATIONS)},
    "false neighbours": {len(MISQUOTATIONS)},
    "small models": {N_MODELS},
    "shipped models": {N_MODELS},
    "lines of `check.py`": {900},
}
COUNT = re.compile(rf"(?<![\w.,/-])(\d[\d,]*) \(?({'|'.join(ALLOWED)})")


def told(text: str) -> set[tuple[str, int]]:
    """Return what a text counts, with its number; line breaks do not matter."""
    flat = re.sub(r"\s+", " ", text)
    return {(what, int(number.replace(",", ""))) for number, what in COUNT.findall(flat)}


def texts() -> dict[str, str]:
    """Return every page, the current part of the changelog, and every docstring by module."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), MDPS / "README.md"]
    found = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in pages}
    found["CHANGELOG.md"] = found["CHANGELOG.md"].split("\n## ")[1]
    for module in pkgutil.walk_packages(tabular_trpo.__path__, "tabular_trpo."):
        if module.name != "tabular_trpo.__main__":
            found[module.name] = inspect.getsource(import_module(module.name))
    return found


TEXTS = texts()


@pytest.mark.parametrize("name", TEXTS)
def test_counts_are_those_of_the_tables(name: str) -> None:
    for what, number in told(TEXTS[name]):
        assert number in ALLOWED[what], f"{name}: {number} {what}"


def test_counts_are_found_where_they_stand() -> None:
    assert told("All 12 statements (11 distinct) and\n1,300 misquotations.") == {
        ("statements", 12), ("distinct", 11), ("misquotations", 1300),
    }  # fmt: skip
    assert ("misquotations", len(MISQUOTATIONS)) in told(TEXTS["README.md"])
    assert ("distinct", len(distinct(THEOREMS))) in told(TEXTS["README.md"])
    assert ("statements", len(THEOREMS)) in told(TEXTS["docs/theory.md"])


def listed(text: str) -> set[str]:
    """The names that a docstring lists: in backticks, first in a line, or in a list before a colon.

    A word in the middle of a sentence is none: "before the work" does not list `work`.
    """
    lists = re.findall(r"^([a-z_0-9, ]+):", text, re.MULTILINE)
    first = re.findall(r"^[ -]*([a-z_0-9]+)\b", text, re.MULTILINE)
    return {*re.findall(r"`([a-z_0-9]+)`", text), *first, *re.findall(r"\w+", " ".join(lists))}


def test_a_word_in_a_sentence_lists_nothing() -> None:
    text = "The cost before the work\n`evaluate`  V, Q\nops, float_ops:  operations\n    step  x"
    assert {"evaluate", "ops", "float_ops", "step"} <= listed(text) and "work" not in listed(text)


def test_each_folder_lists_its_modules() -> None:
    """The docstring of a folder names every module and folder in it."""
    package = Path(tabular_trpo.__file__).parent
    for folder in sorted(package.glob("_*/__init__.py")):
        words = listed(folder.read_text(encoding="utf-8"))
        there = {path.stem for path in folder.parent.glob("*.py")} - {"__init__"}
        there |= {path.parent.name for path in folder.parent.glob("*/__init__.py")}
        assert there - words == set(), folder.parent.name


def test_the_sample_of_improve_is_the_run(run: Run) -> None:
    command = "tabular-trpo improve mdps/rover.mdp.json --method tv --iterations 6"
    block = TEXTS["README.md"].split(f"$ {command}\n")[1].split("```")[0]
    words = command.replace("mdps", str(MDPS)).split()[1:]
    assert run(*words, columns=100).out.strip() == block.strip()


def test_the_sample_of_the_readme_is_the_run(run: Run) -> None:
    """Every line of the sample is a line of `verify mdps`, and the pairs told are its pairs."""
    block = TEXTS["README.md"].split("`make verify` ends with\n\n```\n")[1].split("```")[0]
    out = [line.rstrip() for line in run("verify", MDPS, columns=100).out.split("\n")]
    lines = [line.rstrip() for line in block.split("\n") if line.strip() not in ("", "...")]
    assert [line for line in lines if line not in out] == []
    (n_pairs,) = re.findall(r"(\d+) pairs", lines[-2])
    prose = re.sub(r"\s+", " ", TEXTS["README.md"])
    assert f"decided on {n_pairs} pairs of policies over {N_MODELS} small models" in prose
    assert f"{N_MODELS} models, {n_pairs} pairs, {len(THEOREMS)} statements" in lines[-2]
