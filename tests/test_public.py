"""The public surface: listed in the stub files, marked, documented, and nothing beside it."""

import ast
import dataclasses
import inspect
import os
import pkgutil
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import tabular_trpo as tt
from tabular_trpo._renames import RENAMED

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tabular_trpo"
DATA = {"THEOREMS", "MISQUOTATIONS", "METHODS"}


def listings() -> Iterator[types.ModuleType]:
    """Every public module that lists names, the package first."""
    todo = [tt]
    while todo:
        module = todo.pop()
        if module.__name__ != "tabular_trpo.check":
            yield module
            found = (getattr(module, name) for name in module.__all__)
            todo += [thing for thing in found if isinstance(thing, types.ModuleType)]


LISTINGS = list(listings())
NAMES = [
    (f"{module.__name__}.{name}", getattr(module, name))
    for module in LISTINGS
    for name in module.__all__
]
CODE = [
    (name, thing) for name, thing in NAMES if inspect.isfunction(thing) or inspect.isclass(thing)
]
WALKED = [info.name for info in pkgutil.walk_packages(tt.__path__, "tabular_trpo.")]


@pytest.mark.parametrize("module", LISTINGS, ids=lambda module: module.__name__)
def test_completion_shows_the_listed_names_only(module: types.ModuleType) -> None:
    assert dir(module) == sorted(module.__all__)
    open_names = {name for name in vars(module) if not name.startswith("_")}
    submodules = {name for name in open_names if f"{module.__name__}.{name}" in WALKED}
    assert open_names - submodules - {"tabular_trpo"} <= set(module.__all__)


def test_other_modules_are_private() -> None:
    listed = {module.__name__ for module in LISTINGS} | {"tabular_trpo.check"}
    open_modules = {
        name for name in WALKED if not any(part.startswith("_") for part in name.split("."))
    }
    assert open_modules == listed - {"tabular_trpo"}


def test_no_name_shadows_a_module() -> None:
    for name, thing in NAMES:
        assert isinstance(thing, types.ModuleType) == (name in WALKED), name
    for name in WALKED:
        if not name.endswith("__main__"):
            assert import_module(name) is sys.modules[name]
            parent, _, own = name.rpartition(".")
            assert getattr(sys.modules[parent], own) is sys.modules[name]


@pytest.mark.parametrize(("name", "thing"), CODE, ids=[name for name, _ in CODE])
def test_public_code_is_marked(name: str, thing: Any) -> None:
    errors = thing.__module__ == "tabular_trpo._core.errors"
    assert errors or "__public__" in vars(thing) or thing is tt.Interval


def test_nothing_else_is_marked() -> None:
    public = {id(thing) for _, thing in CODE}
    stray = {
        f"{name}.{own}"
        for name in WALKED
        if not name.endswith("__main__")
        for own, thing in vars(import_module(name)).items()
        if getattr(thing, "__module__", "") == name
        and "__public__" in getattr(thing, "__dict__", ())
        if id(thing) not in public
    }
    assert stray == set()


@pytest.mark.parametrize(("name", "thing"), CODE, ids=[name for name, _ in CODE])
def test_public_docstrings_are_complete(name: str, thing: Any) -> None:
    """One sentence first; a doctest; the errors raised, where the function raises any."""
    text = inspect.getdoc(thing) or ""
    first = text.partition("\n\n")[0]
    assert first.endswith((".", ":")), first
    if not (inspect.isclass(thing) and issubclass(thing, Exception)):
        assert ">>>" in text, f"{name} has no doctest"


@pytest.mark.parametrize(("name", "thing"), CODE, ids=[name for name, _ in CODE])
def test_signatures_are_short(name: str, thing: Any) -> None:
    """A default that is a table would be printed whole by `help`."""
    try:
        text = str(inspect.signature(thing))
    except ValueError:  # a class without a signature
        return
    defaults = [p.default for p in inspect.signature(thing).parameters.values()]
    assert all(len(repr(x)) < 60 for x in defaults if x is not inspect.Parameter.empty), text


def _renames() -> list[list[str]]:
    """Return the rows Old | New | Kind of docs/renames.md."""
    lines = (ROOT / "docs" / "renames.md").read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip().strip("`") for cell in x.strip("|").split("|")] for x in lines if x[:1] == "|"
    ]
    return rows[2:]


def test_renamed_names_work_and_warn() -> None:
    for module, names in RENAMED.items():
        for old, new in names.items():
            place = import_module(module)
            with pytest.warns(DeprecationWarning, match=f"{old} is now .*{new}"):
                assert getattr(place, old) is getattr(place, new)
            assert old not in place.__all__


def test_renames_are_documented() -> None:
    """Each alias of the code is a row of docs/renames.md, and each row is an alias."""
    documented = {(old, kind) for old, _, kind in _renames()}
    aliases = {
        (f"{m}.{old}".replace("tabular_trpo", "tt"), "name")
        for m, names in RENAMED.items()
        for old in names
    }
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "renamed_arguments":
                    aliases |= {(f"{k.arg}=", "argument") for k in node.keywords}
                if node.func.id == "renamed_attribute" and isinstance(node.args[0], ast.Constant):
                    aliases.add((f".{node.args[0].value!s}", "attribute"))
    assert {row for row in documented if row[1] in ("name", "argument", "attribute")} == aliases


def test_old_and_new_argument_are_not_both_given() -> None:
    mdp = tt.families.named.chain(2, "1/2")
    pair = tt.Pair(mdp, tt.policies.uniform(mdp), tt.policies.uniform(mdp))
    old: dict[str, Any] = {"lane": "float"}
    with pytest.raises(TypeError, match="lane is the old name of arithmetic; give one of them"):
        tt.judge(tt.THEOREMS[0], pair, arithmetic="auto", **old)


def test_records_are_made_by_old_names_too() -> None:
    mdp = tt.families.named.chain(2, "1/2")
    verdict = tt.verify(mdp, tt.policies.uniform(mdp), tt.policies.uniform(mdp))[0]
    old: dict[str, Any] = {"lane": "float"}
    with pytest.warns(DeprecationWarning, match="Verdict: the argument lane is now arithmetic"):
        assert dataclasses.replace(verdict, **old).arithmetic == "float"


def test_the_package_is_imported_from_a_zip_file(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in PACKAGE.rglob("*"):
            if path.suffix in (".py", ".pyi", ".json"):
                archive.write(path, path.relative_to(ROOT))
    code = "import tabular_trpo as tt; print(tt.__file__, len(tt.atlas()), dir(tt.policies)[-1])"
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "package.zip"), "PYTHONSAFEPATH": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=env,
        cwd=tmp_path,
    )
    place, entries, last = run.stdout.split()
    assert "package.zip" in place and int(entries) > 500 and last == "uniform"


def test_stubs_and_modules_agree() -> None:
    """Each listed name exists; a stub that names what is gone fails at import, not at use."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for module in LISTINGS:
            for name in module.__all__:
                getattr(module, name)
        with pytest.raises(AttributeError, match="has no attribute 'clam'"):
            tt.clam  # type: ignore[attr-defined]  # noqa: B018


def test_import_is_light() -> None:
    heavy = ("scipy", "networkx", "rich", "flint", "matplotlib", "numpy")
    code = f"import sys, tabular_trpo; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
