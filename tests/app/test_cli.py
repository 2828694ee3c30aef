"""The command line from outside: exit codes, streams, bad input, other processes."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tabular_trpo
from tests.app.conftest import MDPS, SMALL, Model, Run

with_closed_streams = pytest.mark.skipif(
    os.name != "posix", reason="only a POSIX shell starts a process with a closed stream (>&-)"
)
READERS = (["solve"], ["evaluate"], ["show"], ["verify"])
HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"{",
    "not an object": b"[]",
    "another format": b'{"format": "x"}',
    "a number": b"1e999999999",
    "NaN": json.dumps({**SMALL, "gamma": float("nan")}).encode(),
    "not UTF-8": b'{"format": "\xff"}',
    "UTF-16": json.dumps(SMALL).encode("utf-16"),
    "gzip": b"\x1f\x8b\x08\x00rest",
    "deep": b"[" * 100_000,
    "long integer": b'{"version": ' + b"9" * 5000 + b"}",
    "duplicate key": b'{"format": "x", "format": "y"}',
    "zero bytes": b"\x00" * 64,
    "huge exponent": json.dumps({**SMALL, "gamma": "1e-999999999"}).encode(),
    "gamma 1": json.dumps({**SMALL, "gamma": "1"}).encode(),
    "gamma NaN in a string": json.dumps({**SMALL, "gamma": "nan"}).encode(),
    "row sum": json.dumps({**SMALL, "transitions": [["x", "go", "x", "9/10", "0"]]}).encode(),
    "escape in a name": json.dumps({**SMALL, "states": ["x", "\x1b[2J"]}).encode(),
    "half a character": json.dumps({**SMALL, "why": "\ud800"}).encode(),
    "unknown action": json.dumps({**SMALL, "policies": {"p": {"x": {"fly": "1"}}}}).encode(),
    "mixed arithmetics": json.dumps({**SMALL, "policies": {"p": {"x": {"go": 1.0}}}}).encode(),
}


def process(
    *argv: str, stdin: bytes = b"", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m tabular_trpo` in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(tabular_trpo.__file__).parents[1]), **env}
    command = [sys.executable, "-m", "tabular_trpo", *argv]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=environment,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("command", READERS, ids=" ".join)
@pytest.mark.parametrize("kind", HOSTILE)
def test_bad_file_is_refused_in_words(
    run: Run, tmp_path: Path, command: list[str], kind: str
) -> None:
    path = tmp_path / "bad.mdp.json"
    path.write_bytes(HOSTILE[kind])
    result = run(*command, path)
    assert result.code == 3 and result.out == ""
    assert result.err.startswith("tabular-trpo: ") and "bad.mdp.json" in result.err
    assert "Traceback" not in result.err and "internal error" not in result.err
    assert "\x1b" not in result.err and len(result.err) < 4000
    assert os.listdir(tmp_path) == ["bad.mdp.json"]


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_what_is_no_file_is_refused_in_words(run: Run, tmp_path: Path, command: list[str]) -> None:
    cases = {str(tmp_path / "missing"): "No such file", "a\x00b": "", "x" * 5000: ""}
    if command != ["verify"]:
        cases[str(tmp_path)] = "Is a directory"
    for path, text in cases.items():
        result = run(*command, path)
        assert (result.code, result.out) == (3, "") and text in result.err
        assert "Traceback" not in result.err and "internal error" not in result.err


def test_directory_without_models_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("verify", tmp_path)
    assert result.code == 3 and "expected *.mdp.json in it" in result.err


def test_every_bad_file_of_a_directory_is_named(run: Run, model: Model) -> None:
    model("good")
    model("bad1", gamma="1")
    folder = model("bad2", gamma="2").parent
    result = run("verify", folder)
    assert result.code == 3 and "bad1" in result.err and "bad2" in result.err


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_standard_input_is_a_file(run: Run, command: list[str]) -> None:
    result = run(*command, "-", "--json", stdin=json.dumps(SMALL).encode())
    assert result.code == 0 and result.err == ""
    assert "stdin" in json.dumps(result.document)
    result = run(*command, "-", stdin=b"no")
    assert result.code == 3 and "<stdin>" in result.err


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fly"],
        ["solve"],
        ["solve", "a", "b"],
        ["solve", "x", "--arithmetic", "complex"],
        ["verify", "x", "--seed", "-1"],
        ["verify", "x", "--bits", "1e3"],
        ["verify", "x", "--bits", "1"],
        ["verify", "x", "--n-random", "9" * 30],
        ["verify", "x", "--theo", "trpo_bound"],
    ],
    ids=" ".join,
)
def test_usage_errors_are_2(run: Run, argv: list[str]) -> None:
    result = run(*argv)
    assert result.code == 2 and result.out == "" and "usage: tabular-trpo" in result.err


def test_usage_error_of_a_json_run_is_a_document(run: Run) -> None:
    result = run("verify", "x", "--bits", "1", "--json")
    assert result.code == result.document["exit_code"] == 2
    error = result.document["error"]
    assert error["kind"] == "UsageError" and error["text"].startswith(
        "argument --bits: '1' is not an integer in"
    )
    assert "usage: tabular-trpo" in result.err


@pytest.mark.parametrize("command", [*READERS, ["check"]], ids=" ".join)
def test_empty_path_is_a_usage_error(run: Run, command: list[str]) -> None:
    result = run(*command, "")
    assert result.code == 2 and "the path of a file is empty" in result.err


@pytest.mark.parametrize("command", ["verify", "check"])
def test_standard_input_is_read_once(run: Run, command: str) -> None:
    result = run(command, "-", "-")
    assert result.code == 2 and "- was given 2 times; standard input is read once" in result.err


@with_closed_streams
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("solve {path} >&-", "standard output is closed"),
        ("solve {path} --json >&-", "standard output is closed"),
        ("--help >&-", "standard output is closed"),
        ("solve - <&-", "<stdin> is closed, expected an open standard input"),
        ("check - <&-", "<stdin> is closed, expected an open standard input"),
    ],
)
def test_closed_stream_is_told_in_one_line(model: Model, words: str, told: str) -> None:
    line = f"{shlex.quote(sys.executable)} -m tabular_trpo " + words.format(path=model())
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, cwd=MDPS.parent, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode() == f"tabular-trpo: {told}\n"


@with_closed_streams
def test_closed_standard_error_changes_nothing(model: Model) -> None:
    line = f"{shlex.quote(sys.executable)} -m tabular_trpo verify {model()} --quiet 2>&-"
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, cwd=MDPS.parent, timeout=120, check=False
    )
    assert done.returncode == 0 and b"Exit code 0" in done.stdout


def test_help_names_commands_and_exit_codes(run: Run) -> None:
    result = run("--help")
    assert result.code == 0
    for word in ("verify", "solve", "evaluate", "show", "check", "130", "70"):
        assert word in result.out
    for command in ("verify", "solve", "evaluate", "show", "check"):
        assert run(command, "--help").code == 0


def test_version(run: Run) -> None:
    assert run("--version").out == f"tabular-trpo {tabular_trpo.__version__}\n"


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_quiet_has_few_lines_and_no_table(run: Run, model: Model, command: list[str]) -> None:
    result = run(*command, model(), "--quiet")
    assert result.code == 0 and result.err == "" and 1 <= result.out.count("\n") <= 2


def test_error_of_a_json_run_is_a_document(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.mdp.json"
    path.write_bytes(b"[]")
    result = run("solve", path, "--json")
    assert result.code == 3 and result.document["exit_code"] == 3
    assert result.document["error"]["problems"][0]["where"].endswith("bad.mdp.json")


def test_process_speaks_utf8_and_ascii_alike(model: Model) -> None:
    path = model(
        states=["π", "y"],
        rho0={"π": "1"},
        transitions=[["π", "go", "y", "1", "0"], ["y", "go", "y", "1", "0"]],
    )
    for encoding, name in (("utf-8", "π".encode()), ("ascii", b"\\u03c0")):
        done = process("solve", str(path), PYTHONIOENCODING=encoding)
        assert done.returncode == 0 and done.stderr == b"" and name in done.stdout
    assert json.loads(process("solve", str(path), "--json").stdout)["V_star"]["π"] == "0"


def test_process_reads_standard_input_and_writes_no_file(tmp_path: Path) -> None:
    done = process("verify", "-", stdin=json.dumps(SMALL).encode(), cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == b""
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(
    not Path("/dev/full").exists(),
    reason="/dev/full, a disk that is always full, is a device of Linux",
)
def test_full_disk_is_told_in_one_line(model: Model) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tabular_trpo", "solve", str(model())],
            stdout=full, stderr=subprocess.PIPE, cwd=MDPS.parent, timeout=120, check=False,
            env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith(
        b"tabular-trpo: standard output cannot be written: No space left on device, "
    )
    assert done.stderr.count(b"\n") == 1


def test_reader_that_goes_away_is_no_error(model: Model) -> None:
    path = str(model(why="x" * 200_000))
    command: Any = [sys.executable, "-m", "tabular_trpo", "show", path]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=MDPS.parent
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=120) == 0
