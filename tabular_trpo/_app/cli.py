"""Parse `tabular-trpo COMMAND ...` and run the command; no other command's module is imported.

Each command is a module with `EPILOG`, `arguments(parser)` and `run(args)`; its docstring is the
description that --help prints.  Every command has --json and --quiet.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from textwrap import fill

from tabular_trpo import __version__
from tabular_trpo._app.shared.errors import ExitCode, UsageError, fail, guarded, write_error
from tabular_trpo._app.shared.output import Answer, write
from tabular_trpo._app.shared.supervision import supervised
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.startup import PROGRAM

PAGE = 79  # columns of the descriptions in --help
Formatter = argparse.RawDescriptionHelpFormatter
COMMANDS = {  # name: module in this package, line in the list of commands
    "verify": (
        "verify.command",
        "theorems on models: proved, refuted, undecided or vacuous",
    ),
    "falsify": (
        "falsify.command",
        "search for counterexamples to your claims; prove, shrink, store",
    ),
    "campaign": ("campaign.command", "screen every theorem on millions of drawn pairs; resumable"),
    "solve": ("solve", "V*, all optimal actions of each state, the optimal return"),
    "evaluate": ("evaluate.command", "values, advantages, visitation and return of a policy"),
    "improve": (
        "improve.command",
        "improve a policy step by step; monotonicity proved at each step",
    ),
    "compare": ("compare.command", "sampled TRPO, rivals and exact limit on equal simulator steps"),
    "show": ("show", "sizes, structure, ties and policies of a model; --dot draws it"),
    "check": ("check", "re-check certificates with the standard library alone"),
}
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


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of a command line; only the command named in `words` gets its arguments.

    words: the arguments that will be parsed
    """
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Exact tabular MDPs, and the theory behind TRPO, verified.",
        epilog=CODES,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, (module, line) in COMMANDS.items():
        sub = commands.add_parser(name, help=line, formatter_class=Formatter, allow_abbrev=False)
        if name == chosen:
            sub.add_argument(
                "--json", action="store_true", help="one JSON document on stdout, nothing else"
            )
            sub.add_argument("--quiet", action="store_true", help="one line, and no progress bar")
            command = import_module(f"{__package__}.{module}")
            sub.description, sub.epilog = fill(command.__doc__ or "", PAGE), command.EPILOG
            command.arguments(sub)
            sub.set_defaults(run=command.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    argv: the arguments; None takes `sys.argv[1:]` and runs the command in a supervised child
          process, so that an interrupt ends it at any moment

    >>> int(main(["no-such-command"]))
    2
    """
    if argv is None:
        return supervised(lambda: _parsed(sys.argv[1:]))
    return _parsed(argv)


def _parsed(words: Sequence[str]) -> int:
    """Parse the arguments, run the command and return its exit code."""
    as_json = "--json" in words
    if sys.stdout is None:
        return fail(OSError("standard output is closed"), as_json=False)
    printed, reported = StringIO(), StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(reported):
            args = parser(words).parse_args(words)
    except SystemExit as end:  # after --help, --version or a usage error
        if end.code == 0:
            return guarded(lambda: Answer(0, {}, [], "", printed.getvalue()), False, quiet=False)
        if as_json:
            write_error(UsageError(reported.getvalue().partition(": error: ")[2].strip()))
        with suppress(OSError, TabularError):
            write(sys.stderr, reported.getvalue())
        return ExitCode.USAGE
    except KeyboardInterrupt as stop:
        return fail(stop, as_json)
    return guarded(lambda: _run(args), args.json, args.quiet)


def _run(args: argparse.Namespace) -> Answer:
    """Run the parsed command; --work limits the estimated seconds of its exact arithmetic."""
    from tabular_trpo._core.budget import work_limit  # imports numpy, which --help does not need

    with work_limit(getattr(args, "work", None)):
        answer: Answer = args.run(args)
        return answer


if __name__ == "__main__":
    sys.exit(main())
