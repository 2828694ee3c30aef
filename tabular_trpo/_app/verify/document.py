"""The JSON report of `verify`: every verdict, with exact numbers."""

from collections.abc import Sequence

from tabular_trpo._app.shared.formatting import json_number
from tabular_trpo._app.shared.models import Source
from tabular_trpo._app.shared.output import Document
from tabular_trpo._app.verify.outcome import Outcome
from tabular_trpo._app.verify.tally import Judged, Tally, by_statement
from tabular_trpo._core.terminal import plain
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.theorems import distinct
from tabular_trpo._theory.verdict import Verdict


def document(outcome: Outcome, total: Tally, code: int) -> Document:
    """Return the JSON document of a run; `total` counts all verdicts, `code` is the exit code."""
    args = outcome.args
    return {
        "command": "verify",
        "exit_code": code,
        "seed": args.seed,
        "n_random": args.n_random,
        "bits": args.bits,
        "lane": args.arithmetic,
        "pairs": args.pairs,
        "distinct": len(distinct(outcome.theorems)),
        "totals": _tally(total),
        "statements": [
            {**_theorem(theorem), **_tally(by_statement(outcome.judged, i))}
            for i, theorem in enumerate(outcome.theorems)
        ],
        "models": [_model(source, outcome.of(source)) for source in outcome.sources],
        "counterexamples": [
            {
                "model": one.judged.source.name,
                "pair": one.judged.name,
                "path": one.path,
                "certificate": one.certificate,
            }
            for one in outcome.counterexamples
        ],
        "certificates": outcome.stored,
        "failed_certificates": outcome.unsound,
        "uncertified": outcome.uncertified,
    }


def _theorem(theorem: Theorem) -> Document:
    """Return the name, equation and source of a theorem for JSON."""
    return {
        "name": theorem.name,
        "equation": theorem.equation,
        "source": theorem.source,
        "same_as": theorem.same_as or None,
        "algebra": theorem.algebra,
    }


def _tally(one: Tally) -> Document:
    """Return the counts, the least slack and the largest tightness of verdicts for JSON."""
    return {
        **one.counts,
        "lanes": list(one.arithmetics),
        "equal": one.equal,
        "least_slack": json_number(one.slack),
        "least_slack_at": plain(one.slack_at),
        "largest_tightness": json_number(one.tightness),
        "largest_tightness_at": plain(one.tightness_at),
    }


def _model(source: Source, mine: Sequence[Judged]) -> Document:
    """Return the verdicts on the pairs of one model for JSON."""
    mdp = source.mdp
    return {
        "name": source.name,
        "path": source.path,
        "states": mdp.n_states,
        "actions": mdp.n_actions,
        "gamma": json_number(mdp.gamma),
        "lane": mdp.arithmetic,
        "pairs": [
            {"name": one.name, "verdicts": [_verdict(verdict) for verdict in one.verdicts]}
            for one in mine
        ],
    }


def _verdict(verdict: Verdict) -> Document:
    """Return one verdict for JSON."""
    return {
        "name": verdict.claim.name,
        "status": verdict.status,
        "lane": verdict.arithmetic,
        "slack": None
        if verdict.slack_lo is None
        else [json_number(verdict.slack_lo), json_number(verdict.slack_hi)],
        "tightness": json_number(verdict.tightness),
        "reason": verdict.reason,
    }
