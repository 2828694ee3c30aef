"""Runs of repeated steps, with realised gains, certified gains and proofs of monotonicity.

**Problem.** Iterate pi_{i+1} = step(pi_i), as in Algorithm 1 of TRPO (2015), and decide with proof
for each step whether eta_new >= eta, and by how much.

**Method.** Each policy is evaluated once.  Theorems bound the gain from below in quantities of the
old policy (`gain_bounds`); eta_new - eta is then computed exactly in rational arithmetic, and
enclosed in float arithmetic by the difference of returns and by the performance difference lemma,
eta_new - eta = sum_s rho_new sum_a (pi_new - pi) A.  If the enclosure contains both signs, rational
arithmetic decides.

**Guarantee.** `Record.monotone` is "proved" or "refuted" only with proof; certified gains are lower
bounds of the exact gain.  Source: TRPO (2015), equation (1) and Algorithm 1; Kakade and Langford
(2002), Lemma 6.1.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import count
from time import perf_counter
from typing import final

import numpy as np

from tabular_trpo._core.arguments import described
from tabular_trpo._core.deprecated import renamed_arguments, renamed_attribute
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import Evaluation, evaluate_checked
from tabular_trpo._exact.surrogate import Surrogate, surrogate
from tabular_trpo._improve.gain_bounds import GAIN_BOUNDS, GainBound, certified, largest
from tabular_trpo._improve.multipliers import Mixture
from tabular_trpo._improve.status import Monotone, StepStatus
from tabular_trpo._improve.step import Step
from tabular_trpo._improve.stopping import Rule, halted
from tabular_trpo._theory.constants import penalty
from tabular_trpo._theory.judge import unaffordable
from tabular_trpo._theory.pair import Pair

StepFunction = Callable[[Evaluation, Surrogate], Step]


@renamed_arguments(best_rung="best_bound")
@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Record:
    """One step of a run, from pi to step.pi_new.

    i:          the number of the step, from 1
    pi, eta:    the old policy (S, A) and its return
    step:       the step; `step.gain` is the predicted gain L(pi_new) - eta
    C:          4 eps gamma / (1 - gamma)^2 of the old policy, the penalty of TRPO (2015), Theorem 1
    eta_new:    the new return
    eta_radius, eta_new_radius: proved error bounds of eta and eta_new, 0 in rational arithmetic
    realised:   eta_new - eta
    realised_lo, realised_hi: certain bounds of the realised gain, equal in rational arithmetic
    ratio:      realised / predicted, None where the predicted gain is 0 or the ratio overflows
    certified:  {theorem: certain lower bound of eta_new - eta}, see `gain_bounds`
    best_bound, certified_gain: the theorem with the largest of these bounds, and its value; None
                where no bound applies
    broken:     theorems whose bound is proved to exceed the realised gain; empty for true theorems
    monotone:   "proved" where eta_new >= eta is certain, "refuted" where eta_new < eta is certain,
                else "undecided"
    gap:        certain upper bound of max_s V*(s) - V(s) at the new policy, max A / (1 - gamma)
    seconds:    wall time of the step, its evaluation and its certificates
    stopped:    the rule that ends the run after this step, or None

    >>> from tabular_trpo.improve import greedy
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> next(iterate(mdp, [["1/2", "1/2"]], lambda ev, L: greedy(L)))
    Record(step 1 moved, eta 1 -> 2, monotone proved, gain >= ... by ...)
    """

    i: int
    pi: Array
    eta: Scalar
    step: Step
    C: Scalar
    eta_new: Scalar
    realised: Scalar
    realised_lo: Scalar
    realised_hi: Scalar
    ratio: float | None
    certified: dict[str, Scalar]
    best_bound: str | None
    certified_gain: OptionalScalar
    broken: tuple[str, ...]
    monotone: Monotone
    gap: Scalar
    seconds: float
    stopped: Rule | None
    eta_radius: Scalar
    eta_new_radius: Scalar

    best_rung = renamed_attribute("best_rung", "best_bound")

    @property
    def status(self) -> StepStatus:
        """The status of the step: "moved", "optimal", "stuck" or "restored"."""
        return self.step.status

    def __repr__(self) -> str:
        """Return one line: status, returns, monotonicity and the largest certified gain."""
        returns = f"eta {nearest(self.eta):.6g} -> {nearest(self.eta_new):.6g}"
        line = f"step {self.i} {self.status}, {returns}, monotone {self.monotone}"
        if self.best_bound is not None:
            line += f", gain >= {nearest(self.certified_gain):.6g} by {self.best_bound}"
        return f"Record({line})"


@renamed_arguments(ladder="bounds")
@public
def iterate(
    mdp: MDP,
    pi: object,
    step: StepFunction,
    until: Iterable[Rule] = (),
    bounds: Iterable[GainBound] | None = None,
    *,
    halting: bool = True,
) -> Iterator[Record]:
    """Yield the records of a step repeated from pi, until a rule ends the run.

    pi_{i+1} = step(evaluation of pi_i, surrogate of pi_i).pi_new, as in Algorithm 1 of TRPO (2015).
    Each step is certified by all theorems that bound its gain, and its realised gain is enclosed.
    Without `until` the run ends only after a step with pi_new = pi.

    pi:      (S, A) in the arithmetic of the model
    step:    a function of an `Evaluation` and its `Surrogate` that returns a `Step`, see `step_to`
    until:   rules made by `iterations`, `gain_at_most`, `gap_at_most`; the run ends after the first
             step for which one of them holds
    bounds:  the bounds that certify each step; None for all of `gain_bounds()`, () for none
    halting: whether a step with pi_new = pi ends the run; False for steps from samples
    return:  a generator of `Record`
    raises:  InvalidMDPError for a batch of models or an invalid policy, ExactnessError for a policy
             in the other arithmetic, TypeError for a rule of another type; all errors of `step`

    >>> from tabular_trpo.improve import step_to
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> right = [[Fraction(0), Fraction(1)]]
    >>> run = iterate(mdp, [["1/2", "1/2"]], lambda ev, L: step_to(L, np.array(right)))
    >>> [(record.eta_new, record.monotone, record.status) for record in run]
    [(Fraction(2, 1), 'proved', 'moved'), (Fraction(2, 1), 'proved', 'optimal')]
    """
    one_model(mdp)
    until = tuple(until)
    for i, rule in enumerate(until):
        if not isinstance(rule, Rule):
            raise TypeError(f"iterate: until[{i}] = {described(rule)}, expected a stopping rule")
    rules = (*until, halted()) if halting else until
    # The arguments are checked here, since a generator would raise only at its first `next`.
    bounds = GAIN_BOUNDS if bounds is None else tuple(bounds)
    return _run(mdp, check_policy(mdp, pi), step, rules, bounds)


def _run(
    mdp: MDP, pi: Array, step: StepFunction, rules: tuple[Rule, ...], bounds: tuple[GainBound, ...]
) -> Iterator[Record]:
    """Yield the records of a run whose arguments are checked."""
    ev = evaluate_checked(mdp, pi)
    for i in count(1):
        began = perf_counter()
        made = step(ev, surrogate(ev))
        pair = _pair(ev, made)
        record = _record(i, pair, made, bounds, rules, began)
        yield record
        if record.stopped is not None:
            return
        ev = pair.new


def _pair(ev: Evaluation, made: Step) -> Pair:
    """Return the pair of the old and the new policy, as a mixture if the step is one."""
    found = made.multipliers
    if isinstance(found, Mixture) and found.target is not None:
        pair = Pair.mixture(ev.mdp, ev.pi, found.target, found.alpha)
    else:
        pair = Pair(ev.mdp, ev.pi, made.pi_new)
    pair.old = ev
    if not (pair.pi_new != ev.pi).any():
        pair.new = ev
    return pair


def _record(
    i: int,
    pair: Pair,
    made: Step,
    bounds: tuple[GainBound, ...],
    rules: tuple[Rule, ...],
    began: float,
) -> Record:
    """Return the record of step i, which started at the time `began` (`perf_counter`)."""
    old, new = pair.old, pair.new
    lo, hi = _realised(pair)
    refuted = Monotone.REFUTED if hi < 0 else Monotone.UNDECIDED
    found = certified(pair, bounds)
    name, gain = largest(found)
    gap = _gap(new)
    realised = new.eta - old.eta if new is not old else 0 * old.eta
    if not isinstance(realised, Fraction):
        realised = min(max(realised, nearest(lo)), nearest(hi))
    return Record(
        i=i,
        pi=old.pi,
        eta=old.eta,
        step=made,
        C=penalty(old),
        eta_new=new.eta,
        realised=realised,
        realised_lo=lo,
        realised_hi=hi,
        ratio=_ratio(realised, made.gain),
        certified=found,
        best_bound=name,
        certified_gain=gain,
        broken=tuple(key for key, bound in found.items() if bound > hi),
        monotone=Monotone.PROVED if lo >= 0 else refuted,
        gap=gap,
        seconds=perf_counter() - began,
        stopped=next((rule for rule in rules if rule.holds(i, made.status, gain, gap)), None),
        eta_radius=old.radius.eta,
        eta_new_radius=new.radius.eta,
    )


def _realised(pair: Pair) -> tuple[Scalar, Scalar]:
    """Return certain lower and upper bounds of eta_new - eta, equal in rational arithmetic.

    In float arithmetic both eta_new - eta and sum_s rho_new A_bar, equal by the performance
    difference lemma, are enclosed.  The radius of the second is proportional to the size of the
    step.  Rational arithmetic is used if the sign is not decided.
    """
    if pair.new is pair.old:
        return 0, 0
    if pair.mdp.arithmetic == "rational":
        gain = pair.eta_new - pair.eta
        return gain, gain
    p = pair.enclosed()
    direct = p.eta_new - p.eta
    moved: Interval = ((p.pi_new - p.pi) * p.A).sum(axis=-1)
    by_identity = (p.rho_new * moved).sum()
    lo = max(nearest(direct.lo), nearest(by_identity.lo))
    hi = min(nearest(direct.hi), nearest(by_identity.hi))
    if lo < 0 <= hi and not unaffordable(pair.mdp):
        try:
            gain = pair.exact.eta_new - pair.exact.eta
        except TabularError:  # beyond the limits of rational arithmetic
            return lo, hi
        return gain, gain
    return lo, hi


def _gap(ev: Evaluation) -> Scalar:
    """Return max A / (1 - gamma), rounded up, a bound of max_s V* - V."""
    if ev.mdp.arithmetic == "rational":
        return max(ev.A[ev.mdp.mask].tolist()) / (1 - ev.mdp.gamma)
    top = Interval.around(ev.A, ev.radius.A)
    largest = max(nearest(top.hi[ev.mdp.mask].max()), 0.0)
    return nearest((Interval.exact(largest) / (1 - Interval.exact(ev.mdp.gamma))).hi)


def _ratio(realised: Scalar, predicted: Scalar) -> float | None:
    """Return realised / predicted; None where predicted is 0 or the ratio overflows."""
    if predicted == 0:
        return None
    with np.errstate(all="ignore"):
        ratio = nearest(realised / predicted)
    return ratio if np.isfinite(ratio) else None
