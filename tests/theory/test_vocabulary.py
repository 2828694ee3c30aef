"""The vocabulary: formulas against values, derived facts, and a quantity that is added."""

import json
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo import check
from tabular_trpo._app.falsify.worked_example import definition, work_out
from tabular_trpo._improve.gain_bounds import gain_bounds
from tabular_trpo._theory import symbols
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.quantities import EVALUATED, VALUES
from tabular_trpo._theory.symbols import Symbols, parsed
from tabular_trpo._theory.vocabulary import (
    ALIASES,
    FUNCTIONS,
    HIDDEN,
    QUANTITIES,
    SCALAR,
    WITNESSES,
    WITNESSES_ON_DEMAND,
    VocabularyEntry,
    in_former_names,
)
from tests.certificate_models import claimed, user
from tests.certificates import seal

ENTRIES = {**QUANTITIES, **HIDDEN}
MATRICES = "H H_new d_avg d_avg_new h h_new kemeny kemeny_new".split()
STATED = [
    name
    for name, entry in ENTRIES.items()
    if (name in EVALUATED or name in VALUES or entry.is_equation)
    and not re.search(r"@|trace|n_recurrent", entry.formula)
]


def pair() -> tt.Pair:
    """Policies with full support on a model that mixes, as a mixture."""
    mdp = tt.MDP(
        [[["1/2", "1/4", "1/4"], ["0", "1", "0"]], [["1", "0", "0"], ["0", "1/3", "2/3"]],
         [["1/5", "1/5", "3/5"], ["1", "0", "0"]]],
        [["1", "-2"], ["1/2", "0"], ["3", "1/3"]], ["1/2", "1/3", "1/6"], "4/5",
    )  # fmt: skip
    rows = [["1/2", "1/2"], ["1/3", "2/3"], ["1/4", "3/4"]]
    return tt.Pair.mixture(mdp, rows, [["1/5", "4/5"], ["2/3", "1/3"], ["1/2", "1/2"]], "1/3")


def near(x: Any, y: Any) -> bool:
    return bool(np.allclose(np.asarray(x, dtype=float), np.asarray(y, dtype=float), atol=1e-12))


@pytest.mark.parametrize("name", STATED)
def test_values_satisfy_their_formulas(name: str) -> None:
    exact, entry = pair(), ENTRIES[name]
    value = symbols.definition(entry).value(exact)
    if entry.logarithms:
        value = symbols.definition(entry).value(exact.to_float())
        assert near(value, getattr(exact.to_float(), name))
    else:
        assert np.all(value == getattr(exact, name))


@pytest.mark.parametrize("name", MATRICES)
def test_matrices_satisfy_their_formulas(name: str) -> None:
    p = pair().to_float()
    given = {word: getattr(p, word) for word in ("H", "H_new", "rho0", "pi", "pi_new", "r")}
    given |= {"I": np.eye(3), "trace": np.trace, "sum_a": lambda x: x.sum(axis=-1)}
    given["P"] = lambda pi: np.einsum("sa,sat->st", pi, p.mdp.P)
    assert near(eval(ENTRIES[name].formula, given), getattr(p, name))


@pytest.mark.parametrize("entry", QUANTITIES.values(), ids=lambda entry: entry.name)
def test_formula_text_is_that_of_its_expression(entry: VocabularyEntry) -> None:
    if not entry.formula or "@" in entry.formula or entry.name in MATRICES:
        return
    if entry.name.startswith("classes"):
        return
    made = symbols.definition(entry)
    assert (str(made), made.rank) == (entry.formula, entry.rank)


def test_derived_facts() -> None:
    found = {**QUANTITIES, **FUNCTIONS}
    assert {x for x, entry in found.items() if entry.logarithms} == set(
        "kl max_kl mean_kl M kl_reversed kl_d log log_gap entropy entropy_new K K_new".split()
    )
    assert {x for x, entry in found.items() if entry.mixture} == {
        "alpha",
        "A_bar_target",
        "eps_target",
    }
    averages = set("J J_new kemeny kemeny_new d_avg d_avg_new h h_new".split())
    assert {x for x, entry in found.items() if entry.average} == averages
    assert {x for x, entry in found.items() if entry.needs_new_evaluation} == set(
        "eta_new V_new rho_new d_new Q_new A_new W eta_dot kl_d K_new V_star step_tv w_fit_new "
        "J_new kemeny_new d_avg_new h_new".split()
    )


def test_certifiable_is_what_the_checker_reads() -> None:
    assert {name for name, entry in QUANTITIES.items() if entry.certifiable} == check.NAMES
    former = {new: old for old, new in ALIASES.items()}
    assert {former.get(x, x) for x in FUNCTIONS} == {*check.ARITY}
    assert {former.get(x, x): len(entry.takes) for x, entry in FUNCTIONS.items()} == check.ARITY
    assert {new: old for old, new in ALIASES.items()} == check.FORMER


def test_witnesses_are_the_rational_solutions_of_equations() -> None:
    solutions = {x for x, entry in ENTRIES.items() if entry.is_equation and not entry.logarithms}
    assert solutions == {*WITNESSES, *WITNESSES_ON_DEMAND}


@pytest.mark.parametrize(("old", "new"), ALIASES.items())
def test_former_names_are_the_same_functions(old: str, new: str) -> None:
    p, exact = Symbols(), pair()
    x = p.V if old == "next" else p.pi_new
    assert getattr(p, old)(x) is getattr(p, new)(x)
    assert str(getattr(p, old)(x)) == f"{new}({x})"
    assert symbols.parsed(f"{old}({x})") is symbols.parsed(f"{new}({x})")
    value = getattr(exact, str(x))
    assert np.all(getattr(exact, old)(value) == getattr(exact, new)(value))


def test_certificates_have_the_former_names_and_the_checker_reads_both() -> None:
    @tt.claim("renamed function", when=lambda p: (p.sum_s(p.transition_l1(p.pi)), ">=", 0))
    def renamed(p: Any) -> Any:
        return p.max_sa(p.expect_next(p.sum_a(p.pi))), "<=", p.sum_s(p.push_forward(p.pi))

    made = pair_certificate(pair(), [renamed])
    (claim,) = made["claims"]
    assert (claim["lhs"], claim["rhs"]) == ("max_sa(next(sum_a(pi)))", "sum_s(push(pi))")
    assert claim["precondition"] == "sum_s(move(pi)) >= 0"
    for old, new in ALIASES.items():
        claim |= {
            key: claim[key].replace(f"{old}(", f"{new}(") for key in ("lhs", "rhs", "precondition")
        }
    (read,) = check.check(json.loads(json.dumps(seal(made))))
    assert read.status == "proved" and "expect_next(sum_a(pi))" in read.text


def test_version_2_with_former_names_is_read() -> None:
    formula = "max_sa(next(tv)) <= 1"
    (read,) = check.check(claimed("plain", user(formula, 1 - Fraction(2, 15))))
    assert read.text == formula


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> VocabularyEntry:
    """One more row of the table: the value of the reward tv under pi, and its span."""
    cost = VocabularyEntry("cost", 1, "tv + gamma*sum_a(pi*expect_next(cost))", "visited distance")
    spread = VocabularyEntry("spread", SCALAR, "span_s(cost)", "span of the visited distance")
    for entry in (cost, spread):
        monkeypatch.setitem(QUANTITIES, entry.name, entry)
    return spread


def test_a_quantity_is_added_by_its_row(
    added: VocabularyEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    @tt.claim("spread is small", center="L")
    def small(p: Any) -> Any:
        return p.eta_new, ">=", p.L - p.eps * p.spread / (1 - p.gamma)

    exact = pair()
    cost = exact.cost
    assert list(cost) == [
        exact.tv[s] + exact.gamma * sum(exact.pi[s] * exact.expect_next(cost)[s]) for s in range(3)
    ]
    assert exact.spread == max(cost) - min(cost)
    assert near(exact.to_float().spread, exact.spread)
    for one in (exact, exact.to_float()):  # verify
        (verdict,) = tt.verify_pair(one, [small])
        assert verdict.status in ("proved", "refuted")
    example = work_out(small, exact)  # the worked example
    shown = [name for name in example.parts if name in ("tv", "cost", "spread")]
    assert shown == ["tv", "cost", "spread"]  # each after what it rests on
    assert example.of_rank(SCALAR)["spread"] == exact.spread
    assert definition("spread") == "span_s(cost)"
    assert added in tt.vocabulary()
    bound = tt.claim("x")(lambda p: (p.eta_new - p.eta, ">=", -p.spread))
    assert [one.name for one in gain_bounds([bound])] == ["x"]  # of pi and the rows of pi_new alone
    assert not added.needs_new_evaluation
    assert not added.certifiable  # the format has no witness of the equation


def test_a_quantity_without_an_equation_needs_an_entry_of_the_checker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = VocabularyEntry("far", SCALAR, "2*max_tv", "largest 1-norm")
    monkeypatch.setitem(QUANTITIES, "far", entry)
    made = pair_certificate(pair(), [tt.claim("x")(lambda p: (p.far, "<=", 2))])
    with pytest.raises(check.CertificateError, match="of the formula language"):
        check.check(made)
    monkeypatch.setattr(check, "NAMES", check.NAMES | {"far"})
    monkeypatch.setitem(check.SHORT, "far", "max_s(sum_a(abs(pi - pi_new)))")
    assert [one.status for one in check.check(made)] == ["proved"]
    monkeypatch.setitem(check.SHORT, "far", "max_s(tv)")
    with pytest.raises(check.CertificateError, match="slack"):
        check.check(made)


def test_files_state_formulas_with_the_former_names_of_functions() -> None:
    text = "sum_s(sum_a(push_forward(rho*pi)*expect_next(V))) - max_s(transition_l1(pi))"
    former = in_former_names(text)
    assert former == "sum_s(sum_a(push(rho*pi)*next(V))) - max_s(move(pi))"
    assert str(parsed(former)) == text
