"""Verdicts: enclosed floats first, then rationals, then logarithms to as many bits as it takes.

Floats never prove an equality; they prove an inequality or refute a claim only where the enclosure
of its slack leaves no doubt.  In rationals the sign of the slack is certain, and with logarithms it
is certain too unless a limit is reached: then, and only then, a verdict is undecided.
"""

from fractions import Fraction
from math import inf, isinf, nextafter
from numbers import Integral
from typing import Any

from tabular_trpo._core import real
from tabular_trpo._core.budget import spend
from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.errors import (
    InvalidMDPError,
    LimitError,
    MemoryGuardError,
    NoValueError,
    Problem,
    TabularError,
    invalid,
)
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import shown
from tabular_trpo._core.public import public
from tabular_trpo._core.signs import MAX_BITS
from tabular_trpo._theory.claim import Claim, Theorem, Verdict
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.quantities import Quantities
from tabular_trpo._theory.ratio import ratio_of

ARITHMETICS = ("auto", "float", "rational")
MOST_STATES, MOST_ENTRIES = 120, 2**20  # of a float model that is made rational to settle a claim
FIRST_BITS = 64
# Work of one statement, in that of evaluating both policies (`benchmarks.exact_work`).
STATEMENT = 1.0
NOT_MIXTURE = "the pair is no mixture"
NOT_MET = "the precondition fails"
INFINITE = "a side is infinite"
NO_VALUE = "a side has no value"
Bounds = tuple[str, Any, Any]  # status, slack_lo, slack_hi


@renamed_arguments(lane="arithmetic")
@public
def judge(theorem: Theorem, pair: Pair, bits: int = MAX_BITS, arithmetic: str = "auto") -> Verdict:
    """Decide a theorem, or any claim, on one pair.

    bits:   precision at which the sign of a number with logarithms is given up
    arithmetic:   "auto" escalates; "float" stays with enclosed floats; "rational" begins with rationals
    return: Verdict; "undecided" only where a limit was reached, which `reason` names
    raises: InvalidMDPError for a batch of pairs, an unknown arithmetic or bits < 1; TypeError
    """
    check_question(theorem, pair, bits, arithmetic)
    if theorem.mixture and not pair.is_mixture:
        own = "rational" if arithmetic == "rational" else pair.mdp.arithmetic
        return Verdict("vacuous", None, None, own, theorem.claim(None, None), NOT_MIXTURE)
    if pair.mdp.arithmetic == "float" and arithmetic != "rational":
        verdict = _decide(theorem, pair.enclosed(), "float", bits)
        if verdict.status != "undecided":
            return verdict
        limit = (
            "the arithmetic is float by choice" if arithmetic == "float" else unaffordable(pair.mdp)
        )
        if limit:
            reason = f"{verdict.reason}; rationals were not tried: {limit}"
            return Verdict(
                "undecided", verdict.slack_lo, verdict.slack_hi, "float", verdict.claim, reason
            )
    try:
        exact = pair.exact
        _ = exact.old, exact.new
        spend(STATEMENT * exact.exact_seconds, f"{theorem.name} in rationals")
    except (LimitError, MemoryGuardError) as limit_met:
        return Verdict(
            "undecided", None, None, "rational", theorem.claim(None, None), str(limit_met)
        )
    return _decide(theorem, exact, "rational", bits)


def check_question(
    theorem: object, pair: object, bits: object, arithmetic: object = "auto"
) -> None:
    """Refuse what cannot be judged; see `judge`."""
    if not isinstance(theorem, Theorem):
        cure = '@tt.claim("title") makes one of a function'
        raise TypeError(f"theorem = {shown(theorem)}, expected a Theorem. {cure}")
    if not isinstance(pair, Pair):
        raise TypeError(f"pair = {shown(pair)}, expected tt.Pair(mdp, pi, pi_new)")
    if isinstance(bits, bool) or not isinstance(bits, Integral):
        raise TypeError(f"bits = {shown(bits)}, expected an integer")
    if bits < 1:
        raise invalid("bits", "bits", f"= {shown(bits)}", "a positive integer")
    if pair.mdp.batch_shape:
        got, cure = f"has batch {pair.mdp.batch_shape}", "Take one pair by pair[i]"
        raise invalid("batch", "pair", got, "a single pair", cure)
    if arithmetic not in ARITHMETICS:
        raise InvalidMDPError(
            Problem("lane", "arithmetic", f"= {arithmetic!r}", f"one of {', '.join(ARITHMETICS)}")
        )


def unaffordable(mdp: MDP) -> str:
    """Return why a float model is not made rational unasked, or nothing."""
    entries = mdp.n_states**2 * mdp.n_actions
    if mdp.n_states > MOST_STATES or entries > MOST_ENTRIES:
        return f"S = {mdp.n_states}, S*S*A = {entries}, limits {MOST_STATES} and {MOST_ENTRIES}"
    return ""


def _decide(theorem: Theorem, pair: Quantities, arithmetic: str, bits: int) -> Verdict:
    """Judge the precondition, then the statement, in one arithmetic."""
    unknown = theorem.claim(None, None)
    try:
        if theorem.condition is not None:
            status, *_ = bounds(theorem.at(pair, theorem.condition), bits)
            if status == "undecided":
                return Verdict(status, None, None, arithmetic, unknown, "the precondition is open")
            if status == "refuted":
                return Verdict("vacuous", None, None, arithmetic, unknown, NOT_MET)
        claim = theorem(pair)
        status, lo, hi = bounds(claim, bits)
    except LimitError as limit:
        return Verdict("undecided", None, None, _kind(theorem, arithmetic), unknown, str(limit))
    except NoValueError as undefined:
        return Verdict("vacuous", None, None, arithmetic, unknown, f"{NO_VALUE}: {undefined}")
    except TabularError:
        raise
    except (ArithmeticError, ValueError) as undefined:
        # inf - inf, division by 0, the root of a negative number
        status = "undecided" if arithmetic == "float" else "vacuous"
        return Verdict(status, None, None, arithmetic, unknown, f"{NO_VALUE}: {undefined}")
    reason = {"vacuous": INFINITE, "undecided": "the enclosure of the slack contains 0"}.get(
        status, ""
    )
    if status == "vacuous":
        return Verdict(status, None, None, arithmetic, _shown(claim), reason)
    kind = "enclosure" if isinstance(claim.slack, real.Real) else arithmetic
    tightness = _tightness(theorem, claim, pair, lo)
    return Verdict(status, lo, hi, kind, _shown(claim), reason, tightness)


def _kind(theorem: Theorem, arithmetic: str) -> str:
    return arithmetic if theorem.exactness == "rational" or arithmetic == "float" else "enclosure"


def bounds(claim: Claim, bits: int = MAX_BITS) -> Bounds:
    """Return the status of a claim from its numbers alone, with certain bounds of its slack.

    raises: LimitError where `bits` do not settle the sign; ArithmeticError for inf - inf
    """
    slack = claim.slack
    if isinstance(slack, Interval):
        lo, hi = nearest(slack.lo), nearest(slack.hi)
        return _float_status(claim.relation, lo, hi), lo, hi
    if real.is_infinite(slack):
        if claim.relation != "==" and slack > 0:
            return "vacuous", inf, inf
        return "refuted", nearest(slack), nearest(slack)
    sign = real.sign(slack, bits)
    holds = sign == 0 if claim.relation == "==" else sign >= 0
    return "proved" if holds else "refuted", *_ends(slack, sign)


def _float_status(relation: str, lo: float, hi: float) -> str:
    if hi < 0 or (relation == "==" and lo > 0):
        return "refuted"
    if relation == "==" or lo < 0:
        return "undecided"
    if isinf(hi):
        # Proved or infinite: only rationals tell which.
        return "vacuous" if isinf(lo) else "undecided"
    return "proved"


def _ends(slack: Any, sign: int) -> tuple[Any, Any]:
    """Return an enclosure that shows the sign."""
    if isinstance(slack, Fraction) or sign == 0:
        return (Fraction(0), Fraction(0)) if sign == 0 else (slack, slack)
    bits = FIRST_BITS
    while True:
        lo, hi = real.enclose(slack, bits)
        if lo > 0 or hi < 0:
            return lo, hi
        bits *= 2


def _shown(claim: Claim) -> Claim:
    """Return the claim with the middle of each interval; exact numbers stay."""
    if not isinstance(claim.lhs, Interval) and not isinstance(claim.rhs, Interval):
        return claim
    lhs, rhs = (_number(x) for x in (claim.lhs, claim.rhs))
    return Claim(claim.name, claim.equation, claim.source, lhs, claim.relation, rhs)


def _number(x: Any) -> float:
    return nearest(x.lo) / 2 + nearest(x.hi) / 2 if isinstance(x, Interval) else nearest(x)


def _tightness(theorem: Theorem, claim: Claim, pair: Quantities, lo: Any) -> float | None:
    """Return gap / penalty as a float: for people, never for proofs."""
    if theorem.centre is None and claim.relation != "<=":
        return None
    gap, penalty = claim.lhs, claim.rhs
    try:
        if theorem.centre is not None:
            centre = theorem.centre.value(pair)
            gap, penalty = centre - gap, centre - penalty
    except ArithmeticError:
        return None
    numbers = [_number(x) if isinstance(x, Interval) else x for x in (gap, penalty)]
    ratio = ratio_of(*numbers)
    if ratio is not None and isinstance(lo, float) and lo > 0 and numbers[1] > 0:
        return min(ratio, nextafter(1, 0))  # the middle of an enclosure may round to 1
    return ratio
