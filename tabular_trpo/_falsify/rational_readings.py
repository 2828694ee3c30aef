"""Readings of a float pair: nearby rational pairs, in order of their denominators.

Problem: the search finds a pair in doubles, but only exact numbers refute a claim.  Method: each
row of P, rho0 and the policies is rounded to multiples of 1 / n with sum 1, rewards to multiples of
1 / n, and gamma to a fraction of small denominator, for increasing n.  The readings are scored in
doubles first (`scores_of`), since exact judgements are slow.  Guarantee: each reading is
a valid model with valid policies; `theory.judge` decides whether it violates the claim.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from tabular_trpo._core.numbers import Array, elementwise
from tabular_trpo._falsify.draw import gridded
from tabular_trpo._theory.plain import FastPair, PairTables

DENOMINATORS = (2, 3, 4, 5, 6, 8, 10, 12, 20, 40, 60, 100, 1000, 10**4, 10**6)
DIGITS = (1, 2, 4)  # significant digits of alpha for denominators <= 12, <= 100, > 100
Score = Callable[[FastPair], Array]


def scores_of(score: Score, pairs: Sequence[PairTables]) -> Array:
    """Return the scores (n,) in doubles of n rational pairs, scored in one batch for each size."""
    values = np.zeros(len(pairs))
    for size in {x.size for x in pairs}:
        group = [i for i, x in enumerate(pairs) if x.size == size]
        values[group] = score(FastPair(PairTables.stacked([pairs[i] for i in group])))
    return values


def exceeding(
    score: Score, pairs: Sequence[PairTables], least: float = 1.0
) -> Iterator[PairTables]:
    """Yield the rational pairs whose score in doubles exceeds `least`, in the order given."""
    values = scores_of(score, pairs)
    return (x for x, value in zip(pairs, values, strict=True) if value > least)


def fractions_of(values: Array, n: int) -> Array:
    """Return the multiples of 1 / n nearest to doubles, as Fractions in the same shape."""
    return elementwise(lambda x: Fraction(round(float(x) * n), n), values)


def rational_rows(rows: Array, n: int) -> Array:
    """Round rows (..., k) of doubles that sum to 1 to multiples of 1 / n that sum to 1."""
    return fractions_of(gridded(rows, n), n)


def rationalised(batch: PairTables, mixture: bool, gamma: Fraction | None) -> list[PairTables]:
    """Return rational pairs near the only pair of a batch, in order of increasing denominators.

    At each denominator there are four pairs: with the rewards divided by their largest size or
    unchanged, each with and without the mean of the rewards under pi subtracted.

    mixture: whether pairs consist of a target and its weight alpha, or else of the new policy
    gamma:   the exact value at which gamma is held fixed, or None
    """
    found = []
    one = batch[0]
    for n in DENOMINATORS:
        P, rho0, pi, target = (rational_rows(x, n) for x in (one.P, one.rho0, one.pi, one.target))
        alpha = Fraction(f"{float(one.alpha):.{DIGITS[(n > 12) + (n > 100)]}g}")
        near = Fraction(float(one.gamma)).limit_denominator(max(n, 20))
        exact_gamma = min(near, 1 - Fraction(1, max(n, 20))) if gamma is None else gamma
        base = PairTables(P, pi, rho0, exact_gamma, pi, target, alpha).as_mixture(mixture)
        for scale in (np.max(np.abs(one.r)) or 1.0, 1.0):
            r = fractions_of(one.r / scale, n)
            found += [base.changed(r=r), base.changed(r=r - (pi * r).sum(axis=-1)[:, None])]
    return found
