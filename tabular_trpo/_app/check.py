"""Check certificates again, by the standard library alone: no line of the package computes here."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tabular_trpo import check
from tabular_trpo._app.shared.formatting import many, quoted
from tabular_trpo._app.shared.models import once, raw
from tabular_trpo._app.shared.output import Answer, Part
from tabular_trpo._app.shared.tables import row, table
from tabular_trpo._app.shared.tally import STATUSES
from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.nearest import long_integers

NAME = "check"
HELP = "re-check certificates with the standard library alone"
EPILOG = """Exit code 0: every certificate is right, also one that proves a refutation.
The same checker runs without the package: python tabular_trpo/check.py CERT..."""
VIOLATED = 1
Checked = tuple[str, str | None, Sequence[check.Statement]]  # path, what is wrong, what was checked


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "certificates", metavar="CERT", nargs="+", help="a *.cert.json file, or - for stdin"
    )
    parser.add_argument(
        "--full", action="store_true", help="every statement, also of many certificates"
    )


def run(args: argparse.Namespace) -> Answer:
    """Check each certificate; one that fails does not hide the others.

    raises: InvalidMDPError for a file that is no certificate; UsageError for "-" twice
    """
    checked = [_checked(path) for path in once(args.certificates)]
    failed = [path for path, wrong, _ in checked if wrong is not None]
    code = VIOLATED if failed else 0
    counts = Counter(one.status for _, _, statements in checked for one in statements)
    shown = ", ".join(f"{counts[status]} {status}" for status in STATUSES[:3])
    right = len(checked) - len(failed)
    line = f"{right} of {many(len(checked), 'certificate')} right; statements re-checked: {shown}"
    if own := sum(one.user_claim for _, _, statements in checked for one in statements):
        line += f"; {many(own, 'user claim')} among them"
    if args.full or len(checked) == 1:
        parts = [part for one in checked for part in _whole(*one)]
    else:
        parts = _overview(checked)
    document = {
        "command": NAME,
        "exit_code": code,
        "certificates": [_document(*one) for one in checked],
    }
    return Answer(code, document, parts, line)


def _checked(path: str) -> Checked:
    place, data = raw(path)
    try:
        with long_integers(sys.int_info.default_max_str_digits):  # as check.py run by itself
            return path, None, check.check(check.load(data))
    except check.CertificateError as error:
        return path, str(error), ()
    except ValueError as error:
        expected = f"a certificate: {check.FORMAT!r}"
        raise InvalidMDPError(
            Problem("format", place, f"cannot be read: {error}", expected)
        ) from None


def _document(path: str, wrong: str | None, statements: Sequence[check.Statement]) -> Any:
    rows = [
        {"name": one.name, "status": one.status, "text": one.text, "user_claim": one.user_claim}
        for one in statements
    ]
    return {"path": path, "right": wrong is None, "wrong": wrong, "statements": rows}


def _whole(path: str, wrong: str | None, statements: Sequence[check.Statement]) -> list[Part]:
    if wrong is not None:
        return [f"{path}: WRONG: {wrong}"]
    made = table(["Status", "Name", "Statement"])
    for one in statements:
        style = "red" if one.status == "refuted" else None
        row(made, one.status, _named(one), one.text, style=style)
    return [path, made]


def _named(one: check.Statement) -> str:
    """Return the name of a theorem, or that of a user claim marked so that it looks like none."""
    return f"user claim {quoted(one.name)}" if one.user_claim else one.name


def _overview(checked: Sequence[Checked]) -> list[Part]:
    """Return a row for each certificate, then what is refuted or wrong."""
    heads = [status.capitalize() for status in STATUSES[:3]]
    heads += ["User claims"] * any(one.user_claim for _, _, found in checked for one in found)
    made = table(["Certificate", *heads], right=heads)
    told: list[Part] = []
    for path, wrong, statements in checked:
        counts = Counter(one.status for one in statements)
        numbers = [
            *(counts[status] for status in STATUSES[:3]),
            sum(x.user_claim for x in statements),
        ]
        cells = [str(n) for n in numbers[: len(heads)]] if wrong is None else ["wrong"]
        row(made, path, *cells, style="red" if wrong is not None or counts["refuted"] else None)
        refuted = [one for one in statements if one.status == "refuted"]
        told += [f"{path}: refuted {_named(one)}: {one.text}" for one in refuted]
        told += [f"{path}: WRONG: {wrong}"] if wrong is not None else []
    return [made, *told]
