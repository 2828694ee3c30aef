"""The report of a hunt for machines: every number exact."""

from fractions import Fraction
from typing import Any

from tabular_trpo._app.falsify.outcome import Hunt, Hunted
from tabular_trpo._app.falsify.report import command
from tabular_trpo._app.falsify.worked_example import BITS, Hand
from tabular_trpo._app.shared.formatting import exact
from tabular_trpo._core import real
from tabular_trpo._formats.encode import to_document
from tabular_trpo._theory.expression import SCALAR, STATE, TABLE


def document(hunt: Hunt) -> dict[str, Any]:
    """Return the JSON document of the run; two runs of the same search give the same one."""
    args = hunt.args
    return {
        "command": "falsify",
        "exit_code": hunt.code,
        "file": args.file,
        "seed": args.seed,
        "rounds": args.rounds,
        "gamma": exact(args.gamma),
        "around": args.around,
        "families": "forbidden" if args.no_families else "allowed",
        "start": args.start,
        "claims": [_claim(hunt, one) for one in hunt.hunted],
    }


def _claim(hunt: Hunt, one: Hunted) -> dict[str, Any]:
    claim, found = one.stated.claim, one.found
    return {
        "title": claim.name,
        "where": one.stated.where,
        "formula": str(claim.statement),
        "precondition": claim.condition_text(),
        "status": found.status,
        "tried": found.tried,
        "met": one.met,
        "valueless": one.valueless,
        "rounds": found.rounds,
        "ratio": None if one.ratio is None else exact(one.ratio),
        "pair": None if one.hand is None else _pair(one.hand),
        "model_file": one.files.model,
        "certificate_file": one.files.certificate,
        "no_certificate": one.reason or one.files.wrong or _unwritten(one) or None,
        "repeat": command(hunt, one),
    }


def _unwritten(one: Hunted) -> str:
    return "" if one.files.unwritten is None else str(one.files.unwritten)


def _pair(hand: Hand) -> dict[str, Any]:
    pair = hand.pair
    return {
        "model": to_document(pair.mdp, pair.instance.policies()),
        "alpha": exact(pair.alpha),
        "scalars": {name: _number(x) for name, x in hand.of(SCALAR).items()},
        "per_state": {name: _vector(x) for name, x in hand.of(STATE).items()},
        "per_action": {name: [_vector(x) for x in rows] for name, rows in hand.of(TABLE).items()},
        "lhs": _number(hand.lhs),
        "rhs": _number(hand.rhs),
        "verdict": hand.verdict.status,
        "slack": [exact(hand.verdict.slack_lo), exact(hand.verdict.slack_hi)],
    }


def _vector(values: Any) -> list[Any]:
    return [_number(x) for x in values]


def _number(value: Any) -> Any:
    """Write a rational as "p/q", what is none as [lo, hi] around it, infinity as "inf"."""
    if value is None or isinstance(value, Fraction) or real.is_infinite(value):
        return exact(value)
    return [exact(x) for x in real.enclose(value, BITS)]
