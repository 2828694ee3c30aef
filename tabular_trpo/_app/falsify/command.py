"""Search for a counterexample to a claim; make it small and exact, prove it, write it to a file."""

import argparse
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from tabular_trpo._app.falsify.claim_file import Stated, load
from tabular_trpo._app.falsify.document import document
from tabular_trpo._app.falsify.files import keep, stems
from tabular_trpo._app.falsify.outcome import ClaimResult, FalsifyRun
from tabular_trpo._app.falsify.report import parts
from tabular_trpo._app.falsify.worked_example import work_out
from tabular_trpo._app.shared.arguments import chosen, integer, number
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._app.shared.files import check_folder
from tabular_trpo._app.shared.models import once, read_all
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.pairs import candidates
from tabular_trpo._app.shared.progress import Update, progress_bar
from tabular_trpo._app.shared.theorems import chosen_theorems
from tabular_trpo._core.decimals import fixed
from tabular_trpo._falsify import seeds
from tabular_trpo._falsify.result import Refutation
from tabular_trpo._falsify.score import APPLICABLE
from tabular_trpo._falsify.search import falsify
from tabular_trpo._theory.pair import Pair

EPILOG = """FILE.py states claims, each a function under @tt.claim("title") that returns
(lhs, relation, rhs), see docs/falsify.md. The file is run as Python, with all
that it imports.
The distance of a bound from equality is gap / penalty; @tt.claim("title",
center="L"), or --center L, names the number from which both are measured.
Exit code 0: nothing is refuted, which proves nothing. 1: a statement is
refuted; the counterexample is written. 3: the file or a claim is wrong, or a
file cannot be written; the result is printed all the same. 4: no pair
satisfied a precondition."""
LONGEST_BUDGET, MOST_ROUNDS, MOST_SEED = 10**7, 10**9, 2**63
LONGEST_TITLE = 40  # characters of a claim beside the progress bar


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `falsify` to its parser."""
    add = parser.add_argument
    add("file", metavar="FILE", nargs="?", help="a Python file, or - for stdin")
    claim = "test this claim of the file only; may be repeated"
    add("--claim", metavar="TITLE", action="append", default=[], help=claim)
    theorem = "test this statement of the table, without a file; may be repeated"
    add("--theorem", metavar="NAME", action="append", default=[], help=theorem)
    seed = "seed of the random numbers (default 0)"
    add("--seed", type=integer(0, MOST_SEED), default=0, metavar="N", help=seed)
    budget = number(float, f"a number in (0, {LONGEST_BUDGET}]", lambda x: 0 < x <= LONGEST_BUDGET)
    add("--budget", type=budget, default=60.0, metavar="SECONDS", help="of a claim (default 60)")
    rounds = "end after so many rounds, and not by time: the same search each time"
    add("--rounds", type=integer(1, MOST_ROUNDS), metavar="N", help=rounds)
    gamma = number(Fraction, "a number in [0, 1)", lambda x: 0 <= x < 1)
    add("--gamma", type=gamma, metavar="G", help="keep gamma fixed at this value, such as 9/10")
    add(
        "--center",
        metavar="FORMULA",
        help="the center of the bounds, as L or 'eta + sum_s(rho*A_bar)': gap and penalty are the "
        "distances of the two sides from it",
    )
    add("--around", dest="center", help=argparse.SUPPRESS)  # the old name of --center
    add("--no-families", action="store_true", help="begin without the known worst cases")
    start = "begin with the pairs of policies in this model file, or folder; may be repeated"
    add("--start", metavar="MODEL", action="append", default=[], help=start)
    add("--out", metavar="DIR", default=".", help="folder of the files (default: this one)")


def run(args: argparse.Namespace) -> Answer:
    """Search for a counterexample to each claim in turn, each with its own budget, and report.

    raises: InvalidMDPError for an error in the file of claims; UsageError
    """
    stated = _stated(args)
    names = stems(stated)
    folder = check_folder(args.out, "--out")
    start = _start(args)
    titled = [(one.claim.name, one) for one in stated]
    results = [
        _search(args, one, start, names[id(one.claim)], folder)
        for one in chosen("claim", args.claim, titled)
    ]
    done = FalsifyRun(args, results)
    return Answer(done.code, document(done), parts(done), done.line, unwritten=done.unwritten)


def _search(
    args: argparse.Namespace, stated: Stated, start: Sequence[Pair], stem: str, folder: Path
) -> ClaimResult:
    """Search for a counterexample to one claim, and write the pair that was found.

    start: pairs with which the search begins
    stem:  the beginning of the names of the files in `folder`
    """
    with progress_bar(args.quiet, stated.claim.name[:LONGEST_TITLE], 1.0) as update:
        found = falsify(
            stated.claim,
            args.seed,
            args.budget,
            args.gamma,
            families=not args.no_families,
            rounds=args.rounds,
            progress=_shown(update),
            start=start,
            center=args.center,
        )
    pair = found.pair if isinstance(found, Refutation) else found.witness
    example = None if pair is None else work_out(stated.claim, pair)
    return ClaimResult(stated, found, example, keep(found, stem, folder))


def _shown(update: Update) -> Callable[[float, float], None]:
    """Return the progress callback of `tt.falsify`, which takes (share of the budget, score)."""
    best = -math.inf

    def show(share: float, score: float) -> None:
        nonlocal best
        best = max(best, score)
        ratio = fixed(best) if best > APPLICABLE else "-"
        update(share, f"{share:.0%}, best ratio {ratio}")

    return show


def _start(args: argparse.Namespace) -> list[Pair]:
    """Return the pairs of policies of the models of --start, the same pairs as `verify` judges.

    raises: InvalidMDPError, naming the file, also for a pair that is too large to begin with;
            UsageError where "-" is given twice
    """
    once([*args.start, *([args.file] if args.file else [])])
    found = []
    for source in read_all(args.start, "rational"):
        for one in candidates(source.mdp, source.policies, "auto", 0, 0):
            found.append(Pair.of(one))
            seeds.tables(found[-1], False, None, name=f"--start {source.path}")
    return found


def _stated(args: argparse.Namespace) -> list[Stated]:
    """Return the claims of the file, or the theorems of --theorem.

    raises: UsageError unless exactly one of the two is given
    """
    if (args.file is None) == (not args.theorem):
        raise UsageError("name either a FILE with claims, or a statement by --theorem NAME")
    if args.file is not None:
        return load(args.file)
    if args.claim:
        raise UsageError("--claim chooses among the claims of a FILE; there is none")
    return [Stated(theorem, theorem.name) for theorem in chosen_theorems(args.theorem)]
