"""The kind of a term, found on random pairs: whether it vanishes with the step, and its sign.

Each term is evaluated at mixture weights of 1 and of 1e-7; it vanishes with the step if its typical
size is more than 1000 times smaller at 1e-7.  Its sign is determined on pairs with rewards r and
-r, so that a sign which depends on the rewards does not count.
"""

from enum import Enum
from typing import final

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.sums import Terms, flattened, parts
from tabular_trpo._falsify.totals import total
from tabular_trpo._theory.expression import Expression, Values
from tabular_trpo._theory.plain import FastPair, PairTables

SHORT, VANISHES = (
    1e-7,
    1e-3,
)  # mixture weight of a short step; largest share of its size that a vanishing term keeps there
ROUNDING = 1e-12  # share of the typical size of a term within which it has no sign
MOST_TERMS = 64  # largest number of parts into which a term is expanded


@final
class Kind(Enum):
    """The kind of a term of a claim: how it behaves as the step from pi to pi_new vanishes.

    A penalty vanishes with the step and is negative, whatever the sign of the rewards.  A term that
    vanishes and takes both signs, such as sum_s(rho*A_bar), is part of a gap.
    """

    STAYS = "does not vanish with the step"
    MIXED = "vanishes, and has both signs"
    POSITIVE = "vanishes, and is never negative"
    NEGATIVE = "vanishes, and is never positive"


GAP = (Kind.STAYS, Kind.MIXED)  # kinds of the terms of a gap
AS_DRAWN = ("drawn",)
EVERYWHERE = ("drawn", "reversed")  # with reversed rewards a precondition need not hold
Sorted = list[tuple[float, Expression, Kind]]


@final
class Probes:
    """Random pairs on which terms are classified, in variants of rewards and of mixture weights.

    The variants are "drawn" (unchanged), "reversed" (-r), "doubled" (2 r), "far" (mixture weight 1)
    and "near" (mixture weight SHORT).
    """

    def __init__(self, cases: PairTables) -> None:
        """Build the variants of the cases, each with a cache of the values of terms."""
        n = len(cases)
        changed = {
            "drawn": cases,
            "reversed": cases.changed(r=-cases.r),
            "doubled": cases.changed(r=2 * cases.r),
            "far": cases.changed(alpha=np.ones(n)),
            "near": cases.changed(alpha=np.full(n, SHORT)),
        }
        self.pairs = {name: FastPair(x) for name, x in changed.items()}
        self.cache: dict[str, Values] = {name: {} for name in changed}

    def values(self, terms: Terms, where: str) -> Array:
        """Return the sum of terms on the variant `where` of the pairs, (N, ...)."""
        with np.errstate(all="ignore"):
            return total(terms, self.pairs[where], (self.cache[where], {}))[0]

    def kind(self, sign: float, e: Expression, where: tuple[str, ...] = EVERYWHERE) -> Kind:
        """Return the kind of the term `sign` e, whose sign is found on the variants `where`."""
        term = ((sign, e),)
        far, near = (typical(self.values(term, at)) for at in ("far", "near"))
        if not near < VANISHES * far:
            return Kind.STAYS
        never = self.never(term, 1.0, where), self.never(term, -1.0, where)
        return {(True, False): Kind.NEGATIVE, (False, True): Kind.POSITIVE}.get(never, Kind.MIXED)

    def never(self, terms: Terms, sign: float, where: tuple[str, ...] = EVERYWHERE) -> bool:
        """Return whether a sum of terms has `sign` (1.0 or -1.0) on no pair of variants `where`."""
        found = (sign * self.values(terms, at) for at in where)
        return all(not np.any(x > ROUNDING * typical(x)) for x in found)

    def of_rewards(self, terms: Terms) -> bool:
        """Return whether a sum of terms doubles when the rewards double."""
        once, twice = (typical(self.values(terms, where)) for where in ("drawn", "doubled"))
        return bool(np.isclose(twice, 2 * once)) and once > 0

    def negative(self, terms: Terms) -> float:
        """Return the share of drawn pairs on which the sum of terms is <= 0."""
        return float(np.mean(self.values(terms, "drawn") <= 0))

    def opened(self, terms: Terms, where: tuple[str, ...] = EVERYWHERE) -> Sorted:
        """Return terms with their kinds, expanding terms of a gap that have a part of one sign."""
        return [x for sign, e in terms for x in self._opened(sign, e, where)]

    def _opened(self, sign: float, e: Expression, where: tuple[str, ...]) -> Sorted:
        """Return one term with its kind, or the parts into which `opened` expands it."""
        kind, term = self.kind(sign, e, where), ((sign, e),)
        inner = parts(e) if kind in GAP else ()
        whole = any(self.never(term, s, AS_DRAWN) for s in (1.0, -1.0))
        if not whole and 1 < len(inner) <= MOST_TERMS:
            flat = [x for s, part in inner for x in flattened(part, sign * s)]
            found = self.opened(tuple(flat), where)
            if any(one not in GAP for _, _, one in found):
                return found
        return [(sign, e, kind)]


def typical(values: Array) -> float:
    """Return the median absolute value of the finite values; infinity where none is finite."""
    sizes = np.abs(values)
    return float(np.median(sizes[np.isfinite(sizes)])) if np.any(np.isfinite(sizes)) else np.inf
