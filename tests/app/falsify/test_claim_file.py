"""Claim files: what counts as a claim, and what is said of each way to get one wrong."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tabular_trpo as tt
from tabular_trpo._app.falsify import sandbox
from tabular_trpo._app.falsify.claim_file import MODULE, load
from tests.app.conftest import Run
from tests.app.falsify.bad_claims import BAD, DEF, HEAD, SAYS

Lines = Callable[[str], list[tuple[str, str]]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a function that writes claims.py, in the folder where the command runs."""
    monkeypatch.chdir(tmp_path)

    def call(text: str) -> Path:
        path = Path("claims.py")
        path.write_text(text, encoding="utf-8")
        return path

    return call


@pytest.fixture
def stated(write: Callable[[str], Path]) -> Lines:
    """Return a function from the text of a file to its claims, as (title, where)."""
    return lambda text: [(x.claim.name, x.where) for x in load(str(write(text)))]


@pytest.mark.parametrize("how", BAD)
def test_bad_file_is_refused_in_words(
    run: Run, write: Callable[[str], Path], tmp_path: Path, how: str
) -> None:
    text, told = BAD[how]
    path = write("# -*- coding: foo -*-\n" if how == "coding" else HEAD + text)
    done = run("falsify", path, "--rounds", 1, "--out", tmp_path / "out")
    assert (done.code, done.out) == (3, "")
    first = next(x for x in done.err.splitlines() if x.startswith("tabular-trpo: "))
    assert told in first
    assert first.startswith("tabular-trpo: claims.py") and ", expected " in first
    assert "Traceback" not in done.err
    assert [x.name for x in tmp_path.iterdir()] == ["claims.py"]  # nothing is written


def test_bad_file_of_a_json_run_is_a_document(run: Run, write: Callable[[str], Path]) -> None:
    text, told = BAD["raises"]
    done = run("falsify", write(HEAD + text), "--json")
    assert done.code == done.document["exit_code"] == 3
    (problem,) = done.document["error"]["problems"]
    assert told == "{where} {got}, expected {expected}. {cure}".format(**problem)


@pytest.mark.parametrize(
    ("name", "told"),
    [("gone.py", "No such file or directory"), (".", "Is a directory"), ("x\0", "null byte")],
)
def test_what_is_no_file_is_refused(run: Run, name: str, told: str) -> None:
    done = run("falsify", name)
    assert (done.code, done.out) == (3, "") and told in done.err


def test_standard_input_is_a_file(run: Run, tmp_path: Path) -> None:
    text = (HEAD + DEF + SAYS).encode()
    done = run("falsify", "-", "--rounds", 1, "--out", tmp_path, stdin=text)
    assert done.code == 1 and done.out.startswith("REFUTED: X (<stdin>:4)")


def test_closed_standard_input_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(tt.InvalidMDPError, match="is closed"):
        load("-")


def test_interrupt_is_passed_on(run: Run, write: Callable[[str], Path]) -> None:
    done = run("falsify", write(HEAD + DEF + "    raise KeyboardInterrupt\n"))
    assert (done.code, done.err) == (130, "tabular-trpo: interrupted\n")


def test_claims_are_found_once_in_the_order_of_definition(stated: Lines) -> None:
    lines = HEAD + DEF + SAYS + "again = f\n" + (
        'several = [tt.claim(f"k = {k}")(lambda p, k=k: (p.eta, ">=", -k)) for k in (1, 2)] + [f]\n'
        'named = {"a": tt.claim("Z")(lambda p: (p.eta, "<=", p.eps)), "b": 3}\n'
        "from tabular_trpo import THEOREMS, MISQUOTATIONS, judge\n"
        "mine = (THEOREMS[0],)\n"
    )  # fmt: skip
    name = tt.THEOREMS[0].name
    assert stated(lines) == [
        ("X", "claims.py:4"), ("k = 1", "claims.py:8"), ("k = 2", "claims.py:8"),
        ("Z", "claims.py:9"), (name, "claims.py"),
    ]  # fmt: skip


def test_a_claim_may_share_its_name_with_other_functions(stated: Lines) -> None:
    other = "import functools\n@functools.cache\ndef f(x): return x\n"
    assert stated(HEAD + other + DEF + SAYS) == [("X", "claims.py:7")]


def test_file_runs_apart(stated: Lines, tmp_path: Path) -> None:
    """A module of its own, that is gone afterwards; no new folder is on the path; no bytecode."""
    path = list(sys.path)
    checks = (
        f"import sys\nassert __name__ == {MODULE!r}\n"
        "assert sys.modules[__name__].__file__ == __file__\n"
        f"assert sys.path == {path!r}\nassert 'g' not in globals()\ng = 1\n"
    )
    assert stated(HEAD + checks + DEF + SAYS) == [("X", "claims.py:10")]
    assert MODULE not in sys.modules and sys.path == path
    assert [x.name for x in tmp_path.iterdir()] == ["claims.py"]


def test_formulas_may_use_what_the_file_defines(stated: Lines) -> None:
    text = (
        "from __future__ import annotations\n" + HEAD + "from dataclasses import dataclass\n"
        "from fractions import Fraction\n@dataclass\nclass K:\n    k: Fraction\n"
        "def bound(p, k): return p.L - k * p.C * p.max_tv ** 2\n"
        '@tt.claim("X")\ndef f(p): return p.eta_new, ">=", bound(p, K(Fraction(1, 2)).k)\n'
    )
    assert stated(text) == [("X", "claims.py:11")]


@pytest.mark.parametrize("error", [None, "utf-8"])
def test_prints_go_to_standard_error(error: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err if error else None)
    with sandbox.isolated_stdout():
        print("ünï", flush=True)
        sys.stdout.buffer.write(b"\xff\n")
    assert sys.stdout is out and out.getvalue() == ""
    assert err.getvalue() == ("ünï\n\\xff\n" if error else "")


def test_no_probe_refuses_a_statement_of_the_table(stated: Lines) -> None:
    """Those that speak of few pairs, too."""
    assert len(stated("from tabular_trpo import THEOREMS\nmine = list(THEOREMS)\n")) == len(
        tt.THEOREMS
    )


@pytest.mark.parametrize("number", ["10**500", "10**5000"])
def test_numbers_of_any_size_are_taken(
    run: Run, write: Callable[[str], Path], tmp_path: Path, number: str
) -> None:
    path = write(HEAD + DEF + f'    return p.eta, ">=", {number}\n')
    done = run("falsify", path, "--rounds", 1, "--out", tmp_path / "out")
    assert (done.code, done.err) == (1, "") and "REFUTED" in done.out
