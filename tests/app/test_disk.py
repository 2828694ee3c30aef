"""A disk that is full: the file is named, nothing partial is left, and no result is lost by it."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tabular_trpo as tt
from scripts import theory_page
from tabular_trpo._app.campaign import journal as campaign_journal
from tabular_trpo._core.errors import TabularError
from tabular_trpo._formats import atomic_write as whole
from tests.app.conftest import MDPS, Run

TIES = MDPS / "ties.mdp.json"
CLAIM = """import tabular_trpo as tt

@tt.claim("too good")
def too_good(p):
    return p.eta_new, ">=", p.L

@tt.claim("far too good")
def far_too_good(p):
    return p.eta_new, ">=", p.L + p.eps
"""
ONE = ("--claim", "too good")
# Each option by which a command writes: its words, the file, and what it must say all the same.
SMALL = ("--executor", "serial", "--pairs", "20", "--chunk", "10", "--theorems", "pinsker")
RUNS = ("--steps", "400", "--batch", "200", "--seeds", "1", "--methods", "exact")
WRITERS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "falsify": (
        ("falsify", "{folder}/claims.py", "--rounds", "1", "--out", "{out}", *ONE),
        "too-good.counterexample.mdp.json",
        "REFUTED: too good",
    ),
    "falsify a theorem": (
        ("falsify", "--theorem", "pinsker", "--rounds", "1", "--out", "{out}"),
        "pinsker.witness.mdp.json",
        "NOT REFUTED: pinsker",
    ),
    "verify": (
        ("verify", str(TIES), "--theorem", "trpo_bound", "--certificates", "{out}"),
        "ties-any-to-any.cert.json",
        "trpo_bound",
    ),
    "improve": (
        ("improve", str(TIES), "--method", "greedy", "--figure", "{out}/f.png"),
        "f.png",
        "eta never decreased",
    ),
    "compare": (
        ("compare", str(TIES), "--executor", "serial", *RUNS, "--figure", "{out}/f.png"),
        "f.png",
        "% of gap",
    ),
    "campaign": (("campaign", *SMALL, "--out", "{out}/c.jsonl"), "c.jsonl", ""),
}
REASONS = {
    errno.ENOSPC: "Free space on that disk, or name a place on another",
    errno.EDQUOT: "Free space within your quota",
    errno.EFBIG: "Raise the limit of file sizes",
    errno.EACCES: "Name another",
    errno.EROFS: "Name another",
    errno.EIO: "Name another",
}


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def failing_at(number: int) -> Callable[[int], None]:
    """Return an `os.fsync` that works but for the call of a number."""
    real, calls = os.fsync, iter(range(1, 10**6))

    def fsync(descriptor: int) -> None:
        if next(calls) == number:
            failing(errno.ENOSPC)()
        real(descriptor)

    return fsync


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Return what lets one step of every writing fail, by its name and an error number."""

    def fill(step: str, number: int) -> None:
        place = {"open": whole, "fsync": os, "replace": Path}[step]
        monkeypatch.setattr(place, step, failing(number), raising=False)

    return fill


def words(name: str, folder: Path) -> list[str]:
    (folder / "claims.py").write_text(CLAIM)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    texts, _, _ = WRITERS[name]
    return [text.replace("{folder}", str(folder)).replace("{out}", str(out)) for text in texts]


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
@pytest.mark.parametrize("name", [name for name in WRITERS if name != "campaign"])
def test_result_is_printed_and_the_file_named(
    run: Run, tmp_path: Path, full: Callable[[str, int], None], name: str, step: str
) -> None:
    argv = words(name, tmp_path)
    _, file, told = WRITERS[name]
    full(step, errno.ENOSPC)
    result = run(*argv)
    assert result.code == 3 and told in result.out
    assert f"{file} cannot be written: No space left on device" in result.err
    assert REASONS[errno.ENOSPC] in result.err
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "campaign"])
def test_document_holds_the_result_and_the_error(
    run: Run, tmp_path: Path, full: Callable[[str, int], None], name: str
) -> None:
    argv = words(name, tmp_path)
    right = run(*argv, "--json").document
    full("fsync", errno.ENOSPC)
    result = run(*argv, "--json")
    assert result.code == result.document["exit_code"] == 3
    error = result.document["error"]
    assert error["problems"][0]["code"] == "file" and error["text"] in result.err
    assert WRITERS[name][1] in error["problems"][0]["where"]
    assert set(right) == set(result.document) - {"error"}


@pytest.mark.parametrize("number", REASONS)
@pytest.mark.parametrize("name", ["verify", "campaign"])
def test_each_reason_has_its_cure(
    run: Run, tmp_path: Path, full: Callable[[str, int], None], name: str, number: int
) -> None:
    argv = words(name, tmp_path)
    full("fsync", number)
    result = run(*argv)
    assert result.code == 3 and f"cannot be written: {os.strerror(number)}" in result.err
    cure = campaign_journal.AGAIN if name == "campaign" else REASONS[number]
    assert cure in result.err and (number != errno.ENOSPC or REASONS[number] in result.err)
    assert os.listdir(tmp_path / "out") == []


def test_refutation_that_is_not_written_is_whole_in_the_report(
    run: Run, tmp_path: Path, full: Callable[[str, int], None]
) -> None:
    """The report has the model, both sides and the command; the next claim is searched as well."""
    argv = words("falsify", tmp_path)[: -len(ONE)]
    full("fsync", errno.ENOSPC)
    shown = run(*argv)
    for text in ("REFUTED: too good", "REFUTED: far too good", "Goes to", "left side", "fails by"):
        assert text in shown.out
    assert shown.out.count("NOT WRITTEN: ") == 2 and shown.out.count("Repeat it: ") == 2
    assert "2 claims: 2 refuted. Exit code 3: a file cannot be written." in shown.out
    first, second = run(*argv, "--json").document["claims"]
    for one in (first, second):
        assert one["status"] == "refuted" and one["pair"]["model"] and one["model_file"] is None
        assert "No space left on device" in one["no_certificate"]


def test_model_that_is_written_is_named_where_its_certificate_is_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = words("falsify", tmp_path)
    monkeypatch.setattr("tabular_trpo._app.shared.files.write_atomically", _refuse)
    result = run(*argv)
    assert result.code == 3 and "too-good.counterexample.cert.json cannot be written" in result.err
    assert "Counterexample: " in result.out and "Check it" not in result.out
    assert os.listdir(tmp_path / "out") == ["too-good.counterexample.mdp.json"]


def _refuse(path: Path, *_: object) -> None:
    raise whole.unwritable(path, OSError(errno.ENOSPC, "No space left on device"))


def test_campaign_keeps_what_is_finished_and_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv, path = words("campaign", tmp_path), tmp_path / "out" / "c.jsonl"
    assert run(*argv).code == 0
    undisturbed = path.read_bytes()
    for line in range(1, 5):
        path.unlink(missing_ok=True)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", failing_at(line))
            result = run(*argv)
        assert result.code == 3 and "c.jsonl cannot be written: No space" in result.err
        assert campaign_journal.AGAIN in result.err
        kept = path.read_bytes() if path.exists() else b""
        assert kept.count(b"\n") == line - 1 and undisturbed.startswith(kept)
        assert run(*argv).code == 0 and path.read_bytes() == undisturbed


def test_a_page_that_cannot_be_written_stays(
    tmp_path: Path, full: Callable[[str, int], None]
) -> None:
    page = tmp_path / "theory.md"
    page.write_text("old")
    full("fsync", errno.ENOSPC)
    with pytest.raises(TabularError, match=r"theory\.md cannot be written"):
        theory_page.main([str(page)])
    assert page.read_text() == "old" and os.listdir(tmp_path) == ["theory.md"]


def test_library_names_the_file_and_the_cure(
    tmp_path: Path, full: Callable[[str, int], None]
) -> None:
    full("fsync", errno.ENOSPC)
    with pytest.raises(
        tt.InvalidMDPError, match=r"x\.mdp\.json cannot be written: No space .* Free"
    ):
        tt.write(tt.read(TIES), tmp_path / "x.mdp.json")
    assert os.listdir(tmp_path) == []


on_posix = pytest.mark.skipif(os.name != "posix", reason="only POSIX shells have ulimit")


@on_posix
@pytest.mark.parametrize("name", ["falsify", "improve", "campaign"])
def test_limit_of_file_sizes(tmp_path: Path, name: str) -> None:
    """The kernel itself refuses each byte here, in the process as it is started."""
    argv = words(name, tmp_path)
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 0; "$@"', "sh", sys.executable, "-m", "tabular_trpo", *argv],
        capture_output=True,
        cwd=MDPS.parent,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3
    assert f"{WRITERS[name][1]} cannot be written: File too large" in done.stderr.decode()
    assert WRITERS[name][2] in done.stdout.decode()
    assert os.listdir(tmp_path / "out") == []


@on_posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has the device /dev/full")
@pytest.mark.parametrize(
    "argv",
    [
        ["solve", str(TIES)], ["show", str(TIES), "--dot"], ["--help"], ["solve", "--help"],
        ["--version"], ["solve", str(TIES), "--json"], ["solve", "nowhere", "--json"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_standard_output_that_is_full_is_named(
    argv: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        result = run(*argv)
        patch.setattr(sys, "stdout", sys.__stdout__)
    assert result.code == 3
    assert "No space left on device" in result.err or "nowhere" in result.err
