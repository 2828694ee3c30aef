"""What a term does on random pairs: whether it vanishes with the step, and its sign."""

from enum import Enum
from typing import Any, final

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.sums import Terms, flattened, parts
from tabular_trpo._falsify.totals import total
from tabular_trpo._theory.expression import Expression, Values
from tabular_trpo._theory.plain import Cases, PlainPair

SHORT, VANISHES = 1e-7, 1e-3  # length of a short step, and what is left there of what vanishes
ROUNDING = 1e-12  # of the typical size of a term, within which it has no sign
MOST_TERMS = 64  # of a term that is opened


@final
class Kind(Enum):
    """What a term with its sign does.

    A penalty vanishes with the step and is negative, whatever the sign of the rewards.  What
    vanishes and has both signs, as sum_s(rho*A_bar) has, is part of a gap.
    """

    STAYS = "outlives a vanishing step"
    MIXED = "vanishes, and has both signs"
    POSITIVE = "vanishes, and is never negative"
    NEGATIVE = "vanishes, and is never positive"


CENTRE = (Kind.STAYS, Kind.MIXED)
MET = ("met",)
EVERYWHERE = ("met", "reversed")  # the precondition does not hold everywhere on the latter
Sorted = list[tuple[float, Expression, Kind]]


@final
class Probes:
    """Random pairs on which terms are sorted: as they are, with other rewards and other steps."""

    def __init__(self, cases: Cases) -> None:
        """Keep the pairs; terms are evaluated once each."""
        n = len(cases)
        variants = {
            "met": cases,
            "reversed": cases.changed(r=-cases.r),
            "doubled": cases.changed(r=2 * cases.r),
            "far": cases.changed(alpha=np.ones(n)),
            "near": cases.changed(alpha=np.full(n, SHORT)),
        }
        self.pairs = {name: PlainPair(x) for name, x in variants.items()}
        self.known: dict[str, Values] = {name: {} for name in variants}

    def values(self, terms: Terms, where: str) -> Array:
        """Return the sum of terms on one kind of pairs, (N, ...)."""
        with np.errstate(all="ignore"):
            return total(terms, self.pairs[where], (self.known[where], {}))[0]

    def kind(self, sign: float, e: Expression, where: tuple[str, ...] = EVERYWHERE) -> Kind:
        """Return what a term does; its sign is looked at on these kinds of pairs."""
        term = ((sign, e),)
        far, near = (typical(self.values(term, at)) for at in ("far", "near"))
        if not near < VANISHES * far:
            return Kind.STAYS
        never = self.never(term, 1.0, where), self.never(term, -1.0, where)
        return {(True, False): Kind.NEGATIVE, (False, True): Kind.POSITIVE}.get(never, Kind.MIXED)

    def never(self, terms: Terms, sign: float, where: tuple[str, ...] = EVERYWHERE) -> bool:
        """Return whether a sum of terms never has a sign."""
        found = (sign * self.values(terms, at) for at in where)
        return all(not np.any(x > ROUNDING * typical(x)) for x in found)

    def of_rewards(self, terms: Terms) -> bool:
        """Return whether a sum of terms doubles with the rewards."""
        once, twice = (typical(self.values(terms, where)) for where in ("met", "doubled"))
        return bool(np.isclose(twice, 2 * once)) and once > 0

    def negative(self, terms: Terms) -> float:
        """Return the share of pairs on which the sum of terms is not positive."""
        return float(np.mean(self.values(terms, "met") <= 0))

    def opened(self, terms: Terms, where: tuple[str, ...] = EVERYWHERE) -> Sorted:
        """Return terms with their kinds; what has both signs, and hides what has one, is opened."""
        return [x for sign, e in terms for x in self._opened(sign, e, where)]

    def _opened(self, sign: float, e: Expression, where: tuple[str, ...]) -> Sorted:
        kind, term = self.kind(sign, e, where), ((sign, e),)
        inner = parts(e) if kind in CENTRE else ()
        whole = any(self.never(term, s, MET) for s in (1.0, -1.0))
        if not whole and 1 < len(inner) <= MOST_TERMS:
            flat = [x for s, part in inner for x in flattened(part, sign * s)]
            found = self.opened(tuple(flat), where)
            if any(one not in CENTRE for _, _, one in found):
                return found
        return [(sign, e, kind)]


def typical(values: Any) -> float:
    """Return the median size of what is finite; infinity where nothing is."""
    sizes = np.abs(values)
    return float(np.median(sizes[np.isfinite(sizes)])) if np.any(np.isfinite(sizes)) else np.inf
