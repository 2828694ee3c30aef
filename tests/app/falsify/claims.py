"""Claim files for the tests of `falsify`, and what a run of it leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import tabular_trpo

FIVE_LINES = """\
import tabular_trpo as tt

@tt.claim("Theorem 1, constant 3")
def weak(p):
    return p.eta_new, ">=", p.L - 3 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2
"""
THREE_ENDS = """\
import tabular_trpo as tt

@tt.claim("more surrogate, more return")
def greedy(p):
    return p.eta_new, ">=", p.L

@tt.claim("Theorem 1")
def theorem(p):
    return p.eta_new, ">=", p.L - 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2

@tt.claim("about nothing", when=lambda p: (p.eps, "<=", -1))
def empty(p):
    return p.eta_new, ">=", p.L
"""


def written(folder: Path, text: str) -> Path:
    """Write a claim file."""
    path = folder / "claims.py"
    path.write_text(text, encoding="utf-8")
    return path


def one(title: str, returned: str, when: str = "None") -> str:
    """A file with one claim."""
    return (
        "from fractions import Fraction\nimport tabular_trpo as tt\n\n"
        f"@tt.claim({title!r}, when={when})\ndef f(p):\n    return {returned}\n"
    )


def process(*argv: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(tabular_trpo.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "COLUMNS": "200", **env}
    return subprocess.run(
        [sys.executable, "-m", "tabular_trpo", *argv],
        capture_output=True, cwd=cwd, env=environment, text=True, timeout=120, check=False,
    )  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
