"""No number is broken: printed tables, at every width, hold the numbers of --json."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from tabular_trpo._app.shared.output import Answer, emit
from tabular_trpo._app.shared.tables import Table, laid_out
from tabular_trpo._app.shared.wrapping import wrapped
from tests.app.conftest import MDPS, Model, Run
from tests.app.falsify.claims import FIVE_LINES, written
from tests.app.pages import agrees, columns

WIDTHS = (*range(60, 201, 9), 79, 80, 100, 200)
VERBATIM = (
    "REFUTED",
    "Repeat it",
    "Counterexample",
    "Certificate",
    "Check it",
)  # lines to be copied
Numbers = dict[str, list[Any]]
Compared = Callable[..., None]
LONG = "a state of a name that is so long that no page has room for it " * 3


@pytest.fixture
def models(model: Model) -> list[Path]:
    """Models by hand, one of tiny and huge numbers, one of long names, both exact and in floats."""

    def chain(name: str, states: list[str], pays: list[Any], one: Any, gamma: Any) -> Path:
        x, y = states
        rows = [[x, "stay", x, one, pays[0]], [x, "go", y, one, pays[1]], [y, "stay", y, one, 0]]
        rows += [[y, "go", x, one, pays[2]]]
        rows = [[*head, str(pay) if one == "1" else pay] for *head, pay in rows]
        return model(name, states=states, rho0={x: one}, transitions=rows, gamma=gamma)

    return [
        MDPS / "rover.mdp.json",
        chain("sizes", ["x", "y"], ["1e-250", "-3.0000001e-30", "1e250"], "1", "9/10"),
        chain("digits", ["x", "y"], ["123456789123456789/7", "1/3", "-7"], "1", "99/100"),
        chain("names", [LONG, LONG[2:] + "_" * 90], ["12345.678", "1/3", "1e9"], "1", "9/10"),
        chain("floats", ["s" * 150, "y 1"], [1e-200, -0.1 / 3, 1e100], 1.0, 0.9),
    ]


def _per(document: Any, *keys: str) -> list[Any]:
    return [x for key in keys for x in document[key].values()]


def _table(values: Any) -> list[Any]:
    return [x for cells in values.values() for x in cells.values()]


def _solve(document: Any) -> Numbers:
    return {"V*": _per(document, "V_star")}


def _evaluate(document: Any) -> Numbers:
    found = {key: _per(document, key) for key in ("V", "rho", "d")}
    found |= {key: _table(document[key]) for key in ("pi", "Q", "A")}
    found["Value"] = _per(document, "pair")
    return found | ({"Error": _per(document, "pair_radius")} if document["lane"] == "float" else {})


def _improve(document: Any) -> Numbers:
    steps = document["steps"]
    heads = {"Predicted": "predicted", "Realised": "realised", "Ratio": "ratio"}
    heads |= {"Certified": "certified_gain", "max KL": "max_kl", "mean KL": "mean_kl"}
    found = {head: [step[key] for step in steps] for head, key in heads.items()}
    return {"eta": [steps[0]["eta"], *(step["eta_new"] for step in steps)], **found}


def _show(document: Any) -> Numbers:
    return {"eta": [one["eta"] for one in document["policies"].values()]}


def _verify(document: Any) -> Numbers:
    found = document["statements"]
    heads = {"Least slack": "least_slack", "Tightness": "largest_tightness"}
    return {head: [one[key] for one in found] for head, key in heads.items()}


def _compare(document: Any) -> Numbers:
    methods = document["models"][0]["methods"]
    found: Numbers = {"eta": [one["eta"] for one in methods]}
    found["+-"] = [one["half_width"] for one in methods]
    shares = [one["share_of_gap"] for one in methods]
    found["% of gap"] = [None if x is None else 100 * x for x in shares]
    return found | {"of": [sum(one["iterations"]) for one in methods]}


def _campaign(document: Any) -> Numbers:
    found = document["statements"].values()
    tightest = [one["tightest"] for one in found]
    scores = [None if one is None else one["score"] for one in tightest]
    return {"Pairs": [one["speaks"] for one in found], "Tightest": scores}


def _check(document: Any) -> Numbers:
    counts = [
        [one["status"] for one in each["statements"]].count("proved")
        for each in document["certificates"]
    ]
    return {"Proved": counts}


def _falsify(document: Any) -> Numbers:
    pair = document["claims"][0]["pair"]
    found: Numbers = {"A": [x for values in pair["per_action"]["A"] for x in values]}
    for s, name in enumerate(pair["model"]["states"]):
        found[name] = [values[s] for values in pair["per_state"].values()]
    found["Exact"] = [*pair["scalars"].values(), pair["lhs"], pair["rhs"]]
    return found


@pytest.fixture
def compared(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Compared:
    """Return a function that compares the pages of a command, of all widths, with its document."""

    def compare(numbers: Callable[[Any], Numbers], *argv: Any, least: int = 1) -> None:
        expected = numbers(run(*argv, "--json").document)
        assert sum(map(len, expected.values())) >= least
        answers: list[Answer] = []
        with monkeypatch.context() as patch:
            patch.setattr(
                "tabular_trpo._app.shared.errors.emit", lambda answer, *_: answers.append(answer)
            )
            assert run(*argv).code in (0, 1, 4)
        for width in WIDTHS:
            monkeypatch.setenv("COLUMNS", str(width))
            emit(answers[0], as_json=False, quiet=False)
            page = capsys.readouterr().out
            lines = [line for line in page.split("\n") if not line.startswith(VERBATIM)]
            assert max(map(cell_len, lines)) <= width
            found = columns(page)
            for head, values in expected.items():
                cells = found[head][: len(values)]  # after them "fails by", which is no number
                assert len(cells) == len(values), (width, head, found[head], values)
                assert all(map(agrees, cells, values)), (width, head, cells, values)

    return compare


@pytest.mark.parametrize("arithmetic", ["rational", "float"])
@pytest.mark.parametrize("which", range(5))
def test_numbers_of_a_model_are_whole(
    compared: Compared, models: list[Path], which: int, arithmetic: str
) -> None:
    path = models[which]
    compared(_solve, "solve", path, "--arithmetic", arithmetic)
    compared(
        _evaluate, "evaluate", path, "--arithmetic", arithmetic, "--policy-new", "greedy", least=20
    )
    compared(_show, "show", path, "--arithmetic", arithmetic)
    words = ("--method", "tv", "--iterations", "3")
    compared(_improve, "improve", path, "--arithmetic", arithmetic, *words, least=7)


def test_numbers_of_verdicts_are_whole(
    compared: Compared, models: list[Path], tmp_path: Path
) -> None:
    for path in (models[1], models[4]):
        words = ("--n-random", "0", "--pairs", "made", "--certificates", tmp_path)
        compared(_verify, "verify", path, *words, least=100)
    compared(_check, "check", *sorted(tmp_path.glob("*.cert.json"))[:12], least=12)


def test_numbers_of_a_comparison_and_a_campaign_are_whole(
    compared: Compared, model: Model, tmp_path: Path
) -> None:
    words = ("--seeds", "2", "--steps", "400", "--batch", "200", "--executor", "serial")
    compared(_compare, "compare", model(), *words, least=20)
    words = ("--executor", "serial", "--pairs", "200", "--chunk", "200", "--out")  # type: ignore[assignment]
    compared(_campaign, "campaign", *words, tmp_path / "campaign.jsonl", least=100)


def test_numbers_of_a_counterexample_are_whole(compared: Compared, tmp_path: Path) -> None:
    words = ("--rounds", "5", "--no-families", "--out", tmp_path)
    compared(_falsify, "falsify", written(tmp_path, FIVE_LINES), *words, least=15)


def _lines(made: Any, width: int) -> list[str]:
    console = Console(width=1000)
    with console.capture() as held:
        for block in laid_out(made, width):
            console.print(block)
    return [line.rstrip() for line in held.get().split("\n") if line.strip()]


@pytest.mark.parametrize("width", range(20, 81))
def test_blocks_repeat_the_keys_and_fill_the_page(width: int) -> None:
    made = Table(["Name", "One", "Two", "Three"], right=["One", "Two", "Three"])
    for i in range(3):
        made.add(f"row {i}", *(str(10**8 + 10 * i + j) for j in range(3)))
    blocks = laid_out(made, width)
    assert all(len(block.columns) >= 2 for block in blocks)
    text = _lines(made, width)
    assert max(map(len, text)) <= width
    assert sum("row 1" in line for line in text) == len(blocks)
    words = " ".join(text).split()
    assert all(words.count(str(10**8 + 10 * i + j)) == 1 for i in range(3) for j in range(3))


def test_number_wider_than_the_page_is_shortened_or_stands_out() -> None:
    made = Table(["Name", "Value"], right=["Value"])
    made.add("x", ("1" * 70, "~1.1e69"))
    assert "1" * 70 in "".join(_lines(made, 100)) and "~1.1e69" in "".join(_lines(made, 60))
    made = Table(["Name", "Value"], right=["Value"])
    made.add("x", "1" * 70)
    assert sum("1" * 70 in line for line in _lines(made, 60)) == 1


def test_long_names_are_wrapped_and_indented() -> None:
    made = Table(["Name", "Value"], right=["Value"])
    made.add("a name of " * 8, "7")
    made.add("b" * 100, "8")
    lines = _lines(made, 60)[2:]
    assert lines[0].startswith(" a name") and lines[0].endswith("7")
    assert all(line.startswith("   ") for line in lines[1:] if " b" != line[:2])
    assert "".join(lines).count("b") == 100


@pytest.mark.parametrize("width", range(10, 60))
def test_prose_keeps_its_words_and_numbers(width: int) -> None:
    text = "gamma = 0.333333333333333333 (about), eta <= 1.5e-300, 17/19 and " + "x" * 70 + " end"
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for number in ("0.333333333333333333", "1.5e-300,", "17/19"):
        assert any(number in line for line in lines)
    assert all(len(line) <= max(width, len("0.333333333333333333")) for line in lines)


def test_words_of_wide_characters_are_measured_in_columns() -> None:
    assert max(map(cell_len, wrapped("状態" * 40, 20, "  "))) <= 20
