"""The command line: one executable, a handful of commands, each with --json and --quiet."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO

from tabular_trpo._app import check as checking
from tabular_trpo._app import evaluate, show, solve
from tabular_trpo._app.campaign import command as campaign
from tabular_trpo._app.compare import command as compare
from tabular_trpo._app.falsify import command as falsify
from tabular_trpo._app.improve import command as improve
from tabular_trpo._app.shared.errors import USAGE, fail, guarded, tell_usage, version
from tabular_trpo._app.shared.output import Answer, write
from tabular_trpo._app.shared.supervision import supervised
from tabular_trpo._app.verify import command as verify
from tabular_trpo._core.budget import work_limit
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.startup import PROGRAM

COMMANDS = (verify, falsify, campaign, solve, evaluate, improve, compare, show, checking)
CODES = """exit codes:
  0   done; for verify and check: every statement holds
  1   a theorem or a certificate is violated
  2   wrong usage
  3   invalid input, or a file that cannot be read or written
  4   a limit was reached before the answer was certain
  5   more memory would be needed than allowed
  70  an error of this program
  130 interrupted

PATH or FILE is a *.mdp.json file; - is standard input."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Exact tabular MDPs, and the theory behind TRPO, verified.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {version()}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--json", action="store_true", help="one JSON document on stdout, nothing else"
    )
    common.add_argument("--quiet", action="store_true", help="one line, and no progress bar")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.__doc__,
            parents=[common],
            epilog=command.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    argv: the words after the name of the program; None for those of this process, which is then
          supervised, so that an interrupt ends it whatever it does

    >>> main(["no-such-command"])
    2
    """
    if argv is None:
        return supervised(lambda: _answered(sys.argv[1:]))
    return _answered(argv)


def _answered(words: Sequence[str]) -> int:
    as_json = "--json" in words
    if sys.stdout is None:
        return fail(OSError("standard output is closed"), as_json=False)
    shown, told = StringIO(), StringIO()
    try:
        with redirect_stdout(shown), redirect_stderr(told):
            args = parser().parse_args(words)
    except SystemExit as end:  # argparse has said what it had to say
        if end.code == 0:
            return guarded(lambda: Answer(0, {}, [], "", shown.getvalue()), False, quiet=False)
        if as_json:
            tell_usage(told.getvalue().partition(": error: ")[2].strip())
        with suppress(OSError, TabularError):
            write(sys.stderr, told.getvalue())
        return USAGE
    except KeyboardInterrupt as stop:
        return fail(stop, as_json)
    return guarded(lambda: _run(args), args.json, args.quiet)


def _run(args: argparse.Namespace) -> Answer:
    with work_limit(getattr(args, "work", None)):
        answer: Answer = args.run(args)
        return answer


if __name__ == "__main__":
    sys.exit(main())
