"""Certificates: a pair, its witnesses and its verdicts in one JSON object for `check`.

All numbers are exact: "p/q" in decimals for the model, in hexadecimals for what was computed (a
vector over one denominator), since Python refuses to convert decimals of thousands of digits.  The
format is described in docs/certificate.md; `check.py` is its reader.
"""

import hashlib
import json
from collections.abc import Sequence
from fractions import Fraction
from math import isinf
from typing import Any

import numpy as np

from tabular_trpo.core.decide import MAX_BITS
from tabular_trpo.core.linalg.rational import Common
from tabular_trpo.core.mdp import MDP
from tabular_trpo.core.numbers import Array
from tabular_trpo.theory.bounds import THEOREMS
from tabular_trpo.theory.claim import Theorem, Verdict
from tabular_trpo.theory.judge import NO_VALUE, judge
from tabular_trpo.theory.pair import Pair

FORMAT, VERSION = "tabular-trpo-certificate", 1
WITNESSES = ("V", "rho", "V_new", "rho_new", "W", "V_dot")
VALUES = ("eta", "eta_new", "L", "eps", "eps_cpi", "max_tv", "mean_tv", "C", "eta_dot")
VALUES_OF_MIXTURES = ("alpha", "eps_target")


def certificate(
    mdp: MDP, pi: Any, pi_new: Any, theorems: Sequence[Theorem] | None = None
) -> dict[str, Any]:
    """Judge theorems on a pair in rationals and return the certificate; see `pair_certificate`.

    theorems: the whole table by default
    raises:   InvalidMDPError, LaneError

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> certificate(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]])["values"]["eta_new"]
    '3/2'
    """
    return pair_certificate(Pair(mdp, pi, pi_new), theorems)


def pair_certificate(
    pair: Pair, theorems: Sequence[Theorem] | None = None, bits: int = MAX_BITS
) -> dict[str, Any]:
    """Return the certificate of a pair: proved, refuted and vacuous claims with all they rest on.

    A float pair is certified as the rationals that its floats are.  A claim that stays undecided at
    `bits`, or a side of which has no value, has nothing to certify and is left out.
    """
    exact = pair.exact
    chosen = THEOREMS if theorems is None else theorems
    verdicts = [(theorem, judge(theorem, exact, bits)) for theorem in chosen]
    values = VALUES + VALUES_OF_MIXTURES * exact.is_mixture
    mixture = {"target": "target", "alpha": str(exact.alpha)} if exact.is_mixture else None
    made = {
        "format": FORMAT,
        "version": VERSION,
        "model": _model(exact),
        "mixture": mixture,
        "witness": {name: _vector(getattr(exact, name)) for name in WITNESSES},
        "values": {name: _hex(getattr(exact, name)) for name in values},
        "claims": [_claim(t, v, exact) for t, v in verdicts if _certifiable(v)],
    }
    return {**made, "digest": digest(made)}


def digest(made: dict[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of a certificate, its own digest left out."""
    body = {key: value for key, value in made.items() if key != "digest"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _certifiable(verdict: Verdict) -> bool:
    return verdict.status != "undecided" and not verdict.reason.startswith(NO_VALUE)


def _claim(theorem: Theorem, verdict: Verdict, pair: Pair) -> dict[str, Any]:
    lhs, relation, rhs = theorem.text()
    foreign = theorem.mixture and not pair.is_mixture
    return {
        "name": theorem.name,
        "equation": theorem.equation,
        "source": theorem.source,
        "lhs": lhs,
        "relation": relation,
        "rhs": rhs,
        "precondition": "mixture" if foreign else theorem.condition_text(),
        "status": verdict.status,
        "exactness": theorem.exactness,
        "slack": _slack(verdict),
    }


def _slack(verdict: Verdict) -> list[str] | None:
    if verdict.slack_lo is None or isinf(verdict.slack_lo):
        return None
    return [_hex(verdict.slack_lo), _hex(verdict.slack_hi)]


def _model(pair: Pair) -> dict[str, Any]:
    mdp = pair.mdp
    states, actions = mdp.state_names, mdp.action_names
    policies = {"pi": pair.pi, "pi_new": pair.pi_new}
    if pair.is_mixture:
        policies["target"] = pair.target
    rewards = mdp.r[..., None] if mdp.r_next is None else mdp.r_next
    rewards = np.broadcast_to(rewards, mdp.P.shape)
    rows = [
        [states[s], actions[a], states[t], str(mdp.P[s, a, t]), str(rewards[s, a, t])]
        for s, a, t in np.argwhere(mdp.P != 0)
    ]
    return {
        "format": "tabular-trpo-mdp",
        "version": 1,
        "gamma": str(mdp.gamma),
        "states": list(states),
        "actions": list(actions),
        "rho0": _sparse(mdp.rho0, states),
        "transitions": rows,
        "policies": {
            name: {state: _sparse(row, actions) for state, row in zip(states, pi, strict=True)}
            for name, pi in policies.items()
        },
    }


def _sparse(weights: Array, names: Sequence[str]) -> dict[str, str]:
    return {name: str(x) for name, x in zip(names, weights, strict=True) if x != 0}


def _hex(x: Fraction) -> str:
    whole = f"{x.numerator:x}"
    return whole if x.denominator == 1 else f"{whole}/{x.denominator:x}"


def _vector(values: Array) -> dict[str, Any]:
    common = Common.of(values)
    return {"den": f"{common.den:x}", "num": [f"{x:x}" for x in common.num]}
