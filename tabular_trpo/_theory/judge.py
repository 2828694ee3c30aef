"""Deciding a claim: first floats with error bounds, then rationals, then enclosures.

Problem: the sign of the slack of a claim on one pair of policies that satisfies the precondition.
Method: an interval of doubles that contains the slack decides if it does not contain 0; otherwise
the pair is read as rationals, and the sign of the slack is computed exactly; logarithms and roots
are enclosed with doubling precision until the sign is certain (`core.real`).
Guarantee: "proved" and "refuted" are certain.  Floats never prove an equality.  "undecided" means
that a stated limit was reached: of precision, size or work.
"""

from dataclasses import replace
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
    TabularError,
)
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import OptionalScalar, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.signs import MAX_BITS
from tabular_trpo._theory.claim import Claim, Exactness, Theorem
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.quantities import Quantities
from tabular_trpo._theory.ratio import ratio_of
from tabular_trpo._theory.verdict import Decider, Status, Verdict

AUTO = "auto"
ARITHMETICS = (AUTO, Decider.FLOAT, Decider.RATIONAL)  # that may be asked for
MOST_STATES, MOST_ENTRIES = 120, 2**20  # of a float model that is read as rationals unasked
FIRST_BITS = 64
# Work of one statement, in units of the evaluation of both policies (`benchmarks.exact_work`).
STATEMENT = 1.0
NOT_MIXTURE = "the pair is no mixture"
PRECONDITION_FAILS = "the precondition fails"
INFINITE = "a side is infinite"
NO_VALUE = "a side has no value"
OPEN = "the enclosure of the slack contains 0"
Bounds = tuple[Status, Any, Any]  # status, slack_lo, slack_hi


@renamed_arguments(lane="arithmetic")
@public
def judge(theorem: Theorem, pair: Pair, bits: int = MAX_BITS, arithmetic: str = AUTO) -> Verdict:
    """Decide a theorem, or any claim, on one pair of policies.

    bits:       largest precision at which the sign of a number with logarithms is sought
    arithmetic: "auto" begins with the arithmetic of the pair and goes on to rationals; "float"
                ends with floats and their error bounds; "rational" begins with rationals
    return:     Verdict; "undecided" only where a limit was reached, which `reason` names
    raises:     InvalidMDPError for a batch of pairs, an unknown arithmetic or bits < 1; TypeError

    >>> from tabular_trpo._theory.fixtures import tight
    >>> from tabular_trpo._theory.statements.coupling import trpo_bound
    >>> judge(trpo_bound, tight()())
    <Verdict trpo_bound: proved, rational, slack 1.70526>
    """
    check_question(theorem, pair, bits, arithmetic)
    if theorem.mixture and not pair.is_mixture:
        own = Decider(arithmetic if arithmetic == Decider.RATIONAL else pair.mdp.arithmetic)
        return _without_slack(theorem, Status.VACUOUS, own, NOT_MIXTURE)
    if pair.mdp.arithmetic == Decider.FLOAT and arithmetic != Decider.RATIONAL:
        verdict = _decide(theorem, pair.enclosed(), Decider.FLOAT, bits)
        if verdict.status != Status.UNDECIDED:
            return verdict
        chosen = "the arithmetic is float by choice" if arithmetic == Decider.FLOAT else ""
        if limit := chosen or unaffordable(pair.mdp):
            reason = f"{verdict.reason}; rationals were not tried: {limit}"
            return replace(verdict, reason=reason, tightness=None)
    try:
        exact = pair.exact
        _ = exact.old, exact.new
        spend(STATEMENT * exact.exact_seconds, f"{theorem.name} in rationals")
    except (LimitError, MemoryGuardError) as limit:
        return _without_slack(theorem, Status.UNDECIDED, Decider.RATIONAL, str(limit))
    return _decide(theorem, exact, Decider.RATIONAL, bits)


def check_question(theorem: object, pair: object, bits: object, arithmetic: object = AUTO) -> None:
    """Raise an error where the theorem, pair, bits or arithmetic are not valid in `judge`."""
    if not isinstance(theorem, Theorem):
        cure = '@tt.claim("title") makes one of a function'
        raise TypeError(f"theorem = {shown(theorem)}, expected a Theorem. {cure}")
    if not isinstance(pair, Pair):
        raise TypeError(f"pair = {shown(pair)}, expected tt.Pair(mdp, pi, pi_new)")
    if isinstance(bits, bool) or not isinstance(bits, Integral):
        raise TypeError(f"bits = {shown(bits)}, expected an integer")
    if bits < 1:
        raise InvalidMDPError.of("bits", "bits", f"= {shown(bits)}", "a positive integer")
    if pair.mdp.batch_shape:
        got, cure = f"has batch {pair.mdp.batch_shape}", "Take one pair by pair[i]"
        raise InvalidMDPError.of("batch", "pair", got, "a single pair", cure)
    if arithmetic not in ARITHMETICS:
        expected = f"one of {', '.join(ARITHMETICS)}"
        raise InvalidMDPError.of("lane", "arithmetic", f"= {arithmetic!r}", expected)


def unaffordable(mdp: MDP) -> str:
    """Return why a float model is not read as rationals by default, or an empty text."""
    entries = mdp.n_states**2 * mdp.n_actions
    if mdp.n_states > MOST_STATES or entries > MOST_ENTRIES:
        return f"S = {mdp.n_states}, S*S*A = {entries}, limits {MOST_STATES} and {MOST_ENTRIES}"
    return ""


def _without_slack(theorem: Theorem, status: Status, arithmetic: Decider, reason: str) -> Verdict:
    return Verdict(status, None, None, arithmetic, theorem.claim(None, None), reason)


def _decide(theorem: Theorem, pair: Quantities, arithmetic: Decider, bits: int) -> Verdict:
    """Return the verdict in one arithmetic, on the precondition first, then the statement."""
    try:
        if theorem.condition is not None:
            status, *_ = bounds(theorem.at(pair, theorem.condition), bits)
            if status == Status.UNDECIDED:
                return _without_slack(theorem, status, arithmetic, "the precondition is open")
            if status == Status.REFUTED:
                return _without_slack(theorem, Status.VACUOUS, arithmetic, PRECONDITION_FAILS)
        claim = theorem(pair)
        status, lo, hi = bounds(claim, bits)
    except LimitError as limit:
        enclosed = arithmetic == Decider.RATIONAL and theorem.exactness != Exactness.RATIONAL
        kind = Decider.ENCLOSURE if enclosed else arithmetic
        return _without_slack(theorem, Status.UNDECIDED, kind, str(limit))
    except NoValueError as undefined:
        return _without_slack(theorem, Status.VACUOUS, arithmetic, f"{NO_VALUE}: {undefined}")
    except TabularError:
        raise
    except (ArithmeticError, ValueError) as undefined:
        # inf - inf, division by 0, the root of a negative number
        status = Status.UNDECIDED if arithmetic == Decider.FLOAT else Status.VACUOUS
        return _without_slack(theorem, status, arithmetic, f"{NO_VALUE}: {undefined}")
    if status == Status.VACUOUS:
        return Verdict(status, None, None, arithmetic, _shown(claim), INFINITE)
    kind = Decider.ENCLOSURE if isinstance(claim.slack, real.Real) else arithmetic
    reason = OPEN if status == Status.UNDECIDED else ""
    tightness = _tightness(theorem, claim, pair, lo)
    return Verdict(status, lo, hi, kind, _shown(claim), reason, tightness)


def bounds(claim: Claim, bits: int = MAX_BITS) -> Bounds:
    """Return the status of a claim from its two sides, with certain bounds of its slack.

    raises: LimitError where `bits` do not settle the sign; ArithmeticError for inf - inf
    """
    slack = claim.slack
    if isinstance(slack, Interval):
        lo, hi = nearest(slack.lo), nearest(slack.hi)
        return _float_status(claim.relation, lo, hi), lo, hi
    if real.is_infinite(slack):
        if claim.relation != "==" and slack > 0:
            return Status.VACUOUS, inf, inf
        return Status.REFUTED, nearest(slack), nearest(slack)
    sign = real.sign(slack, bits)
    holds = sign == 0 if claim.relation == "==" else sign >= 0
    return Status.PROVED if holds else Status.REFUTED, *_signed_bounds(slack, sign)


def _float_status(relation: str, lo: float, hi: float) -> Status:
    if hi < 0 or (relation == "==" and lo > 0):
        return Status.REFUTED
    if relation == "==" or lo < 0:
        return Status.UNDECIDED
    if isinf(hi):  # proved or infinite: only rationals can decide which
        return Status.VACUOUS if isinf(lo) else Status.UNDECIDED
    return Status.PROVED


def _signed_bounds(slack: Any, sign: int) -> tuple[OptionalScalar, OptionalScalar]:
    """Return certain bounds (lo, hi) of the slack that have its sign."""
    if sign == 0:
        return Fraction(0), Fraction(0)
    if isinstance(slack, Fraction):
        return slack, slack
    bits = FIRST_BITS
    while True:
        lo, hi = real.enclose(slack, bits)
        if lo > 0 or hi < 0:
            return lo, hi
        bits *= 2


def _shown(claim: Claim) -> Claim:
    """Return the claim with each interval side replaced by its midpoint as a float."""
    if Interval not in (type(claim.lhs), type(claim.rhs)):
        return claim
    lhs, rhs = (nearest(_middle(x)) for x in (claim.lhs, claim.rhs))
    return Claim(claim.name, claim.equation, claim.source, lhs, claim.relation, rhs)


def _middle(x: Any) -> Any:
    """Return the midpoint of an interval; return any other number unchanged."""
    return nearest(x.lo) / 2 + nearest(x.hi) / 2 if isinstance(x, Interval) else x


def _tightness(theorem: Theorem, claim: Claim, pair: Quantities, lo: object) -> float | None:
    """Return gap / penalty of a claim as a float, for reports; no verdict depends on it."""
    if theorem.center_expression is None and claim.relation != "<=":
        return None
    gap, penalty = claim.lhs, claim.rhs
    try:
        if theorem.center_expression is not None:
            center = theorem.center_expression.value(pair)
            gap, penalty = center - gap, center - penalty
    except ArithmeticError:
        return None
    gap, penalty = _middle(gap), _middle(penalty)
    ratio = ratio_of(gap, penalty)
    if ratio is not None and isinstance(lo, float) and lo > 0 and penalty > 0:
        return min(ratio, nextafter(1, 0))  # the middle of an enclosure may round to 1
    return ratio
