"""What README.md and docs/falsify.md say of `falsify` is so."""

import re
from pathlib import Path

import pytest

from tabular_trpo._app.falsify.command import EPILOG
from tabular_trpo._falsify import climb
from tabular_trpo._falsify.shrink import RULES
from tests.app.conftest import Run
from tests.app.falsify.claims import written

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs/falsify.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [README, DOC], ids=["README.md", "docs/falsify.md"])
def test_claim_of_the_page_is_refuted_as_shown(run: Run, tmp_path: Path, page: str) -> None:
    (text,) = re.findall(r"```python\n(import .*?@tt.claim.*?)```", page, re.DOTALL)
    assert text.count("\n") == 5  # five lines
    shown = page.split("$ tabular-trpo falsify weak.py --no-families\n")[1].partition("```")[0]
    done = run("falsify", written(tmp_path, text), "--no-families", "--out", tmp_path)
    assert done.code == 1
    head = [re.sub(r"\(.*/claims\.py", "(weak.py", line) for line in done.out.splitlines()[:2]]
    assert shown.splitlines()[:2] == head
    for name in ("Counterexample", "Certificate", "Check it"):
        (line,) = re.findall(rf"^{name}: .*$", shown, re.MULTILINE)
        assert line in done.out.replace(f"{tmp_path}/", "")


def test_rules_of_shrinking_are_published_in_their_order() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", DOC, re.MULTILINE)
    assert listed == [rule.__name__ for rule in RULES]


def test_numbers_of_the_climb_are_published() -> None:
    text = " ".join(DOC.split())
    assert f"{climb.SCREENED} random pairs" in text
    assert f"the best {climb.PARENTS} pairs have {climb.CHILDREN} children each" in text
    assert f"Every {climb.RENEWAL} rounds" in text


def test_exit_codes_are_told() -> None:
    rows = dict(re.findall(r"^\| ([\w ,]+)[^|]*\| (\d) \|", DOC, re.MULTILINE))
    assert rows == {"refuted ": "1", "not refuted ": "0", "vacuous": "4", "a file or a claim is "
                    "invalid, or a claim has a value on no tested pair ": "3",
                    "a file cannot be written ": "3"}  # fmt: skip
    assert all(f"{code}: " in EPILOG for code in rows.values())
