"""The table: what it says of itself, and that the lone checker says the same in its own words."""

import ast
import re
from fractions import Fraction

import pytest

from tabular_trpo import check
from tabular_trpo._core import signs as decide
from tabular_trpo._core.names import MOST_NAME, is_name
from tabular_trpo._theory import certifiable
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import MOST_POWER
from tabular_trpo._theory.misquotations import MISQUOTATIONS, misquotations_of
from tabular_trpo._theory.theorems import THEOREMS, TOPICS

LOGS = re.compile(r"\b(kl\w*|max_kl|mean_kl|M|log|entropy\w*|K|K_new)\b")
OF_MIXTURES = {
    "cpi_bound",
    "cpi_coupling",
    "cpi_step",
    "cpi_step_bounded",
    "cpi_best_weight",
    "spi_step",
}


def normal(text: str) -> str:
    """Return the syntax tree of a formula with the checker's names; spaces do not count."""
    for new, old in check.FORMER.items():
        text = text.replace(new, old)
    return ast.dump(ast.parse(text, mode="eval"))


def test_limits_are_those_of_the_checker() -> None:
    assert check.PRECISIONS[-1] == decide.MAX_BITS >= 4 * certifiable.CERTIFIED_BITS
    assert check.MOST_POWER == MOST_POWER
    assert check.MOST_DEPTH == certifiable.MOST_DEPTH
    for name in ("x" * MOST_NAME, "x" * (MOST_NAME + 1)):
        for path in ("/model/states[0]", "/model/actions[0]", "/claims[0]/name"):
            assert bool(check.FIELD.fullmatch(f'{path} "{name}')) is is_name(name)
    digits, nines = certifiable.MOST_DIGITS, "9" * certifiable.MOST_DIGITS
    assert check.FIELD.fullmatch(f'/model/gamma "{nines}/{nines}')
    assert not check.FIELD.fullmatch(f'/model/gamma "{nines}9')
    assert len(certifiable.decimal(Fraction(10**digits - 1))) == digits
    side, number = "x" * certifiable.MOST_TEXT, "f" * certifiable.MOST_HEX
    for path, text in {"/claims[0]/lhs": side, "/values/eta": number}.items():
        assert check.FIELD.fullmatch(f'{path} "{text}')
        assert not check.FIELD.fullmatch(f'{path} "{text}f')


def test_names_are_those_of_the_checker() -> None:
    names = [theorem.name for theorem in THEOREMS]
    assert sorted(names) == sorted(check.THEOREMS)
    assert len(set(names)) == len(names)
    assert names == [theorem.name for topic in TOPICS.values() for theorem in topic]


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)
def test_statement_is_that_of_the_checker(theorem: Theorem) -> None:
    equation, source, formula, condition = check.THEOREMS[theorem.name]
    assert (theorem.equation, theorem.source) == (equation, source)
    assert normal(str(theorem.statement)) == normal(formula)
    own = theorem.condition_text()
    if condition in (None, "mixture"):
        assert own == condition
    else:
        assert own is not None and normal(own) == normal(condition)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)
def test_theorem_is_documented_and_has_misquotations(theorem: Theorem) -> None:
    assert theorem.formula.__doc__
    assert misquotations_of(theorem)
    text = f"{theorem.statement} {theorem.condition}"
    exactness = "log" if LOGS.search(text) else "sqrt" if "sqrt" in text else "rational"
    assert theorem.exactness == exactness
    assert theorem.mixture == (theorem.name in OF_MIXTURES)


def test_misquotations_name_theorems_and_differ_from_them() -> None:
    statements = {theorem.name: theorem for theorem in THEOREMS}
    for one in MISQUOTATIONS:
        true = statements[one.theorem]
        same = normal(str(one.claim.statement)) == normal(str(true.statement))
        assert not same or one.claim.condition_text() != true.condition_text()
        assert one.claim.name not in statements
    assert len({one.claim.name for one in MISQUOTATIONS}) == len(MISQUOTATIONS)
