"""How near a pair comes to breaking a claim: gap / penalty, on whole batches, in plain doubles.

A claim says that a sum of terms is at most 0.  The terms that outlive a vanishing step (eta_new and
L, say) are its gap; those that vanish with the step are its penalty.  Their ratio is what a search
can climb: the sum itself is largest at long steps, where a bound is usually far from tight.

A claim without a penalty may speak only where a promise is kept, as L - eta >= C mean_kl.  Then
the penalty of the promise is the measure: on its edge, where L = eta + penalty, eta - eta_new is
gap - penalty of the bound that the claim stands for, eta_new >= L - penalty.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo.core.nearest import nearest
from tabular_trpo.core.numbers import Array
from tabular_trpo.falsify.draw import draw
from tabular_trpo.theory.claim import Theorem
from tabular_trpo.theory.expression import Expression, Values
from tabular_trpo.theory.pair import Pair
from tabular_trpo.theory.plain import Cases, PlainPair
from tabular_trpo.theory.trace import OF_AVERAGES, Statement

# Scores of pairs without a value, and where the condition fails; above SPEAKS it holds.
NO_VALUE, OUTSIDE, SPEAKS = -3.0, -2.0, -1.0
ROUNDING = 1e-13  # of the terms that nearly cancel in a gap
FIELD_ROUNDING = 2e-15  # of values and advantages over a horizon
NO_PENALTY = 1e6  # score of a gap where the penalty is 0
CONDITION_SLACK = 1e-12
PROBES, LEAST_PROBES = 1024, 8  # random pairs on which terms are sorted
LEAST = 1e-300  # keeps 0 / 0 from being no value
MAXIMA = ("max_s", "max_a", "max_sa")
Terms = tuple[tuple[float, Expression], ...]
Known = tuple[Values, Values]  # the values of expressions, and their sizes


def violation(statement: Statement) -> Expression:
    """Return what is at most 0 where the statement holds; for "==", what is 0."""
    lhs, rhs = statement.lhs, statement.rhs
    return rhs - lhs if statement.relation == ">=" else lhs - rhs


def terms_of(e: Expression, sign: float = 1.0) -> Terms:
    """Return the terms of a sum with their signs; a lone maximum gives those inside it."""
    found = _flattened(e, sign)
    if len(found) == 1 and found[0][0] > 0 and found[0][1].op in MAXIMA:
        return terms_of(found[0][1].args[0])
    return found


def requirements(condition: Statement) -> tuple[Expression, ...]:
    """Return what is at most 0, each of it, where a condition holds; for "==", what is 0.

    >>> from tabular_trpo.theory.trace import trace
    >>> requirements(trace(lambda p: (p.smaller(p.L - p.eta, 1 - 2 * p.gamma), ">=", 0)))
    (0 - (L - eta), 0 - (1 - 2*gamma))
    """
    if condition.relation == "==":
        return (violation(condition),)
    less, more = condition.lhs, condition.rhs
    if condition.relation == ">=":
        less, more = more, less
    return tuple(less - x for x in _joined(more))


def _joined(e: Expression) -> tuple[Expression, ...]:
    """Return the numbers of which an expression is the smallest."""
    return _joined(e.args[0]) + _joined(e.args[1]) if e.op == "smaller" else (e,)


def _flattened(e: Expression, sign: float) -> Terms:
    match e.op, e.args:
        case "number", [0]:
            return ()
        case "+", [x, y]:
            return _flattened(x, sign) + _flattened(y, sign)
        case "-", [x, y]:
            return _flattened(x, sign) + _flattened(y, -sign)
        case "neg", [x]:
            return _flattened(x, -sign)
    return ((sign, e),)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scorer:
    """The score of a claim: above 1 where it fails by more than rounding.

    gap, penalty: terms whose sums are compared; `penalty` is empty where a claim has none
    promise:      terms of the precondition whose penalty measures a claim that has none itself
    averages:     whether it speaks of average rewards, which round by another horizon
    """

    claim: Theorem
    gap: Terms
    penalty: Terms
    promise: tuple[Terms, Terms] | None = None
    averages: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look through the names once, not at each batch."""
        object.__setattr__(self, "averages", bool(self.claim.names() & OF_AVERAGES))

    def __call__(self, p: PlainPair) -> Array:
        """Return the scores of a batch, (N,): see `NO_VALUE`, `OUTSIDE` and `NO_PENALTY`."""
        with np.errstate(all="ignore"):
            known: Known = ({}, {})
            gap, size = _total(self.gap, p, known)
            around = p.average_field if self.averages else p.field
            noise = ROUNDING * size + FIELD_ROUNDING * _along(around, gap.ndim)
            if self.claim.statement.relation == "==":
                score = 1 + (np.abs(gap) - 1e3 * noise) / (size + LEAST)
            elif self.promise:
                left, scale = (_along(x, gap.ndim) for x in self._left(p))
                fails = np.minimum(left, gap) - noise
                # Without a step or without rewards all is 0, which is no near miss.
                share = np.where((fails > 0) | (scale > noise), fails / (scale + LEAST), -np.inf)
                score = np.where(share < 0, 1 / (1 - share), 1 + share)  # no plateau far below
            elif not self.penalty:
                score = 1 + (gap - noise) / (size + noise + LEAST)
            else:
                penalty, _ = _total(self.penalty, p, known)
                axes = max(gap.ndim, penalty.ndim)
                gap, noise, penalty = (_along(x, axes) for x in (gap, noise, penalty))
                free = np.where(gap > noise, NO_PENALTY, 0.0) + 0.0 * penalty  # NaN stays
                score = np.where(penalty < 0, (gap - noise) / -penalty, free)
            score = np.where(np.isnan(score), NO_VALUE, np.clip(score, SPEAKS + 1e-9, NO_PENALTY))
            return self._inside(p, score.max(axis=tuple(range(1, score.ndim))))

    def room(self, p: PlainPair) -> Array:
        """Return what is left of the promise, less what the claim fails by where it fails, (N,).

        A pair that is read exactly moves a little, so it should not be on the very edge.
        """
        gap, _ = _total(self.gap, p)
        worst = gap.max(axis=tuple(range(1, gap.ndim)))
        return np.asarray(self._left(p)[0] - np.maximum(worst, 0.0))

    def ratio(self, pair: Pair) -> float | None:
        """Return gap / penalty of one exact pair, the largest over the states where it has many.

        return: None where the claim has no penalty, or it is 0 and so is the gap
        """
        return max((nearest(x) / nearest(y) for x, y in self.sides(pair) if y != 0), default=None)

    def sides(self, pair: Pair) -> list[tuple[Any, Any]]:
        """Return (gap, penalty) of one exact pair, at each state if they are of states."""
        axes = max((e.rank for _, e in self.gap + self.penalty), default=0)

        def total(terms: Terms) -> Array:
            values = ((sign, np.asarray(e.value(pair))) for sign, e in terms)
            parts = (int(sign) * _along(value, axes) for sign, value in values)
            return np.asarray(sum(parts, Fraction(0)), dtype=object)

        gap, penalty = np.broadcast_arrays(total(self.gap), -total(self.penalty))
        return list(zip(gap.ravel(), penalty.ravel(), strict=True))

    def _left(self, p: PlainPair) -> tuple[Array, Array]:
        """Return what is left of the promise and its penalty, (N,) each."""
        gap, penalty = (_total(terms, p)[0] for terms in self.promise or ((), ()))
        return gap + penalty, -penalty

    def _inside(self, p: PlainPair, score: Array) -> Array:
        """Replace the scores where the precondition fails, the nearer to it the higher."""
        if self.claim.condition is None:
            return score
        share: Array = np.full(score.shape, -np.inf)
        for wrong in requirements(self.claim.condition):
            value = np.broadcast_to(wrong.value(p), score.shape)
            if self.claim.condition.relation == "==":
                value = np.abs(value)
            _, size = _total(_flattened(wrong, 1.0), p)
            share = np.maximum(share, value / np.where(size > 0, size, 1.0))
        score = np.where(share > CONDITION_SLACK, OUTSIDE + 1 / (1 + share), score)
        return np.where(np.isnan(share), NO_VALUE, score)


def scorer(claim: Theorem) -> Scorer:
    """Sort the terms of a claim into gap and penalty; where it has no penalty, of a promise.

    >>> from tabular_trpo.theory.claim import claim
    >>> @claim("monotone", when=lambda p: (p.L - p.eta, ">=", p.C * p.mean_kl))
    ... def monotone(p):
    ...     return p.eta_new, ">=", p.eta
    >>> scorer(monotone).penalty, scorer(monotone).promise[1]
    ((), ((-1.0, C*mean_kl),))
    """
    terms = terms_of(violation(claim.statement))
    if claim.statement.relation == "==":
        return Scorer(claim, terms, ())
    cases = _probes(claim)
    gap, penalty = _apart(terms, cases)
    promise = None if penalty else _promise(claim, gap, cases)
    return Scorer(claim, gap, penalty, promise)


def _promise(claim: Theorem, gap: Terms, cases: Cases) -> tuple[Terms, Terms] | None:
    """Return gap and penalty of a precondition, if both have the unit of the claim: of rewards.

    return: None where it has none, as a range of gamma or a bound of the step
    """
    if claim.condition is None or claim.condition.relation == "==":
        return None
    p, doubled = PlainPair(cases), PlainPair(cases.changed(r=2 * cases.r))
    for wrong in requirements(claim.condition):
        found = _apart(_flattened(wrong, -1.0), cases)
        if found[1] and all(_doubles(terms, p, doubled) for terms in (gap, *found)):
            return found
    return None


def _doubles(terms: Terms, p: PlainPair, doubled: PlainPair) -> bool:
    once, twice = (_typical(_total(terms, x)[0]) for x in (p, doubled))
    return bool(np.isclose(twice, 2 * once)) and once > 0


def _apart(terms: Terms, cases: Cases) -> tuple[Terms, Terms]:
    """Sort terms into gap and penalty by their sizes on random pairs; the penalty may be empty.

    A term vanishes if a step 10^-7 times as long makes it less than 10^-3 as large.  Where that
    sorts nothing, terms that are never positive are the penalty; and the penalty is the group that
    is negative more often.
    """
    met = PlainPair(cases)
    far = PlainPair(cases.changed(alpha=np.ones(len(cases))))
    near = PlainPair(cases.changed(alpha=np.full(len(cases), 1e-7)))
    with np.errstate(all="ignore"):
        sizes = [[_typical(e.value(p)) for p in (far, near)] for _, e in terms]
        signs = [sign * np.nan_to_num(e.value(met)) for sign, e in terms]
    stays = [not after < 1e-3 * before for before, after in sizes]
    if all(stays) or not any(stays):
        stays = [bool(np.any(value > 0)) for value in signs]
    groups = [
        tuple(t for t, s in zip(terms, stays, strict=True) if s is kind) for kind in (True, False)
    ]
    gap, penalty = groups
    if gap and penalty and _negative(gap, met) > _negative(penalty, met):
        gap, penalty = penalty, gap
    return gap or penalty, penalty if gap else ()


def _probes(claim: Theorem) -> Cases:
    """Return random cases, those that meet the precondition if enough of them do."""
    cases = draw(np.random.default_rng(0), PROBES, 3, 3)
    bare = Scorer(claim, (), ())
    with np.errstate(all="ignore"):
        inside = bare._inside(PlainPair(cases), np.zeros(len(cases))) > SPEAKS
    return cases[inside] if np.count_nonzero(inside) >= LEAST_PROBES else cases


def _typical(values: Any) -> float:
    sizes = np.abs(values)
    return float(np.median(sizes[np.isfinite(sizes)])) if np.any(np.isfinite(sizes)) else np.inf


def _negative(terms: Terms, p: PlainPair) -> float:
    """Return the share of pairs on which the sum of terms is not positive."""
    with np.errstate(all="ignore"):
        return float(np.mean(_total(terms, p)[0] <= 0))


def _total(terms: Terms, p: PlainPair, known: Known | None = None) -> tuple[Array, Array]:
    """Return the sum of the terms, and of their sizes, as (N, ...)."""
    known = known or ({}, {})
    total: Array = np.zeros(len(p.cases))
    size: Array = total
    for sign, e in terms:
        value, whole = (_spread(x, p) for x in (e.value(p, known[0]), _size(e, p, known)))
        axes = max(value.ndim, total.ndim)
        total, size, value, whole = (_along(x, axes) for x in (total, size, value, whole))
        total = total + sign * value
        size = size + np.maximum(np.abs(value), whole)
    return total, size


def _spread(x: Any, p: PlainPair) -> Array:
    return np.broadcast_to(x, (len(p.cases),)) if np.ndim(x) == 0 else np.asarray(x)


def _size(e: Expression, p: PlainPair, known: Known) -> Any:
    """Return the size of what a difference was made of: the sum of both sides."""
    match e.op, e.args:
        case "+" | "-", [x, y] if x.rank == y.rank:
            return _size(x, p, known) + _size(y, p, known)
        case "neg" | "abs", [x]:
            return _size(x, p, known)
        case "number", [c]:
            return abs(p.constant(c))
    values, sizes = known
    if e not in sizes:
        sizes[e] = np.abs(e.value(p, values))
    return sizes[e]


def _along(x: Array, axes: int) -> Array:
    """Return an array with that many axes: what is one number a pair holds at each state."""
    return x if x.ndim == axes else x.reshape(x.shape + (1,) * (axes - x.ndim))
