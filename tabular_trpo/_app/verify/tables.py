"""The tables of `verify`: a row for each statement, each model, or each model and statement."""

from collections.abc import Sequence

from tabular_trpo._app.shared.formatting import short
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._app.verify.outcome import Outcome
from tabular_trpo._app.verify.tally import STATUSES, Tally, by_statement, together
from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._theory.verdict import Status


def _heads(total: Tally) -> list[str]:
    """Return the headings of the columns of counts; a status that never occurs has no column."""
    return ["Proved", "Vacuous", *(s.capitalize() for s in STATUSES[2:] if total.counts[s])]


def _counts(one: Tally, heads: Sequence[str]) -> list[str]:
    """Return the counts of a tally as text, one for each heading."""
    proved = f"{one.counts['proved']}/{one.judged}"
    return [proved, *(str(one.counts[head.lower()] or "") for head in heads[1:])]


def _ratio(tightness: float | None) -> str:
    return "-" if tightness is None else faithful(tightness, 4)


def _style(one: Tally) -> str | None:
    """Return the style of a row: red for a refutation, yellow for undecided, dim for vacuous."""
    if one.counts[Status.REFUTED]:
        return "bold red"
    return "yellow" if one.counts[Status.UNDECIDED] else "dim" if not one.judged else None


def _equation(text: str) -> str:
    """Shorten "TRPO (8), Theorem 1" and "TRPO (9) with C/2" to the paper and the number.

    >>> _equation("TRPO (9) with C/2"), _equation("TRPO Lemma 3, t=1"), _equation("K&L Theorem 4.1")
    ('TRPO (9)', 'TRPO Lemma 3', 'K&L Theorem 4.1')
    """
    head = text.split(",")[0].split(" (arXiv)")[0]
    end = head.find(")")
    return head[: end + 1] if end > 0 else head


def statements(outcome: Outcome) -> Table:
    """Return the table with a row for each statement, counted over all models."""
    tallies = [by_statement(outcome.judged, i) for i in range(len(outcome.theorems))]
    heads = _heads(together(outcome.judged, outcome.theorems))
    names = ["Eq.", "Statement", *heads, "Least slack", "Tightness"]
    made = Table(names, right=names[2:], keys=2)
    for theorem, one in zip(outcome.theorems, tallies, strict=True):
        cells = [_equation(theorem.equation), theorem.name, *_counts(one, heads)]
        made.add(*cells, short(one.slack, 4), _ratio(one.tightness), style=_style(one))
    return made


def _gamma(gamma: Scalar) -> str:
    """Return gamma as text that never rounds to 1.

    >>> _gamma(0.9), _gamma(0.999999)
    ('0.9', '1-1e-06')
    """
    text = short(gamma, 4)
    return text if text not in ("1", "~1") else f"1-{short(1 - gamma, 4)}"


def models(outcome: Outcome, total: Tally) -> Table:
    """Return the table with a row for each model, counted over all statements."""
    heads = _heads(total)
    names = ["Model", "States", "Actions", "gamma", "Arithmetic", "Pairs", *heads]
    made = Table(names, right=[name for name in names if name not in ("Model", "Arithmetic")])
    for source in outcome.sources:
        mine, mdp = outcome.of(source), source.mdp
        one = together(mine, outcome.theorems)
        size = [str(mdp.n_states), str(mdp.n_actions), _gamma(mdp.gamma), mdp.arithmetic]
        cells = [source.name, *size, str(len(mine)), *_counts(one, heads)]
        made.add(*cells, style=_style(one))
    return made


def rows(outcome: Outcome) -> Table:
    """Return the table with a row for each model and statement, counted over pairs of policies."""
    heads = _heads(together(outcome.judged, outcome.theorems))
    names = ["Model", "Statement", *heads, "Arithmetic", "Least slack", "Tightness"]
    made = Table(names, right=[*heads, "Least slack", "Tightness"], keys=2)
    for source in outcome.sources:
        mine = outcome.of(source)
        for i, theorem in enumerate(outcome.theorems):
            one = by_statement(mine, i)
            numbers = [short(one.slack, 4), _ratio(one.tightness)]
            arithmetic = one.arithmetics[-1] if one.arithmetics else ""
            cells = [source.name, theorem.name, *_counts(one, heads), arithmetic, *numbers]
            made.add(*cells, style=_style(one))
        made.section()
    return made
