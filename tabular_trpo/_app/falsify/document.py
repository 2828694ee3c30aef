"""The JSON report of `falsify`: every number exact."""

from fractions import Fraction

from tabular_trpo._app.falsify.outcome import ClaimResult, FalsifyRun
from tabular_trpo._app.falsify.report import command
from tabular_trpo._app.falsify.worked_example import BITS, WorkedExample
from tabular_trpo._app.shared.formatting import JsonNumber, json_number
from tabular_trpo._app.shared.output import Document
from tabular_trpo._core import real
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._formats.encode import to_document
from tabular_trpo._theory.vocabulary import SCALAR, STATE, TABLE

Json = JsonNumber | list[JsonNumber]


def document(run: FalsifyRun) -> Document:
    """Return the JSON document of a run; two runs of the same search return equal documents."""
    args = run.args
    return {
        "command": "falsify",
        "exit_code": run.code,
        "file": args.file,
        "seed": args.seed,
        "rounds": args.rounds,
        "gamma": json_number(args.gamma),
        "around": args.center,
        "families": "forbidden" if args.no_families else "allowed",
        "start": args.start,
        "claims": [_claim(run, one) for one in run.results],
    }


def _claim(run: FalsifyRun, one: ClaimResult) -> Document:
    """Return the JSON document of one claim and its result."""
    claim, found = one.stated.claim, one.found
    return {
        "title": claim.name,
        "where": one.stated.where,
        "formula": str(claim.statement),
        "precondition": claim.condition_text(),
        "status": found.status,
        "tried": found.tried,
        "met": one.n_applicable,
        "valueless": one.valueless,
        "rounds": found.rounds,
        "ratio": None if one.ratio is None else json_number(one.ratio),
        "pair": None if one.example is None else _pair(one.example),
        "model_file": one.files.model,
        "certificate_file": one.files.certificate,
        "no_certificate": one.reason or one.files.wrong or _unwritten(one) or None,
        "repeat": command(run, one),
    }


def _unwritten(one: ClaimResult) -> str:
    """Return the error of a file that could not be written as text, empty without one."""
    return "" if one.files.unwritten is None else str(one.files.unwritten)


def _pair(example: WorkedExample) -> Document:
    """Return the JSON document of a pair: its model, its quantities and the sides of the claim."""
    pair = example.pair
    return {
        "model": to_document(pair.mdp, pair.instance.policies()),
        "alpha": json_number(pair.alpha),
        "scalars": {name: _number(x) for name, x in example.of_rank(SCALAR).items()},
        "per_state": {name: _vector(x) for name, x in example.of_rank(STATE).items()},
        "per_action": {
            name: [_vector(x) for x in rows] for name, rows in example.of_rank(TABLE).items()
        },
        "lhs": _number(example.lhs),
        "rhs": _number(example.rhs),
        "verdict": example.verdict.status,
        "slack": [json_number(example.verdict.slack_lo), json_number(example.verdict.slack_hi)],
    }


def _vector(values: Array) -> list[Json]:
    """Return a row of numbers for JSON."""
    return [_number(x) for x in values]


def _number(value: Scalar | None) -> Json:
    """Return a rational as "p/q", infinity as "inf", another number as an enclosure [lo, hi]."""
    if value is None or isinstance(value, Fraction) or real.is_infinite(value):
        return json_number(value)
    return [json_number(x) for x in real.enclose(value, BITS)]
