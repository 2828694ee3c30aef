"""Judge every theorem on pairs of policies: proved, refuted, undecided, or vacuous."""

import argparse
import json
from pathlib import Path

from tabular_trpo import check
from tabular_trpo._app.shared.arguments import add_arithmetic, integer
from tabular_trpo._app.shared.files import CERTIFICATE, check_folder, save, slug, unique
from tabular_trpo._app.shared.formatting import counted
from tabular_trpo._app.shared.models import Source, read_all
from tabular_trpo._app.shared.output import Answer, Document
from tabular_trpo._app.shared.pairs import candidates
from tabular_trpo._app.shared.progress import progress_bar
from tabular_trpo._app.shared.theorems import chosen_theorems
from tabular_trpo._app.verify.outcome import Counterexample, Outcome
from tabular_trpo._app.verify.report import report
from tabular_trpo._app.verify.tally import Judged, place
from tabular_trpo._core.errors import LimitError, MemoryGuardError, TabularError
from tabular_trpo._core.policies_once import policies_once
from tabular_trpo._core.signs import MAX_BITS
from tabular_trpo._theory.certifiable import CERTIFIED_BITS
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.judge import FIRST_BITS, NO_VALUE, NOT_MIXTURE, judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.verdict import Status
from tabular_trpo._theory.vocabulary import beyond_certificates

EPILOG = """Vacuous: the precondition fails, or a penalty is infinite; nothing is claimed.
Exit code 0: nothing is refuted or undecided. 1: a statement is refuted, or a
certificate fails its check; the counterexample is printed, or stored by
--certificates. 3: a certificate cannot be written; the verdicts are printed
all the same. 4: undecided.

The `expected` blocks of model files are not compared: they are for the tests
of the models."""
MOST_BITS = 2**20
LONGEST_NAME = 80  # characters of a model or of a pair in the name of a file


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify` to its parser."""
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="+", help="*.mdp.json files, directories of them, or -")
    only = "judge this statement only; may be repeated"
    add("--theorem", metavar="NAME", action="append", default=[], help=only)
    add(
        "--pairs",
        choices=("auto", "file", "made", "all"),
        default="auto",
        help="pairs of policies of the file, made ones, or both; auto (the default): "
        "of the file where it has two policies, else made",
    )
    add("--seed", type=integer(0, 2**63), default=0, help="seed of the random pairs (default 0)")
    many = integer(0, 10**6)
    add("--n-random", type=many, default=2, metavar="N", help="random pairs to make (default 2)")
    add_arithmetic(parser)
    bits = integer(FIRST_BITS, MOST_BITS)
    limit = f"precision at which a logarithm is given up (default {MAX_BITS})"
    add("--bits", type=bits, default=MAX_BITS, metavar="N", help=limit)
    add(
        "--certificates", metavar="DIR", help="write the certificate of each pair there, re-checked"
    )
    add("--full", action="store_true", help="a row for each model and statement")


def run(args: argparse.Namespace) -> Answer:
    """Judge the theorems on pairs of policies of every model, and return the report.

    raises: UsageError, TabularError
    """
    theorems = chosen_theorems(args.theorem)
    if args.certificates is not None:
        check_folder(args.certificates, "--certificates")
    sources = read_all(args.paths, args.arithmetic)
    outcome = Outcome(args, theorems, sources)
    with progress_bar(args.quiet, "verifying", len(sources)) as update:
        for done, source in enumerate(sources):
            with policies_once(source.mdp, source.policies.values()):
                for one in candidates(
                    source.mdp, source.policies, args.pairs, args.seed, args.n_random
                ):
                    pairs = counted(len(outcome.judged), "pair")
                    update(done, f"{done}/{counted(len(sources), 'model')}, {pairs}")
                    _judge(outcome, source, one.name, Pair.of(one))
    return report(outcome)


def _judge(outcome: Outcome, source: Source, name: str, pair: Pair) -> None:
    """Judge all theorems on one pair of policies and add the verdicts to the outcome."""
    args = outcome.args
    verdicts = tuple(judge(x, pair, args.bits, args.arithmetic) for x in outcome.theorems)
    one = Judged(source, name, verdicts)
    outcome.judged.append(one)
    _keep(outcome, one, pair)


def _keep(outcome: Outcome, one: Judged, pair: Pair) -> None:
    """Certify a pair and add the result to the outcome.

    Without --certificates, only pairs with a refuted theorem are certified; with --certificates,
    every certificate is written to a file.
    """
    refuted = any(verdict.status == Status.REFUTED for verdict in one.verdicts)
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
        name = unique(certificate_name(one.source.name, one.name), outcome.taken) + CERTIFICATE
        try:
            path = str(save(Path(outcome.args.certificates), name, document))
            outcome.stored.append(path)
        except TabularError as error:
            outcome.unwritten.append(error)
    if refuted:
        outcome.counterexamples.append(Counterexample(one, document, path))


def certificate_name(model: str, pair: str) -> str:
    """Return the file name of a certificate, without suffix, for any model and pair.

    >>> certificate_name("chain", "uniform -> greedy"), certificate_name("../x", "a/b")
    ('chain-uniform-to-greedy', 'x-a_b')
    """
    names = (x.replace(" -> ", "-to-").replace(" + ", "-plus-") for x in (model, pair))
    parts = (slug(name, "[^A-Za-z0-9._-]", "_", LONGEST_NAME) or "unnamed" for name in names)
    return "-".join(parts)


def _missing(one: Judged, document: Document) -> list[str]:
    """Return a message for each decided statement that the certificate should hold but does not.

    A certificate may lack statements without a value, statements on pairs that are no mixture,
    statements with quantities that certificates cannot state, and equalities that only an identity
    proves.
    """
    held = {claim["name"] for claim in document["claims"]}
    held |= {theorem.name for theorem in THEOREMS if beyond_certificates(theorem.names())}
    rational = {theorem.name for theorem in THEOREMS if theorem.exactness == "rational"}
    for verdict in one.verdicts:
        tie = verdict.slack_lo == 0 and verdict.claim.name not in rational
        if tie or verdict.reason == NOT_MIXTURE or verdict.reason.startswith(NO_VALUE):
            held.add(verdict.claim.name)
    names = [
        verdict.claim.name
        for verdict in one.verdicts
        if verdict.status != Status.UNDECIDED and verdict.claim.name not in held
    ]
    why = f"not settled at the {CERTIFIED_BITS} bits of certificates"
    return [f"{place(one)}, {name}: {why}" for name in names]
