"""Worst-case families as first parents of a search."""

from fractions import Fraction
from typing import Any

from tabular_trpo.falsify.specimen import Specimen, cases_of
from tabular_trpo.families import worst_case
from tabular_trpo.theory.plain import Cases

GAMMAS = (Fraction(1, 50), Fraction(1, 10), Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))
STEPS = (Fraction(1, 1000), Fraction(1, 10), Fraction(1, 2))


def of(size: tuple[int, int], gamma: float | None, families: bool) -> Cases | None:
    """Return the members of all families of a size, at some gammas or the one that is fixed."""
    if not families:
        return None
    horizons: Any = GAMMAS if gamma is None else (Fraction(gamma),)
    found = [x for g in horizons if g > 0 for x in _members(g) if x.size == size]
    return cases_of(found) if found else None


def _members(gamma: Fraction) -> list[Specimen]:
    steps = (*STEPS, (1 - gamma) / 100)  # the last one is short beside any horizon
    made = [worst_case.tight_cpi(gamma, sign, a) for sign in (-1, 0) for a in steps]
    for a in steps:
        made.append(worst_case.tight_thm1(a, gamma))
        made.append(worst_case.two_region(gamma, a))
        made.append(worst_case.rare_region(gamma, a / 10, a / 5, a))
    return [
        Specimen(
            x.mdp.P,
            x.mdp.r,
            x.mdp.rho0,
            gamma,
            x.pi,
            x.pi_new if x.target is None else x.target,
            x.alpha,
        )
        for x in made
    ]
