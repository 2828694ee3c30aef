"""Certificates of steps: a pair of policies, theorems about it, and a proof of optimality.

The proof is a dual solution of the penalised problem, with duality gap 0 (`duality`).
"""

from typing import Any

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.linalg.rational import CommonDenominator
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import shown
from tabular_trpo._core.public import public
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.surrogate import surrogate
from tabular_trpo._improve.duality import duality_gap
from tabular_trpo._improve.multipliers import TVPenalty
from tabular_trpo._improve.step import Step
from tabular_trpo._theory.certifiable import digits, hexadecimal
from tabular_trpo._theory.certificate import certificate, digest
from tabular_trpo._theory.selection import Choice

CERTIFIED = ("surrogate_value", "trpo_bound", "improvement_statewise")


@public
def step_certificate(mdp: MDP, pi: Any, step: Step, theorems: Choice = CERTIFIED) -> dict[str, Any]:
    """Return the certificate of a pair of policies that also proves a `tv_penalty` step optimal.

    `check` proves from the model in the document, by the multipliers of the step, that no policy
    has a larger sum_{s,a} rho A (pi_new - pi) - c max_s D_TV(pi(s), pi_new(s))^2: see
    docs/certificate.md.  With c >= 4 eps gamma / (1 - gamma)^2 the step is one exact iteration
    of Algorithm 1 of TRPO (2015), in the total variation of its Theorem 1.

    pi:       (S, A) rational, the old policy of the step
    step:     a step of `tv_penalty` from pi
    theorems: the theorems that are certified for the pair, as for `certificate`
    return:   a JSON document
    raises:   InvalidMDPError for a float model, for a step of another kind or of another policy,
              and for one that is no optimum; ExactnessError for a float policy; LimitError for
              work beyond the limit

    >>> from tabular_trpo import check
    >>> from tabular_trpo._improve.total_variation import tv_penalty
    >>> mdp, pi = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/2", "1/2"]]
    >>> made = step_certificate(mdp, pi, tv_penalty(surrogate(evaluate(mdp, pi)), 4))
    >>> check.check(made)[-1].name
    'tv_penalised_step'
    """
    if mdp.arithmetic != "rational":
        cure = "Compute the step for mdp.to_rational()"
        raise invalid("lane", "mdp", "is in floats", "rational numbers", cure)
    found = step.multipliers
    if not isinstance(found, TVPenalty):
        raise invalid("step", "multipliers", f"has {sorted(found)}", "c, a and m of tv_penalty")
    gap = duality_gap(surrogate(evaluate(mdp, pi)), step)
    if gap != 0 or found.a != step.max_tv:
        got, expected = f"may be {shown(gap)} below the optimum", "an optimal step from pi, gap 0"
        raise invalid("step", "step", got, expected)
    made = certificate(mdp, pi, step.pi_new, theorems)
    m = CommonDenominator.of(found.m)
    made["step"] = {
        "c": hexadecimal(found.c),
        "a": hexadecimal(found.a),
        "m": {"den": digits(m.den), "num": [digits(x) for x in m.num]},
    }
    return {**made, "digest": digest(made)}
