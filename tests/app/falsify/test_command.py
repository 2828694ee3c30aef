"""falsify: claims of a file, refuted with files that hold, or reported as what they are."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo import check
from tabular_trpo._app.falsify import command as command
from tabular_trpo._app.falsify.claim_file import Stated
from tabular_trpo._app.falsify.files import stems
from tests.app.conftest import Run
from tests.app.falsify.claims import FIVE_LINES, THREE_ENDS, files, one, process, written


def test_five_lines_are_refuted_and_checked_by_other_processes(tmp_path: Path) -> None:
    written(tmp_path, FIVE_LINES)
    done = process("falsify", "claims.py", "--no-families", "--rounds", "50", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    stem = "Theorem-1-constant-3.counterexample"
    assert f"tabular-trpo check {stem}.cert.json" in done.stdout
    checked = process("check", f"{stem}.cert.json", cwd=tmp_path)
    assert checked.returncode == 0
    assert "1 refuted" in checked.stdout and 'user claim "Theorem 1, constant 3"' in checked.stdout


def test_every_end_is_told_apart(run: Run, tmp_path: Path) -> None:
    done = run("falsify", written(tmp_path, THREE_ENDS), "--out", tmp_path / "out", "--rounds", 8)
    assert done.code == 1
    heads = [line for line in done.out.splitlines() if re.match("[A-Z ]+: ", line)]
    assert [head.partition(" (")[0] for head in heads] == [
        "REFUTED: more surrogate, more return", "NOT REFUTED: Theorem 1", "VACUOUS: about nothing",
    ]  # fmt: skip
    assert "none satisfies the precondition" in done.out
    assert done.out.endswith(
        "3 claims: 1 refuted, 1 not refuted, 1 vacuous. Exit code 1: a statement is refuted.\n"
    )
    assert sorted(files(tmp_path / "out")) == [
        "Theorem-1.witness.mdp.json",
        "more-surrogate-more-return.counterexample.cert.json",
        "more-surrogate-more-return.counterexample.mdp.json",
    ]


@pytest.mark.parametrize(
    ("title", "code"), [("Theorem 1", 0), ("about nothing", 4), ("more surrogate, more return", 1)]
)
def test_exit_code_of_each_end(run: Run, tmp_path: Path, title: str, code: int) -> None:
    done = run(
        "falsify", written(tmp_path, THREE_ENDS), "--claim", title, "--rounds", 3, "--out", tmp_path
    )
    assert done.code == code
    assert f"1 claim: 1 {'not ' * (code == 0)}{'vacuous' if code == 4 else 'refuted'}" in done.out


def test_same_seed_and_rounds_give_the_same_bytes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, THREE_ENDS)
    told = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        done = run("falsify", path, "--seed", 5, "--rounds", 3, "--no-families", "--json")
        told.append((done.code, done.out, files(tmp_path / folder)))
    assert told[0] == told[1] and len(told[0][2]) == 3
    other = run("falsify", path, "--seed", 6, "--rounds", 3, "--no-families", "--json")
    assert other.document["claims"][1]["pair"] != json.loads(told[0][1])["claims"][1]["pair"]


def test_processes_agree_on_the_bytes(tmp_path: Path) -> None:
    """Whatever the order of sets and the number of threads."""
    told = []
    for number in ("1", "2"):
        folder = tmp_path / number
        folder.mkdir()
        written(folder, THREE_ENDS)
        setting = {"PYTHONHASHSEED": number, "OPENBLAS_NUM_THREADS": number}
        done = process("falsify", "claims.py", "--rounds", "2", "--json", cwd=folder, **setting)
        told.append((done.returncode, done.stdout, done.stderr, files(folder)))
    assert told[0] == told[1]
    assert told[0][0] == 1 and len(told[0][3]) == 4


def test_line_that_repeats_a_run_does(run: Run, tmp_path: Path) -> None:
    path, out = written(tmp_path, FIVE_LINES), tmp_path / "a folder"
    words = ("--budget", "20", "--no-families", "--gamma", "1/5", "--seed", 3, "--out", out)
    first = run("falsify", path, *words)
    before = files(out)
    (line,) = (x for x in first.out.splitlines() if x.startswith("Repeat it: "))
    program, *argv = shlex.split(line.removeprefix("Repeat it: "))
    assert program == "tabular-trpo" and "--rounds" in argv
    again = run(*argv)
    assert (again.code, again.out) == (1, first.out)
    assert files(out) == before and len(before) == 2


def test_counterexample_file_carries_the_pair_and_names_the_claim(run: Run, tmp_path: Path) -> None:
    text = one("(6) with eps of the mixture", '(1 - p.gamma) ** 2 * p.eta_new, ">=", '
               '(1 - p.gamma) ** 2 * p.L - 2 * p.eps_cpi * p.gamma * p.alpha**2')  # fmt: skip
    done = run("falsify", written(tmp_path, text), "--out", tmp_path, "--rounds", 20, "--json")
    (found,) = done.document["claims"]
    document = tt.formats.load(found["model_file"])
    assert "Refutes the claim '(6) with eps of the mixture'" in document.why
    assert "p.alpha" not in document.why and "alpha**2" in document.why
    assert set(document.policies) == {"pi", "pi_new", "target"}
    alpha = document.expected["alpha"]
    pair = tt.Pair.mixture(
        document.mdp, document.policies["pi"], document.policies["target"], alpha
    )
    assert (pair.pi_new == document.policies["pi_new"]).all()
    gap = (1 - pair.gamma) ** 2 * (pair.L - pair.eta_new)
    assert gap > 2 * pair.eps_cpi * pair.gamma * alpha**2
    assert found["pair"]["model"]["policies"].keys() == {"pi", "pi_new", "target"}
    certificate = json.loads(Path(found["certificate_file"]).read_text(encoding="utf-8"))
    assert check.check(certificate)[0].status == "refuted"


def test_files_of_different_claims_have_different_names(run: Run, tmp_path: Path) -> None:
    titles = ["A b", "a/b", "\u03b5 \u2264 \u03b4", "-q"]
    text = "import tabular_trpo as tt\n" + "\n".join(
        f"c{i} = tt.claim({title!r})(lambda p: (p.eta_new, '>=', p.L))"
        for i, title in enumerate(titles)
    )
    out = tmp_path / "out"
    done = run("falsify", written(tmp_path, text), "--out", out, "--rounds", 9, "--json")
    found = [Path(x["model_file"]) for x in done.document["claims"]]
    assert {path.parent for path in found} == {out}
    assert len({path.name.lower() for path in found}) == len(titles)
    assert len(files(out)) == 2 * len(titles)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) for name in files(out))
    # A name does not depend on which claims were chosen, and a title may look like an option.
    alone = run("falsify", tmp_path / "claims.py", "--claim=-q", "--out", out, "--rounds", 9)
    assert f"{out}/q.counterexample.mdp.json" in alone.out and "--claim=-q" in alone.out
    alone = run("falsify", tmp_path / "claims.py", "--claim", "a/b", "--out", out, "--rounds", 9)
    assert f"{out}/a-b-2.counterexample.mdp.json" in alone.out


def test_file_names_are_harmless() -> None:
    titles = ["../a b", "A.B", "a.b", "\u0394", "", "x" * 400, ".hidden", "a\\b:c|d", "x" * 300]
    claims = [Stated(tt.claim(x or "?")(lambda p: (p.eta, ">=", p.L)), "") for x in titles]
    names = list(stems(claims).values())
    assert len({name.lower() for name in names}) == len(titles)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) for name in names)


def test_statements_of_the_table_can_be_searched(run: Run, tmp_path: Path) -> None:
    words = ("--theorem", "trpo_bound", "--theorem", "cpi_bound", "--rounds", 2, "--json")
    done = run("falsify", *words, "--out", tmp_path)
    assert done.code == 0
    found = done.document["claims"]
    assert [x["title"] for x in found] == ["trpo_bound", "cpi_bound"]
    assert [x["precondition"] for x in found] == [None, "mixture"]
    assert done.document["file"] is None and found[1]["where"] == "cpi_bound"
    assert "falsify --theorem cpi_bound --seed 0 --rounds 2" in found[1]["repeat"]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "name either a FILE with claims, or a statement by --theorem NAME"),
        (("FILE", "--theorem", "trpo_bound"), "name either a FILE"),
        (("--theorem", "trpo_boud"), "no theorem is called 'trpo_boud'; did you mean 'trpo_bound'"),
        (("--theorem", "trpo_bound", "--claim", "x"), "--claim chooses among the claims"),
        (
            ("FILE", "--claim", "theorem 1"),
            "no claim is called 'theorem 1'; did you mean 'Theorem 1'?",
        ),
        (("FILE", "--seed=-1"), "'-1' is not an integer in 0..9223372036854775808"),
        (("FILE", "--seed", "1.5"), "'1.5' is not an integer in 0.."),
        (("FILE", "--budget", "0"), "'0' is not a number in (0, 10000000]"),
        (("FILE", "--budget", "nan"), "'nan' is not a number in (0, 10000000]"),
        (("FILE", "--budget", "inf"), "'inf' is not a number"),
        (("FILE", "--rounds", "0"), "'0' is not an integer in 1..1000000000"),
        (("FILE", "--gamma", "1"), "'1' is not a number in [0, 1)"),
        (("FILE", "--gamma=-1/2"), "'-1/2' is not a number in [0, 1)"),
        (("FILE", "--gamma", "1/0"), "'1/0' is not a number"),
        (("FILE", "--gamma", "nine"), "'nine' is not a number"),
    ],
)
def test_wrong_usage_is_2(run: Run, tmp_path: Path, argv: tuple[str, ...], told: str) -> None:
    path = written(tmp_path, THREE_ENDS)
    done = run("falsify", *(path if word == "FILE" else word for word in argv))
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_folder_is_looked_at_before_the_search(
    run: Run, tmp_path: Path, form: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, THREE_ENDS)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a search was begun")

    monkeypatch.setattr(command, "falsify", never)
    done = run("falsify", path, "--out", path, *form)
    assert done.code == 3 and "is no folder, expected a folder to write into" in done.err


def test_json_is_one_document_whatever_the_file_prints(run: Run, tmp_path: Path) -> None:
    noise = "import os, sys\nprint('noise')\nsys.stdout.write('more')\nos.system('echo child')\n"
    inside = "    print('traced')\n    return"
    path = written(tmp_path, noise + FIVE_LINES.replace("    return", inside))
    done = run("falsify", path, "--rounds", 9, "--out", tmp_path, "--json")
    assert done.code == 1 and done.document["exit_code"] == 1
    assert {"noise", "traced"} <= set(done.err.split())
    whole = process("falsify", str(path), "--rounds", "9", "--json", cwd=tmp_path)
    assert json.loads(whole.stdout)["claims"][0]["status"] == "refuted"
    assert {"noise", "child"} <= set(whole.stderr.replace("more", " ").split())


def test_quiet_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run(
        "falsify", written(tmp_path, THREE_ENDS), "--rounds", 3, "--out", tmp_path, "--quiet"
    )
    assert done.out.count("\n") == 1 and done.out.startswith("3 claims: 1 refuted")


def test_certificate_that_fails_its_check_is_not_stored(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(document: Any) -> None:
        raise check.CertificateError("planted")

    monkeypatch.setattr(check, "check", refuse)
    done = run("falsify", written(tmp_path, FIVE_LINES), "--rounds", 9, "--out", tmp_path)
    assert done.code == 1 and "THE CERTIFICATE FAILS ITS CHECK: planted" in done.out
    assert not list(tmp_path.glob("*.cert.json"))
