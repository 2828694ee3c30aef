"""However a certificate is made, the checker ends soon: with a verdict, or it refuses the work."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo import check as checker
from tabular_trpo.check import CertificateError, check
from tests.certificate_models import MODELS, claimed, user
from tests.certificates import F, Model, Row, certificate, seal

MDPS = Path(__file__).parents[1] / "mdps"
ROOT = "(sqrt(2)**32)/3"
# Each is slow in its own way where work has no limit; compared with itself it is a tie.
SLOW = {
    "a sum of powers of a root": " + ".join([ROOT] * 40),
    "a product of powers of a root": "*".join([ROOT] * 50),
    "powers of powers of a root": f"((({ROOT})**32/7)**32)**32",
    "quotients of roots": "/".join(["(1+sqrt(2))"] * 80),
    "roots of roots": "sqrt(" * 150 + "2" + ")" * 150,
    "roots of powers of roots": "(" * 60 + "sqrt(1/3)" + "**2)" * 60,
    "logs of logs": "log(1+" * 100 + "1" + ")" * 100,
    "logs of long integers": " + ".join(f"log(({p}**32)**32/7**32)" for p in range(2, 40)),
    "a long sum of logs": "+".join(f"log({p})" for p in range(2, 100)),
    "one word for many logs": "+".join(["M_pi-M+max_kl"] * 60),
    "many denominators": " + ".join(f"(((1/{p})**32)**32)**16" for p in range(3, 40)),
}


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a sixteenth of the budget, so that the tests end sooner still."""
    monkeypatch.setattr(checker, "WORK", checker.WORK >> 4)


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("how", SLOW)
def test_slow_formulas_are_refused(how: str) -> None:
    text = SLOW[how]
    assert len(text) <= 1000
    logs = any(word in text for word in ("log", "kl"))
    exactness = "log" if logs else "sqrt" if "sqrt" in text else "rational"
    claim = user(f"{text} <= {text} + 0*1", F(0), exactness=exactness)
    with pytest.raises(CertificateError, match="too much work"):
        check(claimed("plain", claim))


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("field", ["precondition", "many claims"])
def test_work_is_counted_over_the_whole_certificate(field: str) -> None:
    text = SLOW["roots of roots"]
    slow = user("1 <= 1", F(0), f"{text} <= {text}", "sqrt")
    quick = [user("kl_d >= 0 - log(5)", F(1), exactness="log", name=f"{i}") for i in range(900)]
    claims = [slow] if field == "precondition" else [{**x, "slack": ["1", "2"]} for x in quick]
    with pytest.raises(CertificateError, match="too much work"):
        check(claimed("plain", *claims))


def test_short_certificate_of_a_slow_formula_is_refused_with_the_whole_budget() -> None:
    text = SLOW["powers of powers of a root"]
    made = claimed("plain", user(f"{text} <= {text}", F(0), exactness="sqrt"))
    assert len(json.dumps(made)) < 2500
    with pytest.raises(CertificateError, match="too much work"):
        check(made)


def padded(states: int, digits: int) -> Row:
    """A certificate whose model has long numbers, and is not worth a witness."""
    made: Any = copy.deepcopy(certificate(MODELS["one state"]))
    names = [f"s{i}" for i in range(states)]
    rewards = [f"1/{10**digits + 2 * i + 1}" for i in range(states)]
    made["model"]["states"] = names
    made["model"]["transitions"] = [
        ["s0", "a", name, "1/3", reward] for name, reward in zip(names, rewards, strict=True)
    ]
    return seal(made)


@pytest.mark.usefixtures("little")
def test_long_numbers_of_the_model_are_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their sum has as many digits as all of them: found while the model is read."""
    monkeypatch.setattr(checker, "WORK_A_BYTE", 0)
    with pytest.raises(CertificateError, match="too much work"):
        check(padded(150, 900))


@pytest.mark.usefixtures("little")
def test_long_witnesses_are_work() -> None:
    made = copy.deepcopy(certificate(MODELS["plain"]))
    for name, shift in (("V", 0), ("rho", 1)):
        den = f"{(1 << 262000) + 1 + shift:x}"
        made["witness"][name] = {"den": den, "num": [f"{3**160000 + shift:x}"] * 2}
    with pytest.raises(CertificateError, match=r"V at X|lowest terms|too much work"):
        check(seal(made))


@pytest.mark.parametrize(
    ("path", "key"), [("model.policies.pi", "X"), ("model.rho0", "X"), ("model", "why")]
)
def test_keys_are_short(path: str, key: str) -> None:
    """A key of megabytes over many entries would be copied for each of them."""
    made: Any = copy.deepcopy(certificate(MODELS["plain"]))
    parent = made
    for step in path.split("."):
        parent = parent[step]
    parent["k" * 5000] = parent[key]
    with pytest.raises(CertificateError) as caught:
        check(seal(made))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "text", ["1" + "+0" * 300, "-" * 260 + "1", "1/(2+" * 100 + "1" + ")" * 100]
)
def test_deep_formulas_are_refused_at_any_depth_of_the_caller(text: str) -> None:
    made = claimed("plain", user(f"{text} <= 9", F(8)))

    def told(depth: int) -> str:
        if depth:
            return told(depth - 1)
        try:
            return str(check(made))
        except CertificateError as error:
            return str(error)

    assert told(0) == told(100) and ("<= 250" in told(0) or text.startswith("1/"))


def test_order_of_files_does_not_change_what_is_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logarithms that an earlier certificate needed are at hand, and are counted again."""
    text = " + ".join(f"log({p})" for p in (2, 3, 5, 7))
    made = claimed("plain", user(f"{text} - ({text}) >= 0", F(0), exactness="log"))
    ends = set()
    for work in (1 << 12, 1 << 15):
        monkeypatch.setattr(checker, "WORK", work)
        monkeypatch.setattr(checker, "WORK_A_BYTE", 0)
        for _ in range(2):
            with pytest.raises(CertificateError) as caught:
                check(made)
            ends.add(str(caught.value))
    assert len(ends) == 1


@pytest.mark.parametrize("name", ["gridworld", "river_swim", "combination_lock", "needle"])
def test_honest_certificates_take_a_small_part_of_the_budget(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest of those that `verify mdps --certificates` makes."""
    monkeypatch.setattr(checker, "WORK", checker.WORK >> 2)
    monkeypatch.setattr(checker, "WORK_A_BYTE", 2)
    document = tt.formats.load(MDPS / f"{name}.mdp.json")
    pi, pi_new = list(document.policies.values())[:2]
    made = tt.certificate(document.mdp, pi, pi_new)
    assert len(check(made)) == len(made["claims"]) > 60


def test_enclosures_are_rounded_outwards_and_exact_numbers_are_not() -> None:
    long = F(3**5000, 7**2000)
    for x in ((long, long), (-long, -long), (F(0), F(0)), (float("inf"),) * 2):
        assert checker._round(x, 64) == x
    for low, high in ((long, long + 1), (-long - 1, -long), (-long, 1 / long), (F(1, 3), long)):
        ends = checker._round((low, high), 64)
        assert ends[0] <= low < high <= ends[1]
        for end, old in zip(ends, (low, high), strict=True):
            assert abs(end - old) <= abs(old) / 2**190
            odd = end.numerator // (end.numerator & -end.numerator)
            assert old == end or odd.bit_length() <= 193


@pytest.mark.parametrize(("field", "most"), [("why", 4000), ("name", 500), ("source", 500)])
def test_texts_have_an_end(field: str, most: int) -> None:
    for length in (most, most + 1):
        text = "\n" * length
        made: Any = copy.deepcopy(claimed("plain", user("1 <= 2", F(1))))
        (made["model"] if field == "why" else made["claims"][0])[field] = text
        if length == most:
            assert check(seal(made))[0].status == "proved"
        else:
            with pytest.raises(CertificateError, match=f"{field} = "):
                check(seal(made))


def wide(actions: int, formula: str) -> Row:
    """A certificate of one state with many actions, each of another weight and reward."""
    names, total = [f"a{i}" for i in range(actions)], actions * (actions + 1) // 2
    moves = [["X", a, "X", "1", f"1/{2 * i + 3}"] for i, a in enumerate(names)]
    weights = {a: f"{i + 1}/{total}" for i, a in enumerate(names)}
    model = Model("1/2", {"X": "1"}, moves, {"X": weights}, {"X": weights})
    return {**certificate(model, lambda q: [user(formula, F(1))]), "version": 2}


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("word", ["natural", "w_fit", "w_fit_new"])
def test_systems_that_the_checker_solves_are_work(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "WORK_A_BYTE", 0)
    formula = f"max_sa(0*{word}) <= 1"
    assert check(seal(wide(4, formula)))[0].status == "proved"
    with pytest.raises(CertificateError, match="too much work"):
        check(seal(wide(40, formula)))


def test_classes_of_a_long_chain_are_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each state reaches all behind it, so the work is the square of their number."""
    states = [f"s{i}" for i in range(60)]
    ends = zip(states, [*states[1:], states[-1]], strict=True)
    moves = [[s, "a", t, "1", "0"] for s, t in ends]
    model = Model("0", {"s0": "1"}, moves, *({s: {"a": "1"} for s in states},) * 2)
    made = {**certificate(model, lambda q: [user("classes <= 2", F(1))]), "version": 2}
    monkeypatch.setattr(checker, "WORK_A_BYTE", 0)
    assert check(seal(made))[0].status == "proved"
    spent = 60 * 61 // 2
    for work, enough in ((spent, False), (spent + 20000, True)):
        monkeypatch.setattr(checker, "WORK", work)
        if enough:
            check(seal(made))
        else:
            with pytest.raises(CertificateError, match="too much work"):
                check(seal(made))
