"""The rules of the house, read from the syntax tree; each rule is also shown to bite.

A rule takes the path of a file inside the repository and its source, and yields what is wrong.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

import pytest

from tests.layout_numbers import PACKAGE, guarded_conversions, no_float_literal

ROOT = Path(__file__).parents[1]
FLOORS = {
    "renames": -2, "lazy": -1,
    "core": 0, "exact": 1, "families": 1, "theory": 2, "improve": 3, "falsify": 3, "formats": 3,
    "sampled": 4, "app": 5, "__main__": 6, "": 7,
}  # fmt: skip
NUMPY_RANDOM = {"Generator", "BitGenerator", "PCG64", "Philox", "SeedSequence", "default_rng"}

Rule = Callable[[PurePosixPath, str], Iterator[str]]


def _room(module: str) -> str:
    """`tabular_trpo._theory.pair` -> `theory`; the package and its public listings -> ""."""
    part = module.split(".")[1] if "." in module else ""
    private = part.startswith("_") and part != "__init__"
    return part if part in ("check", "__main__") else part.removeprefix("_") if private else ""


def _room_of(path: PurePosixPath) -> str:
    """`tabular_trpo/_theory/pair.py` -> `theory`; the package and its public listings -> ""."""
    return _room(".".join(path.with_suffix("").parts))


def _imports(path: PurePosixPath, source: str) -> Iterator[str]:
    """Every import, absolute, with an entry `x.a` for each name of `from x import a, b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(path.parent.parts)
            above = ".".join(base[: len(base) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (above, node.module) if part)
            yield from (f"{module}.{a.name}" for a in node.names)


def floors(path: PurePosixPath, source: str) -> Iterator[str]:
    """Imports go to the same room or to a lower floor; only the top sees the package whole."""
    here = _room_of(path)
    if path.parts[0] != PACKAGE or here == "check":
        return
    for module in set(_imports(path, source)):
        if module.split(".")[0] != PACKAGE or (there := _room(module)) == here:
            continue
        if there == "check":
            if here not in ("app", ""):
                yield f"only app may import check, not {here}"
        elif there not in FLOORS or not there:  # the package itself, or a public name of it
            if here not in ("app", "__main__"):
                yield f"{here} imports the whole package"
        elif FLOORS[there] >= FLOORS[here]:
            yield f"{here} imports {module}, which is not on a lower floor"


def commands_are_separate(path: PurePosixPath, source: str) -> Iterator[str]:
    """A command imports its own folder and `shared`, never another command."""
    if path.parts[:2] == (PACKAGE, "_app") and path.stem not in ("cli", "__init__"):
        own = path.parts[2].removesuffix(".py")
        for module in _imports(path, source):
            there = module.split(".")[2:3]
            if module.startswith(f"{PACKAGE}._app") and there not in ([own], ["shared"]):
                yield f"{own} imports {module}"


def solitude(path: PurePosixPath, source: str) -> Iterator[str]:
    """The checker imports the standard library only."""
    if str(path) == f"{PACKAGE}/check.py":
        for module in set(_imports(path, source)):
            if module.split(".")[0] not in sys.stdlib_module_names:
                yield f"check.py imports {module}"


def sizes(path: PurePosixPath, source: str) -> Iterator[str]:
    """Files stop at 300 lines, functions at 60 without their docstring."""
    # The checker is one file so that one file is all there is to trust; a third of it is tables.
    stop = 900 if path.name == "check.py" else 300
    if (lines := source.count("\n")) > stop:
        yield f"{lines} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            size = (node.end_lineno or 0) - node.lineno + 1 - (text.count("\n") + 1 if text else 0)
            if size > 60:
                yield f"{node.name} has {size} lines"


def docstrings(path: PurePosixPath, source: str) -> Iterator[str]:
    """Files open with a docstring; so does what is public in the package."""
    tree = ast.parse(source)
    if not ast.get_docstring(tree):
        yield "does not start with a docstring"
    todo: list[ast.AST] = [tree] if path.parts[0] == PACKAGE else []
    while todo:
        for node in ast.iter_child_nodes(todo.pop()):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if "overload" not in map(ast.unparse, node.decorator_list):
                if not ast.get_docstring(node):
                    yield f"{node.name} has no docstring"
                todo += [node] if isinstance(node, ast.ClassDef) else []


def final_or_abstract(path: PurePosixPath, source: str) -> Iterator[str]:
    """A class is final, or a protocol, or says in its docstring that it is abstract."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and path.parts[0] == PACKAGE:
            marks = [ast.unparse(mark) for mark in node.decorator_list + node.bases]
            if not any(mark.split("[")[0] in ("final", "Protocol", "ABC") for mark in marks) and (
                "abstract" not in (ast.get_docstring(node) or "").lower()
            ):
                yield f"{node.name} is neither final nor abstract"


def no_print(path: PurePosixPath, source: str) -> Iterator[str]:
    """Only app and the lone checker speak."""
    if path.parts[0] == PACKAGE and _room_of(path) not in ("app", "check"):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
                yield f"print in line {node.lineno}"


def no_global_random(path: PurePosixPath, source: str) -> Iterator[str]:
    """Randomness comes from a Generator that was handed in, never from numpy's global state."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr not in NUMPY_RANDOM:
            if ast.unparse(node.value) in ("np.random", "numpy.random"):
                yield f"np.random.{node.attr} in line {node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.module == "numpy.random":
            yield from (a.name for a in node.names if a.name not in NUMPY_RANDOM)


def readable_records(path: PurePosixPath, source: str) -> Iterator[str]:
    """The `repr` of a record never fails on a long number: `core.readable` makes it."""
    if path.parts[0] != PACKAGE or _room_of(path) in ("app", "check") or path.stem == "errors":
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            own = any(ast.unparse(x).startswith(("def __repr__", "__repr__ =")) for x in node.body)
            made = [mark for mark in marks if mark.startswith("dataclass") and "repr=F" not in mark]
            if made and not {"readable", "locked"} & set(marks) and not own:
                yield f"{node.name} has the repr of dataclasses"


RULES: list[Rule] = [
    floors, commands_are_separate, solitude, sizes, docstrings, final_or_abstract,
    no_float_literal, no_print, no_global_random, guarded_conversions, readable_records,
]  # fmt: skip
FILES = sorted(
    path.relative_to(ROOT)
    for folder in (PACKAGE, "tests", "scripts", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)


def import_graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Return the modules that each module imports, also in functions and for types alone.

    sources: {path inside the repository: text}
    """
    paths = {path: PurePosixPath(path).with_suffix("") for path in sources}
    names = {path: ".".join(x.parts).removesuffix(".__init__") for path, x in paths.items()}
    graph: dict[str, set[str]] = {name: set() for name in names.values()}
    for path, name in names.items():
        for module in _imports(PurePosixPath(path), sources[path]):
            while module and module not in graph:  # a name inside a module
                module = module.rpartition(".")[0]
            graph[name] |= {module} - {"", name}
    return graph


def test_no_module_imports_itself_through_others() -> None:
    inside = [path for path in FILES if path.parts[0] == PACKAGE]
    texts = {path.as_posix(): (ROOT / path).read_text(encoding="utf-8") for path in inside}
    TopologicalSorter(import_graph(texts)).prepare()  # a CycleError names the circle


def test_a_circle_of_imports_for_types_is_found() -> None:
    typed = "if TYPE_CHECKING:\n    from tabular_trpo._core.b import B"
    sources = {"tabular_trpo/_core/a.py": typed, "tabular_trpo/_core/b.py": "from . import a"}
    with pytest.raises(CycleError):
        TopologicalSorter(import_graph(sources)).prepare()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_file_keeps_the_rules(path: Path) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    place = PurePosixPath(path.as_posix())
    assert [f"{path}: {wrong}" for rule in RULES for wrong in rule(place, source)] == []


BAD = [
    (floors, "_core/x.py", "from tabular_trpo._exact import evaluate"),
    (floors, "_core/x.py", "import tabular_trpo._app.cli"),
    (floors, "_core/x.py", "def f():\n    from tabular_trpo import _exact"),
    (floors, "_exact/x.py", "from tabular_trpo._families import garnet"),
    (floors, "_exact/x.py", "from .._theory.pair import Pair"),
    (floors, "_theory/x.py", "from tabular_trpo._improve.step import Step"),
    (floors, "_theory/x.py", "from tabular_trpo._sampled.estimate import estimate"),
    (floors, "_improve/x.py", "from tabular_trpo._sampled.estimate import estimate"),
    (floors, "_improve/x.py", "from tabular_trpo._falsify.search import falsify"),
    (floors, "_falsify/x.py", "from tabular_trpo import MDP"),
    (floors, "_falsify/x.py", "import tabular_trpo as tt"),
    (floors, "_formats/x.py", "from tabular_trpo import check"),
    (
        commands_are_separate,
        "_app/falsify/x.py",
        "from tabular_trpo._app.verify.tally import Tally",
    ),
    (commands_are_separate, "_app/show.py", "from tabular_trpo._app import solve"),
    (commands_are_separate, "_app/shared/x.py", "from tabular_trpo._app.verify.tally import Tally"),
    (solitude, "check.py", "import numpy as np"),
    (solitude, "check.py", "from ._core.errors import Problem"),
    (sizes, "_core/x.py", "x = 1\n" * 301),
    (sizes, "_core/x.py", "def f():\n" + "    x = 1\n" * 60),
    (docstrings, "_core/x.py", "x = 1"),
    (docstrings, "_core/x.py", '"""Doc."""\ndef f(): pass'),
    (docstrings, "_core/x.py", '"""Doc."""\nclass C:\n    """Doc."""\n    def f(self): pass'),
    (final_or_abstract, "_core/x.py", 'class C:\n    """A record."""'),
    (no_float_literal, "_theory/statements/coupling.py", "def f(p): return 0.5 * p.eps"),
    (no_float_literal, "_theory/misquotations/x.py", "x = 1e3"),
    (no_print, "_theory/x.py", "print(1)"),
    (no_global_random, "_core/x.py", "np.random.seed(0)"),
    (no_global_random, "_core/x.py", "from numpy.random import rand"),
    (readable_records, "_core/x.py", "@final\n@dataclass(frozen=True)\nclass C:\n    x: int"),
    (guarded_conversions, "_exact/x.py", "def f(ev): return float(ev.eta)"),
    (guarded_conversions, "_app/x.py", "near = [float(x) for x in values]"),
    (guarded_conversions, "_core/x.py", "def f(V): return elementwise(float, V)"),
    (guarded_conversions, "_theory/x.py", "def f(slack_lo): return str(slack_lo)"),
    (guarded_conversions, "_improve/x.py", 'def f(most): return f"= {most!r}"'),
    (guarded_conversions, "_sampled/x.py", 'def f(lam): return f"= {lam}"'),
]
GOOD = [
    (floors, "_exact/x.py", "from tabular_trpo._core.mdp import MDP\nimport numpy as np"),
    (floors, "_theory/x.py", "from .pair import Pair\nfrom .._exact import evaluate"),
    (floors, "_improve/x.py", "from tabular_trpo._theory.pair import Pair"),
    (floors, "_sampled/x.py", "from tabular_trpo._improve.natural import natural"),
    (floors, "_app/x.py", "import tabular_trpo as tt\nfrom tabular_trpo import MDP"),
    (
        floors,
        "_app/x.py",
        "from tabular_trpo import check\nfrom tabular_trpo._falsify import climb",
    ),
    (
        floors,
        "__init__.py",
        "from ._app import cli\nfrom . import check\nfrom ._core.mdp import MDP",
    ),
    (commands_are_separate, "_app/falsify/x.py", "from tabular_trpo._app.falsify.y import z"),
    (commands_are_separate, "_app/show.py", "from tabular_trpo._app.shared.models import read"),
    (solitude, "check.py", "import json\nfrom fractions import Fraction"),
    (sizes, "_core/x.py", "def f():\n" + '    """Doc\n' + "\n" * 90 + '    """\n' + "    x = 1\n"),
    (no_float_literal, "_theory/judge.py", "x = 0.5"),
    (no_print, "_app/x.py", "print(1)"),
    (no_print, "check.py", "print(1)"),
    (no_global_random, "_core/x.py", "np.random.default_rng(0)"),
    (readable_records, "_core/x.py", "@readable\n@dataclass(frozen=True)\nclass C:\n    x: int"),
    (readable_records, "_core/x.py", "@locked\n@dataclass(frozen=True)\nclass C:\n    x: int"),
    (readable_records, "_app/x.py", "@dataclass(frozen=True)\nclass C:\n    x: int"),
    (guarded_conversions, "_exact/x.py", "def f(ev): return nearest(ev.eta)"),
    (guarded_conversions, "_core/nearest.py", "def f(x): return float(x)"),
    (guarded_conversions, "_core/x.py", "x = isinstance(1, float) or float('inf')"),
    (guarded_conversions, "_formats/x.py", 'def f(name, lam): return f"{name!r}: {shown(lam)}"'),
]


@pytest.mark.parametrize(("rule", "path", "source"), BAD)
def test_rule_bites(rule: Rule, path: str, source: str) -> None:
    assert list(rule(PurePosixPath(PACKAGE, path), source))


@pytest.mark.parametrize(("rule", "path", "source"), GOOD)
def test_rule_lets_good_code_pass(rule: Rule, path: str, source: str) -> None:
    assert list(rule(PurePosixPath(PACKAGE, path), source)) == []


def test_every_rule_is_shown_to_bite() -> None:
    assert {rule for rule, _, _ in BAD} == set(RULES)
