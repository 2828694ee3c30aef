"""Every way a document can be wrong has its code, its line, and its sentence."""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo import formats
from tabular_trpo._core import memory
from tests.formats.base import BASE, REMOVED, as_floats, spoiled

TABLE = Path(__file__).with_name("refusals.txt")


def _cases() -> Iterator[Any]:
    """Yield document, code and first line of each case of refusals.txt."""
    base: Any = BASE
    place, value = "", ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("# The same model in doubles"):
            base = as_floats(BASE)
        elif line.startswith("    "):
            code, _, message = line.strip().partition(" ")
            document = spoiled(place, REMOVED if value == "-" else json.loads(value), base)
            yield pytest.param(document, code, message, id=f"{place} {value}")
        elif line and not line.startswith("#"):
            place, _, value = line.partition(" = ")


def refusal(path: Path, document: Any, arithmetic: str = "auto") -> tt.InvalidMDPError:
    """Return the error of a file with this document, the same as that of the dict but for lines."""
    path.write_text(json.dumps(document, indent=1))
    with pytest.raises(tt.InvalidMDPError) as caught:
        formats.load(path, arithmetic)
    with pytest.raises(tt.InvalidMDPError) as again:
        formats.from_document(document, arithmetic)
    assert again.value.code == caught.value.code
    return caught.value


@pytest.mark.parametrize(("document", "code", "message"), list(_cases()))
def test_document_is_refused(document: Any, code: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    error = refusal(path, document)
    assert (error.code, str(error).splitlines()[0]) == (code, f"{path}{message}")


@pytest.mark.parametrize("number", ["1" * 2001, "0." + "1" * 2001, "1/" + "3" * 2001, 10**2001])
def test_number_of_too_many_digits_is_refused(number: str | int, tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    error = refusal(path, spoiled("transitions 0 4", number))
    assert str(error).startswith(f"{path}:24: transitions[0][4] ")
    assert "digits" in str(error) and len(str(error)) < 300


def test_longest_numbers_are_read() -> None:
    for number in ("1" * 2000, "1/" + "3" * 2000, "1e400", "1e-400"):
        reward = formats.from_document(spoiled("transitions 0 4", number)).mdp.r[0, 0]
        assert reward == Fraction(number)


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 501, "\u2028", "\udc80"])
def test_bad_policy_name_is_refused(name: str, tmp_path: Path) -> None:
    document = spoiled("policies", {name: BASE["policies"]["half"]})
    assert refusal(tmp_path / "x.mdp.json", document).code == "name"


@pytest.mark.parametrize("value", [[], "text", 1, None, True])
def test_document_that_is_no_object_is_refused(value: Any, tmp_path: Path) -> None:
    assert ": " not in str(refusal(tmp_path / "x.mdp.json", value)).split(" holds ")[0]


def test_all_problems_come_in_one_report_in_the_order_of_the_file(tmp_path: Path) -> None:
    document = spoiled("gamma", "2")
    for place, value in (
        ("rho0 a", "0"),
        ("transitions 2 3", "1/2"),
        ("policies half b", {"go": "1"}),
    ):
        document = spoiled(place, value, document)
    codes = [problem.code for problem in refusal(tmp_path / "x.mdp.json", document).problems]
    assert codes == ["gamma", "row_sum", "row_sum", "disallowed"]


def test_unknown_action_leaves_the_rest_of_the_rows_to_be_checked(tmp_path: Path) -> None:
    document = spoiled("transitions 2 1", "goo", spoiled("transitions 3 3", "1/2"))
    codes = [problem.code for problem in refusal(tmp_path / "x.mdp.json", document).problems]
    assert codes == ["unknown_name", "row_sum"]


def test_twenty_problems_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    document = spoiled("states", ["a", "b", *(f"c{i}" for i in range(30))])
    document["policies"], document["expected"] = {}, {}
    error = refusal(tmp_path / "x.mdp.json", document)
    assert (len(error.problems), error.hidden) == (20, 10)
    assert str(error).splitlines()[-1].strip() == "10 more problems of this kind"


def test_huge_denominators_are_refused_before_they_are_multiplied(tmp_path: Path) -> None:
    rows = [["a", "stay", f"s{i}", f"1/{10**1990 + 2 * i + 1}", "0"] for i in range(12)]
    names = [f"s{i}" for i in range(12)]
    rows += [[name, "stay", name, "1", "0"] for name in [*names, "b"]]
    document = {
        **BASE,
        "states": ["a", "b", *names],
        "transitions": rows,
        "policies": {},
        "expected": {},
    }
    error = refusal(tmp_path / "x.mdp.json", document)
    assert [p.code for p in error.problems] == ["number_size"]
    rewards = [
        ["a", "stay", t, Fraction(1, 12), f"1/{10**1990 + 2 * i + 1}"] for i, t in enumerate(names)
    ]
    document["transitions"] = [[*map(str, row)] for row in rewards] + rows[12:]
    assert refusal(tmp_path / "x.mdp.json", document).code == "number_size"


def test_arithmetic_follows_the_numbers() -> None:
    document = formats.from_document(BASE)
    assert document.mdp.arithmetic == "rational"
    assert document.mdp.P[0, 1].tolist() == [Fraction(1, 4), Fraction(3, 4)]
    assert document.mdp.r_next[0, 1].tolist() == [-1, Fraction(1, 2)]
    assert document.mdp.mask.tolist() == [[True, True], [True, False]]
    assert document.policies["half"].tolist() == [[Fraction(1, 2)] * 2, [1, 0]]
    assert document.expected["V"] == {"a": 0, "b": 50}
    for place, value in (
        ("gamma", 0.9),
        ("rho0 a", 1 / 3),
        ("transitions 0 3", 1),
        ("transitions 0 4", 0.0),
    ):
        mixed = formats.from_document(spoiled(place, value))
        assert mixed.mdp.arithmetic == "float"
        assert mixed.policies["half"].dtype == np.float64


def test_arithmetic_asked_for_converts() -> None:
    exact, floats = formats.from_document(BASE), formats.from_document(as_floats(BASE))
    lowered = formats.from_document(BASE, arithmetic="float")
    for array, other in ((lowered.mdp.P, floats.mdp.P), (lowered.mdp.r_next, floats.mdp.r_next)):
        assert np.array_equal(array, other)
    assert np.array_equal(lowered.policies["half"], floats.policies["half"])
    raised = formats.from_document(as_floats(BASE), arithmetic="rational")
    assert raised.mdp.arithmetic == "rational"
    assert raised.mdp.gamma == Fraction(0.9) != exact.mdp.gamma
    assert np.array_equal(raised.mdp.P, floats.mdp.to_rational().P)
    assert raised.policies["half"].dtype == object


def test_bare_policy_of_an_exact_model_is_refused_in_every_arithmetic(tmp_path: Path) -> None:
    document = spoiled("policies half a", {"stay": 0.5, "go": 0.5})
    for arithmetic in ("auto", "float", "rational"):
        assert refusal(tmp_path / "x.mdp.json", document, arithmetic).code == "mixed_lanes"


def test_unknown_arithmetic_is_refused() -> None:
    with pytest.raises(
        tt.ExactnessError,
        match=r"^arithmetic = 'exact', expected one of auto, float, rational",
    ):
        formats.from_document(BASE, arithmetic="exact")


def test_exact_model_too_large_names_the_bytes_and_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "limit", lambda: 2**25)
    names = [f"s{i}" for i in range(1500)]
    document = {**BASE, "states": names, "rho0": {"s0": "1"}, "policies": {}, "expected": {}}
    document["transitions"] = [[s, "go", s, "1", "1/3"] for s in names]
    with pytest.raises(tt.MemoryGuardError, match=r"1,500 states and 2 actions") as caught:
        formats.from_document(document)
    assert caught.value.problems[0].got == "needs 72,000,000 bytes"
    assert 'arithmetic="float"' in caught.value.problems[0].cure
    mdp = formats.from_document(document, arithmetic="float").mdp
    assert mdp.is_sparse and mdp.P.nnz == 1500 and mdp.r[7].tolist() == [0, 1 / 3]
    document["gamma"] = "2"  # what is wrong is said before the size
    with pytest.raises(tt.InvalidMDPError, match="gamma"):
        formats.from_document(document)


def test_float_rows_may_be_off_by_the_tolerance_and_say_so() -> None:
    mdp = formats.from_document(spoiled("transitions 0 3", 1 + 1e-12, as_floats(BASE))).mdp
    assert mdp.P[0, 0, 0] == 1.0
    assert mdp.repair >= 1e-12


def test_subnormal_probability_keeps_the_support() -> None:
    floats = spoiled("transitions 4", ["b", "stay", "a", 5e-324, 0.0], as_floats(BASE))
    assert formats.from_document(floats).mdp.P[1, 0, 0] == 5e-324


def test_the_document_is_frozen() -> None:
    document = formats.from_document(BASE)
    with pytest.raises(AttributeError):
        document.why = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        document.policies["new"] = document.policies["half"]  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        document.policies["half"][0, 0] = 0


def test_rows_are_wrong_and_not_their_axes_where_columns_sum_to_1(tmp_path: Path) -> None:
    document = {**BASE, "policies": {}, "expected": {}}
    document["transitions"] = [
        ["a", "stay", "a", "1/2", "0"],
        ["a", "go", "a", "1", "0"],
        ["a", "stay", "b", "1", "0"],
        ["b", "stay", "a", "1/2", "0"],
        ["b", "go", "b", "1", "0"],
    ]
    error = refusal(tmp_path / "x.mdp.json", document)
    assert [problem.code for problem in error.problems] == ["row_sum", "row_sum"]
    document["transitions"] = [[s, a, s, "1", "0"] for s in "ab" for a in ("stay", "go")]
    document["policies"] = {"x": {"a": {"stay": "1/2", "go": "1"}, "b": {"stay": "1/2"}}}
    error = refusal(tmp_path / "x.mdp.json", document)
    assert [problem.code for problem in error.problems] == ["row_sum", "row_sum"]


def test_rows_beside_an_unreadable_one_are_checked(tmp_path: Path) -> None:
    document = spoiled("transitions 0 4", "high", spoiled("transitions 3 3", "1/2"))
    document["policies"]["half"]["a"]["stay"] = "x"
    document["policies"]["half"]["b"] = {"go": "1"}
    error = refusal(tmp_path / "x.mdp.json", document)
    assert [problem.code for problem in error.problems] == [
        "number",
        "row_sum",
        "number",
        "disallowed",
    ]


def test_repr_is_one_line_with_the_first_names() -> None:
    document = {**BASE, "policies": {f"p{i}": BASE["policies"]["half"] for i in range(9)}}
    document["expected"] = {}
    text = repr(formats.from_document(document))
    assert text.startswith("<Document document: <MDP: S=2, A=2, gamma 9/10, rational")
    assert text.endswith("policies p0, p1, p2, p3, p4, p5, ...>") and "\n" not in text


def test_repeated_transitions_do_not_hide_other_problems(tmp_path: Path) -> None:
    document = spoiled("transitions 4", ["a", "go", "b", "1/4", "9"], spoiled("rho0 a", "1"))
    document["transitions"] += [["a", "go", "b", "1/4", "9"], ["b", "stay", "a", "1", "0"]]
    path = tmp_path / "x.mdp.json"
    path.write_text(json.dumps(document, indent=1))
    with pytest.raises(tt.InvalidMDPError) as caught:
        formats.load(path)
    error = caught.value
    assert [(problem.code, problem.where.partition(": ")[2]) for problem in error.problems] == [
        ("row_sum", "rho0"),
        ("row_sum", "transitions[1]"),
        ("row_sum", "transitions[3]"),
        ("duplicate", "transitions[4]"),
        ("duplicate", "transitions[5]"),
    ]
    assert 'of state "a", action "go" sums to 3/2' in error.problems[1].got
