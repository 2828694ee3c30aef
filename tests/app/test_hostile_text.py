"""Text of files on the terminal: every command, every place of a text, every kind of hostile text.

What is printed has no character that steers a terminal or is not seen, and no line that a file
made: a line is the program's own, or says whose words it shows.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo import check as checker
from tabular_trpo._app.shared import plotting as figure
from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.terminal import plain, quoted
from tests.app.conftest import SMALL, Run
from tests.app.hostile_texts import HOSTILE, TEXTS, clean, faults, share
from tests.certificate_models import MODELS, claimed, user
from tests.certificates import F, certificate, seal

Place = Callable[[dict[str, Any], str], dict[str, Any]]


def renamed(document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Give a state, an action or a policy another name, wherever it stands."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {(new if key == old else key): walk(part) for key, part in value.items()}
        if isinstance(value, list):
            return [walk(part) for part in value]
        return new if value == old else value

    made: dict[str, Any] = walk(document)
    return made


FULL = {
    **SMALL,
    "why": "made by a test",
    "policies": {
        "first": {"x": {"stay": "1/2", "go": "1/2"}, "y": {"stay": "1"}},
        "second": {"x": {"stay": "1/4", "go": "3/4"}, "y": {"stay": "1"}},
    },
    "expected": {"eta": {"first": "5/2"}},
}
PLACES: dict[str, Place] = {
    "a state": lambda m, t: renamed(m, "x", t),
    "an action": lambda m, t: renamed(m, "go", t),
    "a policy": lambda m, t: renamed(m, "first", t),
    "why": lambda m, t: {**m, "why": t},
    "an unknown key": lambda m, t: {**m, t: 1},
    "a number": lambda m, t: {**m, "gamma": t},
    "a probability": lambda m, t: {**m, "transitions": [["x", "go", "y", t, "0"]]},
    "an unknown state": lambda m, t: {**m, "rho0": {t: "1"}},
    "a state of a transition": lambda m, t: {**m, "transitions": [[t, "go", "y", "1", "0"]]},
    "a row of a policy": lambda m, t: {**m, "policies": {"first": {t: {"go": "1"}}}},
    "an action of a policy": lambda m, t: {**m, "policies": {"first": {"x": {t: "1"}}}},
    "the format": lambda m, t: {**m, "format": t},
    "a version": lambda m, t: {**m, "version": t},
    "what is expected": lambda m, t: {**m, "expected": {t: "1"}},
    "what is expected of": lambda m, t: {**m, "expected": {"eta": {t: "1"}}},
    "what is expected to be": lambda m, t: {**m, "expected": {"eta": {"first": t}}},
    "all": lambda m, t: {t: [{t: t}]},
}
COMMANDS: dict[str, list[str]] = {
    "show": ["show"],
    "show --dot": ["show", "--dot"],
    "solve": ["solve"],
    "evaluate": ["evaluate", "--policy-new", "greedy"],
    "evaluate of the file": ["evaluate", "--policy", "first"],
    "improve": ["improve", "--method", "greedy"],
    "verify": ["verify", "--n-random", "0", "--theorem", "trpo_bound", "--full"],
}


def written(folder: Path, document: Any) -> Path:
    path = folder / "m.mdp.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", PLACES)
def test_models(command: str, place: str, run: Run, tmp_path: Path) -> None:
    """Every text meets every command and every place; at 60 columns much is wrapped."""
    for text in share([*COMMANDS].index(command) + [*PLACES].index(place), 7):
        path = written(tmp_path, PLACES[place](FULL, text))
        clean(run(*COMMANDS[command], path, columns=60))


@pytest.mark.parametrize("place", ["a state", "an action", "a policy", "why", "an unknown key"])
def test_slow_commands(place: str, run: Run, tmp_path: Path) -> None:
    for name in ("words that wrap", "markup"):
        path = written(tmp_path, PLACES[place](FULL, HOSTILE[name]))
        clean(run("compare", path, "--steps", "200", "--seeds", "2", "--methods", "trpo"))
        claim = ["--theorem", "trpo_bound", "--rounds", "1", "--out", tmp_path]
        clean(run("falsify", *claim, "--start", path, columns=60))


@pytest.mark.parametrize("how", HOSTILE)
def test_names_of_files(how: str, run: Run, tmp_path: Path) -> None:
    name = re.sub("[/\0]", "", HOSTILE[how].encode("utf-8", "replace").decode())[:80]
    path = tmp_path / f"{name}.mdp.json"
    clean(run("show", path))
    for document in (FULL, {"format": "x"}):
        path.write_text(json.dumps(document), encoding="utf-8")
        clean(run("verify", path, path, "--n-random", "0", "--theorem", "trpo_bound"))
        for command in ("check", "solve"):
            clean(run(command, path))


def signed(place: str, text: str) -> Any:
    """A certificate with a hostile text; it may be right, or be refused with that text."""
    claim = user("1 <= 2", F(1))
    if place in claim:
        return claimed("plain", {**claim, place: text})
    made = json.loads(json.dumps(claimed("plain", claim)))
    if place == "why":
        made["model"]["why"] = text
    elif place == "a key":
        made["claims"][0][text] = text
    elif place == "a state":
        made = renamed(made, "X", text)
    elif place == "digest":
        return {**made, "digest": text}
    else:
        made[place] = text
    return seal(made)


SIGNED = ["name", "equation", "source", "lhs", "relation", "precondition", "status", "slack"]
SIGNED += ["exactness", "why", "a key", "a state", "digest", "witness", "format", "mixture"]


@pytest.mark.parametrize("place", SIGNED)
def test_certificates(
    place: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = tmp_path / "honest.cert.json"
    honest.write_text(json.dumps(claimed("plain", user("1 <= 2", F(1)))), encoding="utf-8")
    for text in share(SIGNED.index(place), 4):
        path = tmp_path / "hostile.cert.json"
        path.write_text(json.dumps(signed(place, text)), encoding="utf-8")
        for paths in ([path], [honest, path], [path, honest, "--full"]):
            clean(run("check", *paths, columns=60))
        checker.main([str(path)])
        out, err = capsys.readouterr()
        assert (out + err).count("\n") >= 1 and (out + err).isascii()
        assert all(line.startswith(str(path)) for line in (out + err).splitlines())


@pytest.mark.parametrize("status", ["proved", "refuted"])
@pytest.mark.parametrize("how", HOSTILE)
def test_user_claims_are_marked_and_quoted(how: str, status: str, run: Run, tmp_path: Path) -> None:
    """A line with the name of a user claim begins it by its mark, in every form of the answer."""
    text = HOSTILE[how][:120]
    claim = user("1 <= 2" if status == "proved" else "2 <= 1", F(1 if status == "proved" else -1))
    paths = [tmp_path / name for name in ("a.cert.json", "b.cert.json")]
    paths[0].write_text(json.dumps(claimed("plain", {**claim, "name": text})), encoding="utf-8")
    paths[1].write_text(json.dumps(certificate(MODELS["one state"])), encoding="utf-8")
    whole = run("check", paths[0], columns=1000).out
    over = run("check", *paths, columns=1000).out
    assert f"user claim {quoted(text)}" in whole
    assert (f"refuted user claim {quoted(text)}: " in over) is (status == "refuted")
    assert "1 user claim among them" in whole and "1 user claim among them" in over
    assert "User claims" in over
    for columns in (60, 120):
        for more in ([], ["--full"]):
            clean(run("check", *paths, *more, columns=columns))


CLAIMS = """import tabular_trpo as tt

@tt.claim({title!r})
def f(p):
    {body}
"""
BODIES = {
    "right": 'return p.eta, "<=", p.eta + 1',
    "no value": 'return p.eta / 0, "<=", p.eta',
    "raises": "raise KeyError({title!r})",
    "of the family": "raise tt.InvalidMDPError(tt.Problem('x', {title!r}, {title!r}, {title!r}))",
    "relation": "return p.eta, {title!r}, p.eta",
    "a name": "return getattr(p, {title!r}), '<=', p.eta",
}


@pytest.mark.parametrize("body", BODIES)
def test_claim_files(body: str, run: Run, tmp_path: Path) -> None:
    slow = body in ("right", "no value")  # is searched, or tried on many pairs
    for text in share([*BODIES].index(body), 12 if slow else 3):
        source = CLAIMS.format(title=text, body=BODIES[body].format(title=text))
        path = tmp_path / "claims.py"
        path.write_text(source, encoding="utf-8", errors="replace")
        clean(run("falsify", path, "--rounds", "1", "--out", tmp_path, columns=60))
        clean(run("falsify", path, "--claim", "another", columns=60))


def test_journals(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "campaign.jsonl"
    asked = ("campaign", "--pairs", "2", "--chunk", "2", "--theorems", "trpo_bound", "--out", path)
    assert run(*asked).code == 0
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    for i, key in enumerate(("format", "seed", "package", "theorems", "formulas")):
        header = json.dumps({**json.loads(first), key: TEXTS[5 * i]})
        path.write_text("\n".join([header, *rest, ""]), encoding="utf-8")
        done = run(*asked)
        clean(done)
        assert done.code in (2, 3)


@pytest.mark.parametrize("how", HOSTILE)
def test_problems_are_one_line_each(how: str) -> None:
    text = HOSTILE[how]
    problem = Problem("code", text, text, text, text)
    assert not faults(str(problem)) and "\n" not in str(problem)
    error = InvalidMDPError([problem] * 3)
    assert str(error).count("\n") == 2 and not faults(str(error))


def test_titles_of_figures_are_no_formulas(tmp_path: Path) -> None:
    plt = figure.pyplot()
    for text in HOSTILE.values():
        shown, axes = plt.subplots()
        figure.title(axes, text)
        assert not faults(axes.get_title())
        plt.close(shown)
    shown, axes = plt.subplots()
    figure.title(axes, HOSTILE["a formula of TeX"])
    shown.savefig(tmp_path / "x.png")


@pytest.mark.parametrize(
    "text",
    ["ünï", "e\u0301", "π → ∞", "状態", "नमस्ते", "שָׁלוֹם", 'Zoë\'s "state" [1]', "a_b-c/d", "😀"],
)
def test_ordinary_text_stays(text: str) -> None:
    assert plain(text) == text


def test_quoted_tells_its_ends() -> None:
    texts = ["a", "a ", " a", "a  b", 'a"', "a\\", "a\\x20", "", " ", '"', "a\n", "a\\n"]
    assert len({quoted(text) for text in texts}) == len(texts)
    for text in texts:
        inside = quoted(text)[1:-1]
        assert quoted(text) == f'"{inside}"' and not re.search(r'(?<!\\)(\\\\)*"', inside)
        assert not inside.startswith(" ") and "  " not in inside and not inside.endswith(" ")
