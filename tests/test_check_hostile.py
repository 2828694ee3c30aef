"""The lone checker against hostile formulas and files, and as a command."""

import copy
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo import check as checker
from tabular_trpo.check import THEOREMS, CertificateError, check, main
from tests.certificate_models import MODELS, TWO, claimed, user
from tests.certificates import SLACK, F, Model, Row, certificate, seal

SCRIPT = Path(checker.__file__)


HOSTILE = [
    "__import__(1)", "eta.real", "9**9**9", "9**999999", "((((9**32)**32)**32)**32)**32",
    "(" * 300 + "1" + ")" * 300, "1" * 1001, "eta" * 400, "", " ", "eta eta", "eta,",
    "(eta, eta)", "1if 1else 2", "True", "None", "1e5", "1.5", "1j", "0x10", "lambda", "print(1)",
    "eval(1)", "abs", "abs()", "abs(1, 2)", "smaller(1)", "smaller(1, 2, 3)", "abs(*pi)",
    "sum_s(eta)", "sum_s(pi)", "max_a(V)", "max_sa(V)", "V", "pi", "step_tv(eta)", "step_tv(1000)",
    "step_tv(-1)", "eta**eta", "eta**-1", "eta//2", "eta**99", "1/0", "1/(eta-eta)", "alpha",
    "eps_target", "unknown", "V_dot", "target", "one", "next(V)", "push(pi)", "larger(1, 2)",
    "Add(1, 2)", "log_ratio(pi, pi_new)", "x", "P", "mean_d(pi)", "shift(pi)", "not eta",
    "eta if eta else eta", "eta\n", "eta # eta", "\u0435ta", "\uff45ta", "max_kl(3)", "1_0 0",
    "1**33", "1 + 0*step_tv(33)", "abs(1, **eta)", "abs(**eta)", "abs(1, *eta)", "step_tv(1, 2)",
    "2**True", "step_tv(True)", "1_0", "Add(1, 1)", "abs(Sub(1, 2))", "0b1", "+1", "abs(1)(1)",
    "log_ratio(-3, 2)", "log_ratio(2, 1)", "sum_a(pi)", "max_s(ones)", "sqrt(1, 2)", "L_mix(1, 2)",
]  # fmt: skip
PREMISES = ["1 < 2", "1 <= 2 <= 3", "1 == ", "<= 1", "1 <= 2 and 1 <= 2", "eta", "mixture == 1", ""]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_formulas_are_refused_and_fast(text: str) -> None:
    claim = user("1 <= 1", F(0))
    start = time.perf_counter()
    for field, value in (
        ("lhs", text), ("rhs", text), ("precondition", f"{text} <= 1"), ("precondition", text),
    ):  # fmt: skip
        with pytest.raises(CertificateError):
            check(claimed("plain", {**claim, field: value}))
    assert time.perf_counter() - start < 5


FALSE = [
    ("log_ratio(2, 1)", ">=", "2*log_ratio(sqrt(2), 1) + 1/2**64/8"),
    ("log_ratio(0, 5)", "<=", "0"),
    ("log_ratio(sqrt(2), sqrt(2))", "==", "0"),
    ("larger(1, 2)", ">=", "2"),
]
INTERNAL = {*checker.SHORT, *checker.ENTRYWISE, *checker.STRUCTURE}
INTERNAL |= {"log_ratio", "next", "push", "sum_a", "x", "P"}


@pytest.mark.parametrize("exactness", ["rational", "sqrt", "log"])
@pytest.mark.parametrize("sides", FALSE)
def test_claims_cannot_call_what_is_internal(sides: tuple[str, ...], exactness: str) -> None:
    claim = user("1 <= 2", F(1), exactness=exactness)
    lhs, relation, rhs = sides
    with pytest.raises(CertificateError, match="of the formula language"):
        check(claimed("plain", {**claim, "lhs": lhs, "relation": relation, "rhs": rhs}))


def test_claims_may_use_what_is_documented_and_no_more() -> None:
    """The names and the calls stand in the tables of the document on certificates."""
    text = (SCRIPT.parents[1] / "docs/certificate.md").read_text()
    rows = re.findall(r"^\| (numbers|per state|per state and action|functions) \| (.*)", text, re.M)
    words = {
        word for _, row in rows for code in re.findall("`(.*?)`", row) for word in code.split()
    }
    calls = {word.partition("(")[0] for word in words} & {*checker.ARITY}
    assert calls == {*checker.ARITY}
    assert {word for word in words if word.isidentifier()} == (
        checker.NAMES | {word for word in words & calls}
    )
    for name in INTERNAL - checker.NAMES - {*checker.ARITY} - {"abs(x)"}:
        for call in (name.partition("(")[0], f"{name}(1)", f"{name}(1, 1)", f"{name}(V, V)"):
            if call not in checker.ARITY:
                with pytest.raises((CertificateError, SyntaxError)):
                    checker._vet(call, "here")


@pytest.mark.parametrize("name", sorted(checker.ARITY))
def test_calls_have_their_number_of_arguments(name: str) -> None:
    for count in (0, 1, 2, 3):
        formula = f"{name}({', '.join('1' * count)})"
        if count == checker.ARITY[name]:
            checker._vet(formula, "here")
        else:
            with pytest.raises(CertificateError, match="of the formula language"):
                checker._vet(formula, "here")


@pytest.mark.parametrize("x", [F(0), F(-1), F(-3, 2), 2, 0.5, float("inf"), float("nan")])
def test_logarithms_of_anything_but_positive_rationals_are_refused(x: Any) -> None:
    with pytest.raises(CertificateError, match="a positive rational"):
        checker._log(x, 64)


def test_ratios_of_numbers_known_roughly_are_refused() -> None:
    rough, exact = (F(1), F(2)), (F(1), F(1))
    for p, q in ((rough, rough), (rough, exact), (exact, rough)):
        with pytest.raises(CertificateError, match="known exactly"):
            checker._log_ratio(p, q, 64)


@pytest.mark.parametrize(
    ("lhs", "rhs"), [("abs(eta", "5)"), ("0*(eta", "9**9)"), ("(eta", "eta)"), ("1) + (1", "2")]
)
def test_each_side_is_a_formula_by_itself(lhs: str, rhs: str) -> None:
    """`abs(eta >= 5)` was read as abs(eta - (5)) >= 0, which says nothing."""
    claim = user("1 >= 1", F(0)) | {"lhs": lhs, "rhs": rhs}
    for slack in (["0", "0"], None):
        with pytest.raises(CertificateError, match="SyntaxError"):
            check(claimed("plain", {**claim, "slack": slack}))
    with pytest.raises(CertificateError, match="SyntaxError"):
        check(claimed("plain", user("1 >= 1", F(0), f"{lhs} >= {rhs}")))


@pytest.mark.parametrize("premise", PREMISES)
def test_malformed_premises_are_refused(premise: str) -> None:
    with pytest.raises(CertificateError):
        check(claimed("plain", user("1 <= 1", F(0), premise)))


@pytest.mark.parametrize(
    "text", ["-" * 998 + "1", "1" + "+0" * 499, "abs(" * 190 + "1" + ")" * 190]
)
def test_deep_formulas_are_evaluated_or_refused(text: str) -> None:
    try:
        (statement,) = check(claimed("plain", user(f"{text} <= 1", F(0))))
        assert statement.status == "proved"
    except CertificateError:
        pass  # the interpreter's own limit of nesting


def test_command_ends_with_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, broken = (tmp_path / name for name in ("good", "bad", "broken"))
    document = certificate(MODELS["plain"])
    good.write_text(json.dumps(document))
    bad.write_text(json.dumps({**document, "digest": "0" * 64}))
    broken.write_text('{"version": 1, "version": 1}')
    assert main([str(good)]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == len(SLACK) and not err
    assert f"{good}: proved trpo_bound: {THEOREMS['trpo_bound'][2]}" in out.splitlines()
    assert main([str(good), str(bad)]) == 1
    assert main([str(bad), str(broken), str(good)]) == 3
    assert main([str(tmp_path / "absent")]) == main([str(tmp_path)]) == 3
    capsys.readouterr()
    assert main([]) == main(["--help"]) == 2
    assert "usage" in capsys.readouterr().err


def test_user_claims_cannot_forge_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = user("1 <= 2", F(1), name="x\nok: proved trpo_bound: eta_new >= L\x1b[2K\ud800")
    path = tmp_path / "forged.json"
    path.write_text(json.dumps(claimed("plain", claim)))
    assert main([str(path)]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.isascii() and out.startswith(f"{path}: proved user claim")


UNREADABLE = {
    "not json": "{",
    "not a number": '{"a": NaN}',
    "infinity": '{"a": -Infinity}',
    "twice": '{"a": 1, "b": {"c": 1, "c": 1}}',
    "deep": "[" * 100_000,
    "deep object": '{"a":' * 100_000,
    "long integer": '{"a": ' + "1" * 5000 + "}",
    "empty": "",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_files_end_with_a_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_text(UNREADABLE[name])
    assert main([str(path)]) == 3
    err = capsys.readouterr().err
    assert err.startswith(f"{path}: unreadable: ") and err.count("\n") == 1


def test_file_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text(json.dumps(certificate(MODELS["one state"])))
    monkeypatch.setattr(checker, "MOST_BYTES", 1000)
    assert main([str(path)]) == 3
    wide = changed("one state", ("model.why", "\u00e9" * 9))
    path.write_text(json.dumps(wide, ensure_ascii=False) + " rest", encoding="utf-8")
    for limit in range(path.stat().st_size - 15, path.stat().st_size + 1):
        monkeypatch.setattr(checker, "MOST_BYTES", limit)  # bytes are counted, and none is left out
        assert main([str(path)]) == 3
    path.write_bytes(b"\xff\xfe{}")
    assert main([str(path)]) == 3


def test_checker_stands_alone(tmp_path: Path) -> None:
    """A copy runs in an empty folder, without the package and without any installed one."""
    shutil.copy(SCRIPT, tmp_path / "copy.py")
    (tmp_path / "one.json").write_text(json.dumps(certificate(MODELS["mixture"])))
    command = [sys.executable, "-I", "-S", "copy.py", "one.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, len(SLACK), "")


def changed(model: str, *edits: tuple[str, Any]) -> Row:
    """A resealed certificate; each edit has a dotted path and a value, or a function of the old."""
    document = copy.deepcopy(certificate(MODELS[model]))
    for dotted, new in edits:
        *path, last = (int(key) if key.isdigit() else key for key in dotted.split("."))
        parent: Any = document
        for key in path:
            parent = parent[key]
        parent[last] = new(parent[last]) if callable(new) else new
    return seal(document)


REFUSED = {
    "a state without an action": ("witness.V = ", "model.states", lambda x: [*x, "Z"]),
    "a name twice": ("model.states", "model.states", lambda x: [*x, "X"]),
    "an action twice": ("model.actions", "model.actions", lambda x: [*x, "a"]),
    "a thousand claims": (
        "claims = 1001", "claims", lambda x: [{**x[0], "name": f"{i}"} for i in range(1001)],
    ),
    "a transition twice": ("transitions", "model.transitions", lambda x: [*x, x[0]]),
    "an unknown state": ("transitions[0]", "model.transitions.0.2", "Q"),
    "a row of sum 2": ("all at X a", "model.transitions.0.3", "3/2"),
    "gamma 1": ("gamma < 1", "model.gamma", "1"),
    "a negative weight": ("/model/rho0/X = ", "model.rho0", {"X": "-1/4", "Y": "5/4"}),
    "a start of sum 2": ("one = ", "model.rho0.X", "7/4"),
    "an action not allowed": ("model.pi", "model.policies.pi.X", lambda x: {**x, "c": "0"}),
    "a policy of an unknown state": ("model.pi", "model.policies.pi.Q", {"a": "1"}),
    "a third policy": ("policies", "model.policies.target", {"X": {"a": "1"}}),
    "a bare number": ("/model/gamma = 0.9", "model.gamma", 0.9),
    "a long number": ("/model/gamma = ", "model.gamma", "0." + "1" * 5000),
    "a large exponent": ("/model/gamma = ", "model.gamma", "1e-99999"),
    "a zero denominator": ("certificate = ZeroDivisionError", "model.gamma", "1/0"),
    "a wrong witness": ("V at X", "witness.V.num.0", lambda x: x + "0"),
    "a witness too long": ("witness.W", "witness.W.num", lambda x: [*x, "1"]),
    "a wrong value": ("values.eps = ", "values.eps", "1"),
    "a wrong status": ("claims[1].status = refuted", "claims.1.status", "refuted"),
    "another exactness": ("claims[0].exactness = log", "claims.0.exactness", "log"),
    "a wrong slack": ("claims[0].slack", "claims.0.slack", ["1", "1"]),
    "another equation": ("claims[0] performance_difference_paths", "claims.0.equation", "(2)"),
    "an undecided claim": ("/claims[0]/status = ", "claims.0.status", "undecided"),
    "a claim twice": ("claims = ", "claims", lambda x: [*x, x[0]]),
    "another version": ("/version = 3", "version", 3),
    "a key that looks like a path": ("/model~2fwhy = ", "model/why", "text"),
    "a key with a quote": ('/claims[0]/name~20~22x = ', 'claims.0.name "x', '"y'),
    "a why with a quote": ('/model/why~20~22x = ', 'model.why "x', "text"),
    "a why of an object": ('/model/why~20~22x = ', 'model.why "x', {}),
    "a state with a quote": ("/model/rho0/X~20~22 = ", 'model.rho0.X "', 'a "1'),
    "a key that looks like an index": (
        "/model/transitions~5b9]", "model.transitions[9]", ["X", "a", "X", "1", "1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_first_discrepancy_is_named(name: str) -> None:
    where, path, new = REFUSED[name]
    with pytest.raises(CertificateError) as caught:
        check(changed("plain", (path, new)))
    assert where in str(caught.value) and ", expected " in str(caught.value)
    assert len(str(caught.value)) < 400


def test_states_without_an_action_are_refused() -> None:
    edits: list[tuple[str, Any]] = [("model.states", ["X", "Y", "Z"])]
    edits += [(f"witness.{name}.num", lambda x: [*x, "0"]) for name in ("V", "rho", "V_new")]
    edits += [(f"witness.{name}.num", lambda x: [*x, "0"]) for name in ("rho_new", "W", "V_dot")]
    with pytest.raises(CertificateError, match=r"ones at Z = .*sum_a\(pi\) = absent"):
        check(changed("plain", *edits))


def test_mixtures_do_not_extrapolate() -> None:
    """alpha = 2 would make a policy here, but (5) is a mixture only up to 1."""
    half = {"X": {"a": "1/2", "b": "1/2"}, "Y": {"a": "1/3", "b": "2/3"}}
    far = Model(
        "9/10", {"X": "1"}, TWO, half, target={**half, "X": {"a": "3/4", "b": "1/4"}}, alpha="2"
    )
    with pytest.raises(CertificateError, match="alpha <= 1"):
        check(certificate(far))
