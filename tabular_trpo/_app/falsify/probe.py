"""A test before a search: whether a claim has a value on any of the first random pairs."""

import re

import numpy as np

from tabular_trpo._core.errors import Problem
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.score import scorer
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import NO_VALUE, judge
from tabular_trpo._theory.verdict import Status

PAIRS = 200
ENOUGH = 20  # pairs without a value that are a problem if no pair has a value


def fault(claim: Theorem, where: str) -> Problem | None:
    """Return the problem of a claim that has no value on any of PAIRS random pairs, or None.

    A claim whose precondition holds on fewer than ENOUGH of these pairs has no problem.
    """
    cases = draw(np.random.default_rng(0), PAIRS, 2, 2)
    valueless, why = 0, ""
    try:
        scorer(claim)
        for i in range(PAIRS):
            verdict = judge(claim, cases.exact(i).as_mixture(claim.mixture).pair())
            if verdict.reason.startswith(NO_VALUE):
                valueless, why = valueless + 1, why or verdict.reason
            elif verdict.status != Status.VACUOUS:
                return None
    except Exception as error:
        kind, text = type(error).__name__, " ".join(str(error).split())
        got = f"cannot be evaluated: {kind}: {text:.200}"
        return Problem("claim", where, got, "a formula of moderate size and numbers")
    if valueless < ENOUGH:
        return None
    why = re.sub(r"Fraction\(.*, 0\)", "division by 0", why.removeprefix(f"{NO_VALUE}: "))
    got = f"has no value on any of the {PAIRS} pairs tried first ({why})"
    cure = "Look for a divisor that is 0, a root of a negative number, infinity - infinity"
    return Problem("claim", where, got, "a value on some pair", cure)
