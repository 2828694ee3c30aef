"""Check certificates again, with the standard library alone: none of the package's arithmetic."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from tabular_trpo import check
from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.formatting import counted
from tabular_trpo._app.shared.models import once, raw
from tabular_trpo._app.shared.output import Answer, Document
from tabular_trpo._app.shared.page import Part
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.nearest import long_integers
from tabular_trpo._core.terminal import quoted

EPILOG = """Exit code 0: every certificate is right, also one that proves a refutation.
The same checker runs without the package: python tabular_trpo/check.py CERT..."""
STATUSES = ("proved", "vacuous", "refuted")
Checked = tuple[str, str | None, Sequence[check.Statement]]  # path, error, statements


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `check` to its parser."""
    parser.add_argument(
        "certificates", metavar="CERT", nargs="+", help="a *.cert.json file, or - for stdin"
    )
    parser.add_argument(
        "--full", action="store_true", help="every statement, also of many certificates"
    )


def run(args: argparse.Namespace) -> Answer:
    """Check every certificate, also after one has failed, and return the report.

    raises: InvalidMDPError for a file that is no certificate; UsageError where "-" is given twice
    """
    checked = [_checked(path) for path in once(args.certificates)]
    failed = [path for path, wrong, _ in checked if wrong is not None]
    code = ExitCode.VIOLATED if failed else ExitCode.OK
    counts = Counter(one.status for _, _, statements in checked for one in statements)
    shown = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
    right = len(checked) - len(failed)
    total = counted(len(checked), "certificate")
    line = f"{right} of {total} right; statements re-checked: {shown}"
    if own := sum(one.user_claim for _, _, statements in checked for one in statements):
        line += f"; {counted(own, 'user claim')} among them"
    if args.full or len(checked) == 1:
        parts = [part for one in checked for part in _whole(*one)]
    else:
        parts = _overview(checked)
    document = {
        "command": "check",
        "exit_code": code,
        "certificates": [_document(*one) for one in checked],
    }
    return Answer(code, document, parts, line)


def _checked(path: str) -> Checked:
    """Check one certificate file and return (path, error or None, statements).

    raises: InvalidMDPError for a file that is no certificate
    """
    place, data = raw(path)
    try:
        with long_integers(sys.int_info.default_max_str_digits):  # as the program check.py
            return path, None, check.check(check.load(data))
    except check.CertificateError as error:
        return path, str(error), ()
    except ValueError as error:
        expected = f"a certificate: {check.FORMAT!r}"
        raise invalid("format", place, f"cannot be read: {error}", expected) from None


def _document(path: str, wrong: str | None, statements: Sequence[check.Statement]) -> Document:
    rows = [
        {"name": one.name, "status": one.status, "text": one.text, "user_claim": one.user_claim}
        for one in statements
    ]
    return {"path": path, "right": wrong is None, "wrong": wrong, "statements": rows}


def _whole(path: str, wrong: str | None, statements: Sequence[check.Statement]) -> list[Part]:
    """Return the error of a certificate, or a table with a row for each of its statements."""
    if wrong is not None:
        return [f"{path}: WRONG: {wrong}"]
    made = Table(["Status", "Name", "Statement"])
    for one in statements:
        style = "red" if one.status == "refuted" else None
        made.add(one.status, _named(one), one.text, style=style)
    return [path, made]


def _named(one: check.Statement) -> str:
    """Return the name of a theorem unchanged; mark the name of a user claim by "user claim"."""
    return f"user claim {quoted(one.name)}" if one.user_claim else one.name


def _overview(checked: Sequence[Checked]) -> list[Part]:
    """Return a table with a row for each certificate, then the refuted statements and errors."""
    heads = [status.capitalize() for status in STATUSES]
    heads += ["User claims"] * any(one.user_claim for _, _, found in checked for one in found)
    made = Table(["Certificate", *heads], right=heads)
    remarks: list[Part] = []
    for path, wrong, statements in checked:
        counts = Counter(one.status for one in statements)
        numbers = [
            *(counts[status] for status in STATUSES),
            sum(x.user_claim for x in statements),
        ]
        cells = [str(n) for n in numbers[: len(heads)]] if wrong is None else ["wrong"]
        made.add(path, *cells, style="red" if wrong is not None or counts["refuted"] else None)
        refuted = [one for one in statements if one.status == "refuted"]
        remarks += [f"{path}: refuted {_named(one)}: {one.text}" for one in refuted]
        remarks += [f"{path}: WRONG: {wrong}"] if wrong is not None else []
    return [made, *remarks]
