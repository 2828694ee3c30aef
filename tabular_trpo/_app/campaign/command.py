"""Screen every theorem on millions of drawn pairs, and judge exactly the pairs near equality."""

import argparse
import hashlib
import json
from collections.abc import Sequence

from tabular_trpo import __version__
from tabular_trpo._app.campaign import worker
from tabular_trpo._app.campaign.journal import AGAIN, FORMAT, VERSION, Journal, damaged, journal
from tabular_trpo._app.campaign.report import report
from tabular_trpo._app.campaign.sealed_lines import Record
from tabular_trpo._app.campaign.totals import Totals
from tabular_trpo._app.shared import executors
from tabular_trpo._app.shared.arguments import integer
from tabular_trpo._app.shared.executors import EXECUTORS, Started, in_order
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.progress import Update, progress_bar
from tabular_trpo._app.shared.theorems import chosen_theorems
from tabular_trpo._falsify.screen import Plan, batch
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.vocabulary import in_former_names

EPILOG = """The file has a JSON line for each chunk (docs/campaign.md) and is the same,
byte for byte, for any executor and number of workers. After an interrupt,
the same command continues it.

Exit code 0: no statement is refuted. 1: one is; the pair is in the file.
4: something suspicious is left undecided. dask needs the extra `distributed`
and obeys DASK_SCHEDULER_ADDRESS; mpi needs the extra `mpi`:
mpiexec -n 64 python -m mpi4py.futures -m tabular_trpo campaign --executor mpi"""
MOST_PAIRS, MOST_CHUNK = 10**12, 10**5
FINGERPRINT = 8  # drawn pairs whose hash detects a numpy that draws other pairs


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `campaign` to its parser."""
    add = parser.add_argument
    add("--pairs", type=integer(1, MOST_PAIRS), default=10**6, metavar="N", help="default 1000000")
    add(
        "--seed",
        type=integer(0, 2**63),
        default=0,
        metavar="N",
        help="seed of the drawn pairs (default 0)",
    )
    add(
        "--chunk",
        type=integer(1, MOST_CHUNK),
        default=5000,
        metavar="N",
        help="pairs of a line (default 5000)",
    )
    add("--theorems", nargs="+", default=[], metavar="NAME", help="the theorems (default: all)")
    executors.arguments(parser)
    add("--out", default="campaign.jsonl", metavar="FILE", help="default campaign.jsonl")


def run(args: argparse.Namespace) -> Answer:
    """Run a campaign, or continue one that was interrupted, and return its report.

    raises: UsageError, TabularError, OSError
    """
    executors.check(args)
    theorems = chosen_theorems(args.theorems)
    plan = Plan(args.seed, args.pairs, args.chunk, tuple(theorem.name for theorem in theorems))
    totals = Totals(plan.theorems)
    with journal(args.out, header(plan, theorems), totals.add) as file:
        if file.summary is not None:
            check_summary(args.out, file.summary, totals)
        else:
            with EXECUTORS[args.executor](args.workers) as started:
                with progress_bar(args.quiet, "screening", plan.pairs) as update:
                    carry_out(plan, file, totals, started, update)
        assert file.summary is not None
        return report(args.out, file.summary)


def carry_out(plan: Plan, file: Journal, totals: Totals, started: Started, update: Update) -> None:
    """Screen the chunks that are not in the file yet, then write the summary.

    totals: sums over the chunks of the file; the new chunks are added
    raises: LimitError where a worker process ends early
    """
    update(totals.pairs, f"{totals.pairs:,}/{plan.pairs:,} pairs")
    rest = ((plan, index) for index in range(file.written, plan.chunks))
    for record in in_order(started, worker.chunk, rest, AGAIN):
        file.add(record)
        totals.add(record)
        update(totals.pairs, f"{totals.pairs:,}/{plan.pairs:,} pairs")
    tightest = totals.tightest()
    tasks = ((plan, *one) for one in tightest)
    verdicts = in_order(started, worker.witness, tasks, AGAIN)
    for (name, _, _), verdict in zip(tightest, verdicts, strict=True):
        totals.witnessed(name, verdict)
    file.add({"summary": totals.summary()})


def check_summary(path: str, summary: Record, totals: Totals) -> None:
    """Check that a summary is the sum of the chunks before it.

    raises: InvalidMDPError, naming line and file, where it is not
    """
    line = totals.chunks + 2
    try:
        for name, _, _ in totals.tightest():
            totals.witnessed(name, summary["statements"][name]["tightest"]["exact"])
        right = totals.summary() == summary
    except (KeyError, TypeError, AttributeError):
        right = False
    if not right:
        raise damaged(path, line, "the sums of the lines before it")


def header(plan: Plan, theorems: Sequence[Theorem]) -> Record:
    """Return the record of the first line, with every setting that the other lines depend on."""
    stated = ((*theorem.text(), theorem.condition_text()) for theorem in theorems)
    texts = [[x and in_former_names(x) for x in each] for each in stated]
    cases = batch(Plan(plan.seed, FINGERPRINT, FINGERPRINT, ()), 0).drawn.cases
    drawn = b"".join(x.tobytes() for x in (cases.P, cases.r, cases.pi, cases.target))
    return {
        "format": FORMAT,
        "version": VERSION,
        "package": __version__,
        "seed": plan.seed,
        "pairs": plan.pairs,
        "chunk": plan.chunk,
        "theorems": list(plan.theorems),
        "formulas": hashlib.sha256(json.dumps(texts).encode()).hexdigest(),
        "drawn": hashlib.sha256(drawn).hexdigest(),
    }
