"""Formulas as text: what the language prints it reads again, and nothing else."""

import pytest

import tabular_trpo as tt
from tabular_trpo._theory.symbols import parsed


@pytest.mark.parametrize("theorem", tt.THEOREMS, ids=lambda t: t.name)
def test_what_a_theorem_prints_is_read_as_the_same_expression(theorem: tt.Theorem) -> None:
    for side in (theorem.statement.lhs, theorem.statement.rhs):
        assert str(parsed(str(side))) == str(side)


@pytest.mark.parametrize(
    "text",
    ["", "L +", "l", "L(3)", "sum_s", "sum_s()", "sum_s(rho, rho)", "L.real", "__import__('os')",
     "L if eta else M", "L == M", "[L]", "1e999", "True", "L**0.5", "L**-1", "L**33", "'L'", "2j",
     "sum_s(eta)", "+L", "L // 2", "abs(x=L)", "L\0", "(" * 400 + "L" + ")" * 400,
     "L" + "+L" * 600, "lambda: L", "step_tv(40)"],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        parsed(text)
    with pytest.raises(tt.InvalidMDPError, match="expected None or a number of a pair"):
        tt.claim("x", center=text)


def test_numbers_are_exact() -> None:
    assert str(parsed("0.1*L + 2/3 - step_tv(3) + smaller(gamma, 1)**2")) == (
        "1/10*L + 2/3 - step_tv(3) + smaller(gamma, 1)**2"
    )
