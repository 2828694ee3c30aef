"""The report of a campaign: a row a statement, and what was found."""

from typing import Any

from tabular_trpo._app.shared.formatting import many
from tabular_trpo._app.shared.output import Answer, Part
from tabular_trpo._app.shared.tables import row, table
from tabular_trpo._core.decimals import faithful, fixed

VIOLATED, LIMIT = 1, 4


def report(path: str, summary: dict[str, Any]) -> Answer:
    """Return the answer: 1 for a violation, else 4 for what is left open, else 0."""
    code = VIOLATED if summary["violations"] else LIMIT if summary["undecided"] else 0
    document = {"command": "campaign", "exit_code": code, "path": path, **summary}
    return Answer(code, document, _parts(summary), _line(path, summary))


def _line(path: str, summary: dict[str, Any]) -> str:
    statements = many(len(summary["statements"]), "statement")
    violations = many(summary["violations"], "violation")
    judged = ", ".join(f"{n:,} {status}" for status, n in summary["judged"].items() if n)
    return (
        f"{summary['pairs']:,} pairs, {statements}: {violations}, "
        f"{summary['undecided']} left open; judged exactly: {judged or 'none'}. {path}"
    )


def _parts(summary: dict[str, Any]) -> list[Part]:
    made = table(
        ["Statement", "Speaks", "No value", "Tightest", "Exact", "gamma", "Family"],
        right=["Speaks", "No value", "Tightest", "gamma"],
    )
    for name, one in summary["statements"].items():
        tightest = one["tightest"]
        cells = ["-", "-", "-", "-"]
        if tightest is not None:
            cells = [
                fixed(tightest["score"], 6),
                tightest["exact"]["status"],
                faithful(tightest["gamma"], 6),
                tightest["family"],
            ]
        style = "red" if one["judged"]["refuted"] else None
        row(made, name, f"{one['speaks']:,}", f"{one['no_value']:,}", *cells, style=style)
    told: list[Part] = [
        f"REFUTED {one['statement']}: case {one['case']} of chunk {one['chunk']} ({one['family']})"
        for one in summary["violated"]
    ]
    return [made, *told]
