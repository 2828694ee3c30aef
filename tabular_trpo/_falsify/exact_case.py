"""One exact case, cut loose from floats: what is shrunk and proved."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, elementwise
from tabular_trpo._core.records import locked
from tabular_trpo._falsify.draw import gridded
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import Cases, PlainPair

LEADING = 3  # specimens that are read as they are
DENOMINATORS = (2, 3, 4, 5, 6, 8, 10, 12, 20, 40, 60, 100, 1000, 10**4, 10**6)
DIGITS = (1, 2, 4)  # of a weight, kept at denominators up to 12, up to 100, and beyond
Score = Callable[[PlainPair], Array]


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Specimen:
    """A model and two policies in Fractions; all actions are allowed.

    P:     (S, A, S)
    r:     (S, A)
    rho0:  (S,)
    pi:    (S, A)
    other: (S, A) the new policy; or, with `alpha`, the target of a mixture
    """

    P: Array
    r: Array
    rho0: Array
    gamma: Fraction
    pi: Array
    other: Array
    alpha: Fraction | None

    @classmethod
    def of(cls, pair: Pair, mixture: bool, gamma: Fraction | None = None) -> "Specimen":
        """Return a rational pair cut loose, as a mixture or by its new policy.

        gamma: what takes the place of its own
        """
        mdp, other, alpha = pair.mdp, pair.pi_new, Fraction(1) if mixture else None
        if mixture and pair.is_mixture:
            other, alpha = pair.target, pair.alpha
        held = mdp.gamma if gamma is None else gamma
        return cls(mdp.P, mdp.r, mdp.rho0, held, pair.pi, other, alpha)

    def pair(self) -> Pair:
        """Return it as a pair, which checks it."""
        mdp = MDP(self.P, self.r, self.rho0, self.gamma)
        if self.alpha is None:
            return Pair(mdp, self.pi, self.other)
        return Pair.mixture(mdp, self.pi, self.other, self.alpha)

    @property
    def size(self) -> tuple[int, int]:
        """(S, A)."""
        n_states, n_actions = self.r.shape
        return n_states, n_actions

    def cost(self) -> tuple[int, ...]:
        """Return what shrinking lowers, the first entry first.

        States, actions, nonzero rewards, rows with more than one entry, bits of all numbers.
        """
        rows = [*self.P.reshape(-1, self.P.shape[-1]), self.rho0, *self.pi, *self.other]
        numbers = [x for row in rows for x in row] + [*self.r.ravel(), self.gamma, self.alpha or 0]
        bits = sum(_bits(Fraction(x)) for x in numbers)
        mixed = sum(int(np.count_nonzero(row) > 1) for row in rows)
        return *self.size, int(np.count_nonzero(self.r)), mixed, bits

    def changed(self, **parts: Any) -> "Specimen":
        """Return it with other parts."""
        return replace(self, **parts)


def _bits(x: Fraction) -> int:
    return abs(x.numerator).bit_length() + (x.denominator - 1).bit_length()


def cases_of(specimens: Sequence[Specimen]) -> Cases:
    """Return specimens of one size as a batch of cases in doubles."""

    def stacked(name: str) -> Array:
        return np.array([getattr(x, name) for x in specimens], dtype=object).astype(np.float64)

    alpha = np.array([1.0 if x.alpha is None else float(x.alpha) for x in specimens])
    P, r, rho0, gamma, pi, other = map(stacked, ("P", "r", "rho0", "gamma", "pi", "other"))
    return Cases(P, r, rho0, gamma, pi, other, alpha)


def promising(
    score: Score, specimens: Sequence[Specimen], least: float = 1.0
) -> Iterator[Specimen]:
    """Yield, in their order, the specimens that doubles say break the claim: scores above least."""
    values = _scores(score, specimens)
    return (x for x, value in zip(specimens, values, strict=True) if value > least)


def leading(score: Score, specimens: Sequence[Specimen]) -> list[Specimen]:
    """Return the LEADING best specimens by their scores in doubles, the best first."""
    best = np.argsort(-np.array(_scores(score, specimens)), kind="stable")[:LEADING]
    return [specimens[i] for i in best]


def _scores(score: Score, specimens: Sequence[Specimen]) -> list[float]:
    """Return the score of each, size by size in one batch."""
    values = [0.0] * len(specimens)
    for size in {x.size for x in specimens}:
        group = [i for i, x in enumerate(specimens) if x.size == size]
        scores = score(PlainPair(cases_of([specimens[i] for i in group])))
        for i, value in zip(group, scores.tolist(), strict=True):
            values[i] = value
    return values


def fractions_of(values: Array, grid: int) -> Array:
    """Return doubles as the nearest multiples of 1 / grid."""
    return elementwise(lambda x: Fraction(round(float(x) * grid), grid), values)


def rationalised(cases: Cases, mixture: bool, gamma: Fraction | None) -> list[Specimen]:
    """Return readings of a single case with ever larger denominators, simplest first.

    Rewards come scaled to at most 1 and as they are, and also with their mean under pi taken off.

    mixture: keep the target and its weight, else only the new policy
    gamma:   the exact value where it is held fixed
    """
    found = []
    for grid in DENOMINATORS:
        P, rho0, pi, target = (
            fractions_of(gridded(getattr(cases, name)[0], grid), grid)
            for name in ("P", "rho0", "pi", "target")
        )
        digits = DIGITS[(grid > 12) + (grid > 100)]
        alpha = Fraction(f"{float(cases.alpha[0]):.{digits}g}")
        most_gamma = 1 - Fraction(1, max(grid, 20))
        near = Fraction(float(cases.gamma[0])).limit_denominator(max(grid, 20))
        base = Specimen(
            P, pi, rho0, min(near, most_gamma) if gamma is None else gamma, pi, target, alpha
        )
        if not mixture:
            base = base.changed(other=(1 - alpha) * pi + alpha * target, alpha=None)
        most = np.max(np.abs(cases.r[0])) or 1.0
        for scale in (most, 1.0):
            r = fractions_of(cases.r[0] / scale, grid)
            found += [base.changed(r=r), base.changed(r=r - (pi * r).sum(axis=-1)[:, None])]
    return found
