"""A step repeated: each with its true gain, the bounds that certify it, and a proof of its sign."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from time import perf_counter
from typing import Any, final

import numpy as np

from tabular_trpo._core.arguments import described, one_model
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar
from tabular_trpo._core.policy import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact.evaluate import Evaluation, evaluate
from tabular_trpo._exact.surrogate import Surrogate, surrogate
from tabular_trpo._improve.gain_bounds import RUNGS, Rung, best, certified
from tabular_trpo._improve.step import Step
from tabular_trpo._improve.stopping import Facts, Rule, halted
from tabular_trpo._theory.constants import penalty
from tabular_trpo._theory.judge import unaffordable
from tabular_trpo._theory.pair import Pair

StepFunction = Callable[[Evaluation, Surrogate], Step]
PROVED, REFUTED, UNDECIDED = "proved", "refuted", "undecided"


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One step of a run, from pi to step.pi_new.

    i:          its number, from 1
    pi, eta:    the old policy (S, A) and its return
    step:       what the step said: `step.gain` is the predicted gain L(pi_new) - eta
    C:          4 eps gamma / (1 - gamma)^2 of the old policy
    eta_new:    the new return
    eta_radius, eta_new_radius: proved error bounds of eta and eta_new, 0 in rational arithmetic
    realised:   eta_new - eta
    realised_lo, realised_hi: certain bounds of it, equal in rational arithmetic
    ratio:      realised / predicted, None where nothing is predicted
    certified:  {theorem: certain lower bound of eta_new - eta}, see `rungs`
    best_rung, certified_gain: the largest of them; None where none speaks
    broken:     theorems whose bound exceeds the realised gain for certain; none, if all are true
    monotone:   "proved" where eta_new >= eta is certain, "refuted" where eta_new < eta is, or
                "undecided"
    gap:        certain upper bound of max_s V*(s) - V(s) at the new policy: max A / (1 - gamma)
    seconds:    wall time of the step, its evaluation and its certificates
    stopped:    the rule that ends the run here, None where it goes on
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
    certified: dict[str, Any]
    best_rung: str | None
    certified_gain: OptionalScalar
    broken: tuple[str, ...]
    monotone: str
    gap: Scalar
    seconds: float
    stopped: Rule | None
    eta_radius: Scalar
    eta_new_radius: Scalar

    @property
    def status(self) -> str:
        """The status of the step: "moved", "optimal", "stuck" or "restored"."""
        return self.step.status


@public
def iterate(
    mdp: MDP,
    pi: Any,
    step: StepFunction,
    until: Iterable[Rule] = (),
    ladder: Iterable[Rung] = RUNGS,
    *,
    halting: bool = True,
) -> Iterator[Record]:
    """Yield the records of a step repeated from pi, until a rule ends the run.

    pi_{i+1} = step(evaluation of pi_i, surrogate of pi_i).pi_new, as Algorithm 1 of TRPO (2015).
    A step that moves nothing ends the run too, if `halting`; without `until` nothing else does.

    pi:     (S, A) in the arithmetic of the model
    step:   from (Evaluation, Surrogate) to a Step; one with parameters keeps them itself
    until:  rules of `stopping`; the first that is met after a step ends the run
    ladder: theorems whose bounds certify each step
    halting: false for a step made of samples, which may move the next time
    raises: InvalidMDPError for a batch of models or a wrong policy, ExactnessError; what `step` raises

    >>> from tabular_trpo._improve.step import step_to
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
            raise TypeError(f"iterate: until[{i}] = {described(rule)}, expected a rule of stopping")
    rules = (*until, halted()) if halting else until
    # Checked here and not at the first `next`: a generator would say it late.
    return _run(mdp, check_policy(mdp, pi), step, rules, tuple(ladder))


def _run(
    mdp: MDP, pi: Array, step: StepFunction, rules: tuple[Rule, ...], ladder: tuple[Rung, ...]
) -> Iterator[Record]:
    ev = evaluate(mdp, pi)
    for i in count(1):
        began = perf_counter()
        made = step(ev, surrogate(ev))
        pair = _pair(ev, made)
        record = _record(i, pair, made, ladder, rules, began)
        yield record
        if record.stopped is not None:
            return
        ev = pair.new


def _pair(ev: Evaluation, made: Step) -> Pair:
    """Return the pair of the step, a mixture where the step says of what; evaluated once."""
    found = made.multipliers
    if "target" in found and "alpha" in found:
        pair = Pair.mixture(ev.mdp, ev.pi, found["target"], found["alpha"])
    else:
        pair = Pair(ev.mdp, ev.pi, made.pi_new)
    pair.old = ev
    if not (pair.pi_new != ev.pi).any():
        pair.new = ev
    return pair


def _record(
    i: int, pair: Pair, made: Step, ladder: tuple[Rung, ...], rules: tuple[Rule, ...], began: float
) -> Record:
    old, new = pair.old, pair.new
    lo, hi = _realised(pair)
    monotone = PROVED if lo >= 0 else REFUTED if hi < 0 else UNDECIDED
    found = certified(pair, ladder)
    name, gain = best(found)
    realised = new.eta - old.eta if new is not old else 0 * old.eta
    if not isinstance(realised, Fraction):
        realised = min(max(realised, nearest(lo)), nearest(hi))
    facts = Facts(i, made.status, gain, _gap(new))
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
        best_rung=name,
        certified_gain=gain,
        broken=tuple(key for key, bound in found.items() if bound > hi),
        monotone=monotone,
        gap=facts.gap,
        seconds=perf_counter() - began,
        stopped=next((rule for rule in rules if rule.met(facts)), None),
        eta_radius=old.radius.eta,
        eta_new_radius=new.radius.eta,
    )


def _realised(pair: Pair) -> tuple[Any, Any]:
    """Return certain bounds of eta_new - eta; rationals settle the sign that floats leave open.

    In floats both eta_new - eta and sum_s rho_new A_bar are enclosed: the second is sharper by far
    for a small step, whose rounding is as small as the step.
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
        except TabularError:  # a limit of the rational arithmetic: the floats stand
            return lo, hi
        return gain, gain
    return lo, hi


def _gap(ev: Evaluation) -> Any:
    """Return a certain upper bound of max_s V* - V, by the statement `optimality_gap`."""
    if ev.mdp.arithmetic == "rational":
        return max(ev.A[ev.mdp.mask].tolist()) / (1 - ev.mdp.gamma)
    top = Interval.around(ev.A, ev.radius.A)
    largest = max(nearest(top.hi[ev.mdp.mask].max()), 0.0)
    return nearest((Interval.exact(largest) / (1 - Interval.exact(ev.mdp.gamma))).hi)


def _ratio(realised: Any, predicted: Any) -> float | None:
    if predicted == 0:
        return None
    with np.errstate(all="ignore"):
        ratio = nearest(realised / predicted)
    return ratio if np.isfinite(ratio) else None
