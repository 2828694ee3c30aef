"""Edits change what they name, on one side, and refuse a part that does not occur."""

from typing import Any

import pytest

from tabular_trpo._theory.misquotations import misquotations_of
from tabular_trpo._theory.misquotations.edits import (
    Edit,
    Quotation,
    always,
    exchanged,
    replaced,
    right,
    scaled,
    stated,
    when,
    without,
)
from tabular_trpo._theory.statements.coupling import trpo_bound
from tabular_trpo._theory.trace import trace


def edited(text: str, *edits: Edit) -> str:
    """Return the text of a statement after the edits."""
    made = Quotation(stated(text)(Quotation(trpo_bound.statement, None)).statement, None)
    for edit in edits:
        made = edit(made)
    return str(made.statement)


@pytest.mark.parametrize(
    ("text", "edit", "expected"),
    [
        ("eta_new >= L - 4*eps*gamma", scaled("1/2"), "eta_new >= L - 2*eps*gamma"),
        ("eta_new <= L + 2*eps", scaled("1/2"), "eta_new <= L + eps"),
        ("eta_new <= L + eps*2*gamma", scaled("1/2"), "eta_new <= L + eps*gamma"),
        ("max_s(kl - 2*tv) <= 0", scaled("1/2"), "max_s(kl - tv) <= 0"),
        ("max_s(kl - tv**2) <= 0", scaled("1/2"), "max_s(kl - tv**2/2) <= 0"),
        ("eps_cpi <= eps/2", scaled("1/2"), "eps_cpi <= eps/4"),
        ("eps_cpi <= eps", scaled("1 - gamma"), "eps_cpi <= (1 - gamma)*eps"),
        ("eps_cpi <= eps*gamma", without("gamma"), "eps_cpi <= eps"),
        ("eps_cpi <= eps/(1 - gamma)", without("1 - gamma"), "eps_cpi <= eps"),
        ("eta <= eta", replaced("eta", "L"), "eta <= L"),
        ("eta <= eps", replaced("eta", lambda p: 2 * p.L), "2*L <= eps"),
        ("eta <= eps", right("C"), "eta <= C"),
        ("eta <= eps", exchanged, "eps <= eta"),
        ("eta <= eps", stated(lambda p: (p.L, "==", p.M)), "L == M"),
    ],
)
def test_edit(text: str, edit: Edit, expected: str) -> None:
    assert edited(text, edit) == expected


@pytest.mark.parametrize("edit", [replaced("V", "V_new"), without("alpha")])
def test_part_that_does_not_occur_is_refused(edit: Edit) -> None:
    with pytest.raises(ValueError, match="has no such part"):
        edited("max_s(V_new) == 0", edit)


def test_part_of_another_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="another rank"):
        edited("max_s(V) == 0", replaced("V", "eta"))


def test_precondition() -> None:
    def kept(p: Any) -> Any:
        return p.L, ">=", p.eta

    quoted = Quotation(trpo_bound.statement, trace(kept))
    assert str(when("gamma <= 1/2")(quoted).condition) == "gamma <= 1/2"
    assert always(quoted) == (trpo_bound.statement, None)


def test_statement_keeps_all_but_what_is_misquoted() -> None:
    """A misquotation of the statement keeps the precondition, and of that the statement."""
    (first, *_) = misquotations_of(trpo_bound)
    assert first.claim.text() == ("eta_new", ">=", "L - 2*eps*gamma*max_tv**2/(1 - gamma)**2")
    assert first.claim.center == "L"
