"""The report of a campaign: a row for each statement, and the violations."""

from tabular_trpo._app.campaign.sealed_lines import Record
from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.formatting import counted
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.page import Part
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.decimals import faithful, fixed


def report(path: str, summary: Record) -> Answer:
    """Return the report of a campaign from its summary record.

    The exit code is VIOLATED for a violation, else LIMIT for an undecided pair, else OK.
    """
    code = ExitCode.LIMIT if summary["undecided"] else ExitCode.OK
    if summary["violations"]:
        code = ExitCode.VIOLATED
    document = {"command": "campaign", "exit_code": code, "path": path, **summary}
    return Answer(code, document, _parts(summary), _line(path, summary))


def _line(path: str, summary: Record) -> str:
    """Return the numbers of pairs, violations, open pairs and exact verdicts in one line."""
    statements = counted(len(summary["statements"]), "statement")
    violations = counted(summary["violations"], "violation")
    judged = ", ".join(f"{n:,} {status}" for status, n in summary["judged"].items() if n)
    return (
        f"{summary['pairs']:,} pairs, {statements}: {violations}, "
        f"{summary['undecided']} left open; judged exactly: {judged or 'none'}. {path}"
    )


def _parts(summary: Record) -> list[Part]:
    """Return the table of the statements, and a line for each listed violation."""
    made = Table(
        ["Statement", "Pairs", "No value", "Tightest", "Exact", "gamma", "Family"],
        right=["Pairs", "No value", "Tightest", "gamma"],
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
        counts = [f"{count:,}" for count in (one["speaks"], one["no_value"])]
        style = "red" if one["judged"]["refuted"] else None
        made.add(name, *counts, *cells, style=style)
    violations: list[Part] = [
        f"REFUTED {one['statement']}: case {one['case']} of chunk {one['chunk']} ({one['family']})"
        for one in summary["violated"]
    ]
    return [made, *violations]
