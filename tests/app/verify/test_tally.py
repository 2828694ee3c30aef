"""Verdicts counted by hand."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tabular_trpo._app.shared.models import Source
from tabular_trpo._app.verify.tally import Judged, by_statement, together
from tabular_trpo._theory.claim import Claim
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.verdict import Decider, Status, Verdict


def verdict(
    status: str, lo: Any = None, ratio: float | None = None, arithmetic: str = "rational"
) -> Verdict:
    """Return a verdict with a slack that is known exactly."""
    claim = Claim("t", "(0)", "nobody", 0, "<=", 0)
    return Verdict(Status(status), lo, lo, Decider(arithmetic), claim, "", ratio)


def judged(*columns: list[Verdict]) -> list[Judged]:
    """Return pairs named 0, 1, ... of the model m."""
    source: Any = Source("m", "m.mdp.json", None, {}, "")  # type: ignore[arg-type]
    return [Judged(source, str(i), verdicts) for i, verdicts in enumerate(columns)]


def test_tally_by_hand() -> None:
    one = by_statement(
        judged(
            [verdict("proved", Fraction(0))],
            [verdict("proved", Fraction(1, 2), 0.25, "enclosure")],
            [verdict("proved", Fraction(1, 3), -1.0)],
            [verdict("vacuous", float("inf"))],
            [verdict("undecided", -1.0, None, "float")],
        ),
        0,
    )
    assert one.counts == {"proved": 3, "vacuous": 1, "refuted": 0, "undecided": 1}
    assert (one.judged, one.equal) == (4, 1)
    assert (one.slack, one.slack_at) == (Fraction(1, 3), "m: 2")
    assert (one.tightness, one.tightness_at) == (0.25, "m: 1")
    assert one.arithmetics == ("float", "rational", "enclosure")


def test_refuted_slack_is_the_least() -> None:
    rows = judged([verdict("proved", Fraction(1))], [verdict("refuted", Fraction(-1, 9))])
    assert by_statement(rows, 0).slack == Fraction(-1, 9)


@pytest.mark.parametrize(("status", "slack"), [("proved", 0), ("vacuous", None)])
def test_least_slack_where_there_is_no_other(status: str, slack: int | None) -> None:
    one = by_statement(judged([verdict(status, Fraction(0))]), 0)
    assert one.slack == slack and one.tightness is None


def test_together_counts_all_statements() -> None:
    rows = judged([verdict("proved", Fraction(1)), verdict("vacuous")])
    theorem = replace(THEOREMS[0], name="t")
    counts = together(rows, [theorem]).counts
    assert counts["proved"] == counts["vacuous"] == 1


@pytest.mark.parametrize("status", ["proved", "vacuous", "refuted", "undecided"])
def test_a_restatement_counts_only_where_it_is_refuted_or_open(status: str) -> None:
    one = replace(THEOREMS[0], name="s")
    again = replace(THEOREMS[0], name="t", same_as="s")
    rows = judged([verdict(status, Fraction(0))])
    shown = status in ("refuted", "undecided")
    assert together(rows, [one, again]).counts[status] == int(shown)
    assert together(rows, [again]).counts[status] == 1  # alone it is a statement like any other
