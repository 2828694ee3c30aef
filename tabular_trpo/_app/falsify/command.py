"""Hunt for a counterexample to a claim: found, made small and exact, proved, and written down."""

import argparse
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from tabular_trpo._app.falsify.claim_file import Stated, load
from tabular_trpo._app.falsify.document import document
from tabular_trpo._app.falsify.files import keep, stems
from tabular_trpo._app.falsify.outcome import Hunt, Hunted
from tabular_trpo._app.falsify.progress import hunting
from tabular_trpo._app.falsify.report import parts
from tabular_trpo._app.falsify.worked_example import by_hand
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._app.shared.files import check_folder
from tabular_trpo._app.shared.models import once, read_all
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.pairs import candidates
from tabular_trpo._app.verify.command import chosen
from tabular_trpo._falsify import seeds
from tabular_trpo._falsify.hunt import falsify
from tabular_trpo._falsify.result import Refutation
from tabular_trpo._theory.pair import Pair

NAME = "falsify"
HELP = "hunt for a counterexample to your own claims; prove it, shrink it, write it down"
EPILOG = """FILE.py states claims, each a function under @tt.claim("title") that returns
(lhs, relation, rhs); docs/falsify.md tells how. The file is run, with all that it imports.
How near a bound comes to equality is gap / penalty; @tt.claim("title", around="L"), or
--around L, names the number from which both are measured.
Exit code 0: nothing is refuted, which proves nothing. 1: a statement is refuted; the
counterexample is written. 3: the file or a claim is wrong, or a file cannot be written; what was
found is printed all the same. 4: a precondition was never met."""
LONGEST_BUDGET, MOST_ROUNDS, MOST_SEED = 10**7, 10**9, 2**63
LONGEST_NUMBER = 100  # characters


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", metavar="FILE", nargs="?", help="a Python file, or - for stdin")
    parser.add_argument(
        "--claim",
        metavar="TITLE",
        action="append",
        default=[],
        help="hunt this claim of the file only; may be repeated",
    )
    parser.add_argument(
        "--theorem",
        metavar="NAME",
        action="append",
        default=[],
        help="hunt this statement of the table, without a file; may be repeated",
    )
    _search_arguments(parser)
    parser.add_argument(
        "--out", metavar="DIR", default=".", help="folder of the files (default: this one)"
    )


def _search_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where and how long to look."""
    parser.add_argument(
        "--seed",
        type=_number(int, f"0..{MOST_SEED}", lambda x: 0 <= x <= MOST_SEED),
        default=0,
        metavar="N",
        help="of the random numbers (default 0)",
    )
    parser.add_argument(
        "--budget",
        type=_number(float, f"(0, {LONGEST_BUDGET}]", lambda x: 0 < x <= LONGEST_BUDGET),
        default=60.0,
        metavar="SECONDS",
        help="of each claim (default 60)",
    )
    parser.add_argument(
        "--rounds",
        type=_number(int, f"1..{MOST_ROUNDS}", lambda x: 1 <= x <= MOST_ROUNDS),
        metavar="N",
        help="end after so many rounds, and not by time: the same search each time",
    )
    parser.add_argument(
        "--gamma",
        type=_number(Fraction, "[0, 1)", lambda x: 0 <= x < 1),
        metavar="G",
        help="hold gamma there, as 9/10",
    )
    parser.add_argument(
        "--around",
        metavar="FORMULA",
        help="the number that the bounds lie around, as L or 'eta + sum_s(rho*A_bar)': gap and "
        "penalty are the distances of the two sides from it",
    )
    parser.add_argument(
        "--no-families", action="store_true", help="begin without the known worst cases"
    )
    parser.add_argument(
        "--start",
        metavar="MODEL",
        action="append",
        default=[],
        help="begin with the pairs of policies in this model file, or folder; may be repeated",
    )


def _number(kind: Callable[[str], Any], ends: str, fits: Callable[[Any], bool]) -> Any:
    """Return the reader of a numeric argument."""

    def read(text: str) -> Any:
        try:
            value = kind(text) if len(text) <= LONGEST_NUMBER else None
        except (ValueError, ArithmeticError):
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"{text[:LONGEST_NUMBER]!r} is no number in {ends}")
        return value

    return read


def run(args: argparse.Namespace) -> Answer:
    """Hunt each claim in turn, each with its own budget, and report.

    raises: InvalidMDPError for what is wrong with the file; UsageError
    """
    stated = _stated(args)
    names = stems(stated)
    folder = check_folder(args.out, "--out")
    start = _start(args)
    hunted = []
    with hunting(args.quiet) as begin:
        for one in _selected(stated, args.claim):
            found = falsify(
                one.claim,
                args.seed,
                args.budget,
                args.gamma,
                families=not args.no_families,
                rounds=args.rounds,
                progress=begin(one.claim.name),
                start=start,
                around=args.around,
            )
            pair = found.pair if isinstance(found, Refutation) else found.witness
            hand = None if pair is None else by_hand(one.claim, pair)
            files = keep(found, names[id(one.claim)], folder)
            hunted.append(Hunted(one, found, hand, files))
    hunt = Hunt(args, hunted)
    return Answer(hunt.code, document(hunt), parts(hunt), hunt.line, unwritten=hunt.unwritten)


def _start(args: argparse.Namespace) -> list[Pair]:
    """Return the pairs to begin with: those that `verify` judges; each is one that can be climbed.

    raises: InvalidMDPError naming the file; UsageError where standard input is asked for twice
    """
    once([*args.start, *([args.file] if args.file else [])])
    found = []
    for source in read_all(args.start, "rational"):
        for one in candidates(source.mdp, source.policies, "auto", 0, 0):
            found.append(Pair.of(one))
            seeds.start(found[-1], False, None, name=f"--start {source.path}")
    return found


def _stated(args: argparse.Namespace) -> list[Stated]:
    """Return the claims of the file, or the theorems that were named."""
    if (args.file is None) == (not args.theorem):
        raise UsageError("name either a FILE with claims, or a statement by --theorem NAME")
    if args.file is not None:
        return load(args.file)
    if args.claim:
        raise UsageError("--claim chooses among the claims of a FILE; there is none")
    return [Stated(theorem, theorem.name) for theorem in chosen(args.theorem)]


def _selected(stated: Sequence[Stated], titles: Sequence[str]) -> list[Stated]:
    known = [one.claim.name for one in stated]
    for title in titles:
        if title not in known:
            close = get_close_matches(title, known, n=3) or known[:10]
            raise UsageError(
                f"no claim is called {title!r}; there is {', '.join(map(repr, close))}"
            )
    return [one for one in stated if not titles or one.claim.name in titles]
