"""Plain technical English: words of a private dialect are refused, and docstrings stand alone.

Looked at are the names, comments, docstrings and messages of the package, and the documents.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A word, and what the field says instead.
BANNED = {
    r"lanes?": "arithmetic",
    r"sober": "without rounding artifacts",
    r"told|tells?|telling": "reported, says, shows, returns",
    r"apart": "separately, distinguished, isolated",
    r"met|meets?": "found, holds, satisfies",
    r"brought|brings?": "given, needs, installs",
    r"gives? way": "is renormalised",
    r"what there is": "the contents",
    r"fate": "verdict",
    r"neighbou?rs?": "misquotation",
    r"rungs?": "gain bound",
    r"deck": "identities and Theorem 1",
    r"specimens?": "case",
    r"hindsight": "needs the new evaluation",
    r"whence": "definition",
    r"hand_made|by_hand": "worked example",
    r"rooms?": "slack, folder",
    r"doors?": "entry point, constructor",
    r"house": "project",
    r"lone": "independent, standard-library",
    r"steady": "guarded",
    r"speaks?|spoken": "refers to, uses",
    r"knows?|known_to": "has, stores, handles",
    r"wants?|wanted": "expected, required",
    r"minds?": "accepts",
    r"mended?|mends": "fixed",
    r"eyes": "people",
    r"silently|in silence": "without an error",
    r"ever after": "afterwards",
    r"stranger": "independent reader",
    r"price": "multiplier",
    r"hinge": "interface",
    r"ruler": "reference",
    r"newcomer": "new contributor",
    r"hunt(?:s|ed|ing)?": "search",
    r"parted": "separated",
    r"anew": "again",
    r"such a row": "a row that ...",
    r"cut loose": "separated",
    r"rests? on": "depends on, uses",
    r"for good": "permanently",
    r"in the place of": "instead of",
    r"what is no": "anything but",
    r"gives? up": "stops",
    r"ever larger": "increasing",
    r"comes? near": "is close to",
    r"rails?": "row of states",
    r"left alone": "not changed",
}
WORDS = {re.compile(rf"(?<![A-Za-z])(?:{word})(?![A-Za-z])", re.I): word for word in BANNED}
# Where a banned word is the field's own: a path or name of the language, kept for old files.
ALLOWED = re.compile(
    r"known|'met'|\"met\"|\"lanes?\"|'lane'|mixed_lanes|--lane|renamed_arguments\W+lane|lane=|LaneError"
    r"|\.lane\b|\.met\b|\"price\"|best_rung|strategy tell|renamed_arguments\W+met|`met=`"
    r"|\"speaks\"|\w+ renamed_attribute.*"
)
CODE = sorted(
    path.relative_to(ROOT)
    for folder in ("tabular_trpo", "scripts", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
DOCS = sorted(path.relative_to(ROOT) for path in (ROOT / "docs").glob("*.md"))
PARTS = [*CODE, Path("README.md"), Path("CONTRIBUTING.md"), *DOCS]
FRAGMENTS = ("And", "Or", "It", "The same", "The other", "Its", "Also", "But", "So")


def banned(text: str) -> Iterator[str]:
    """Yield each line with a banned word, and what to say instead."""
    for number, line in enumerate(text.splitlines(), 1):
        plain = ALLOWED.sub("", line)
        for pattern, word in WORDS.items():
            if found := pattern.search(plain):
                yield f"line {number}: {found[0]!r}; say {BANNED[word]}"


def prose(path: Path) -> str:
    """Return the text of a document; of code its names, comments and strings, line by line."""
    source = (ROOT / path).read_text(encoding="utf-8")
    if path.suffix == ".md":
        return source
    lines: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING, tokenize.NAME):
            for offset, line in enumerate(token.string.splitlines()):
                row = token.start[0] + offset
                lines[row] = f"{lines.get(row, '')} {line}"
    return "\n".join(lines.get(row, "") for row in range(1, max(lines, default=0) + 1))


@pytest.mark.parametrize("path", PARTS, ids=str)
def test_words_are_those_of_the_field(path: Path) -> None:
    assert list(banned(prose(path))) == []


def fragments(source: str) -> Iterator[str]:
    """Yield the first lines of docstrings that need another docstring to be understood."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = (ast.get_docstring(node) or "").strip()
            if first.startswith(tuple(f"{word} " for word in FRAGMENTS)):
                yield first.splitlines()[0]


@pytest.mark.parametrize("path", CODE, ids=str)
def test_docstrings_stand_alone(path: Path) -> None:
    assert list(fragments((ROOT / path).read_text(encoding="utf-8"))) == []


def test_the_lists_bite() -> None:
    assert list(banned("A sober score.")) == ["line 1: 'sober'; say without rounding artifacts"]
    assert not list(banned("Kakade & Langford's bound is known for mixtures."))
    assert list(fragments('def f():\n    """The other side."""')) == ["The other side."]
