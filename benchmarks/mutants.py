"""`python -m benchmarks.mutants [FILE...]`: mutation tests of the formulas.

Each mutant is the project with one operator, number, relation, name or function of one formula
changed; it is killed if the tests fail.  Common mutation tools skip decorated functions, and here
all theorems are decorated.  Each worker changes its own copy of the project, not the working tree.
Exit code 1 if the killed share is below GOAL.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

import numpy as np

from tabular_trpo._core.decimals import percent
from tabular_trpo._theory.vocabulary import FUNCTIONS, HIDDEN, QUANTITIES

ROOT = Path(__file__).parents[1]
THEORY = "tabular_trpo/_theory"
VOCABULARY = f"{THEORY}/vocabulary.py"
FORMULAE = (
    f"{THEORY}/statements",
    f"{THEORY}/constants.py",
    f"{THEORY}/quantities.py",
    VOCABULARY,
    "tabular_trpo/_exact/divergence.py",
    "tabular_trpo/_exact/surrogate.py",
)
# Kills most mutants, so it runs first, with the tests of the mutated file.
FIRST = "tests/theory/test_table.py"
TESTS = (  # sorted by the time until they fail
    "tests/theory/test_constants.py",
    "tests/theory/test_average.py",
    "tests/exact/test_divergence.py",
    "tests/exact/test_surrogate.py",
    "tests/theory/test_pair.py",
    "tests/theory/test_arithmetics.py",
    "tests/theory/test_misquotations.py",
    "tests/theory/test_theorems.py",
    "tests/theory",
    "tests/test_mdps.py",
)
GOAL = 0.95
SURVIVES = "survives"
ONE_THREAD = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # the workers share the cores
TIMEOUT = 900.0  # seconds after which a mutant counts as killed, listed separately
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Mult,
}
RELATIONS = {"<=": ">=", ">=": "<=", "==": "<="}
TWINS = (
    ("rho", "rho_new"),
    ("d", "d_new"),
    ("V", "V_new"),
    ("eta", "eta_new"),
    ("max_tv", "mean_tv"),
    ("max_kl", "mean_kl"),
    ("kl", "kl_reversed"),
    ("eps", "eps_cpi"),
    ("max_s", "sum_s"),
    ("span_s", "max_s"),
    ("mean_d", "sum_s"),
    ("max_a", "sum_a"),
    ("span_a", "max_a"),
    ("A", "Q"),
    ("A_bar", "A_bar_target"),
    ("pi", "pi_new"),
    ("old", "new"),
    ("gamma", "alpha"),
)
TWIN = {name: other for a, b in TWINS for name, other in ((b, a), (a, b))}


class Mutant(NamedTuple):
    """A file with one fault: its path, the line, "old -> new", and the text with the fault."""

    file: str
    line: int
    what: str
    text: str


def rows(file: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of the formulas in the tables of the vocabulary module."""
    for entry in (*QUANTITIES.values(), *HIDDEN.values(), *FUNCTIONS.values()):
        at = source.find(f" | {entry.formula} ") + 3
        if at < 3 or not entry.formula:  # not written in the table, or without a formula
            continue
        for node in ast.walk(ast.parse(entry.formula, mode="eval")):
            changes = [*_changes(node)]
            if isinstance(node, ast.Name) and node.id in TWIN:
                changes.append((node, TWIN[node.id]))
            for old, new in changes:
                start, end = at + old.col_offset, at + (old.end_col_offset or 0)
                line = source.count("\n", 0, start) + 1
                name = f"{entry.name}: {source[start:end]}  ->  {new}"
                yield Mutant(file, line, name, source[:start] + new + source[end:])


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of the function bodies of a file, without docstrings and raises."""
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    data = source.encode()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in _bodies(function):
                for old, new in _changes(node):
                    at = starts[old.lineno - 1] + old.col_offset
                    end = starts[(old.end_lineno or 0) - 1] + (old.end_col_offset or 0)
                    text = data[:at] + new.encode() + data[end:]
                    was = data[at:end].decode()
                    yield Mutant(file, old.lineno, f"{was}  ->  {new}", text.decode())


def _bodies(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of the body of a function that can be mutated."""
    for i, statement in enumerate(function.body):
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (i == 0 and is_text) and not isinstance(statement, ast.FunctionDef | ast.Raise):
            yield from (node for node in ast.walk(statement))


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield each change of a node as the node to be replaced and its new text."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            swapped = ast.BinOp(left, OPERATORS[type(op)](), right)
            yield node, f"({ast.unparse(swapped)})"
        case ast.Constant(value=bool()):
            yield node, str(not node.value)
        case ast.Constant(value=int() as n):
            yield node, str(n + 1)
        case ast.Constant(value=str() as text) if text in RELATIONS:
            yield node, repr(RELATIONS[text])
        case ast.UnaryOp(op=ast.USub(), operand=x):
            yield node, f"({ast.unparse(x)})"
        case ast.Attribute(value=value, attr=name) if name in TWIN:
            yield node, f"{ast.unparse(value)}.{TWIN[name]}"
        case ast.Call(func=ast.Name(id="abs"), args=[x]):
            yield node, f"({ast.unparse(x)})"
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()]):
            yield node, f"(not ({ast.unparse(node)}))"


def tested(mutant: Mutant, copy: Path) -> str:
    """Return the outcome of the tests of a mutant in this copy; the file is restored afterwards."""
    place = copy / mutant.file
    original = place.read_text()
    place.write_text(mutant.text)
    try:
        return outcome(copy, mutant.file)
    finally:
        place.write_text(original)


def outcome(copy: Path, file: str) -> str:
    """Run the tests in a copy, those of `file` first; return their outcome.

    It is "killed", SURVIVES or "timed out".
    """
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    own = Path(file.replace("tabular_trpo", "tests")).with_name(f"test_{Path(file).name}")
    specific = [str(own)] if (copy / own).exists() else []
    try:
        for tests in ([*specific, FIRST], TESTS):
            done = subprocess.run(
                [*command, *tests], cwd=copy, capture_output=True, timeout=TIMEOUT, env=ONE_THREAD
            )
            if done.returncode:
                return "killed"
        return SURVIVES
    except subprocess.TimeoutExpired:
        return "timed out"


def copied(folder: Path) -> Path:
    """Copy the files that the tests need into a folder; return the folder."""
    for name in ("tabular_trpo", "tests", "mdps"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def chosen(files: list[str], share: float, seed: int) -> list[Mutant]:
    """Return a random share of the mutants of the files, by default of all formula modules."""
    found = []
    for name in files or FORMULAE:
        place = ROOT / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            of = rows if name == VOCABULARY else mutants
            found += list(of(str(path.relative_to(ROOT)), path.read_text()))
    keep = np.random.default_rng(seed).random(len(found)) < share
    return [mutant for mutant, kept in zip(found, keep, strict=True) if kept]


def main() -> int:
    """Test every mutant; print the survivors and the killed share; return 1 if it is below GOAL."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="by default all formula modules")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="of the mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    todo = chosen(options.files, options.share, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        copies: Queue[Path] = Queue()
        for i in range(options.workers):
            copies.put(copied(Path(folder) / str(i)))
        if outcome(copies.queue[0], FORMULAE[-1]) != SURVIVES:
            print("the tests fail without a mutation, so no mutant is tested", file=sys.stderr)
            return 2

        def tried(mutant: Mutant) -> str:
            copy = copies.get()
            try:
                return tested(mutant, copy)
            finally:
                copies.put(copy)

        left = 0
        with ThreadPoolExecutor(options.workers) as pool:
            for count, (mutant, end) in enumerate(zip(todo, pool.map(tried, todo), strict=True), 1):
                left += end == SURVIVES
                if end != "killed":
                    print(f"{end:9} {mutant.file}:{mutant.line}  {mutant.what}", flush=True)
                print(f"{count} of {len(todo)}", end="\r", file=sys.stderr, flush=True)
    share = 1 - left / max(1, len(todo))
    killed = len(todo) - left
    print(f"{len(todo)} mutants, {killed} killed, {left} survive: {percent(share)} %")
    return int(share < GOAL)


if __name__ == "__main__":
    sys.exit(main())
