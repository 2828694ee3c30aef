"""Certificates: a pair, its witnesses and its verdicts in one JSON object for `check`.

All numbers are exact: "p/q" in decimals for the model, in hexadecimals for what was computed (a
vector over one denominator), since Python refuses to convert decimals of thousands of digits.  The
format is described in docs/certificate.md; `check.py` is its reader.
"""

import hashlib
import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo._core.errors import LimitError, Problem
from tabular_trpo._core.linalg.rational import CommonDenominator
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.public import public
from tabular_trpo._theory.certifiable import (
    CERTIFIED_BITS,
    check_titles,
    decimal,
    digits,
    hexadecimal,
    left_out,
)
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import NOT_MIXTURE, PRECONDITION_FAILS, check_question, judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.selection import Choice, chosen
from tabular_trpo._theory.verdict import Verdict
from tabular_trpo._theory.vocabulary import WITNESSES, WITNESSES_ON_DEMAND, entries, in_former_names

FORMAT, VERSION = "tabular-trpo-certificate", 2
VALUES = ("eta", "eta_new", "L", "eps", "eps_cpi", "max_tv", "mean_tv", "C", "eta_dot")
VALUES_OF_MIXTURES = ("alpha", "eps_target")
MARGIN = Fraction(1, 2**64)  # for a slack that is exact here and enclosed in the checker


@public
def certificate(mdp: MDP, pi: Any, pi_new: Any, theorems: Choice = None) -> dict[str, Any]:
    """Judge theorems on a pair in rationals and return the certificate, a JSON object.

    It holds the model, both policies, the solutions of their equations, and for each claim its
    formula, its status and its slack; docs/certificate.md describes the fields, and
    `tabular_trpo.check` re-checks them.  A claim that the checker could not follow is left out.

    pi, pi_new: (S, A)
    theorems:   theorems, claims or names of the table; the whole table by default
    raises:     InvalidMDPError and ExactnessError for the policies; LimitError where no claim is
                left, or a number is too long for the checker

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> certificate(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]])["values"]["eta_new"]
    '3/2'
    """
    one_model(mdp)
    return pair_certificate(Pair(mdp, pi, pi_new), theorems)


@public
def pair_certificate(
    pair: Pair, theorems: Choice = None, bits: int = CERTIFIED_BITS
) -> dict[str, Any]:
    """Return the certificate of a pair, a JSON object.

    The object contains the claims and the quantities that they depend on.  A float pair is
    certified as the rationals that equal its floats.  A claim is left out if the checker cannot
    re-check it: if it is undecided, has a side without a value, or is a tie that only an identity
    between logarithms or roots proves.

    theorems: theorems, claims or names of the table; the whole table by default
    bits:     precision at which the sign of a number with logarithms is given up, at most 4096
    raises:   LimitError where no claim is left, or a number is too long for the checker;
              InvalidMDPError for a title that occurs twice or is that of another theorem

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> made = pair_certificate(Pair(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]]), ["trpo_bound"])
    >>> [(claim["name"], claim["status"]) for claim in made["claims"]]
    [('trpo_bound', 'proved')]
    """
    meant = chosen(theorems)
    check_titles(meant)
    for theorem in meant:
        check_question(theorem, pair, bits)
    exact = pair.exact
    model = _model(exact)
    claims, names = _claims(meant, exact, min(bits, CERTIFIED_BITS))
    values = VALUES + VALUES_OF_MIXTURES * exact.is_mixture
    mixture = {"target": "target", "alpha": decimal(exact.alpha)} if exact.is_mixture else None
    made = {
        "format": FORMAT,
        "version": VERSION,
        "model": model,
        "mixture": mixture,
        "witness": _witnesses(names, exact),
        "values": {name: hexadecimal(getattr(exact, name)) for name in values},
        "claims": claims,
    }
    return {**made, "digest": digest(made)}


def _witnesses(names: set[str], pair: Pair) -> dict[str, Any]:
    """Return the solutions that each certificate holds, and those that the names require."""
    found = {name: _vector(getattr(pair, name)) for name in WITNESSES}
    needed = {part.name for entry in entries(names) for part in entry.rests_on}
    return found | {x: _vector(getattr(pair, x)) for x in WITNESSES_ON_DEMAND if x in needed}


def digest(made: dict[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of a certificate without its `digest` field."""
    body = {key: value for key, value in made.items() if key != "digest"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _claims(
    theorems: Sequence[Theorem], pair: Pair, bits: int
) -> tuple[list[dict[str, Any]], set[str]]:
    """Return the claims that the checker can re-check, and the names that it evaluates for them.

    raises: LimitError with the reasons where there is none
    """
    made, problems = [], []
    names: set[str] = set()
    for theorem in theorems:
        verdict = judge(theorem, pair, bits)
        if reason := left_out(theorem, verdict, pair):
            where = f"claim {theorem.name!r}"
            problems.append(Problem("claims", where, f"is left out ({reason})", "one to certify"))
        else:
            made.append(_claim(theorem, verdict, pair))
            names |= _evaluated(theorem, verdict)
    if not made:
        raise LimitError(problems)
    return made, names


def _evaluated(theorem: Theorem, verdict: Verdict) -> set[str]:
    """Return the names that the checker evaluates for a verdict.

    Where the precondition fails, the names in the statement are not among them.
    """
    if verdict.reason == NOT_MIXTURE:
        return set()
    if verdict.reason == PRECONDITION_FAILS and theorem.condition is not None:
        return theorem.condition.names()
    return theorem.names()


def _claim(theorem: Theorem, verdict: Verdict, pair: Pair) -> dict[str, Any]:
    lhs, relation, rhs = map(in_former_names, theorem.text())
    condition = theorem.condition_text()
    foreign = theorem.mixture and not pair.is_mixture
    return {
        "name": theorem.name,
        "equation": theorem.equation,
        "source": theorem.source,
        "lhs": lhs,
        "relation": relation,
        "rhs": rhs,
        "precondition": "mixture" if foreign else condition and in_former_names(condition),
        "status": verdict.status,
        "exactness": theorem.exactness,
        "slack": _slack(verdict, theorem.exactness == "rational"),
    }


def _slack(verdict: Verdict, rational: bool) -> list[str] | None:
    lo, hi = verdict.slack_lo, verdict.slack_hi
    if not isinstance(lo, Fraction):  # absent, or infinite
        return None
    if lo == hi and not rational:  # its logarithms cancel here, and nearly so in enclosures
        lo, hi = sorted((lo * (1 - MARGIN), lo * (1 + MARGIN)))
    return [hexadecimal(lo), hexadecimal(hi)]


def _model(pair: Pair) -> dict[str, Any]:
    mdp = pair.mdp
    states, actions = mdp.state_names, mdp.action_names
    rewards = mdp.r[..., None] if mdp.r_next is None else mdp.r_next
    rewards = np.broadcast_to(rewards, mdp.P.shape)
    rows = [
        [states[s], actions[a], states[t], decimal(mdp.P[s, a, t]), decimal(rewards[s, a, t])]
        for s, a, t in np.argwhere(mdp.P != 0)
    ]
    return {
        "format": "tabular-trpo-mdp",
        "version": 1,
        "gamma": decimal(mdp.gamma),
        "states": list(states),
        "actions": list(actions),
        "rho0": _sparse(mdp.rho0, states),
        "transitions": rows,
        "policies": {
            name: {state: _sparse(row, actions) for state, row in zip(states, pi, strict=True)}
            for name, pi in pair.instance.policies().items()
        },
    }


def _sparse(weights: Array, names: Sequence[str]) -> dict[str, str]:
    return {name: decimal(x) for name, x in zip(names, weights, strict=True) if x != 0}


def _vector(values: Array) -> dict[str, Any]:
    common = CommonDenominator.of(values.ravel())  # a matrix row after row
    return {"den": digits(common.den), "num": [digits(x) for x in common.num]}
