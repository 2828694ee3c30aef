"""What `falsify` says: numbers to check by hand, the range of gamma, what is not refuted."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

import tabular_trpo as tt
from tabular_trpo._app.falsify.worked_example import work_out
from tests.app.conftest import Run
from tests.app.falsify.claims import FIVE_LINES, THREE_ENDS, files, one, written


def test_page_can_be_checked_by_hand(run: Run, tmp_path: Path) -> None:
    """Every number of the page follows from the transitions, rewards and policies on it."""
    done = run(
        "falsify", written(tmp_path, FIVE_LINES), "--out", tmp_path, "--rounds", 50, "--no-families"
    )
    assert done.code == 1
    path = tmp_path / "Theorem-1-constant-3.counterexample.mdp.json"
    document = tt.formats.load(path)
    mdp, pi, pi_new = document.mdp, document.policies["pi"], document.policies["pi_new"]
    horizon = 1 / (1 - mdp.gamma)
    state = {name: dict(zip(mdp.state_names, v, strict=True)) for name, v in vectors(done.out)}
    for s, name in enumerate(mdp.state_names):
        flow = [(pi[s, a], mdp.r[s, a], mdp.P[s, a]) for a in range(mdp.n_actions)]
        after = [state["V"][t] for t in mdp.state_names]
        assert state["V"][name] == sum(p * (r + mdp.gamma * row @ after) for p, r, row in flow)
    assert sum(state["rho"].values()) == horizon
    number = scalars(done.out)
    assert number["gamma"] == mdp.gamma
    assert number["max_tv"] == max(abs(pi - pi_new).sum(axis=1)) / 2
    gap = sum(state["rho"][s] * state["A_bar"][s] for s in mdp.state_names)
    assert number["L"] == number["eta"] + gap
    penalty = 3 * number["eps"] * number["gamma"] * number["max_tv"] ** 2 * horizon**2
    assert number["left side"] == number["eta_new"]
    assert number["right side"] == number["L"] - penalty
    assert number["fails by"] == number["right side"] - number["left side"] > 0
    assert str(Fraction(number["fails by"])) in done.out


def vectors(page: str) -> list[tuple[str, list[Fraction]]]:
    """The rows of the table of states: name, numbers, where from."""
    rows = (re.split(r"\s{2,}", line.strip()) for line in page.splitlines())
    return [
        (cells[0], [Fraction(x) for x in cells[1:3]])
        for cells in rows
        if cells[0] in ("V", "V_new", "rho", "A_bar")
    ]


def scalars(page: str) -> dict[str, Fraction]:
    """The exact column of the table of quantities."""
    rows = (re.split(r"\s{2,}", line.strip()) for line in page.splitlines())
    names = ("gamma", "eta", "eta_new", "L", "eps", "max_tv", "left side", "right side", "fails by")
    return {cells[0]: Fraction(cells[1]) for cells in rows if cells[0] in names}


def test_nothing_unrefuted_is_called_true(run: Run, tmp_path: Path) -> None:
    words = ("--claim", "Theorem 1", "--rounds", 3, "--out", tmp_path, "--no-families")
    for form in ((), ("--json",), ("--quiet",)):
        done = run("falsify", written(tmp_path, THREE_ENDS), *words, *form)
        assert not re.search("true|holds|survive", done.out + done.err, re.IGNORECASE)


def test_unrefuted_claim_has_its_ratio_counts_and_an_exact_witness(
    run: Run, tmp_path: Path
) -> None:
    words = ("--claim", "Theorem 1", "--rounds", 4, "--out", tmp_path)
    (found,) = run("falsify", written(tmp_path, THREE_ENDS), *words, "--json").document["claims"]
    # Worst-case families seed the search, so it comes near 1: tight_thm1 at the step 1/1000.
    assert found["status"] == "unrefuted" and 0.9 < found["ratio"] <= 1
    assert found["tried"] >= found["met"] > 2000 and found["rounds"] == 4
    document = tt.formats.load(found["model_file"])
    assert document.mdp.arithmetic == "rational" and "Tightest pair found" in document.why
    pair = tt.Pair(document.mdp, document.policies["pi"], document.policies["pi_new"])
    penalty = pair.C * pair.max_tv**2
    assert float((pair.L - pair.eta_new) / penalty) == pytest.approx(found["ratio"], rel=1e-14)
    assert document.expected["eta_new"] == pair.eta_new
    bare = run("falsify", written(tmp_path, THREE_ENDS), *words, "--no-families", "--json").document
    assert bare["claims"][0]["ratio"] < 0.9
    assert found["pair"]["verdict"] == "proved"


def test_logarithms_are_told_as_enclosures(run: Run, tmp_path: Path) -> None:
    text = one("C/5", 'p.eta_new, ">=", p.L - p.C / 5 * p.max_kl')
    done = run("falsify", written(tmp_path, text), "--out", tmp_path, "--rounds", 30)
    assert done.code == 1
    (kl,) = re.findall(r"max_kl +(\S+) \.\. (\S+)", done.out)
    (sides,) = re.findall(r"fails by +(\S+) \.\. (\S+)", done.out)
    assert 0 < float(kl[0]) < float(kl[1]) and 0 < float(sides[0]) <= float(sides[1])
    document = tt.formats.load(tmp_path / "C-5.counterexample.mdp.json")
    exact = tt.Pair(document.mdp, document.policies["pi"], document.policies["pi_new"])
    assert Fraction(kl[0]) < exact.max_kl < Fraction(kl[1])
    assert "4*eps*gamma/(1 - gamma)**2" in done.out  # what C is, and the eps that it needs
    assert re.search(r"^ eps ", done.out, re.MULTILINE)


def test_refutation_beyond_the_checker_is_still_told(run: Run, tmp_path: Path) -> None:
    many = " + ".join(["p.L / 150"] * 150)
    path = written(tmp_path, one("long", f'p.eta_new, ">=", {many}'))
    done = run("falsify", path, "--out", tmp_path, "--rounds", 9)
    assert done.code == 1
    assert (
        "No certificate, since the checker cannot evaluate the claim: claim 'long' is left out"
        in done.out
    )
    assert sorted(files(tmp_path)) == ["claims.py", "long.counterexample.mdp.json"]


@pytest.mark.parametrize(
    ("when", "least", "most"),
    [
        ('lambda p: (p.gamma, ">=", Fraction(97, 100))', "97/100", "999/1000"),
        ('lambda p: (p.gamma, "<=", Fraction(1, 30))', "1/1000", "1/30"),
        ('lambda p: (p.gamma, "==", Fraction(17, 40))', "17/40", "17/40"),
        ('lambda p: (Fraction(9995, 10000), "<=", p.gamma)', "1999/2000", "1999/2000"),
        ('lambda p: (p.gamma, "<=", Fraction(1, 5000))', "1/5000", "1/5000"),
        ('lambda p: (p.smaller(p.gamma - 0.3, 0.31 - p.gamma), ">=", 0)', "3/10", "31/100"),
    ],
)
def test_search_stays_in_a_range_of_gamma(
    run: Run, tmp_path: Path, when: str, least: str, most: str
) -> None:
    text = one("no penalty", 'p.eta_new, ">=", p.L', when)
    words = ("--no-families", "--rounds", 60, "--out", tmp_path, "--json")
    (found,) = run("falsify", written(tmp_path, text), *words).document["claims"]
    assert found["status"] == "refuted"
    assert Fraction(least) <= Fraction(found["pair"]["scalars"]["gamma"]) <= Fraction(most)


def test_gamma_outside_of_the_range_is_vacuous(run: Run, tmp_path: Path) -> None:
    text = one("no penalty", 'p.eta_new, ">=", p.L', 'lambda p: (p.gamma, ">=", Fraction(1, 2))')
    words = ("--rounds", 4, "--out", tmp_path)
    done = run("falsify", written(tmp_path, text), "--gamma", "49/100", *words)
    assert (done.code, done.out.startswith("VACUOUS: no penalty")) == (4, True)
    assert re.search(r"\d{4} pairs tried in 4 rounds: none satisfies the precondition", done.out)
    inside = run("falsify", written(tmp_path, text), "--gamma", "1/2", *words, "--json").document[
        "claims"
    ]
    assert inside[0]["pair"]["scalars"]["gamma"] == "1/2"


def test_rare_precondition_without_a_value_is_told(run: Run, tmp_path: Path) -> None:
    """Policies that agree: few of the pairs that are tried first, so the search must tell."""
    text = one("0 / 0", 'p.eta_new, ">=", p.eta / p.max_tv', 'lambda p: (p.max_tv, "<=", 0)')
    done = run("falsify", written(tmp_path, text), "--rounds", 6, "--out", tmp_path / "out")
    assert done.code == 3
    assert re.search(r"NO VALUE: 0 / 0 \(.*claims.py:4\)", done.out)
    assert "a side has no value on any of the" in done.out
    assert not (tmp_path / "out").exists()


def test_gamma_zero_is_a_gamma(run: Run, tmp_path: Path) -> None:
    words = ("--claim", "Theorem 1", "--gamma", "0", "--rounds", 2, "--out", tmp_path, "--json")
    (found,) = run("falsify", written(tmp_path, THREE_ENDS), *words).document["claims"]
    assert (found["status"], found["pair"]["scalars"]["gamma"]) == ("unrefuted", "0")


def test_gamma_that_is_1_as_a_double_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("falsify", written(tmp_path, THREE_ENDS), "--gamma", f"0.{'9' * 30}")
    assert done.code == 3 and "expected less than 1 as a double" in done.err


def test_claim_without_a_penalty_has_no_ratio(run: Run, tmp_path: Path) -> None:
    path = written(
        tmp_path, one("identity", 'p.eta_new - p.eta, "==", p.sum_s(p.rho_new * p.A_bar)')
    )
    done = run("falsify", path, "--rounds", 2, "--out", tmp_path)
    told = " ".join(done.out.split())
    assert done.code == 0 and "There is no penalty to compare a gap with." in told
    text = run("falsify", path, "--rounds", 2, "--out", tmp_path, "--json").document["claims"][0]
    assert text["ratio"] is None and text["pair"]["slack"] == ["0", "0"]


def test_what_has_no_value_on_a_pair_is_left_out() -> None:
    """0 / 0 at equal policies: the side has none, and all else is there."""
    claim = tt.claim("0 / 0")(lambda p: (p.eta_new, ">=", p.eta / p.max_tv))
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    example = work_out(claim, tt.Pair(mdp, [["1/2", "1/2"]], [["1/2", "1/2"]]))
    assert (example.lhs, example.rhs, example.verdict.status) == (1, None, "vacuous")
    assert example.of_rank(0)["max_tv"] == 0 and list(example.of_rank(2)) == ["A"]
