"""Judge every theorem on pairs of policies: proved, refuted, undecided, or vacuous."""

import argparse
import json
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tabular_trpo import check
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._app.shared.files import check_folder, file_name, save
from tabular_trpo._app.shared.models import Source, arithmetic_argument, read_all
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.pairs import candidates
from tabular_trpo._app.shared.progress import steps
from tabular_trpo._app.shared.tally import Judged, place
from tabular_trpo._app.verify.outcome import Counterexample, Outcome
from tabular_trpo._app.verify.report import report
from tabular_trpo._core.errors import LimitError, MemoryGuardError, TabularError
from tabular_trpo._core.signs import MAX_BITS
from tabular_trpo._theory.certifiable import CERTIFIED_BITS, NOT_CHECKED
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import FIRST_BITS, NO_VALUE, NOT_MIXTURE, judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS

NAME = "verify"
HELP = "every theorem on every model: proved, refuted, undecided or vacuous"
EPILOG = """Vacuous: the precondition fails, or a penalty is infinite, so that nothing is claimed.
Exit code 0: nothing is refuted or undecided. 1: a statement is refuted, or a certificate fails
its check; the counterexample is printed, or stored by --certificates. 3: a certificate cannot be
written; the verdicts are printed all the same. 4: undecided.

The `expected` blocks of model files are not compared: they are for the tests of the models."""
MOST_BITS = 2**20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="a *.mdp.json file, a directory of such files, or - for standard input",
    )
    parser.add_argument(
        "--theorem",
        metavar="NAME",
        action="append",
        default=[],
        help="judge this statement only; may be repeated",
    )
    parser.add_argument(
        "--pairs",
        choices=("auto", "file", "made", "all"),
        default="auto",
        help="pairs of policies of the file, made ones, or both; auto (the default): "
        "of the file where it has two policies, else made",
    )
    parser.add_argument(
        "--seed", type=whole(0, 2**63), default=0, help="of the random pairs (default 0)"
    )
    parser.add_argument(
        "--n-random",
        type=whole(0, 10**6),
        default=2,
        metavar="N",
        help="random pairs among the made ones (default 2)",
    )
    arithmetic_argument(parser)
    parser.add_argument(
        "--bits",
        type=whole(FIRST_BITS, MOST_BITS),
        default=MAX_BITS,
        metavar="N",
        help=f"precision at which a logarithm is given up (default {MAX_BITS})",
    )
    parser.add_argument(
        "--certificates",
        metavar="DIR",
        help="write a certificate of each pair there, each re-checked before",
    )
    parser.add_argument("--full", action="store_true", help="a row for each model and statement")


def whole(least: int, most: int) -> Any:
    """Return the reader of an integer argument within limits."""

    def read(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 20:
            raise argparse.ArgumentTypeError(f"{text!r} is no integer")
        if not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not in {least}..{most}")
        return int(text)

    return read


def run(args: argparse.Namespace) -> Answer:
    """Judge the theorems and report."""
    theorems = chosen(args.theorem)
    if args.certificates is not None:
        check_folder(args.certificates, "--certificates")
    sources = read_all(args.paths, args.arithmetic)
    outcome = Outcome(args, theorems, sources)
    taken: set[str] = set()
    for source, name, pair in steps(_pairs(sources, args), len(sources), args.quiet):
        verdicts = tuple(judge(theorem, pair, args.bits, args.arithmetic) for theorem in theorems)
        one = Judged(source, name, verdicts)
        outcome.judged.append(one)
        _keep(outcome, one, pair, taken)
    return report(outcome)


def chosen(names: Sequence[str]) -> tuple[Theorem, ...]:
    """Return the theorems of these names in the order of the table; all of them for no name.

    raises: UsageError for an unknown name
    """
    known = [theorem.name for theorem in THEOREMS]
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(known)}"
            raise UsageError(f"no theorem is called {name!r}; {hint}")
    return tuple(theorem for theorem in THEOREMS if not names or theorem.name in names)


def _pairs(
    sources: Sequence[Source], args: argparse.Namespace
) -> Iterator[tuple[int, tuple[Source, str, Pair]]]:
    """Yield (number of the model, (model, name of the pair, pair))."""
    for i, source in enumerate(sources):
        for one in candidates(source.mdp, source.policies, args.pairs, args.seed, args.n_random):
            yield i, (source, one.name, Pair.of(one))


def _missing(one: Judged, document: dict[str, Any]) -> list[str]:
    """Name the decided statements that a certificate should hold and leaves out.

    It need not hold what says nothing, soft values, and ties that only an identity shows.
    """
    held = {claim["name"] for claim in document["claims"]}
    held |= {theorem.name for theorem in THEOREMS if theorem.names() & NOT_CHECKED}
    rational = {theorem.name for theorem in THEOREMS if theorem.exactness == "rational"}
    for verdict in one.verdicts:
        tie = verdict.slack_lo == 0 and verdict.claim.name not in rational
        if tie or verdict.reason == NOT_MIXTURE or verdict.reason.startswith(NO_VALUE):
            held.add(verdict.claim.name)
    names = [
        verdict.claim.name
        for verdict in one.verdicts
        if verdict.status != "undecided" and verdict.claim.name not in held
    ]
    why = f"not settled at the {CERTIFIED_BITS} bits of certificates"
    return [f"{place(one)}, {name}: {why}" for name in names]


def _keep(outcome: Outcome, one: Judged, pair: Pair, taken: set[str]) -> None:
    """Store the certificate of the pair if that was asked for; remember refutations anyway."""
    refuted = any(verdict.status == "refuted" for verdict in one.verdicts)
    if outcome.args.certificates is None and not refuted:
        return
    path = None
    try:
        document = pair_certificate(pair, outcome.theorems)
        check.check(json.loads(json.dumps(document)))
    except (LimitError, MemoryGuardError) as limit:
        outcome.uncertified.append(f"{place(one)}: {limit}")
        return
    except check.CertificateError as error:
        outcome.unsound.append(f"{place(one)}: {error}")
        return
    if outcome.args.certificates is not None:
        outcome.uncertified += _missing(one, document)
        name = file_name(one.source.name, one.name, taken)
        try:
            path = str(save(Path(outcome.args.certificates), name, document))
            outcome.stored.append(path)
        except TabularError as error:
            outcome.unwritten.append(error)
    if refuted:
        outcome.counterexamples.append(Counterexample(one, document, path))
