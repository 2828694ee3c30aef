"""Shrinking: reduce the size of a counterexample by local rules.

Problem: the first counterexample found has large denominators and more states than it needs.
Method: greedy descent of `cost` by local rules.  Guarantee: every accepted proposal is judged
exactly, so the result refutes the claim; it is a local minimum, not the smallest counterexample.

The rules are: drop a state; drop an action; start at one state; send a transition to one state;
drop or round a reward; make a policy row deterministic, uniform, or equal in both policies; round
rows, steps, weights and gamma to simpler numbers.  Each rule is repeated until it lowers `cost` no
more, and all rules are repeated while any of them does.  A proposal is accepted if it lowers `cost`
and satisfies a predicate in exact numbers: for a counterexample, that it refutes the claim.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.rational_readings import (
    DENOMINATORS,
    exceeding,
    fractions_of,
    rational_rows,
)
from tabular_trpo._falsify.score import Scorer
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.plain import PairTables

TRIES = 12  # proposals of a rule that are judged exactly before the next rule
STEPS = (1, 2, 3, 4, 5, 10, 20, 50, 100, 1000, 10**4)  # reciprocals of the lengths of a step
WEIGHTS = tuple(Fraction(1, k) for k in STEPS)
GAMMAS = tuple(map(Fraction, "1/2 1/3 2/3 1/4 3/4 1/10 9/10 1/20 99/100 1/100".split()))
Rule = Callable[[PairTables], Iterator[PairTables]]
Kept = Callable[[PairTables], bool]
Likely = Callable[[Sequence[PairTables]], Iterator[PairTables]]


def refuted(claim: Theorem, case: PairTables) -> bool:
    """Return whether a rational case refutes the claim, by exact judgement."""
    return judge(claim, case.pair()).status == "refuted"


def shrunk(claim: Theorem, score: Scorer, case: PairTables, free_gamma: bool) -> PairTables:
    """Return the smallest pair that refutes the claim and that the rules reach from `case`."""
    return smallest(case, lambda x: refuted(claim, x), lambda xs: exceeding(score, xs), free_gamma)


def smallest(case: PairTables, kept: Kept, likely: Likely, free_gamma: bool) -> PairTables:
    """Return the pair of least `cost` that the rules reach from `case` while `kept` is true.

    kept:       predicate on a rational pair, decided in exact numbers
    likely:     yields, by a fast test in doubles, the proposals for which `kept` may be true
    free_gamma: whether gamma may change
    """
    rules = RULES if free_gamma else RULES[:-1]
    while True:
        before = case
        for rule in rules:
            while (better := _step(case, kept, likely, rule)) is not None:
                case = better
        if case is before:
            return case


def _step(case: PairTables, kept: Kept, likely: Likely, rule: Rule) -> PairTables | None:
    """Return the proposal of a rule of least cost below that of `case` and `kept`, or None."""
    least = cost(case)
    proposals = sorted((x for x in rule(case) if cost(x) < least), key=cost)
    for tries, proposal in enumerate(likely(proposals)):
        if kept(proposal):
            return proposal
        if tries == TRIES:
            break
    return None


def cost(x: PairTables) -> tuple[int, ...]:
    """Return the cost of a pair, which shrinking lowers; costs are compared lexicographically.

    return: (states, actions, nonzero rewards, rows with more than one nonzero entry, total bits)
    """
    rows = [*x.P.reshape(-1, x.P.shape[-1]), x.rho0, *x.pi, *x.target]
    numbers = [n for row in rows for n in row] + [*x.r.ravel(), x.gamma, x.alpha or 0]
    bits = sum(_bits(Fraction(n)) for n in numbers)
    mixed = sum(int(np.count_nonzero(row) > 1) for row in rows)
    return *x.size, int(np.count_nonzero(x.r)), mixed, bits


def _bits(x: Fraction) -> int:
    """Return the number of bits of the numerator and of the denominator minus 1."""
    return abs(x.numerator).bit_length() + (x.denominator - 1).bit_length()


def _put(table: Array, at: Any, values: Any) -> Array:
    """Return a copy of a table with `values` at the index `at`."""
    out = table.copy()
    out[at] = values
    return out


def _unit(n: int, i: int) -> Array:
    """Return the point distribution at i on n elements, (n,) Fractions."""
    return np.array([Fraction(int(i == k)) for k in range(n)], dtype=object)


def _even(n: int) -> Array:
    """Return the uniform distribution on n elements, (n,) Fractions."""
    return np.full(n, Fraction(1, n), dtype=object)


def drop_state(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with state s merged into state t, which keeps its actions, for all s != t."""
    n_states, _ = x.size
    for s in range(n_states if n_states > 1 else 0):
        keep = [i for i in range(n_states) if i != s]
        for t in keep:
            P, rho0 = x.P.copy(), x.rho0.copy()
            P[..., t] += P[..., s]
            rho0[t] += rho0[s]
            P, rho0 = P[keep][..., keep], rho0[keep]
            yield x.changed(P=P, r=x.r[keep], rho0=rho0, pi=x.pi[keep], target=x.target[keep])


def drop_action(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs without one action, with the policies renormalised."""
    _, n_actions = x.size
    for a in range(n_actions if n_actions > 1 else 0):
        keep = [i for i in range(n_actions) if i != a]
        pi, target = (_rescaled(rows[:, keep]) for rows in (x.pi, x.target))
        yield x.changed(P=x.P[:, keep], r=x.r[:, keep], pi=pi, target=target)


def _rescaled(rows: Array) -> Array:
    """Return rows divided by their sums; a row of zeros becomes deterministic at action 0."""
    out = rows.copy()
    for row in out:
        total = sum(row)
        row[:] = row / total if total else _unit(len(row), 0)
    return out


def start_once(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with the start distribution at a single state, or uniform."""
    n_states, _ = x.size
    for s in range(n_states):
        yield x.changed(rho0=_unit(n_states, s))
    yield x.changed(rho0=_even(n_states))


def certain_transitions(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with a row P(.|s, a) on one state, uniform on two, or copied to all actions."""
    n_states, n_actions = x.size
    for s, a in np.ndindex(n_states, n_actions):
        for t in range(n_states):
            yield x.changed(P=_put(x.P, (s, a), _unit(n_states, t)))
            for u in range(t):
                half = (_unit(n_states, t) + _unit(n_states, u)) / 2
                yield x.changed(P=_put(x.P, (s, a), half))
        yield x.changed(P=_put(x.P, s, x.P[s, a]))


def simple_rewards(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with rewards set to 0, 1 or -1, shifted, rounded, or divided by the largest."""
    for at in np.ndindex(*x.size):
        for value in (Fraction(0), Fraction(1), Fraction(-1)):
            yield x.changed(r=_put(x.r, at, value))
        for grid in DENOMINATORS[:9]:
            yield x.changed(r=_put(x.r, at, fractions_of(x.r, grid)[at]))
    for s in range(x.size[0]):
        yield x.changed(r=_put(x.r, s, Fraction(0)))
        yield x.changed(r=_put(x.r, s, x.r[s] - min(x.r[s])))
    most = max(abs(x.r).ravel())
    if most:
        yield x.changed(r=x.r / most)
        yield x.changed(r=-x.r / most)
    for grid in DENOMINATORS:
        yield x.changed(r=fractions_of(x.r, grid))


def simple_policies(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with a row of pi or target deterministic, uniform, or equal in both policies."""
    n_states, n_actions = x.size
    for s in range(n_states):
        rows = [_unit(n_actions, a) for a in range(n_actions)] + [_even(n_actions)]
        for name, second in (("pi", "target"), ("target", "pi")):
            table, support = getattr(x, name), getattr(x, name)[s] != 0
            alike = support.astype(int) * Fraction(1, int(support.sum()))
            for row in [*rows, alike, getattr(x, second)[s]]:
                yield x.changed(**{name: _put(table, s, row)})
        for row in rows:
            yield x.changed(pi=_put(x.pi, s, row), target=_put(x.target, s, row))


def simple_rows(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with a row or a table of probabilities rounded to multiples of 1 / n."""
    for grid in DENOMINATORS:
        for name in ("P", "rho0", "pi", "target"):
            table = getattr(x, name)
            rounded = rational_rows(table.astype(np.float64), grid)
            yield x.changed(**{name: rounded})
            for at in np.ndindex(table.shape[:-1]) if table.ndim > 1 else ():
                yield x.changed(**{name: _put(table, at, rounded[at])})


def simple_steps(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with alpha in WEIGHTS or, without alpha, with a rounded step target - pi."""
    if x.alpha is not None:
        for alpha in WEIGHTS:
            yield x.changed(alpha=alpha)
        return
    step = x.target - x.pi
    for length in WEIGHTS:
        for grid in (1, 2, 3, 4, 5, 10):
            rows = np.array([_rounded_step(row, length, grid) for row in step], dtype=object)
            yield from _moved(x, rows)
            for s in range(len(step)):
                yield from _moved(x, _put(step, s, rows[s]))


def _rounded_step(row: Array, length: Fraction, grid: int) -> Array:
    """Return a row scaled to `length` and rounded to multiples of `length / grid` with sum 0."""
    most = max(abs(row))
    if most == 0:
        return row
    units = [round(x / most * grid) for x in row]
    units[int(np.argmax(abs(row)))] -= sum(units)
    return np.array([Fraction(u, grid) * length for u in units], dtype=object)


def _moved(x: PairTables, step: Array) -> Iterator[PairTables]:
    """Yield the pair with target pi + step if all its probabilities are >= 0."""
    target = x.pi + step
    if min(target.ravel()) >= 0:
        yield x.changed(target=target)


def simple_gamma(x: PairTables) -> Iterator[PairTables]:
    """Yield pairs with gamma in GAMMAS or rounded to a smaller denominator."""
    for gamma in GAMMAS:
        yield x.changed(gamma=gamma)
    for grid in DENOMINATORS[:-2]:
        near = x.gamma.limit_denominator(grid)
        if near < 1:
            yield x.changed(gamma=near)


RULES: tuple[Rule, ...] = (
    drop_state,
    drop_action,
    start_once,
    certain_transitions,
    simple_rewards,
    simple_policies,
    simple_rows,
    simple_steps,
    simple_gamma,  # must be last: `smallest` omits it where gamma is fixed
)
