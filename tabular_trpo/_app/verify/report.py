"""The text report of `verify`: one screen, with details of refuted and undecided statements."""

import json
import shlex
from collections.abc import Sequence

from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.formatting import counted, short
from tabular_trpo._app.shared.models import Source
from tabular_trpo._app.shared.output import Answer
from tabular_trpo._app.shared.page import Part, Verbatim
from tabular_trpo._app.verify.document import document
from tabular_trpo._app.verify.outcome import Outcome, exit_code
from tabular_trpo._app.verify.tables import models, rows, statements
from tabular_trpo._app.verify.tally import STATUSES, Judged, Tally, place, together
from tabular_trpo._core.errors import joined
from tabular_trpo._core.startup import PROGRAM
from tabular_trpo._theory.judge import MOST_ENTRIES, MOST_STATES, unaffordable
from tabular_trpo._theory.theorems import distinct
from tabular_trpo._theory.verdict import Status, Verdict

MOST_REFUTED, MOST_UNDECIDED = 10, 3  # verdicts that are listed one by one
LEGEND = (
    "Proved k/n: on k of the n pairs where the statement claims something; else vacuous.",
    "Least slack: the least that is not 0. Tightness: the largest gap / penalty, 1 at equality.",
)
ONCE = "Statements with the same sides are counted once below; docs/theory.md lists them."


def report(outcome: Outcome) -> Answer:
    """Return the answer of `verify`: exit code, JSON document and text report."""
    total = together(outcome.judged, outcome.theorems)
    code = exit_code(total, outcome)
    parts: list[Part] = [_title(outcome.sources), statements(outcome), *LEGEND]
    if len(distinct(outcome.theorems)) < len(outcome.theorems):
        parts.append(ONCE)
    if outcome.args.full:
        parts.append(rows(outcome))
    elif len(outcome.sources) > 1:
        parts.append(models(outcome, total))
    parts += _failures(outcome)
    if outcome.stored:
        parts.append(
            f"{counted(len(outcome.stored), 'certificate')} in {outcome.args.certificates}, "
            "each re-checked."
        )
    parts.append(_sizes(outcome, total))
    line = _summary(outcome, total, code)
    unwritten = joined(outcome.unwritten)
    return Answer(code, document(outcome, total, code), parts, line, unwritten=unwritten)


def _title(sources: Sequence[Source]) -> str:
    return sources[0].name if len(sources) == 1 else f"{len(sources)} models"


def _failures(outcome: Outcome) -> list[Part]:
    """Return lines on refuted or undecided verdicts, a counterexample, a command to repeat one."""
    lines: list[Part] = []
    bad = [(one, v) for one in outcome.judged for v in one.verdicts if v.status in STATUSES[2:]]
    bad.sort(key=lambda entry: entry[1].status != Status.REFUTED)
    n_refuted = sum(verdict.status == Status.REFUTED for _, verdict in bad)
    listed = bad[: min(n_refuted, MOST_REFUTED)] or bad[:MOST_UNDECIDED]
    for one, verdict in listed:
        head = f"{verdict.status.upper()} {verdict.claim.name} on {place(one)}"
        lines.append(f"{head}: {_slack(verdict)}")
    if len(bad) > len(listed):
        lines.append(f"{len(bad) - len(listed)} more are refuted or undecided; --json lists them.")
    lines += [f"CERTIFICATE FAILS ITS CHECK: {text}" for text in outcome.unsound]
    lines += [f"NO CERTIFICATE of {text}" for text in outcome.uncertified]
    if bad:
        lines.append(Verbatim(f"Repeat: {_command(outcome, *bad[0])}"))
    return lines + _first_counterexample(outcome)


def _first_counterexample(outcome: Outcome) -> list[Part]:
    """Return the paths of stored counterexamples; without one, the first certificate as text."""
    stored = [one.path for one in outcome.counterexamples if one.path is not None]
    if stored:
        return [Verbatim(f"Counterexample: {path}") for path in stored]
    return [
        part
        for one in outcome.counterexamples[:1]
        for part in (
            f"The counterexample on {place(one.judged)}; --certificates DIR stores it for `check`:",
            Verbatim(json.dumps(one.certificate)),
        )
    ]


def _slack(verdict: Verdict) -> str:
    """Return the slack of a verdict, exact or as an interval, with the reason, as text."""
    lo, hi = verdict.slack_lo, verdict.slack_hi
    if lo is None:
        return verdict.reason
    slack = f"slack {short(lo)}" if lo == hi else f"slack in [{short(lo)}, {short(hi)}]"
    return f"{slack}; {verdict.reason}" if verdict.reason else slack


def _command(outcome: Outcome, one: Judged, verdict: Verdict) -> str:
    """Return the shell command that judges one theorem on the model of a pair again."""
    args = outcome.args
    words = [PROGRAM, "verify", one.source.path, "--theorem", verdict.claim.name]
    words += ["--pairs", args.pairs, "--seed", str(args.seed), "--n-random", str(args.n_random)]
    return shlex.join([*words, "--arithmetic", args.arithmetic, "--bits", str(args.bits)])


def _hint(outcome: Outcome) -> str:
    """Return advice on the undecided verdicts, one clause for each reason that occurs."""
    open_ones = [
        (one.source.mdp, verdict)
        for one in outcome.judged
        for verdict in one.verdicts
        if verdict.status == Status.UNDECIDED
    ]
    cures: list[str] = []
    if any(verdict.arithmetic == "enclosure" for _, verdict in open_ones):
        cures.append("try more --bits")
    floats = [mdp for mdp, verdict in open_ones if verdict.arithmetic == "float"]
    if floats:
        cures.append("identities and ties need the rational arithmetic")
        small = any(not unaffordable(mdp) for mdp in floats)
        if small and outcome.args.arithmetic == "float":
            cures.append("leave out --arithmetic float")
        if any(map(unaffordable, floats)):
            cures.append(
                f"its limits are S <= {MOST_STATES} and S*S*A <= {MOST_ENTRIES}: "
                "verify a smaller model"
            )
    if any(verdict.arithmetic == "rational" for _, verdict in open_ones):
        cures.append("the reason of each open verdict names its limit")
    if outcome.uncertified:
        cures.append("not every verdict has a certificate")
    return "; ".join(cures)


def _summary(outcome: Outcome, total: Tally, code: ExitCode) -> str:
    """Return the counts of verdicts and the meaning of the exit code in one line."""
    counts = ", ".join(f"{total.counts[status]} {status}" for status in STATUSES)
    meaning = {
        ExitCode.OK: "all that is claimed holds",
        ExitCode.VIOLATED: "a statement is refuted"
        if total.counts[Status.REFUTED]
        else "a certificate fails its check",
        ExitCode.INVALID: "a certificate cannot be written",
        ExitCode.LIMIT: f"something is left open; {_hint(outcome)}",
    }[code]
    return f"{counts}. Exit code {code}: {meaning}."


def _sizes(outcome: Outcome, total: Tally) -> str:
    """Return the numbers of models, pairs and statements, the seed and the arithmetic."""
    sizes = [
        counted(len(outcome.sources), "model"),
        counted(len(outcome.judged), "pair"),
        counted(len(outcome.theorems), "statement"),
    ]
    if (n := len(distinct(outcome.theorems))) < len(outcome.theorems):
        sizes[-1] += f" ({n} distinct)"
    arithmetics = " and ".join(total.arithmetics) or "no"
    return f"{', '.join(sizes)}; seed {outcome.args.seed}; {arithmetics} arithmetic."
